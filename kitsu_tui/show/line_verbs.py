"""What operators may do with lines of hers that are not on air yet, and with review mode."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from engines.wire import control, show
from kitsu_tui.show.desk import Desk, Review
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.line import Line
from kitsu_tui.show.safety import SAID

if TYPE_CHECKING:
    from kitsu_tui.show.main import Running

log = logging.getLogger("show.lines")

SETTLE_S = 1.0
"""How long a dropped line is waited for to learn whether any of it was heard."""
WAIT_S = (1.0, 600.0)


async def line(running: Running, ask: control.Line) -> control.Done:
    """Decide what becomes of a line. It is done, and told, when its asker hangs up as well.

    Raises:
        Refusal: there is no such line, it is too late, or the gate stops what is to replace it.
    """
    return await _whole(running, _line(running, ask))


async def _line(running: Running, ask: control.Line) -> control.Done:
    detail = await decide(running.stage.desk, ask)
    running.bus.tell(show.Acted(name=f"line {ask.what}", by=ask.by, detail=detail))
    return control.Done(detail=detail)


async def review(running: Running, ask: control.Review) -> control.Done:
    """Have each line wait for approval, or no more. See `line`.

    Raises:
        Refusal: a time that is no good.
    """
    return await _whole(running, _review(running, ask))


async def _review(running: Running, ask: control.Review) -> control.Done:
    detail = await set_review(running.stage.desk, ask)
    await running.kept_review.save()
    running.bus.tell(show.Acted(name="review", by=ask.by, detail=detail))
    return control.Done(detail=detail)


async def _whole(running: Running, work: Coroutine[Any, Any, control.Done]) -> control.Done:
    task = running.job(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at
    return await asyncio.shield(task)


async def decide(desk: Desk, ask: control.Line) -> str:
    """Do it; returns what to tell the person. See `line`."""
    if ask.what == "replace" and not ask.text.strip():
        raise Refusal("replace takes the text that she says instead")
    if ask.what != "replace" and ask.text:
        raise Refusal(f"{ask.what} takes no text: replace does")
    found = _find(desk, ask)
    if ask.what == "air":
        return _air(desk, found, ask.by)
    if ask.what == "drop":
        return await _drop(desk, found, ask.by)
    if ask.what == "hold":
        return await _hold(desk, found, ask.by)
    return await _replace(desk, found, ask)


async def set_review(desk: Desk, ask: control.Review) -> str:
    """Do it; returns what to tell the person. See `review`."""
    now = desk.review
    if ask.wait_s is not None and not WAIT_S[0] <= ask.wait_s <= WAIT_S[1]:
        least, most = WAIT_S
        raise Refusal(f"found {ask.wait_s:g} s, expected {least:g} to {most:g}")
    on = (not now.on) if ask.on is None else ask.on
    wait_s = now.wait_s if ask.wait_s is None else ask.wait_s
    waiting = await desk.set_review(Review(on, wait_s, ask.then or now.then, ask.by))
    words = review_words(on=on, wait_s=wait_s, then=ask.then or now.then)
    if waiting and not on:
        verb = "waits" if waiting == 1 else "wait"
        words += f"; {waiting} from before still {verb}"
    return words


def review_words(*, on: bool, wait_s: float, then: str) -> str:
    """Review mode in words."""
    if not on:
        return "review is off: lines go on air by themselves"
    becomes = "goes on air" if then == "air" else "is dropped"
    return f"review is on: what nobody decides within {wait_s:g} s {becomes}"


def _find(desk: Desk, ask: control.Line) -> Line:
    still = [line for line in desk.lines if line.open]
    if not ask.turn:
        waiting = [line for line in still if line.kept] if ask.what == "air" else still
        if waiting:
            return waiting[0]
        if still:
            raise Refusal(f"nothing keeps {still[0].name()} back: it goes on air by itself")
        raise Refusal(_none(desk))
    known = [line for line in (*desk.lines, *desk.past) if line.turn == ask.turn]
    if ask.rev is not None and known and all(line.rev != ask.rev for line in known):
        raise Refusal(f"turn {ask.turn} was thought anew since: look again")
    rev = max((line.rev for line in known), default=0) if ask.rev is None else ask.rev
    for line in known:
        if (line.rev, line.seq) == (rev, ask.seq):
            if not line.open:
                raise Refusal(_too_late(line))
            return line
    hint = ", ".join(line.name() for line in still[:4])
    raise Refusal(
        f"no line {ask.seq} of turn {ask.turn} to decide about"
        + (f"; there are: {hint}" if hint else f"; {_none(desk)}")
    )


def _none(desk: Desk) -> str:
    airing = next((line for line in desk.lines if line.audible_ns), None)
    if airing is not None:
        return f"no line is to come; {_too_late(airing)}"
    return "no line of hers is to come now"


def _too_late(line: Line) -> str:
    name = line.name()
    by = f" by {line.decided_by}" if line.decided_by else ""
    if line.decided == "drop":
        return f"{name} was dropped already{by}"
    if line.ended.is_set():
        return f"{name} is over" + (" and was heard" if line.heard_samples else "")
    if line.audible_ns:
        return f"{name} is on air: skip ends it (kitsu skip)"
    return f"{name} is not wanted any more"


def _air(desk: Desk, line: Line, by: str) -> str:
    if not line.kept:
        was = f"; {line.decided_by} let it go" if line.approved_by and line.decided_by else ""
        raise Refusal(f"nothing keeps {line.name()} back: it goes on air by itself{was}")
    desk.let_go(line, by, "approved")
    return f"{line.name()} goes on air"


async def _drop(desk: Desk, line: Line, by: str) -> str:
    desk.drop(line, by, "dropped")
    try:
        async with asyncio.timeout(SETTLE_S):
            await line.ended.wait()
    except TimeoutError:
        return f"{line.name()} dropped"
    if line.audible_ns:
        heard_ms = line.heard_samples * 1000 / max(line.rate, 1)
        return f"{line.name()} had just begun to be heard: cut after {heard_ms:.0f} ms"
    return f"{line.name()} dropped"


async def _hold(desk: Desk, line: Line, by: str) -> str:
    if line.waits == "operator" and line.held_by != by:
        raise Refusal(f"{line.name()} is held already by {line.held_by or 'somebody'}")
    if not await desk.hold(line, by=by):
        raise Refusal(_too_late(line))
    return f"{line.name()} is held for {line.wait_s:g} s, then dropped"


async def _replace(desk: Desk, line: Line, ask: control.Line) -> str:
    found = await line.owner.weigh(line, ask.text.strip())
    verdict = found.verdict
    said = verdict.text.strip()
    if verdict.action not in SAID or not said:
        why = " ".join(part for part in (verdict.category, f"({verdict.rule})") if part)
        raise Refusal(f"the gate stops that too: {verdict.action}, {why}; {line.name()} stays")
    if not line.open or not await desk.replace(line, said, ask.by):
        raise Refusal(_too_late(line))
    line.ruled = list(found.ruled)
    changed = f", as {said!r}" if said != ask.text.strip() else ""
    return f"{line.name()} replaced{changed}"
