"""Cuts an answer into pieces that can be spoken one after the other.

The first piece decides how soon she is heard, so it may be an opening clause; later ones are whole
sentences of a bounded length. Joined with spaces the pieces are the whole text again. A piece is
given as soon as the first character after it is known, so the cut does not depend on how the
model's tokens fall.
"""

from __future__ import annotations

import re

CLAUSE_WORDS = 3
"""Words before a comma that make an opening clause."""
OPENING_MAX = 10
"""Words without a pause after which the opening is cut anyway."""
SENTENCE_MAX = 25
"""Words of a later piece."""
REST_MIN = 3
"""Fewer words than this after a cut inside a sentence are not said by themselves."""

_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*$")
_ENDS_QUOTED = re.compile(r"[!?…。！？.]+[\"'”’)\]]+$")
_PAUSE = re.compile(r"(?:[,;:][\"'”’)\]]*|—|--|-)$")
_INITIAL = re.compile(r"^[\"'“‘(\[]*[A-Za-z]\.$")
_LETTERS = re.compile(r"^(?:[A-Za-z]\.){2,}$")
_NUMBERING = re.compile(r"^\(?\d{1,3}\.$")
_TITLES = frozenset(
    ("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "e.g", "i.e", "approx", "vol", "mt")
)
# fmt: off
_JOINTS = frozenset((
    "and", "but", "or", "so", "because", "since", "when", "while", "if", "that", "which", "who",
    "with", "without", "for", "from", "to", "in", "on", "at", "of", "into", "like", "than", "then",
    "until", "after", "before", "about", "as", "by",
))
_DANGLING = _JOINTS | {
    "a", "an", "the", "my", "your", "our", "their", "his", "her", "its", "is", "are", "was",
    "very", "i", "i'm",
}
# fmt: on


class Splitter:
    """Words in, pieces out. `inside` while the last piece ended within a sentence."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._count = 0
        self.inside = False

    def feed(self, word: str, following: str) -> list[str]:
        """Take a word and the first character of the next; returns the pieces that are whole."""
        self._words.append(word)
        if self._ends(word, following):
            return [self._cut(len(self._words), inside=False)]
        at = self._clause()
        return [self._cut(at, inside=True)] if at else []

    def finish(self, whole: bool) -> list[str]:
        """No more comes. `whole` is False when the text was torn off.

        A torn rest is dropped, unless what was said would then end in the middle of a sentence or
        nothing would have been said at all: then it is closed.
        """
        if not self._words:
            return []
        if whole or _END.search(self._words[-1]):
            return [self._cut(len(self._words), inside=False)]
        if self._count and not self.inside:
            self._words.clear()
            return []
        rest = self._close_torn()
        self._words.clear()
        if not rest:
            return []
        self._count += 1
        return [rest]

    def drop(self, words: int) -> None:
        """Take back the last words, as far as they were not given yet."""
        del self._words[max(0, len(self._words) - words) :]

    def _close_torn(self) -> str:
        words = list(self._words)
        if len(words) > 1:
            words.pop()  # it may be half a word
        while len(words) > 1 and words[-1].lower().strip(",;:—-") in _DANGLING:
            words.pop()
        if words and words[-1] in ("—", "-", "--"):
            words.pop()
        if self._count and len(words) < 2:
            return ""
        return " ".join(words).rstrip(",;:—- ") + "…" if words else ""

    def _cut(self, at: int, *, inside: bool) -> str:
        piece = " ".join(self._words[:at])
        del self._words[:at]
        self._count += 1
        self.inside = inside
        return piece

    def _ends(self, word: str, following: str) -> bool:
        if not following or not _END.search(word):
            return False
        if self.inside and len(self._words) < REST_MIN:
            return False
        if following in ".!?…":
            return False  # more signs follow after a space
        bare = word.lower().strip("\"'“”‘’()[]")
        if _ENDS_QUOTED.search(word) or bare.endswith(("...", "…")):
            return not following.islower()
        if not bare.endswith("."):
            return True
        if bare.rstrip(".") in _TITLES or _LETTERS.match(bare):
            return False
        if _INITIAL.match(word) and bare != "i.":
            return False
        return not (_NUMBERING.match(word) and len(self._words) == 1)

    def _clause(self) -> int:
        """How many words to cut off inside a sentence now; 0 for none."""
        words = self._words
        if self._count == 0:
            if len(words) >= CLAUSE_WORDS and _PAUSE.search(words[-1]):
                return len(words)
            return _best_cut(words, OPENING_MAX) if len(words) > OPENING_MAX else 0
        return _best_cut(words, SENTENCE_MAX) if len(words) > SENTENCE_MAX else 0


def _best_cut(words: list[str], limit: int) -> int:
    """The last good place to breathe in `words[:limit]`."""
    for at in range(limit, CLAUSE_WORDS - 1, -1):
        if _PAUSE.search(words[at - 1]):
            return at
    for at in range(limit, limit // 2, -1):
        if words[at].lower() in _JOINTS:
            return at
    return limit
