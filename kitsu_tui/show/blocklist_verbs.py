"""What operators may do with their blocklist while she is on air."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from engines.wire import control, show
from kitsu_tui.show import blocklist
from kitsu_tui.show.blocklist import BlocklistError, Change
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.safety import RANK, Gate, Verdict, guarded

if TYPE_CHECKING:
    from kitsu_tui.show.line import Line
    from kitsu_tui.show.main import Running

log = logging.getLogger("show.blocklist")

MOST_BYTES = 400_000
"""Of an answer's texts: a line on the wire has its bound."""
AGAIN_S = 0.5
"""After so long, lines are looked at once more: one may have been judged by the rules from before
when they changed, and have come to the desk since.
"""


async def change(running: Running, ask: control.Blocklist) -> control.Listed:
    """Add to the blocklist, take away from it, or list it.

    Raises:
        Refusal: it cannot be done; says why.
    """
    path = running.loaded.blocklist()
    try:
        if ask.what == "list":
            texts = await asyncio.to_thread(blocklist.read, path)
            return listed(Change(texts, f"{len(texts)} blocked"))
        if ask.what == "add":
            done = await asyncio.to_thread(blocklist.add, path, ask.text, force=ask.force)
        else:
            done = await asyncio.to_thread(blocklist.remove, path, ask.text)
    except BlocklistError as err:
        if ask.what != "list":
            _acted(running, ask, str(err), ok=False)
        raise Refusal(str(err)) from None
    if done.added or done.removed:
        running.bus.tell(
            show.Blocked(added=done.added, removed=done.removed, count=len(done.texts), by=ask.by)
        )
    changed = await running.rules.look()
    detail = done.detail
    if running.gate.error:
        detail += "; but the rule files cannot be read, so it is not in force yet: see the alerts"
    elif done.added:
        dropped = await sweep(running, ask.by)
        running.job(_again(running, ask.by))
        detail += f"; {dropped} line{'s' if dropped != 1 else ''} not on air dropped" * bool(
            dropped
        )
    if changed:  # with the list, other rules may have been taken over that changed just now
        running.stage.desk.rules_changed()
    _acted(running, ask, detail, ok=not running.gate.error)
    return listed(done, detail)


def listed(done: Change, detail: str = "") -> control.Listed:
    """As an answer: as many texts as there is room for."""
    texts, room = [], MOST_BYTES
    for text in done.texts:
        room -= len(text.encode()) + 4
        if room < 0:
            break
        texts.append(text)
    return control.Listed(texts=texts, detail=detail or done.detail)


async def sweep(running: Running, by: str) -> int:
    """Drop the lines not on air in which something is found that is blocked; how many."""
    gate, desk = running.gate.gate, running.stage.desk
    waiting = [line for line in desk.lines if line.open]
    if not waiting or gate is None:
        return 0
    found = await asyncio.to_thread(_verdicts, gate, waiting)
    dropped = 0
    for line, verdict in found:
        if line.open and RANK[verdict.action] >= RANK["drop"]:
            desk.drop(line, by, "blocked", verdict.ruled())
            dropped += 1
    return dropped


def _verdicts(gate: Gate, lines: list[Line]) -> list[tuple[Line, Verdict]]:
    """Each judged behind the one before it: a text may go over the end of a line."""
    found, before = [], ""
    for line in lines:
        found.append((line, guarded(gate, line.text, before)))
        before = line.text
    return [(line, verdict) for line, verdict in found if verdict.category == "blocked"]


async def _again(running: Running, by: str) -> None:
    await asyncio.sleep(AGAIN_S)
    await sweep(running, by)


def _acted(running: Running, ask: control.Blocklist, detail: str, *, ok: bool) -> None:
    args = f"{ask.what} {ask.text}".strip()
    running.bus.tell(show.Acted(name="blocklist", by=ask.by, args=args, detail=detail, ok=ok))
