"""The views of a text in which forbidden words are looked for. Each is made in linear time.

A view is the text's words in a row, each with a space on either side, so that a rule for a whole
word is a search for " word ". Only words that a view changed count as found by it: what it leaves
alone was judged before, and "Nigeria" is not a shortened anything.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from kitsu_tui.show.safety.confusables import fold

Span = tuple[int, int]

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
    # Combining marks that NFKC could not melt into a letter: struck through, stacked.
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_WORD = re.compile(r"[^\W_]+")
# Punctuation, an apostrophe apart ("he'll", "we're"), that stands inside a word.
_INSIDE = re.compile(r"[^\W_](?:[^\w\s'\u2019]|_){1,3}(?=[^\W_])")
_JOINED = re.compile(r"[^\W_]+(?:(?:[^\w\s'\u2019]|_){1,3}[^\W_]+)*")
_ANY = re.compile(r"[^ ]+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_LEET_HINT = re.compile(r"[^\W\d_][\d@$!|+(]|[\d@$!|+(][^\W\d_]")
_LEET_WORD = re.compile(r"[@$]{0,4}[^\W_]+(?:[@$!|+(]{1,4}[^\W_]+)*[@$]{0,4}")
_LEET_CHAR = re.compile(r"[\d@$!|+(]")
_LETTER = re.compile(r"[^\W\d_]")
# Figures with a unit or an ending: 1080p, 50k, 22nd.
_QUANTITY = re.compile(r"\d{2,}[a-z]{1,2}|[1-9](?:st|nd|rd|th|k|x|d|s|h|m|am|pm|v|p)")
_SINGLE = re.compile(r"(?<![^\W_])(?:[^\W_]|[@$!])(?![^\W_])")
_SPACED_HINT = re.compile(r"(?<![^\W_])[^\W_](?![^\W_])[\W_]{1,5}[^\W_](?![^\W_])")
_DOUBLE = re.compile(r"([^\W_])\1+")
_TRIPLE = re.compile(r"([^\W_])\1\1+")
_MASKED = re.compile(
    # Only from a word's beginning: from each letter it would be quadratic.
    r"(?<![^\W\d_])(?:[^\W\d_]+[*#\u2022\u2588_.-]+[^\W\d_]+|[^\W\d_][*]{3,}(?!\w))"
)
_MASK = re.compile(r"[^\w]|_")
_TAG = re.compile(r"<[^<>\n]{0,80}>")
_SKELETON = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
    | {"@": "a", "$": "s", "!": "i", "|": "i", "l": "i", "+": "t", "(": "c"}
)


def clean(text: str) -> str:
    """NFKC without invisible characters and loose combining marks; lone surrogates replaced."""
    if text.isascii():
        return text
    if any("\ud800" <= char <= "\udfff" for char in text):
        text = text.encode("utf-8", "replace").decode("utf-8")
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("ß", "ss")


def skeleton(text: str) -> str:
    """Figures and signs as the letters that they stand for; l and i are one letter."""
    return text.translate(_SKELETON)


def collapse(text: str) -> str:
    """Every run of one letter as a single letter."""
    return _DOUBLE.sub(r"\1", text)


def term(text: str) -> str:
    """A rule's term as it looks in the plain view: "Jack-Off" is "jack off"."""
    return " ".join(_WORD.findall(fold(clean(text))))


class View:
    """One way to read a text.

    Attributes:
        name: what the verdict calls it.
        words: the words as read.
        index: which automaton it is searched with (see match.py).
        before: the words as they stood, None when every word counts.
    """

    __slots__ = ("_cached", "_spans", "_starts", "before", "index", "name", "text", "words")

    def __init__(
        self,
        name: str,
        words: list[str],
        spans: Callable[[], list[Span]],
        *,
        index: str = "plain",
        before: list[str] | None = None,
        text: str | None = None,
    ) -> None:
        self.name = name
        self.words = words
        self.index = index
        self.before = before
        self.text = f" {' '.join(words)} " if text is None else text
        self._spans = spans
        self._starts: list[int] | None = None
        self._cached: list[Span] | None = None

    def span(self, start: int, end: int) -> Span | None:
        """Where `text[start:end]` lies in the cleaned text; None when the view changed nothing."""
        while self.text[start] == " ":
            start += 1
        while self.text[end - 1] == " ":
            end -= 1
        if self._starts is None:
            self._starts = [found.start() for found in _ANY.finditer(self.text)]
        first = bisect_right(self._starts, start) - 1
        last = bisect_left(self._starts, end) - 1
        before = self.before
        if before is not None and self.words[first : last + 1] == before[first : last + 1]:
            return None
        if self._cached is None:
            self._cached = self._spans()
        return self._cached[first][0], self._cached[last][1]


class Squeezed:
    """All words without the spaces: finds a word cut in two. See `Index.squeezed` in match.py."""

    __slots__ = ("_cached", "_spans", "_starts", "text", "words")

    def __init__(self, words: list[str], spans: Callable[[], list[Span]]) -> None:
        self.words = words
        self.text = "".join(words)
        self._spans = spans
        self._starts: list[int] | None = None
        self._cached: list[Span] = []

    def span(self, start: int, end: int, match: str) -> Span | None:
        """Where it lies, if it goes over a boundary between words and begins and ends as its rule
        asks: a `word` where words do, a `stem` where one begins, `inside` anywhere."""
        if self._starts is None:
            self._starts = list(accumulate(map(len, self.words), initial=0))
            self._cached = self._spans()
        first = bisect_right(self._starts, start) - 1
        stop = bisect_left(self._starts, end)
        if end <= self._starts[first + 1]:
            return None
        if match != "inside" and self._starts[first] != start:
            return None
        if match == "word" and self._starts[stop] != end:
            return None
        return self._cached[first][0], self._cached[stop - 1][1]


def _spans_of(pattern: re.Pattern[str], low: str) -> Callable[[], list[Span]]:
    return lambda: [found.span() for found in pattern.finditer(low) if found.end() > found.start()]


def tokens(low: str) -> tuple[list[str], Callable[[], list[Span]]]:
    """The words of a folded text and, on demand, where they stand."""
    return _WORD.findall(low), _spans_of(_WORD, low)


def views(base: str) -> Iterator[View]:
    """Every view of a cleaned text in which words stand apart, the plainest first."""
    low = fold(base)
    words, spans = tokens(low)
    yield from _repeats(View("plain" if base.isascii() else "folded", words, spans))
    if _INSIDE.search(low):
        whole = _JOINED.findall(low)
        bare = [_NOT_ALNUM.sub("", word) for word in whole]
        joined = View("joined", bare, _spans_of(_JOINED, low), before=whole)
        yield from _repeats(joined)
        if any(map(_odd, bare)):
            yield _leet(bare, _spans_of(_JOINED, low), "joined+leet")
    if _LEET_HINT.search(low):
        marked = _LEET_WORD.findall(low)
        yield from _repeats(_leet(marked, _spans_of(_LEET_WORD, low), "leet"))
    if _SPACED_HINT.search(low):
        yield from _spaced(low)


def _odd(word: str) -> bool:
    """Is this a word with figures or signs for letters, and not a quantity?"""
    return bool(_LEET_CHAR.search(word) and _LETTER.search(word) and not _QUANTITY.fullmatch(word))


def _leet(words: list[str], spans: Callable[[], list[Span]], name: str) -> View:
    read = [skeleton(word) for word in words]
    # A word without figures counts as unchanged, whatever its l became.
    before = [word if _odd(word) else thin for word, thin in zip(words, read, strict=True)]
    return View(name, read, spans, index="leet", before=before)


def _repeats(view: View) -> Iterator[View]:
    """The view itself, then with runs of letters cut down: "fuuuck" twice, "fuucck" to the end."""
    yield view
    if not _DOUBLE.search(view.text):
        return
    cuts = [(_DOUBLE, r"\1", "collapsed", f"{view.index}-collapsed")]
    if _TRIPLE.search(view.text):
        cuts += [(_TRIPLE, to, "repeats", view.index) for to in (r"\1\1", r"\1")]
    for pattern, to, name, index in cuts:
        text = pattern.sub(to, view.text)
        before = view.before or view.words
        if view.index == "leet":
            # Here l and i are one letter: a word without figures would become a shorter stranger.
            pairs = zip(view.words, before, strict=True)
            before = [pattern.sub(to, old) if old == word else old for word, old in pairs]
        yield View(name, text.split(), view._spans, index=index, before=before, text=text)


def _spaced(low: str) -> Iterator[View]:
    """Runs of three or more single letters: "f u c k", "f.u.c.k", "5 h ! t"."""
    runs: list[list[Span]] = []
    run: list[Span] = []
    for found in _SINGLE.finditer(low):
        if run and found.start() - run[-1][1] > 3:
            runs.append(run)
            run = []
        # Letters count as neighbours only if nothing but signs and spaces stands between them.
        if run and _WORD.search(low, run[-1][1], found.start()):
            runs.append(run)
            run = []
        run.append(found.span())
    runs.append(run)
    kept = [run for run in runs if len(run) >= 3]
    if not kept:
        return
    read = ["".join(low[start:end] for start, end in run) for run in kept]
    places = [(run[0][0], run[-1][1]) for run in kept]
    loose = [f" {word} " for word in read]
    if any(_LETTER.search(word) for word in read):
        yield View("spaced", read, lambda: places, index="loose", before=loose)
        yield View(
            "spaced", [skeleton(w) for w in read], lambda: places, index="loose-leet", before=loose
        )
        bare = [_NOT_ALNUM.sub("", word) for word in read]
        if bare != read and all(bare):
            yield View("spaced", bare, lambda: places, index="loose", before=loose)


def squeezed(low: str) -> Squeezed | None:
    """The folded text without spaces; None for a single word."""
    words, spans = tokens(low)
    return Squeezed(words, spans) if len(words) > 1 else None


def masked(low: str) -> Iterator[tuple[str, Span]]:
    """Words with letters struck out ("f*ck", "f**k"), each stroke as "*"."""
    for found in _MASKED.finditer(low):
        # "K.K." is a company; three letters need an honest star.
        if found.end() - found.start() > 3 or "*" in found.group():
            yield _MASK.sub("*", found.group()), found.span()


def untagged(base: str) -> str | None:
    """The text without its markup, None when it has none."""
    if "<" not in base:
        return None
    bare = _TAG.sub("", base)
    return bare if bare != base else None


def tail(text: str, limit: int = 64) -> str:
    """The end of what was said before, cut where a word begins."""
    if len(text) <= limit:
        return text
    cut = text[-limit:]
    space = cut.find(" ")
    return cut[space + 1 :] if space >= 0 else cut
