"""The report for people: a sign and a word for every check, and what to do where there is need."""

from __future__ import annotations

from kitsu_tui.console.lines import visible
from kitsu_tui.doctor.report import Check, Report, Status

SIGNS: dict[Status, str] = {"ok": "✓", "warn": "!", "bad": "✗", "skipped": "-"}
PLAIN: dict[Status, str] = {"ok": "+", "warn": "!", "bad": "x", "skipped": "-"}
"""For an output that cannot show the others."""
COLOURS: dict[Status, str] = {"ok": "32", "warn": "33", "bad": "31;1", "skipped": "2"}
NAME = 18


class Words:
    """Makes lines.

    Args:
        encoding: of the output; signs that it lacks are replaced.
        colour: whether the output shows colours.
    """

    def __init__(self, encoding: str, *, colour: bool) -> None:
        self._encoding = encoding or "ascii"
        self._colour = colour
        self._signs = SIGNS if self._fits("".join(SIGNS.values())) else PLAIN

    def group(self, title: str, checks: list[Check]) -> list[str]:
        """A family: its title and a line for every check."""
        lines = ["", title]
        for check in checks:
            mark = self._mark(check.status, f"{self._signs[check.status]} {check.status:<7}")
            lines.append(
                self._safe(f"  {mark} {visible(check.name):<{NAME}} {visible(check.found)}")
            )
            if check.do:
                lines.append(self._safe(f"            do: {visible(check.do)}"))
        return lines

    def end(self, report: Report) -> list[str]:
        """The last line: the count, and what to do first."""
        counts = report.counts
        warnings = f"{counts['warn']} warning{'' if counts['warn'] == 1 else 's'}"
        words = (
            f"{len(report.checks)} checks in {report.took_s:.1f} s: {counts['ok']} ok, {warnings}, "
            f"{counts['bad']} bad, {counts['skipped']} skipped."
        )
        step = report.next or "kitsu-tui"
        return ["", self._safe(f"{words} Next: {visible(step)}")]

    def _mark(self, status: Status, text: str) -> str:
        return f"\x1b[{COLOURS[status]}m{text}\x1b[0m" if self._colour else text

    def _fits(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def _safe(self, text: str) -> str:
        if self._fits(text):
            return text
        return text.encode("ascii", "replace").decode("ascii")
