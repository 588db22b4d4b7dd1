"""`kitsu line` and `kitsu review`: the last word about what she says next, without a console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from kitsu_tui.cli.ask import actor, ask, fail, picture
from kitsu_tui.cli.tell import tell

if TYPE_CHECKING:
    from kitsu_tui.model.state import SentenceView, TurnView

WHAT = ("air", "drop", "replace", "hold")
LONGEST = 2000


class LineReport(Struct, frozen=True, kw_only=True):
    """A line of hers that is not on air yet."""

    turn: int
    rev: int
    seq: int
    text: str
    """What would be said."""
    waits: Literal["", "rule", "review", "operator", "risk", "opinion"]
    """Why it is kept back; empty: it goes on air in its order."""
    until: float
    """Wall time at which `then` happens by itself; 0: never."""
    then: Literal["air", "drop"]
    by: str
    """Who holds it."""
    category: str
    rule: str
    risk: float


class LinesReport(Struct, frozen=True, kw_only=True):
    """What `kitsu line --json` prints."""

    lines: list[LineReport]
    detail: str
    """What was done, when something was asked for."""


class ReviewReport(Struct, frozen=True, kw_only=True):
    """What `kitsu review --json` prints."""

    on: bool
    wait_s: float
    then: Literal["air", "drop"]
    by: str
    detail: str


SCHEMAS = {"line": LinesReport, "review": ReviewReport}


def line(
    what: Annotated[
        str, typer.Argument(metavar="[air|drop|replace|hold]", help="without it, they are listed")
    ] = "",
    text: Annotated[str, typer.Argument(help="for replace: what she says instead")] = "",
    which: Annotated[
        str,
        typer.Option("--line", "-l", metavar="TURN.SEQ", help="such as 12.0; without it, the next"),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Decide about a line of hers that is not on air yet, or list those lines: air (let it go),
    drop, replace, hold.
    """
    from engines.wire import control
    from kitsu_tui.config.errors import nearest

    if what and what not in WHAT:
        fail("line", f"found {what!r}{nearest(what, WHAT)}, expected {', '.join(WHAT)}", 2)
    if text and what != "replace":
        fail("line", f"only replace takes a text, found {text!r}", 2)
    if what == "replace" and not text.strip():
        fail("line", "replace takes the text that she says instead", 2)
    if len(text) > LONGEST:
        fail("line", f"{len(text)} characters are too many (limit {LONGEST})", 2)
    if which and not what:
        fail("line", f"--line goes with one of {', '.join(WHAT)}", 2)
    detail = ""
    if what:
        turn, seq = _which(which)
        params = control.Line(
            what=what,  # type: ignore[arg-type]
            turn=turn,
            seq=seq,
            text=text,
            by=actor(),
        )
        detail = ask("line", control.LINE, params).detail
        if not as_json:
            tell(detail)
            return
    _list(detail, as_json=as_json)


def review(
    word: Annotated[
        str, typer.Argument(metavar="[on|off|status]", help="without it, it is told")
    ] = "status",
    wait_s: Annotated[
        float | None, typer.Option("--wait", help="how long a line waits, in seconds")
    ] = None,
    then: Annotated[
        str, typer.Option("--then", help="what becomes of it when nobody decides: drop or air")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Have each line of hers wait for approval (`kitsu line air`), or no more."""
    from engines.wire import control
    from kitsu_tui.config.errors import nearest

    words = ("on", "off", "status")
    if word not in words:
        fail("review", f"found {word!r}{nearest(word, words)}, expected on, off or status", 2)
    if then not in ("", "drop", "air"):
        fail("review", f"--then: found {then!r}, expected drop or air", 2)
    if word == "status" and (wait_s is not None or then):
        fail("review", "--wait and --then go with on or off", 2)
    if wait_s is not None and not 1 <= wait_s <= 600:  # also when it is no number at all
        fail("review", f"--wait: found {wait_s:g}, expected 1 to 600 seconds", 2)
    detail = ""
    if word != "status":
        params = control.Review(
            on=word == "on",
            wait_s=wait_s,
            then=then or None,  # type: ignore[arg-type]
            by=actor(),
        )
        detail = ask("review", control.REVIEW, params).detail
        if not as_json:
            tell(detail)
            return
    _status(detail, as_json=as_json)


def _which(name: str) -> tuple[int, int]:
    """Turn and number of a line; 0, 0 is the next."""
    if not name:
        return 0, 0
    turn, _, seq = name.partition(".")
    if not (turn.isdecimal() and seq.isdecimal()) or len(name) > 20 or not int(turn):
        fail("line", f"--line: found {name!r}, expected TURN.SEQ such as 12.0", 2)
    return int(turn), int(seq)


def _list(detail: str, *, as_json: bool) -> None:
    view = picture("line")
    lines = view.open_lines()
    if as_json:
        import msgspec

        report = LinesReport(lines=[_report(turn, line) for turn, line in lines], detail=detail)
        tell(msgspec.json.encode(report).decode(), as_json=True)
        return
    if not lines:
        tell("no line of hers is to come now")
    states = [_state(one, view.t) for _, one in lines]
    width = max(map(len, states), default=0)
    for (turn, one), state in zip(lines, states, strict=True):
        name = f"{turn.turn}.{one.seq}"
        tell(f"{name:>7}  {state:<{width}}  {one.spoken or one.text}")


def _state(line: SentenceView, now: float) -> str:
    if not line.waits:
        return "goes on air"
    held = f" by {line.held_by}" if line.held_by else ""
    held += f" {line.rule}" if line.waits == "rule" and line.rule else ""
    end = f", {line.then} in {max(0.0, line.until - now):.0f} s" if line.until else " (in its turn)"
    return f"waits: {line.waits}{held}{end}"


def _report(turn: TurnView, line: SentenceView) -> LineReport:
    return LineReport(
        turn=turn.turn,
        rev=turn.rev,
        seq=line.seq,
        text=line.spoken or line.text,
        waits=line.waits,
        until=line.until,
        then=line.then,
        by=line.held_by,
        category=line.category,
        rule=line.rule,
        risk=line.risk,
    )


def _status(detail: str, *, as_json: bool) -> None:
    view = picture("review").review
    if as_json:
        import msgspec

        report = ReviewReport(
            on=view.on, wait_s=view.wait_s, then=view.then, by=view.by, detail=detail
        )
        tell(msgspec.json.encode(report).decode(), as_json=True)
        return
    if not view.on:
        tell("review is off: lines go on air by themselves")
        return
    becomes = "goes on air" if view.then == "air" else "is dropped"
    by = f" (by {view.by})" if view.by else ""
    tell(f"review is on{by}: what nobody decides within {view.wait_s:g} s {becomes}")
