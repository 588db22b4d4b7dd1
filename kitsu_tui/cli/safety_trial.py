"""Trying the rules on texts, for `kitsu safety test`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from kitsu_tui.cli.safety import VerdictReport
from kitsu_tui.cli.safety_rules import keeper_of
from kitsu_tui.show.safety import RANK, SAID, Side, Verdict, guarded
from kitsu_tui.show.safety.verdict import GATE_ERROR

if TYPE_CHECKING:
    from kitsu_tui.config import Loaded

LONGEST = 1 << 20
"""Bytes of a line; what is longer is judged as too long, and is not kept."""
SHOWN = 60
"""Characters of a line that are told with its number."""
DONE = {
    "allow": "allowed",
    "replace": "said in other words",
    "sanitise": "said with something left out",
    "hold": "held for an operator",
    "drop": "not said",
    "panic": "not said, and the show panics",
}
LET_IN = DONE | {
    "replace": "let in, in other words",
    "sanitise": "let in, with something left out",
    "hold": "not let in: what is said to her waits for nobody",
    "drop": "not let in",
    "panic": "not let in, and the show panics",
}


class Trial:
    """The rules of a profile, with the blocklist.

    Args:
        side: `output`, `input` or `both`.
        context: what she said before.
    """

    def __init__(self, loaded: Loaded, side: str, context: str) -> None:
        gc.disable()  # hundreds of thousands of small things are made that all stay
        self._keeper = keeper_of(loaded)
        self._keeper.refresh(force=True)
        gc.freeze()
        gc.enable()
        self._sides: list[Side] = ["output", "input"]
        if side == "output":
            self._sides = ["output"]
        elif side == "input":
            self._sides = ["input"]
        self._context = context

    @property
    def error(self) -> str:
        """Why there are no rules; empty when there are some."""
        return self._keeper.error if self._keeper.gate is None else ""

    def judge(self, text: str, number: int = 0) -> list[VerdictReport]:
        """The verdict of each side, the graver first. Without rules all is dropped.

        Args:
            number: of the line, from 1; 0: it is none of many.
        """
        found = [self._one(text, side, number) for side in self._sides]
        return sorted(found, key=lambda report: -RANK[report.action])

    def words(self, text: str, found: list[VerdictReport]) -> str:
        """For people: of one of many lines its number and beginning come first."""
        said = "\n".join(_words(text, report) for report in found)
        if not found[0].line:
            return said
        below = said.replace("\n", "\n  ")
        return f"line {found[0].line}: {_beginning(text)}\n  {below}"

    def _one(self, text: str, side: Side, number: int) -> VerdictReport:
        context = self._context if side == "output" else ""
        verdict = guarded(self._keeper.gate, text, context, side=side)
        return _report(verdict, side, self.error, number)


def _report(verdict: Verdict, side: Side, why: str, number: int) -> VerdictReport:
    why = why.splitlines()[0] if why else verdict.rule
    return VerdictReport(
        action=verdict.action,
        category=verdict.category,
        rule=why,
        view=verdict.view,
        term=verdict.term,
        text=verdict.text if verdict.action in SAID else "",
        risk=round(verdict.risk, 3),
        side=side,
        severity=verdict.severity,
        ms=round(verdict.ms, 3),
        line=number,
        error=why if verdict.category == GATE_ERROR else "",
    )


def _beginning(text: str) -> str:
    """The first words of a line, for a terminal."""
    short = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in short) or "(empty)"


def _words(text: str, report: VerdictReport) -> str:
    by = "said by her" if report.side == "output" else "said to her"
    done = (DONE if report.side == "output" else LET_IN)[report.action]
    if report.error:
        return f"{by}: could not be judged, so {done} ({report.action}): {report.error}"
    line = f"{by}: {done} ({report.action})"
    if report.category:
        line += f"; category {report.category}, rule {report.rule}"
    if report.view:
        line += f", found as {report.view}"
    if report.term:
        line += f" ({report.term})"
    if report.risk:
        line += f"; risk {report.risk:g}"
    if report.text and report.text != text:
        line += f"\n  {report.text}"
    return line


def lines(stream: BinaryIO) -> Iterator[str]:
    """Each line as text: empty ones too, and what is not UTF-8 with signs in its place."""
    while raw := stream.readline(LONGEST):
        size = len(raw)
        while not raw.endswith(b"\n") and size >= LONGEST:  # judged as too long: it is cut
            more = stream.readline(LONGEST)
            size += len(more)
            if len(more) < LONGEST or more.endswith(b"\n"):
                break
        yield raw.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")


def plain(argument: str) -> str:
    """An argument whose bytes may have been no UTF-8."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
