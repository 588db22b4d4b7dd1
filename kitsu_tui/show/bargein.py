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


def meaning(heard: str, on_air: str) -> Meaning:
    """What was heard while `on_air` (may be empty) was being said."""
    said = words(heard)
    if not said:
        return "nothing"
    if on_air:
        hers = words(on_air)
        blocks = SequenceMatcher(None, said, hers, autojunk=False).get_matching_blocks()
        if sum(block.size for block in blocks) >= ECHO_SHARE * len(said):
            return "echo"
        if len(said) <= 3 and all(word in BACKCHANNELS for word in said):
            return "backchannel"
    return "speech"


def same_words(one: str, other: str) -> bool:
    """True when two transcripts say the same: an early answer to one then fits the other."""
    return words(one) == words(other)
