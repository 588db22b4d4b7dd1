"""Going over to another profile while the show runs: one switch at a time, all of it or nothing.

Whatever may fail is done first, beside what runs: loading and checking, the new engines, the
rules of the gate. Only an engine that cannot have its successor beside it (`show.room`) begins
anew in its place; the old one is brought back when that fails. Then, between two sentences,
everything is changed at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal

from engines.wire import common, control, policy, show
from engines.wire.envelope import At
from engines.wire.peer import RequestFailed
from kitsu_tui.config import ConfigError
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.prepared import Prepared, prepare, wishes
from kitsu_tui.show.room import why_not_beside
from kitsu_tui.show.spec import Around, Spec
from kitsu_tui.show.successor import outcome
from kitsu_tui.show.taken import take
from kitsu_tui.show.unit import HELLO_S, Unit

if TYPE_CHECKING:
    from kitsu_tui.show.main import Running

log = logging.getLogger("show.switch")

SENTENCE_S = 30.0
"""How long the sentence on air is waited for."""
STOP_S = 8.0
"""How long the ladder of one that begins anew takes at most."""
WARM_S = 20.0
CONFIGURE_S = 5.0
ROOT = "KITSU_LOG_ROOT"
WORKERS = ("asr", "policy", "tts")
"""Engines whose callers wait for their successors; the others are asked until they go."""
RUNNING = ("starting", "loading", "ready", "degraded", "unresponsive")


class Failed(Exception):
    """It came to nothing, in words."""


class Switcher:
    """The request `show.profile`."""

    def __init__(self, running: Running) -> None:
        self._show = running
        self.under_way = ""
        """The switch that is being made, in words; empty when there is none."""

    async def use(self, ask: control.UseProfile) -> control.Switched:
        """Switch, or tell what that would change. A switch goes on when its asker hangs up.

        Raises:
            ConfigError: the profile cannot be used; nothing was changed.
            Refusal: not now, or a new engine is of no use; nothing was changed.
        """
        if self._show.bus.state.stopping:
            raise Refusal("the show is stopping")
        began = time.perf_counter()
        if ask.dry_run:
            found = await asyncio.to_thread(self._prepare, ask.profile)
            return control.Switched(plan=found.plan, done=False, ms=_ms(began))
        if self.under_way:
            raise Refusal(f"{self.under_way} is under way: wait for its end")
        self.under_way = f"a switch to {ask.profile} by {ask.by}"
        task = self._show.job(self._run(ask, began))
        task.add_done_callback(_looked_at)
        return await asyncio.shield(task)

    async def _run(self, ask: control.UseProfile, began: float) -> control.Switched:
        try:
            found = await asyncio.to_thread(self._prepare, ask.profile)
            return await Switch(self._show, found, ask.by, began).run()
        finally:
            self.under_way = ""

    def _prepare(self, name: str) -> Prepared:
        """Runs in a thread."""
        running = self._show
        obs = running.scenes.state
        return prepare(
            running.loaded,
            name,
            None,
            extra={ROOT: running.loaded.environ.get(ROOT, "")},
            scenes=list(obs.scenes) if obs is not None and obs.link == "open" else None,
            gate=running.gate,
            around=running.supervisor.around,
        )


class Switch:
    """One switch."""

    def __init__(self, running: Running, found: Prepared, by: str, began: float) -> None:
        self._show = running
        self._supervisor = running.supervisor
        self._found = found
        self._plan = found.plan
        self._by = by
        self._began = began
        self._next: list[Unit] = []
        self._in_place: list[str] = []
        self._anew: list[tuple[Unit, Spec, Around]] = []
        """Engines that began anew in their place, with what they were before."""
        self._told: list[str] = []
        self._configured: dict[Unit, int] = {}
        """Engines that took their new configuration as they run, with the number of their start."""

    async def run(self) -> control.Switched:
        """Do it.

        Raises:
            Refusal: it came to nothing.
        """
        running, plan = self._show, self._plan
        running.learn(self._found.loaded)
        try:
            async with AsyncExitStack() as meanwhile:
                try:
                    await self._make_ready()
                    await self._begin_anew(meanwhile)
                    await self._between_sentences()
                    await self._configure()
                    self._commit()
                except Exception:
                    await self._undo()
                    raise
        except Failed as err:
            raise Refusal(self._failed(str(err))) from None
        except Exception as err:
            log.exception("the switch to %s failed", plan.profile)
            raise Refusal(self._failed(f"{type(err).__name__}: {err}")) from None
        ms = _ms(self._began)
        detail = "; ".join(self._told) or ("" if plan.changes else "nothing differs")
        running.bus.tell(
            show.Acted(name="profile", by=self._by, args=plan.profile, detail=detail, ok=True)
        )
        log.info("profile %s instead of %s, %.0f ms", plan.profile, plan.before, ms)
        return control.Switched(plan=plan, done=True, detail=detail, ms=ms)

    # -- what may fail -----------------------------------------------------------------------

    async def _make_ready(self) -> None:
        """Start the new engines beside the old ones, and wait until all are ready."""
        beside = []
        for name in self._supervisor.units:
            unit = self._supervisor.units[name]
            if name in self._plan.starts and not unit.wanted:
                beside.append(name)
            elif name in (*self._plan.restarts, *self._plan.starts) and unit.wanted:
                if why := await asyncio.to_thread(self._why_in_place, unit):
                    self._in_place.append(name)
                    self._told.append(f"{name} begins anew in its place ({why})")
                else:
                    beside.append(name)
                    self._told.append(f"{name} beside the old one")
        if beside or self._in_place:
            self._tell("preparing", "; ".join(self._told) or f"starting {', '.join(beside)}")
        await self._stand_by(beside)

    def _why_in_place(self, unit: Unit) -> str:
        """Runs in a thread."""
        name = unit.spec.name
        configs: tuple[dict[str, Any], ...] = ({},)
        try:
            configs = (unit.spec.config(), self._found.spec(name).config())
        except ConfigError:  # the old one's model has gone since; what fails now is told later
            pass
        return why_not_beside(name, unit.pid, configs, self._show.bus.state.host)

    async def _stand_by(self, names: list[str]) -> None:
        if not names:
            return
        fresh = [self._found.spec(name) for name in names]
        units = self._supervisor.stand_by(fresh, self._found.around)
        self._next += units
        waits = [outcome(unit, 0, unit.spec.load_s + HELLO_S) for unit in units]
        for unit, why in zip(units, await asyncio.gather(*waits), strict=True):
            if why:
                raise Failed(f"the new {unit.spec.name} is of no use: {why}")
            if unit.state == "degraded":
                self._told.append(f"{unit.spec.name} is degraded: {unit.detail}")
            if unit.spec.name == "policy":
                await self._warm(unit)
            elif unit.spec.name == "tts":
                await self._listen(unit)

    async def _warm(self, unit: Unit) -> None:
        """Have it read the beginning of the prompt, so that its first answer is quick."""
        prompt = self._found.stage(self._show.stage).prompt()
        at = At(epoch=self._show.latch.epoch)
        try:
            if unit.link is not None:
                await unit.link.peer.request(policy.WARM, prompt, at=at, timeout=WARM_S)
        except RequestFailed as err:
            log.info("warming up the new policy: %s", err)

    async def _listen(self, unit: Unit) -> None:
        """Have the new voice read what is listened for: no line waits for that later."""
        gate = self._found.gate.gate
        if self._found.loaded.profile.safety.sounds and unit.link is not None and gate is not None:
            await self._show.sounds.prepare(unit.link, gate)

    async def _begin_anew(self, meanwhile: AsyncExitStack) -> None:
        """Restart in its place what cannot have its successor beside it."""
        # `audio` last: while it is silent no voice could end what it has under way.
        for name in sorted(self._in_place, key="audio".__eq__):
            unit = self._supervisor.units[name]
            if name == "audio":
                self._tell("waiting", "for the end of a sentence")
                gap = self._show.stage.gap
                if not await meanwhile.enter_async_context(gap.closed(SENTENCE_S)):
                    raise Failed(f"she was still in a sentence after {SENTENCE_S:g} s")
            elif name in WORKERS:
                self._tell("waiting", f"{name} ends what it has under way")
                meanwhile.enter_context(self._supervisor.held(name))
                await self._supervisor.idle(unit, SENTENCE_S)
            self._tell("switching", f"{name} begins anew")
            self._anew.append((unit, unit.spec, self._supervisor.around))
            if why := await self._anew_with(unit, self._found.spec(name), self._found.around):
                raise Failed(f"{name} did not begin anew: {why}")

    async def _anew_with(self, unit: Unit, spec: Spec, around: Around) -> str:
        """Restart it; returns why it is not ready, or nothing."""
        starts = unit.starts
        unit.use(spec, around)
        unit.restart(self._by)
        return await outcome(unit, starts, spec.load_s + HELLO_S + STOP_S)

    async def _between_sentences(self) -> None:
        """Wait for the sentence on air. What was asked of an engine goes on there to its end, so
        nothing is lost when that takes too long.
        """
        gap = self._show.stage.gap
        if self._found.heard and gap.in_sentence:
            self._tell("waiting", "for the end of a sentence")
            await gap.sentence_over(SENTENCE_S)

    async def _configure(self) -> None:
        """Give running engines their new configuration; one that refuses it begins anew."""
        for name in self._plan.reconfigured:
            unit = self._supervisor.units[name]
            if not unit.ready.is_set():
                continue  # it begins anew, or its next start is by the new one
            self._configured[unit] = unit.starts
            if why := await self._configure_with(unit, self._found.spec(name)):
                log.warning("%s does not take its configuration as it runs: %s", name, why)
                del self._configured[unit]
                if no_room := await asyncio.to_thread(self._why_in_place, unit):
                    raise Failed(f"{name} does not take its configuration ({why}; {no_room})")
                self._told.append(f"{name} beside the old one")
                self._tell("preparing", f"{name} beside the old one")
                await self._stand_by([name])
                await self._between_sentences()

    async def _configure_with(self, unit: Unit, spec: Spec) -> str:
        try:
            config = await asyncio.to_thread(spec.config)
            if unit.link is not None:
                ask = common.Configure(config=config)
                await unit.link.peer.request(common.CONFIGURE, ask, timeout=CONFIGURE_S)
        except (ConfigError, RequestFailed) as err:
            return str(err)
        return ""

    async def _undo(self) -> None:
        """Everything as it was before."""
        await self._supervisor.dismiss(self._next)
        for unit in self._configured:
            await self._configure_with(unit, unit.spec)
        for unit, spec, around in reversed(self._anew):
            if unit.wanted:
                await self._anew_with(unit, spec, around)
            else:
                unit.use(spec, around)

    def _failed(self, why: str) -> str:
        detail = f"{why}; profile {self._plan.before} goes on"
        bus = self._show.bus
        self._tell("failed", detail)
        text = f"the switch to profile {self._plan.profile} came to nothing: {detail}"
        bus.tell(show.Alert(level="error", text=text, about="profile"))
        bus.tell(
            show.Acted(
                name="profile", by=self._by, args=self._plan.profile, detail=detail, ok=False
            )
        )
        log.error("%s", text)
        return text

    # -- what may not ------------------------------------------------------------------------

    def _commit(self) -> None:
        """All at once, without a wait."""
        running, plan, found = self._show, self._plan, self._found
        supervisor = self._supervisor
        # Who was switched off meanwhile stays off, with the new configuration for its next start.
        serve = [
            unit
            for unit in self._next
            if unit.spec.name in plan.starts or supervisor.units[unit.spec.name].wanted
        ]
        if running.bus.state.stopping:
            raise Failed("the show is stopping")
        if gone := [unit for unit in serve if not unit.ready.is_set()]:
            why = "; ".join(
                f"{unit.spec.name}: {unit.detail or unit.telling.exit}" for unit in gone
            )
            raise Failed(f"what was ready is not any more: {why}")
        restarted = [unit.spec.name for unit in serve if unit.spec.name not in plan.starts]
        restarted += self._in_place
        for unit in self._next:
            if unit not in serve:
                unit.close()
        configured = set(self._configured.items()) | {(unit, unit.starts) for unit in serve}
        self._next, self._configured, self._anew = [], {}, []  # there is no way back from here
        take(running, found, self._by)
        supervisor.swap(serve, found.specs, found.around, self._by)
        for unit in (supervisor.units[name] for name in plan.reconfigured):
            # It was starting just then, or has started since: by the old one.
            if unit.state in RUNNING and (unit, unit.starts) not in configured:
                unit.restart(self._by)
                restarted.append(unit.spec.name)
        for name in plan.stops:
            supervisor.units[name].switch(False, self._by)
        running.bus.tell(
            show.ProfileChanged(
                profile=plan.profile,
                before=plan.before,
                by=self._by,
                title=found.loaded.profile.title,
                live=found.loaded.profile.live,
                console=wishes(found.loaded),
                engines=list(supervisor.units),
                changed=[change.key for change in plan.changes],
                restarted=restarted,
                ms=_ms(self._began),
            )
        )

    def _tell(
        self, phase: Literal["preparing", "waiting", "switching", "failed"], detail: str
    ) -> None:
        self._show.bus.tell(
            show.Switching(profile=self._plan.profile, by=self._by, phase=phase, detail=detail)
        )


def _ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Its failure has been told; nobody may be there any more to be answered."""
    if not task.cancelled():
        task.exception()
