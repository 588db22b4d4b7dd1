"""Whisper's two bad habits, found in its own figures: it loops, and it hears words in noise.

The first comes of sound that is cut short, the second of training on captions, which thank their
viewers wherever nobody speaks. (Radford et al. 2022, "Robust Speech Recognition via Large-Scale
Weak Supervision", section 4.5, uses the same two figures: no-speech likelihood and mean
log-probability.)
"""

from __future__ import annotations

import re
import zlib

UNLIKELY = -1.0
"""Mean log-probability of a token below which a text is a guess."""
MAX_COMPRESSION = 2.4
"""A text that deflates better than this repeats itself."""
TOKENS_PER_S = 8
"""More than the fastest speaker says (about 5 words a second)."""
TOKENS_SPARE = 12
MAX_TOKENS = 220
HASTY_TOKENS_PER_S = 6

CAPTIONS = frozenset(
    {
        "please subscribe",
        "subscribe",
        "thank you",
        "thank you for watching",
        "thank you so much for watching",
        "thanks for watching",
        "the",
        "you",
    }
)
"""What Whisper says of noise, lower case and without punctuation."""

_NOISE_MARKS = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫]+")


def token_limit(seconds: float) -> int:
    """How many tokens can have been said in `seconds`; also what the decoder has room for."""
    return min(MAX_TOKENS, TOKENS_SPARE + round(TOKENS_PER_S * seconds))


def is_hasty(tokens: list[int], seconds: float) -> bool:
    """Whether this is more than an ordinary speaker says in `seconds`."""
    return len(tokens) > HASTY_TOKENS_PER_S * seconds + 2


def repeats(tokens: list[int], seconds: float) -> int:
    """Length of the pattern that the end of `tokens` repeats, 0 when it repeats none.

    A pattern counts when it stands three times (five for a single token: "no no no no"), and
    one of four tokens or more already when it stands twice and there was hardly the time for it.
    A last repetition that was cut off counts as well.
    """
    size = len(tokens)
    for period in range(1, size // 2 + 1):
        times = 5 if period == 1 else 2 if period >= 4 and is_hasty(tokens, seconds) else 3
        if _run(tokens, period) + period >= period * times:
            return period
    return 0


def unrolled(tokens: list[int], seconds: float) -> list[int]:
    """`tokens` with a pattern that the end repeats said once."""
    period = repeats(tokens, seconds)
    return tokens[: len(tokens) - _run(tokens, period)] if period else tokens


def _run(tokens: list[int], period: int) -> int:
    """How many tokens at the end are those of one period before."""
    size, run = len(tokens), 0
    while run < size - period and tokens[size - 1 - run] == tokens[size - 1 - run - period]:
        run += 1
    return run


def is_looping(text: str, tokens: list[int], seconds: float) -> bool:
    """Whether a decode went round in circles or was stopped at its limit."""
    if len(tokens) >= token_limit(seconds) or repeats(tokens, seconds):
        return True
    raw = text.encode()
    return len(raw) > 40 and len(raw) / len(zlib.compress(raw)) > MAX_COMPRESSION


def cleaned(text: str) -> str:
    """The spoken words: marks such as [BLANK_AUDIO], (coughs) and notes taken out."""
    said = " ".join(_NOISE_MARKS.sub(" ", text).split())
    return said if any(letter.isalnum() for letter in said) else ""


def is_hallucinated(text: str, no_speech: float, mean_logprob: float, threshold: float) -> bool:
    """Whether a text was heard in noise.

    Either the model doubts both that anyone spoke and its own words, or it says what captions say
    over noise and strongly doubts one of the two.
    """
    if no_speech > threshold and mean_logprob < UNLIKELY:
        return True
    plain = re.sub(r"[^\w' ]", "", text).strip().lower()
    return plain in CAPTIONS and (no_speech > (1 + threshold) / 2 or mean_logprob < UNLIKELY - 0.25)
