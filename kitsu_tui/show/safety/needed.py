"""What a text must hold for an RE2 pattern to be found in it: a few short texts, any one of them.

One search for the short texts of all patterns (see patterns.py) then tells which patterns need be
asked at all. It may only ever be wrong in asking too much: what is not understood of a pattern
stands for anything, and a pattern of which nothing is known is always asked. Compare RE2's own
FilteredRE2, and Cox, "Regular Expression Matching with a Trigram Index" (2012).

Texts are compared `flat`. That goes character by character, so what stands in a text stands,
flattened, in the flattened text.
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 10
"""Characters of one of the texts; of a longer one the rest is not looked at."""
SECOND = 100
"""Texts of the second of the choices."""
LEAST = 3
"""Letters that one has; signs and letters of other scripts are rare enough by themselves."""
_TOGETHER = 24
"""So many texts that a piece may be are followed into the next piece."""
_MOST = 400
"""Texts of one choice."""
_DEPTH = 60
_LITERAL = re.compile(r"[^\\\[\](){}|*+?.^$]+")
_PLAIN = re.compile(r"\?:([^\\\[\](){}*+?.^$]+)\)")
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_FLAGS = re.compile(r"\?(?:P?<\w+>|([imsU-]*)(:|(?=\))))")
_CLASS = re.compile(r"\[(\^?)(\]?(?:[^\]\\\[]|\\[^pPQExC0-7])*)\]")
_DIGITS = re.compile(r"(?:\\d|\d-\d|\d)+")
_SIGNS = 6
"""Characters of a class that is taken one by one."""
_COUNTS = frozenset("*+?{")
_NO_LETTER = re.compile(r"[^a-z.,'!?-]")
# Letters of which it is sure what RE2 takes for the same, whatever version of Unicode it knows.
_SURE = re.compile(
    r"[\x00-\x7f\u00a1-\u017f\u0370-\u03ff\u0400-\u045f\u05d0-\u05ea\u0620-\u064a\u0900-\u0d7f"
    r"\u0e00-\u0e7f\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff5e]+"
)
_FIGURE = re.compile("[1-9]")
_FLAT = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"000000000"))

Choice = frozenset[str]
Needed = list[tuple[str, ...]]
_EMPTY: Choice = frozenset(("",))
_DIGIT: Choice = frozenset("0")


def flat(text: str) -> str:
    """A text as it is searched: without case as RE2 sees it, without spaces, figures all alike."""
    if text.isascii():
        return text.encode("ascii").translate(_FLAT, b" ").decode("ascii")
    return _FIGURE.sub("0", text.casefold().replace(" ", ""))


def needed(pattern: str) -> Needed:
    """Of each of these one text at least stands in the `flat` of any text in which the pattern is
    found; what tells most comes first. Empty: nothing is known.
    """
    if "[" not in pattern and "\\" not in pattern:
        pattern = pattern.replace(" *", "")  # as in phrases: spaces do not count
    try:
        row = _Parser(pattern).whole()
    except _NotUnderstood:
        return []
    row.gap()
    some = sorted(dict.fromkeys(row.choices), key=often)[:2]
    return [_fewest(choice) for at, choice in enumerate(some) if at == 0 or len(choice) <= SECOND]


def _fewest(choice: Choice) -> tuple[str, ...]:
    """The same, without those that begin with another."""
    some = {text[:LONGEST] for text in choice}
    begun = (text for text in some if not any(text[:at] in some for at in range(1, len(text))))
    return tuple(sorted(begun))


class _NotUnderstood(Exception):
    """It is left to RE2."""


class _Row:
    """Pieces one after the other.

    Attributes:
        choices: of each one text stands in whatever the row fits.
        exact: what the pieces since the last gap are, letter by letter.
        gaps: there is more to the row than `exact`.
    """

    __slots__ = ("choices", "exact", "gaps")

    def __init__(self) -> None:
        self.choices: list[Choice] = []
        self.exact: Choice = _EMPTY
        self.gaps = False

    def add(self, piece: Piece) -> None:
        """One more; None stands for anything."""
        if piece is None:
            self.gap()
        elif isinstance(piece, _Row):
            self.gap()
            self.choices += piece.choices
        elif self.exact is _EMPTY:
            self.exact = piece
        elif piece is not _EMPTY:
            many = len(self.exact) * len(piece)
            if many > _TOGETHER and (_usable(self.exact) or _usable(piece) or many > _MOST):
                self.gap()
                self.exact = piece
            else:
                self.exact = frozenset([one + other for one in self.exact for other in piece])

    def gap(self) -> None:
        """What was gathered ends here."""
        if _usable(self.exact):
            self.choices.append(self.exact)
        self.exact = _EMPTY
        self.gaps = True

    def best(self) -> Choice | None:
        """The choice that is met least."""
        choices = [*self.choices, self.exact] if _usable(self.exact) else self.choices
        if len(choices) < 2:
            return choices[0] if choices else None
        return min(choices, key=often)


Piece = _Row | Choice | None


def _usable(exact: Choice) -> bool:
    return len(exact) <= _MOST and all(
        len(text) >= LEAST or _NO_LETTER.search(text) for text in exact
    )


@lru_cache(32)
def often(choice: Choice) -> float:
    """A guess at how many of a hundred lines have it."""
    return sum([_SIZES[min(len(text), 7)] if text not in _OFTEN else 10.0 for text in choice])


_SIZES = (100.0, 8.0, 4.0, 4.0, 1.5, 0.4, 0.1, 0.05)
_COMMON = """
    able about act after again all also always and any anything are ask away back bad because been
    before being best better big but can come could day did does doing don dont done down end ever
    every everyone everything feel few find first for friend from get girl give going good got
    great guy had happy hard has have hear help her here hey him his home hope how ill into ist
    its just keep kind know last let life like little live long look lot love made make man many
    may maybe mean men mine mit more most much must myself need never new next nice night not
    nothing now off old one only open other our out over own part people person place play please
    put quite read real really right run said same say see she should show sleep some someone
    something start stay still stop story stream such sure take talk tell than thank that the
    their them then there these they thing things think this those time today together too try
    turn und under until use very wait want was watch way well were what when where which while
    who whole why will wish with without woman word words work world would write wrong year yes
    you your yourself youre youare iwill iwant
"""
_OFTEN = frozenset(_COMMON.split())


class _Parser:
    """Walks a pattern that RE2 has accepted."""

    def __init__(self, text: str) -> None:
        self._text = text + "\0"
        self._end = len(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> _Row:
        row = _Row()
        row.add(self._either())
        if self._at < self._end:
            raise _NotUnderstood
        return row

    def _either(self) -> Piece:
        """Alternatives, up to the bracket that ends them."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise _NotUnderstood
        rows = [self._row()]
        while self._text[self._at] == "|":
            self._at += 1
            rows.append(self._row())
        self._depth -= 1
        if len(rows) == 1:
            row = rows[0]
            if not row.gaps:
                return row.exact
            row.gap()
            return row
        if not any(row.gaps for row in rows):
            return frozenset([text for row in rows for text in row.exact])
        either: set[str] = set()
        for row in rows:
            best = row.best()
            if best is None:
                return None
            either |= best
        if len(either) > _MOST:
            return None
        found = _Row()
        found.choices.append(frozenset(either))
        return found

    def _row(self) -> _Row:
        row = _Row()
        text = self._text
        while self._at < self._end:
            char = text[self._at]
            if char in "|)":
                break
            if (run := _LITERAL.match(text, self._at, self._end)) is not None:
                self._at = run.end()
                some = run.group()
                if text[self._at] not in _COUNTS:
                    _literal(row, some)
                    continue
                if len(some) > 1:
                    _literal(row, some[:-1])
                piece = _char(some[-1])
            else:
                self._at += 1
                piece = self._piece(char)
            row.add(self._counted(piece))
        return row

    def _piece(self, char: str) -> Piece:
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "^$":
            return _EMPTY
        if char in "{}]":
            return _char(char)
        if char == ".":
            return None
        raise _NotUnderstood  # a repetition of nothing

    def _group(self) -> Piece:
        plain = _PLAIN.match(self._text, self._at, self._end)
        if plain is not None and _SURE.fullmatch(plain.group(1)):
            self._at = plain.end()
            return frozenset(flat(plain.group(1)).split("|"))
        if self._text[self._at] == "?":
            flags = _FLAGS.match(self._text, self._at)
            if flags is None:
                raise _NotUnderstood
            self._at = flags.end()
            if flags.group(2) == "":  # "(?i)": from here on
                self._at += 1
                return _EMPTY
        piece = self._either()
        if self._text[self._at] != ")" or self._at >= self._end:
            raise _NotUnderstood
        self._at += 1
        return piece

    def _class(self) -> Piece:
        found = _CLASS.match(self._text, self._at - 1, self._end)
        if found is None:
            raise _NotUnderstood
        self._at = found.end()
        inner = found.group(2)
        if found.group(1):
            return None
        if _DIGITS.fullmatch(inner):
            return _DIGIT
        if "\\" in inner or "-" in inner[1:-1] or len(inner) > _SIGNS or not _SURE.fullmatch(inner):
            return None
        return frozenset(map(flat, inner))

    def _escape(self) -> Piece:
        char = self._text[self._at]
        self._at += 1
        if char in "bBAz":
            return _EMPTY
        if char == "d":
            return _DIGIT
        if char == "n":
            return frozenset("\n")
        if char in "DsSwWtrfva":
            return None
        if char.isalnum() or not char.isascii() or self._at > self._end:
            raise _NotUnderstood  # \x41, \pL, \Q...
        return _char(char)

    def _counted(self, piece: Piece) -> Piece:
        """The piece with what is said of how often it comes."""
        text = self._text
        char = text[self._at]
        if char not in _COUNTS:
            return piece
        least, most = int(char == "+"), 0
        if char == "{":
            count = _COUNT.match(text, self._at, self._end)
            if count is None:  # it stands for itself
                return piece
            self._at = count.end()
            least = int(count.group(1))
            most = least if not count.group(2) else int(count.group(3) or 0)
        else:
            self._at += 1
        if text[self._at] == "?":  # as few as will do
            self._at += 1
        if text[self._at] in "*+?":
            raise _NotUnderstood
        if piece is _EMPTY or piece is None:
            return piece
        if isinstance(piece, frozenset):
            if char == "?" or (least == 0 and most == 1):
                return piece | _EMPTY
            if len(piece) == 1 and least:
                (one,) = piece
                piece = frozenset((one * min(least, LONGEST),))
                if least == most <= LONGEST:
                    return piece
        if not least:
            return None
        row = _Row()
        row.add(piece)
        row.gap()
        return row


def _char(char: str) -> Piece:
    if char == " ":
        return _EMPTY
    return frozenset((flat(char),)) if _SURE.fullmatch(char) else None


def _literal(row: _Row, text: str) -> None:
    if _SURE.fullmatch(text):
        plain = flat(text)
        if plain:
            row.add(frozenset((plain,)))
        return
    for char in text:
        row.add(_char(char))
