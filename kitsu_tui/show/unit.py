"""One engine's life: a single task owns its state, so that two restarts cannot race."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, Literal

import msgspec

from engines.wire import common, show
from engines.wire.logline import Masker
from engines.wire.message import EventKind
from kitsu_tui import platform
from kitsu_tui.config.errors import ConfigError
from kitsu_tui.show.checkup import Checkup
from kitsu_tui.show.child import Child, why_not_started
from kitsu_tui.show.link import Link, Listener
from kitsu_tui.show.listeners import Listeners
from kitsu_tui.show.restart import RestartPolicy
from kitsu_tui.show.spec import Around, Spec, child_environ
from kitsu_tui.show.stderr import Stderr
from kitsu_tui.show.telling import MAX_DETAIL, Telling

log = logging.getLogger("show.unit")

HELLO_S = 10.0
TICK_S = 0.25

Place = Literal["serving", "next", "leaving"]
"""`next`: it is made ready beside the one that serves, to take its place. `leaving`: another has
taken its place, and it ends what it has under way; it is not started again."""


class Unit:
    """An engine under supervision.

    Attributes:
        spec: what it is started with.
        place: where it stands among those of its name.
        state: where it stands; see `engines.wire.show.EngineState`.
        detail: what was told beside its state.
        link: the connection while it runs, else None.
        ready: set while requests may be sent to it.
        settled: set when it is ready, failed, or off: nothing to wait for any more.
        news: set whenever its state or detail is told.
        starts: how often it was started, by whatever cause.
        key: its name in the ledger of children.
    """

    def __init__(self, spec: Spec, around: Around, *, place: Place = "serving") -> None:
        self.spec = spec
        self.place = place
        self.state: show.EngineState = "off"
        self.link: Link | None = None
        self.ready = asyncio.Event()
        self.settled = asyncio.Event()
        self.wanted = spec.enabled
        self.starts = 0
        self.around = around
        self.telling = Telling(spec.name, around.tell)
        self.telling.quiet = place != "serving"
        self.key = spec.name if place == "serving" else f"{spec.name} ({place})"
        self._ended_by = ""
        self._restart_now = False
        self._wake = asyncio.Event()
        self._child: Child | None = None
        self._policy = RestartPolicy()
        self.listeners = Listeners("pass" if place == "serving" else "keep")
        self._stderr = Stderr(spec.name, Masker(around.environ | spec.env), around.logs)
        self.detail = ""
        self.news = asyncio.Event()
        self._needs: list[Unit] = []
        self._ready_since = 0.0
        self._checkup: Checkup | None = None
        self._closing = False

    # -- asked from outside ------------------------------------------------------------------

    def listen(self, kind: EventKind[Any], listener: Listener) -> None:
        """Call `listener` for an event that the engine sends of its own accord."""
        self.listeners.add(kind, listener)

    def after(self, others: list[Unit]) -> None:
        """It needs these to be ready first."""
        self._needs = others

    def switch(self, on: bool, by: str) -> None:
        """Switch it on or off. Once the show ends nothing brings it back."""
        if self._closing:
            return
        self.wanted, self.telling.by = on, by
        self._policy.forgive()
        self._wake.set()

    def start(self, by: str) -> None:
        """Start it now: one that is off, waits for its next try, or has failed. One that runs goes
        on undisturbed.
        """
        if self.wanted and self.pid:
            return
        self.switch(True, by)

    def restart(self, by: str) -> None:
        """End it and start it anew."""
        if self._closing:
            return
        self._restart_now = True
        self.switch(True, by)

    def kill(self, by: str) -> None:
        """End it and its kin at once, without asking it; it stays so until it is started."""
        self._ended_by = f"killed by {by}" if self.pid else ""
        self.switch(False, by)
        if self.pid and self._child is not None:
            self._child.signal("KILL")

    def close(self) -> None:
        """Stop it for good: the show ends, or another serves (the task of `run` then returns)."""
        self.wanted, self._closing = False, True
        self._wake.set()

    # -- one takes another's place -----------------------------------------------------------

    def use(self, spec: Spec, around: Around) -> None:
        """What it is started with from its next start on."""
        self.spec, self.around = spec, around
        self._stderr.learn(around.environ | spec.env)

    def tell(self) -> None:
        """Tell what it is, once more."""
        self._set(self.state, self.detail)

    @property
    def last_words(self) -> list[str]:
        """Its last errors, or its last lines when it named none."""
        return self._stderr.last_words

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return self.telling.restarts

    @property
    def pid(self) -> int:
        """Its process, 0 when it has none."""
        return self._child.pid if self._child is not None and self._child.code is None else 0

    @property
    def dropped(self) -> int:
        """Latest-wins messages that were dropped on the way to it."""
        return self._child.dropped if self._child is not None else 0

    # -- the one task ------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close`."""
        while True:
            # What was asked before this moment stands in the flags that are read from here on.
            self._wake.clear()
            if not self.wanted:
                why = self._ended_by or self.spec.off_reason
                self._set("off" if not self.starts else "stopped", why)
                self.settled.set()
                if self._closing:
                    return
                await self._woken(None)
                continue
            self.spec.off_reason = self._ended_by = ""
            self._restart_now = False
            if missing := [unit.spec.name for unit in self._needs if not unit.ready.is_set()]:
                detail = "for " + ", ".join(missing)
                if (self.state, self.detail) != ("waiting", detail):
                    self._set("waiting", detail)
                await self._woken(0.2)
                continue
            self.settled.clear()
            try:
                delay = await self._live()
            except Exception as err:
                log.exception("the supervision of %s failed", self.spec.name)
                delay = self._failed(f"its supervision failed: {type(err).__name__}: {err}")
            if delay is None:
                continue
            if self.place == "next":
                delay = -1  # one that died is no good: it is not started again to take a place
            if delay < 0:  # failed: only the operator starts it again
                self.settled.set()
            await self._woken(None if delay < 0 else delay)

    async def _woken(self, timeout: float | None) -> None:
        """Wait until somebody asks for something, or until `timeout` seconds went by."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()

    async def _live(self) -> float | None:
        """Start it and see it to its end.

        Returns the seconds to wait before the next start, -1 for none, None when it was ended on
        purpose.
        """
        self._stderr.begin()
        self._ready_since = 0.0
        if self.starts:
            self.telling.restarts += 1
        self.starts += 1
        self._set("starting")
        try:
            config = await asyncio.to_thread(self.spec.config)  # it looks for models on the disk
            msgspec.json.encode(config)
        except ConfigError as err:
            return self._failed(str(err))
        except UnicodeEncodeError as err:  # of a variable or path that is no UTF-8
            return self._failed(f"its configuration cannot be sent to it: {err.object!a}")
        if not self.wanted:
            return None
        link = Link(
            self.spec.name,
            self.around.stale,
            self.listeners.table,
            lambda status: self._on_status(child, status),
            self.spec.progress_s,
        )
        child = Child(
            link.lines, lambda n: link.trouble("a line over 1 MiB", n), self._stderr.lines
        )
        link.attach(child)
        try:
            async with self.around.starting:
                await child.spawn(
                    self.spec.command,
                    self.around.environ | self.spec.env,
                    self.around.cwd,
                    self.spec.nice,
                )
            if self.spec.urgent:
                platform.set_urgent(child.pid)
        except (OSError, ValueError) as err:
            why, final = why_not_started(err, self.around.cwd)
            return self._failed(why) if final else self._after_death(None, why)
        self._child, self.link = child, link
        try:
            await self.around.ledger.add(self.key, child.pid)
            self._set("starting")
            why = await self._watch(child, link, config)
        finally:
            self.ready.clear()
            self.link = None
            if not child.exited.is_set():
                await child.kill()
            self._child = None
            link.close(f"{self.spec.name} has gone")
            await self.around.ledger.remove(self.key)
        self.telling.exit = platform.describe_exit(child.code, ours=child.signalled)
        if why == "asked":
            return None
        if link.mismatch:
            return self._failed(why)  # another start would say the same
        return self._after_death(child.code, why)

    async def _watch(self, child: Child, link: Link, config: dict[str, Any]) -> str:
        """See it through; returns why it ended: `asked`, or a reason, or nothing."""
        exited = asyncio.ensure_future(child.exited.wait())
        asked = asyncio.ensure_future(self._asked_to_end())
        greeting = asyncio.ensure_future(link.greeted.wait())
        try:
            await asyncio.wait(
                {exited, asked, greeting}, timeout=HELLO_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not exited.done() and not asked.done():
                if not link.greeted.is_set():
                    await self._dump(child)
                    return f"no hello within {HELLO_S:g} s"
                if link.mismatch:
                    return link.mismatch
                self._set("loading")
                link.init(config, self.around.epoch())
            checkup = self._checkup = Checkup(
                link, lambda: child.clogged, self.spec.load_s, time.monotonic()
            )
            while not exited.done() and not asked.done():
                why = self._check(checkup, link)
                if why:
                    await self._dump(child)
                    return why
                await asyncio.wait(
                    {exited, asked}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
                )
            self.ready.clear()
            if self._ended_by:
                await child.kill()
                return "asked"
            if asked.done() and not exited.done():
                self._set("stopping")
                step = await child.stop(lambda: link.shutdown("asked to"))
                log.info("%s stopped (%s)", self.spec.name, step)
                return "asked"
            await child.settled()
            return ""
        finally:
            for waiting in (exited, asked, greeting):
                waiting.cancel()

    async def _dump(self, child: Child) -> None:
        """Before a stuck one is killed, its log gets to know where it stood."""
        self._stderr.hold()
        await child.dump()

    def _check(self, checkup: Checkup, link: Link) -> str:
        """Look at it; returns why it must be ended, or nothing."""
        found = checkup.look(time.monotonic(), self.state, ready=self.ready.is_set())
        if found.state is not None:
            self._set(found.state, found.detail)
        elif found.as_it_says:
            self._as_it_says(link.status or common.Status(state="loading"))
        return found.end

    async def _asked_to_end(self) -> None:
        while self.wanted and not self._restart_now:
            self._wake.clear()
            await self._wake.wait()

    def _failed(self, why: str) -> float:
        why_told = why or self.telling.exit
        self._set("failed", why, last_words=self._stderr.last_words)
        log.error("%s has failed: %s", self.key, why_told)
        self._tell_alert("error", f"{self.spec.name} has failed: {why_told}")
        return -1

    def _after_death(self, code: int | None, why: str) -> float:
        ready_for = time.monotonic() - self._ready_since if self._ready_since else 0.0
        decision = self._policy.died(code, ready_for, time.monotonic())
        said = self._stderr.last_error if code in (2, 4) else ""
        reason = "; ".join(part for part in (why, said or decision.reason) if part)
        if self._ready_since and self.wanted and not self._restart_now:
            self.telling.by = ""  # nobody asked for this; a start that failed was asked for
        if decision.delay is None:
            return self._failed(reason)
        retry_at = time.time() + decision.delay
        self._set("backoff", reason, retry_at=retry_at, last_words=self._stderr.last_words)
        how = "was ended" if why and code is not None else "died"
        words = f"{self.key} {how} ({reason or self.telling.exit})"
        log.warning("%s; starts again in %.1f s", words, decision.delay)
        self._tell_alert("warning", words)
        return decision.delay

    # -- what it says ------------------------------------------------------------------------

    def _on_status(self, child: Child, status: common.Status) -> None:
        # What stood in the pipe of a dead engine, or what a grandchild says there, is no news.
        if child.exited.is_set() or self.state == "stopping":
            return
        if (status.state, status.detail[:MAX_DETAIL]) != (self.state, self.detail):
            self._as_it_says(status)

    def _as_it_says(self, status: common.Status) -> None:
        if status.state == "loading":
            if self.ready.is_set() and self._checkup is not None:
                self._checkup.loads(time.monotonic())
            self.ready.clear()
            self._set("loading", status.detail)
            return
        if self._ready_since:
            self.telling.by = ""  # it has been up since: what it is now nobody asked for
        self._ready_since = self._ready_since or time.monotonic()
        self._set(status.state, status.detail)
        self.ready.set()
        self.settled.set()

    def _tell_alert(self, level: Literal["warning", "error"], text: str) -> None:
        if not self._closing:
            self.telling.alert(level, text)

    def _set(
        self,
        state: show.EngineState,
        detail: str = "",
        *,
        retry_at: float = 0,
        last_words: list[str] | None = None,
    ) -> None:
        detail = detail[:MAX_DETAIL]
        if state == "unresponsive":
            self.telling.by = ""
        self.state, self.detail = state, detail
        self.news.set()
        self.telling.change(
            state, detail, pid=self.pid, retry_at=retry_at, last_words=last_words or []
        )


__all__ = ["Around", "Spec", "Unit", "child_environ"]
