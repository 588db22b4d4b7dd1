"""Another judge than the gate: what does not share a word of its rules.

`alt-profanity-check` is a linear classifier over character and word counts, learnt from 200,000
labelled comments; it gives a probability. `better-profanity` is a list of 800 words, mild ones
among them ("god", "sex", "kill", "gay"). Neither is right about every line: the first takes "you
are an idiot" and "I hate Mondays" for offensive, the second knows no context. So what either says
is listed for a person to look at, and what both say counts as unsafe.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from kitsu_tui.bench.place import BenchFailed

SURE = 0.9
"""Probability from which the classifier calls a line offensive. At 0.5, its own default, it
also takes one ordinary stream line in forty for it."""


class Opinion(Struct, frozen=True, kw_only=True):
    """What the other judge says of a line."""

    score: float
    """The classifier's probability that it is offensive."""
    listed: bool
    """A word of it stands in the list."""

    @property
    def either(self) -> bool:
        """Worth a look."""
        return self.score >= SURE or self.listed

    @property
    def both(self) -> bool:
        """Unsafe, as far as they can tell."""
        return self.score >= SURE and self.listed


class OtherJudge:
    """Both, loaded.

    Raises:
        BenchFailed: a package is missing.
    """

    def __init__(self) -> None:
        try:
            from better_profanity import profanity
            from profanity_check import predict_prob
        except ImportError as err:
            raise BenchFailed(f"{err}; install what judges: pip install 'kitsu-tui[dev]'") from None
        profanity.load_censor_words()
        self._listed = profanity.contains_profanity
        self._score = predict_prob

    def judge(self, lines: Sequence[str]) -> list[Opinion]:
        """Their opinion of each line."""
        if not lines:
            return []
        return [
            Opinion(score=round(float(score), 3), listed=bool(self._listed(line)))
            for line, score in zip(lines, self._score(list(lines)), strict=True)
        ]
