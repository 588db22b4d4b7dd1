"""What a check finds, and the whole report (`kitsu schema doctor`)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Status = Literal["ok", "warn", "bad", "skipped"]
STATUSES: tuple[Status, ...] = ("ok", "warn", "bad", "skipped")

MAX_WORDS = 600
"""Characters of what was found: an engine's last words may be long."""


class Finding(Struct, frozen=True):
    """What one check found.

    `warn`: a show runs, but not as it should. `bad`: a show of this profile does not run, or is
    not heard. `do` says what to do, for these two only. `goes_first` marks a cause among its
    effects: it is named first as the next step.
    """

    name: str
    status: Status
    found: str
    do: str = ""
    goes_first: bool = False


class Check(Struct, frozen=True, kw_only=True):
    """A finding in the report; `ms` is how long its check took."""

    group: str
    name: str
    status: Status
    found: str
    do: str = ""
    ms: float = 0


class Report(Struct, frozen=True, kw_only=True):
    """Output of `kitsu doctor --json`. `ok` is true when no check is `bad`."""

    version: str
    profile: str
    system: str
    ok: bool
    counts: dict[Status, int]
    next: str
    """The one thing to do first; empty when there is nothing to do."""
    took_s: float
    checks: list[Check]


def ok(name: str, found: str) -> Finding:
    """All is well."""
    return Finding(name, "ok", found)


def warn(name: str, found: str, do: str) -> Finding:
    """A show runs, but not as it should."""
    return Finding(name, "warn", found, do)


def bad(name: str, found: str, do: str, *, goes_first: bool = False) -> Finding:
    """A show does not run, or is not heard."""
    return Finding(name, "bad", found, do, goes_first)


def skipped(name: str, why: str) -> Finding:
    """Not looked at."""
    return Finding(name, "skipped", why)


def plain(text: str) -> str:
    """One line without control characters: names and last words come from anywhere."""
    flat = " ".join(text.split())
    clean = "".join(c if c.isprintable() else "�" for c in flat)
    return clean if len(clean) <= MAX_WORDS else clean[: MAX_WORDS - 1] + "…"


def split_advice(message: str) -> tuple[str, str]:
    """`what is wrong; run: COMMAND` as the two things that it is."""
    found, _, command = message.partition("; run: ")
    return found, command
