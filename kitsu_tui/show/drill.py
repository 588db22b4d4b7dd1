"""Drills: panic rehearsed on the live surfaces, and resumed at once.

It is the panic itself, pressed by `drill:WHO`: a real one that is pressed meanwhile stays latched,
and whoever asked for the drill may go, it comes to its end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engines.wire import control, obs, show
from engines.wire.message import Empty
from engines.wire.peer import RequestFailed
from engines.wire.stage import DRILL
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.durable import read_file, write_file
from kitsu_tui.show.outcome import Outcome
from kitsu_tui.show.panic import Panic
from kitsu_tui.show.supervisor import Supervisor

if TYPE_CHECKING:
    from kitsu_tui.show.main import Running

log = logging.getLogger("show.drill")

LOOK_S = 3.0
"""How long OBS may take to tell how it is, and to look as before."""
LOOK_EVERY_S = 0.1
CLOSE_S = 10.0
"""How long the end of a show waits for a drill's."""


async def drill(running: Running, ask: control.Drill) -> control.Drilled:
    """Rehearse panic.

    Raises:
        Refusal: it must not be rehearsed now.
    """
    if running.switcher.under_way:
        raise Refusal(f"{running.switcher.under_way} is under way: wait for its end")
    found = await running.drills.run(ask.by, on_air=ask.on_air)
    bad = sorted({k for k, ms in (found.surfaces | found.put_back).items() if ms is None})
    detail = "all reached, all put back" if found.ok else f"amiss: {', '.join(bad or found.why)}"
    running.bus.tell(show.Acted(name="drill", by=ask.by, ok=found.ok, detail=detail))
    return control.Drilled(drill=found)


class Drills:
    """Rehearses, one at a time, and keeps how the last one went.

    Args:
        path: the file that keeps it.
        live: whether the profile is live now.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        panic: Panic,
        tell: Callable[[show.ShowEvent], None],
        path: Path,
        live: Callable[[], bool],
    ) -> None:
        self._supervisor = supervisor
        self._panic = panic
        self._tell = tell
        self._path = path
        self._live = live
        self._going: asyncio.Task[show.Drilled] | None = None
        self._over = False

    def restore(self) -> None:
        """At start: tell how the last one went, also that of an earlier show. Reads a file."""
        kept = read_file(self._path, show.Drilled, show.Drilled(by="", ok=False))
        if kept.at:
            self._tell(msgspec.structs.replace(kept, earlier=True))

    async def run(self, by: str, *, on_air: bool) -> show.Drilled:
        """Rehearse to the end, also when whoever waits for it is cancelled.

        Raises:
            Refusal: it must not be rehearsed now.
        """
        if self._over:
            raise Refusal("the show is stopping")
        if self._going is not None and not self._going.done():
            raise Refusal("a drill is under way already")
        self._may_begin()
        self._going = asyncio.create_task(self._drill(by, on_air=on_air), name="drill")
        return await asyncio.shield(self._going)

    async def close(self) -> None:
        """The show ends: a drill that is under way comes to its end first, none begins."""
        self._over = True
        if self._going is not None:
            await asyncio.wait({self._going}, timeout=CLOSE_S)

    # -- one drill ---------------------------------------------------------------------------

    def _may_begin(self) -> None:
        if self._panic.latched:
            raise Refusal("panic is latched: resume first (kitsu resume)")

    async def _drill(self, by: str, *, on_air: bool) -> show.Drilled:
        before = await self._look()
        if not on_air:
            self._off_air(before)
        self._may_begin()  # it was looked at OBS meanwhile
        at, who = time.time(), f"{DRILL}{by}"
        pressed = await self._panic.press(who)
        back = await self._panic.resume(who, epoch=pressed.epoch)
        why = dict(pressed.why)
        if back is None:
            who = self._panic.by
            why["drill"] = (
                f"{who} pressed panic meanwhile: it is latched" if who else "resumed meanwhile"
            )
            back = Outcome()
        elif before is not None:
            back.update(await self._amiss(before, back))
        why |= back.why
        found = show.Drilled(
            by=by,
            ok=pressed.ok and back.ok and "drill" not in why,
            surfaces=pressed.surfaces | dict.fromkeys(pressed.waits),
            why=why,
            put_back=back.surfaces | dict.fromkeys(back.waits),
            at=at,
        )
        self._tell(found)
        try:
            await asyncio.to_thread(write_file, self._path, found, sync=False)
        except OSError as err:
            log.warning("how the drill went cannot be kept: %s", err)
        return found

    def _off_air(self, state: obs.State | None) -> None:
        """See that no audience is there.

        Raises:
            Refusal: there is, or may be.
        """
        if state is not None:
            outputs = {"streams": state.streaming, "records": state.recording}
            on = " and ".join(what for what, is_on in outputs.items() if is_on)
            if on:
                raise Refusal(
                    f"OBS {on}: the drill would be seen there; end that first, or say --on-air"
                )
        elif self._live():
            raise Refusal(
                "the profile is live, and whether OBS streams cannot be told "
                f"({self._supervisor.why_not('obs')}); say --on-air if a drill may be seen"
            )

    async def _look(self) -> obs.State | None:
        """How OBS is, read anew; None when that cannot be told."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LOOK_S
        while self._supervisor.is_ready("obs"):
            try:
                state = await self._supervisor.request("obs", obs.LOOK, Empty(), timeout=LOOK_S)
            except RequestFailed as err:
                log.info("OBS cannot be looked at: %s", err)
                return None
            if state.link == "open":
                return state
            if state.link != "connecting" or loop.time() > end:
                return None
            await asyncio.sleep(LOOK_EVERY_S)
        return None

    async def _amiss(self, before: obs.State, back: Outcome) -> Outcome:
        """What in OBS is not as it was, given some time to become so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LOOK_S
        while True:
            after = await self._look()
            if after is None:
                return Outcome.failing("obs.look", "OBS cannot be looked at any more")
            wrong = differences(before, after)
            if not wrong or loop.time() > end:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        # Its own words on what failed or waits say more.
        return Outcome(
            dict.fromkeys(name for name in wrong if name not in back.why),
            {name: why for name, why in wrong.items() if name not in back.why},
        )


def differences(before: obs.State, after: obs.State) -> dict[str, str]:
    """What panic changes in OBS and is other than before, by surface, in words. Pure."""
    found = {}
    if after.scene != before.scene:
        found["obs.scene"] = f"it shows {after.scene}, before that {before.scene}"
    muted = {one.name: one.muted for one in before.inputs}
    wrong = [one.name for one in after.inputs if muted.get(one.name, one.muted) != one.muted]
    if wrong:
        found["obs.mutes"] = f"not muted as before: {', '.join(wrong)}"
    on = {(one.source, one.name): one.on for one in before.filters}
    wrong = [
        f"{one.source}/{one.name}"
        for one in after.filters
        if on.get((one.source, one.name), one.on) != one.on
    ]
    if wrong:
        found["obs.filter"] = f"not on or off as before: {', '.join(wrong)}"
    return found
