"""Names that OBS does not have, and what may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

TOLD = 12
"""Names that a message lists at most."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, whatever its case; empty: none is like it."""
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    found = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Such as: no scene 'Brb'; did you mean 'BRB'? There are: Main, BRB."""
    names = list(known)
    words = f"no {what} {name!r}"
    if guess := nearest(name, names):
        words += f"; did you mean {guess!r}?"
    if not names:
        return f"{words}; OBS has none"
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return f"{words}{' There' if guess else '; there'} are: {', '.join(names[:TOLD])}{more}"


def lacking(what: str, name: str, known: Iterable[str]) -> str:
    """The same without the list, for `State.missing`."""
    guess = nearest(name, known)
    return f"{what} {name!r}" + (f"; did you mean {guess!r}?" if guess else "")
