"""Short forms and common misspellings as they are said: "ur" is "your"."""

from __future__ import annotations

ALIAS = "alias"
"""The view of one that somebody may write for something else: nothing is found by it alone."""

ALIASES = {
    "hur": "her", "phat": "fat", "teh": "the",
    "u": "you", "ya": "you", "ur": "your", "yer": "your", "yo": "your", "urself": "yourself",
    "yoself": "yourself", "yaself": "yourself", "yerself": "yourself", "uself": "yourself",
    "urselves": "yourselves", "r": "are", "ppl": "people", "da": "the", "dat": "that",
    "dis": "this", "dem": "them", "em": "them", "mah": "my", "wit": "with", "luv": "love",
    "gunna": "gonna", "imma": "i ll", "tha": "the", "2": "to", "4": "for", "b": "be", "n": "and",
}  # fmt: skip
LOUD = frozenset(ALIASES) - frozenset(
    ("da", "dem", "em", "b", "n", "2", "4", "r", "wit", "yo", "tha")
)
"""Of these, the ones that nobody writes for something else: their view is "sound"."""
