"""What a sound during her speech means. Pure.

A transcript that is speech to her ends her line. A backchannel ("uh huh") does not, and neither
does her own voice coming back from a loudspeaker: we know the words that are on air, so a
transcript made of them, in their order, is hers.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

Meaning = Literal["nothing", "backchannel", "echo", "speech"]

_BACKCHANNELS = """
ah aha ahh hm hmm huh mhm mm mmhm mmm oh ok okay right uh uhhuh uhuh um wow yeah yep yes yup
haha heh hehe lol nice cool sure
"""
BACKCHANNELS = frozenset(_BACKCHANNELS.split())
ECHO_SHARE = 0.7
"""Share of the words heard that must be hers, in her order, for an echo."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def words(text: str) -> list[str]:
    """The words of a text, lower case, without marks."""
    return _WORD.findall(text.lower())


def meaning(heard: str, on_air: str, just_said: str = "") -> Meaning:
    """What was heard.

    Args:
        heard: the words so far.
        on_air: what she was saying when it began or is saying now; may be empty.
        just_said: what she had said a moment before it began; its echo may still arrive.
    """
    said = words(heard)
    if not said:
        return "nothing"
    if on_air and _share(said, words(on_air)) >= ECHO_SHARE:
        return "echo"
    if on_air and len(said) <= 3 and all(word in BACKCHANNELS for word in said):
        return "backchannel"
    # One or two of her words may well be an answer to her, once she is silent.
    if len(said) >= 3 and _share(said, words(just_said)) >= ECHO_SHARE:
        return "echo"
    return "speech"


def _share(said: list[str], hers: list[str]) -> float:
    """The share of the words heard that are hers, in her order."""
    blocks = SequenceMatcher(None, said, hers, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(said)


def same_words(one: str, other: str) -> bool:
    """True when two transcripts say the same: an early answer to one then fits the other."""
    return words(one) == words(other)
