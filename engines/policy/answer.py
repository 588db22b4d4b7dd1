"""One answer while it is being written: pieces in, words and sentences out."""

from __future__ import annotations

from engines.policy.loops import repeated
from engines.policy.sentences import Splitter
from engines.policy.speech import Markup, Words

_KEPT = 48
"""Words that are looked at for loops."""


class Answer:
    """Puts the stages together.

    Args:
        limit: most sentences; opening clauses count with the sentence that they begin.

    Attributes:
        ended: nothing further will be taken; the model can stop.
        why: why it ended before the model did; empty when it did not.
        sentences: what was given so far.
    """

    def __init__(self, limit: int) -> None:
        self.ended = False
        self.why = ""
        self.sentences: list[str] = []
        self._limit = limit
        self._whole = 0
        self._markup = Markup()
        self._words = Words()
        self._splitter = Splitter()
        self._recent: list[str] = []

    @property
    def text(self) -> str:
        """All that is to be said so far."""
        return " ".join(self.sentences)

    def feed(self, piece: str) -> tuple[list[str], list[str]]:
        """Take a piece; returns (words, sentences) that are certain now."""
        if self.ended:
            return [], []
        words = self._words.feed(self._markup.feed(piece))
        if self._markup.ended:
            self.ended = True
        return self._take(words)

    def finish(self, whole: bool) -> tuple[list[str], list[str]]:
        """No more comes; `whole` is False when the text was torn off."""
        torn = not whole or bool(self.why)
        words: list[str] = []
        sentences: list[str] = []
        if not self.why:
            rest = self._words.feed(self._markup.finish()) + self._words.finish()
            words, sentences = self._take(rest)
            torn = torn or bool(self.why)
        if not self._full:
            sentences += self._give(self._splitter.finish(not torn or self._markup.ended))
        self.ended = True
        return words, sentences

    @property
    def _full(self) -> bool:
        return self._whole >= self._limit

    def _take(self, words: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
        out: list[str] = []
        sentences: list[str] = []
        for word, following in words:
            if self._full:
                self._stop("sentence limit")
                break
            self._recent = [*self._recent[-_KEPT:], word]
            if again := repeated(self._recent):
                self._splitter.drop(again - 1)  # the last word was not handed on yet
                self._stop("repeats itself")
                break
            out.append(word)
            sentences += self._give(self._splitter.feed(word, following))
        return out, sentences

    def _give(self, pieces: list[str]) -> list[str]:
        self.sentences += pieces
        self._whole += sum(not self._splitter.inside for _ in pieces)
        return pieces

    def _stop(self, why: str) -> None:
        self.why = why
        self.ended = True
