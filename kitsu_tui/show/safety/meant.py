"""Rules that count for what a line means as a whole, and whether it reads as an ordinary one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from kitsu_tui.show.safety import meaning
from kitsu_tui.show.safety.dialect import forbidden
from kitsu_tui.show.safety.meaning import Meaning
from kitsu_tui.show.safety.row import Row
from kitsu_tui.show.safety.rule import Rule

ORDINARY, SURELY = -1.0, -3.0
"""Log-odds under which a line reads as an ordinary one: what `soft` rules find does not count.
Under the second, not even what is grave, or hidden."""
HIDDEN = -0.5
"""Log-odds more, or less, are asked of a line that has to be read in another way than it is
written. Letters apart, figures or stars for letters: nobody writes so by chance."""
BACKWARDS = 0.4
"""The same of words that are read from their end."""
GUESSED = 1.2
"""By ear, two words for one, letters that changed places: ordinary ones are read so as well."""
HEARD_OTHERWISE = -0.3
"""The same of a line that is spelt by ear."""
ASKED_AGAIN = -1.0
"""Log-odds from which that is also asked of the rules."""
CLEAR = -1.0
"""Log-odds under which a line that is spelt by ear is an ordinary one."""
GARBLED = 0.8
"""Log-odds that its other readings count less then: half of their words are none."""
SUSPICIOUS = -1.2
"""Log-odds from which words of a line may be written for forbidden ones that sound like them."""
EVADED = 0.5
"""Log-odds that such a reading costs."""
MOST_ROWS = 5
VIEW = "meaning"
HEARD = f"{VIEW}+sound"
EVADING = f"{VIEW}+evading"
WRITTEN = f"{VIEW}+repeats"
GUESSED_VIEWS = frozenset(("sound", "swapped", "together"))
"""Ways to read a word that ordinary ones are read by as well."""


def _asked(views: frozenset[str] | None) -> float:
    """The log-odds that a reading by these views costs."""
    if views is None:
        return 0.0
    if not views or not views.isdisjoint(GUESSED_VIEWS):
        return GUESSED
    return BACKWARDS if "reversed" in views else HIDDEN


class Read(Struct, frozen=True):
    """How a line reads as a whole.

    Attributes:
        odds: log-odds that a moderator would stop it, in its worst reading.
        kind: of that reading: one of meaning.KINDS; empty where no rule asks for so little.
        view: how it had to be read.
        row: that reading; None: there is nothing to read.
        aloud: the line as it is heard, or as what it avoids to say, where that is another one and
            no ordinary one.
        clear: it is heard as another one, and that is an ordinary one: what readings of single
            words guessed does not count.
        garbled: what was taken off the odds of the other readings for that.
        words: so many.
    """

    odds: float = meaning.NOTHING
    kind: str = ""
    view: str = VIEW
    row: Row | None = None
    aloud: str = ""
    clear: bool = False
    garbled: float = 0.0
    words: int = 0

    @property
    def ordinary(self) -> bool:
        """What is only a guess does not count here."""
        return self.odds < ORDINARY

    @property
    def surely(self) -> bool:
        """Nor does what is grave and only a guess."""
        return self.odds < SURELY

    @property
    def risk(self) -> float:
        """0 to 1."""
        return 1.0 / (1.0 + math.exp(-self.odds))


class Meant:
    """Rules with the key `meaning`, ready to ask; the model is read when there are any.

    Attributes:
        problem: why the model cannot be used, so that nothing may be said. Empty: it can.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        some = tuple(rules)
        self._rules: dict[str, list[Rule]] = {}
        for rule in sorted((rule for rule in some if rule.meaning), key=lambda rule: -rule.above):
            self._rules.setdefault(rule.meaning, []).append(rule)
        self._least = min((rule.above for rule in some if rule.meaning), default=math.inf)
        self._model: Meaning | None = None
        self.problem = ""
        wants = next((rule for rule in some if rule.meaning or rule.soft), None)
        if wants is not None:
            try:
                self._model = meaning.shipped()
            except (OSError, ValueError) as error:
                self.problem = (
                    f"{meaning.DATA}: {error}: nothing may be said; install Kitsu again, or leave "
                    "out every rule with `meaning:`"
                )

    @property
    def asked(self) -> bool:
        """Whether any rule wants to know."""
        return self._model is not None

    def read(self, rows: Sequence[Row], edge: int = 0, *, aloud: bool = True) -> Read:
        """What the text of these rows means from `edge` on; the first row is as it stands.
        `aloud`: also by ear, which words of another language are not meant for."""
        model = self._model
        if model is None or not rows:
            return Read()
        plain = rows[0].words(edge)
        written = model.heard.written(plain)
        heard = model.heard.read(written or plain) if aloud else None
        garbled, said, clear = 0.0, "", False
        found: list[tuple[float, list[str], str, Row]] = []
        if heard is not None:
            odds = model.score(heard) - HEARD_OTHERWISE
            found.append((odds, heard, HEARD, rows[0]))
            said = " ".join(heard) if odds > ASKED_AGAIN else ""
            clear = odds < CLEAR
            garbled = GARBLED if clear else 0.0
        as_it_stands = model.score(plain)
        found.append((as_it_stands - garbled, plain, VIEW, rows[0]))
        hidden = forbidden(plain) if as_it_stands > SUSPICIOUS else None
        if hidden is not None:
            odds = model.score(hidden) - EVADED
            found.append((odds, hidden, EVADING, rows[0]))
            said = said or (" ".join(hidden) if odds > 0 else "")
        if written is not None:
            found.append((model.score(written) - garbled, written, WRITTEN, rows[0]))
        for row in rows[1:MOST_ROWS]:
            if not aloud and not GUESSED_VIEWS.isdisjoint(row.views or ()):
                continue
            some = row.words(edge)
            odds = model.score(some) - _asked(row.views) - garbled
            found.append((odds, some, f"{VIEW}+{min(row.views or ('plain',))}", row))
        worst, words, view, at = max(found, key=lambda one: one[0])
        kind = model.kind(words) if worst >= self._least else ""
        return Read(worst, kind, view, at, said, clear, garbled, len(plain))

    def rules(self, read: Read) -> list[Rule]:
        """Those that count for a line that reads so, the most certain first."""
        return [rule for rule in self._rules.get(read.kind, ()) if read.odds >= rule.above]

    def telling(self, read: Read, edge: int) -> str:
        """The words that told most."""
        if self._model is None or read.row is None:
            return ""
        words = self._as_read(read.row.words(edge), read.view)
        return " ".join(self._model.telling(words))

    def left(self, read: Read, edge: int, without: Sequence[tuple[int, int]]) -> float:
        """The odds without the words in some spans: those that are allowed."""
        if self._model is None or read.row is None:
            return meaning.NOTHING
        words = self._as_read(read.row.words(edge, without), read.view)
        return self._model.score(words) - self._costs(read)

    def without(self, read: Read, edge: int) -> Read | None:
        """What is left of a line without the words that make it of its kind; None: nothing is."""
        if self._model is None or read.row is None:
            return None
        words = self._as_read(read.row.words(edge), read.view)
        rest = [word for word in words if self._model.kind((word,)) != read.kind]
        odds = self._model.score(rest) - self._costs(read)
        if len(rest) == len(words) or odds < self._least:
            return None
        kind = self._model.kind(rest)
        return None if kind == read.kind else structs.replace(read, odds=odds, kind=kind)

    @staticmethod
    def _costs(read: Read) -> float:
        """What the reading that counted has cost."""
        if read.view == HEARD:
            return HEARD_OTHERWISE
        if read.view == EVADING:
            return EVADED
        views = (
            read.row.views if read.row is not None and read.view not in (VIEW, WRITTEN) else None
        )
        return read.garbled + _asked(views)

    def _as_read(self, words: list[str], view: str) -> list[str]:
        if self._model is None or view not in (WRITTEN, HEARD, EVADING):
            return words
        if view == EVADING:
            return forbidden(words) or words
        heard = self._model.heard
        words = heard.written(words) or words
        if view == WRITTEN:
            return words
        return heard.read(words) or words
