"""An RE2 pattern, with what it costs to make put off until it is wanted, and made once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast
from weakref import WeakValueDictionary

import re2

from kitsu_tui.show.safety.figures import figures
from kitsu_tui.show.safety.needed import Needed, needed


def pattern_options() -> Any:
    """RE2's options: no case, no complaints on stderr, 16 MiB at most."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 16 << 20
    return options


class Pattern:
    """A pattern that is compiled when it is asked for the first time, or before.

    Attributes:
        pattern: as it is written.
        anchored: it may ask for the beginning or the end of a text.
    """

    __slots__ = ("__weakref__", "_compiled", "_figures", "_needed", "anchored", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.anchored = _ANCHOR.search(_CLASS.sub("", pattern)) is not None
        self._compiled: Any = None
        self._needed: Needed | None = None
        self._figures = -1

    @staticmethod
    def of(text: str) -> Pattern:
        """The one that is in use already, with all that was made of it, or a new one."""
        found = _IN_USE.get(text)
        if found is None:
            found = _IN_USE[text] = Pattern(text)
        return found

    def know(self, needed: Needed) -> None:
        """What it needs is known from before."""
        self._needed = needed

    @property
    def needed(self) -> Needed:
        """What a text must hold, see needed.py."""
        if self._needed is None:
            self._needed = needed(self.pattern)
        return self._needed

    @property
    def figures(self) -> int:
        """How many figures a text must have at least, see figures.py."""
        if self._figures < 0:
            self._figures = figures(self.pattern)
        return self._figures

    @property
    def compiled(self) -> bool:
        """It need not be compiled any more."""
        return self._compiled is not None

    def compile(self) -> Any:
        """`re2.error` when it is no pattern, or too large a one."""
        if self._compiled is None:
            self._compiled = re2.compile(self.pattern, pattern_options())
        return self._compiled

    @property
    def groups(self) -> int:
        """How many there are."""
        return int(self.compile().groups)

    def search(self, text: str | bytes) -> Any:
        """The first match, or None."""
        return self.compile().search(text)

    def finditer(self, text: str) -> Iterator[Any]:
        """All matches."""
        return cast(Iterator[Any], self.compile().finditer(text))


_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]")
_ANCHOR = re.compile(r"[\^$]|\\[AzZ]")
_IN_USE: WeakValueDictionary[str, Pattern] = WeakValueDictionary()
