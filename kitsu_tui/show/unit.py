"""One engine's life: a single task owns its state, so that two restarts cannot race."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engines.wire import common, show
from engines.wire.logline import LogLine, parse
from engines.wire.message import EventKind
from engines.wire.stale import StaleFilter
from kitsu_tui import platform
from kitsu_tui.config.errors import ConfigError
from kitsu_tui.show.child import Child
from kitsu_tui.show.durable import Ledger
from kitsu_tui.show.link import Link, Listener
from kitsu_tui.show.restart import RestartPolicy

log = logging.getLogger("show.unit")

HELLO_S = 10.0
LOAD_S = 120.0
"""Longest load: a pong says nothing of a loader that is stuck."""
TICK_S = 0.25
LAST_WORDS = 5


@dataclass
class Spec:
    """What an engine is started with.

    `config` is called at each start, so that a model that was pulled meanwhile is found.
    """

    name: str
    command: list[str]
    config: Callable[[], dict[str, Any]]
    needs: list[str] = field(default_factory=list)
    nice: int = 0
    env: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    off_reason: str = ""


@dataclass
class Around:
    """What units share."""

    tell: Callable[[show.ShowEvent], None]
    logs: Callable[[str, list[bytes], list[LogLine]], None]
    stale: StaleFilter
    ledger: Ledger
    epoch: Callable[[], int]
    cwd: str
    environ: dict[str, str]


class Unit:
    """An engine under supervision.

    Attributes:
        spec: what it is started with.
        state: where it stands; see `engines.wire.show.EngineState`.
        link: the connection while it runs, else None.
        ready: set while requests may be sent to it.
    """

    def __init__(self, spec: Spec, around: Around) -> None:
        self.spec = spec
        self.state: show.EngineState = "off"
        self.link: Link | None = None
        self.ready = asyncio.Event()
        self.settled = asyncio.Event()
        """Set when it is ready, failed, or off: nothing to wait for any more."""
        self.restarts = 0
        self.wanted = spec.enabled
        self._around = around
        self._by = ""
        self._restart_now = False
        self._wake = asyncio.Event()
        self._child: Child | None = None
        self._policy = RestartPolicy()
        self._listeners: dict[str, tuple[EventKind[Any], Listener]] = {}
        self._words: deque[str] = deque(maxlen=200)
        self._errors: deque[str] = deque(maxlen=LAST_WORDS)
        self._starts = 0
        self._exit = ""
        self._needs: list[Unit] = []
        self._ready_since = 0.0
        self._loading_since = 0.0
        self._closing = False

    # -- asked from outside ------------------------------------------------------------------

    def listen(self, kind: EventKind[Any], listener: Listener) -> None:
        """Call `listener` for an event that the engine sends of its own accord."""
        self._listeners[kind.name] = (kind, listener)

    def after(self, others: list[Unit]) -> None:
        """It needs these to be ready first."""
        self._needs = others

    def switch(self, on: bool, by: str) -> None:
        """Switch it on or off."""
        self.wanted, self._by = on, by
        self._policy.forgive()
        self._wake.set()

    def restart(self, by: str) -> None:
        """End it and start it anew."""
        self.wanted, self._by, self._restart_now = True, by, True
        self._policy.forgive()
        self._wake.set()

    def close(self) -> None:
        """The show ends: stop it for good (the task of `run` then returns)."""
        self.wanted, self._closing = False, True
        self._wake.set()

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
            if not self.wanted:
                self._set("off" if not self._starts else "stopped", self.spec.off_reason)
                self.settled.set()
                if self._closing:
                    return
                await self._woken(None)
                continue
            self.spec.off_reason = ""
            self._restart_now = False
            if not await self._needs_met():
                continue
            self.settled.clear()
            delay = await self._live()
            if delay is None:
                continue
            if delay < 0:  # failed: only the operator starts it again
                self.settled.set()
                await self._woken(None)
                continue
            await self._woken(delay)

    async def _needs_met(self) -> bool:
        missing = [unit for unit in self._needs if not unit.ready.is_set()]
        if not missing:
            return True
        self._set("waiting", "for " + ", ".join(unit.spec.name for unit in missing))
        await self._woken(0.2)
        return False

    async def _woken(self, timeout: float | None) -> bool:
        """Wait until somebody asks for something; False when `timeout` went by first."""
        try:
            await asyncio.wait_for(self._wake.wait(), timeout)
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _live(self) -> float | None:
        """Start it and see it to its end.

        Returns the seconds to wait before the next start, -1 for none, None when it was ended on
        purpose.
        """
        self._words.clear()
        self._errors.clear()
        self._ready_since = 0.0
        if self._starts:
            self.restarts += 1
        self._starts += 1
        self._loading_since = time.monotonic()
        try:
            config = self.spec.config()
        except ConfigError as err:
            self._set("failed", str(err))
            self._by = ""
            return -1
        link = Link(self.spec.name, self._around.stale, self._listeners, self._on_status)
        child = Child(link.lines, lambda n: link.trouble("a line over 1 MiB", n), self._on_stderr)
        link.attach(child)
        self._set("starting")
        try:
            await child.spawn(
                self.spec.command,
                self._around.environ | self.spec.env,
                self._around.cwd,
                self.spec.nice,
            )
        except (OSError, ValueError) as err:
            return self._after_death(None, f"cannot be started: {err}")
        self._child, self.link = child, link
        await self._around.ledger.add(self.spec.name, child.pid)
        self._set("starting")
        try:
            why = await self._watch(child, link, config)
        finally:
            self.ready.clear()
            self.link = None
            if not child.exited.is_set():
                await child.kill()
            self._child = None
            link.close(f"{self.spec.name} has gone")
            await self._around.ledger.remove(self.spec.name)
        self._exit = platform.describe_exit(child.code)
        if why == "asked":
            return None
        return self._after_death(child.code, why)

    async def _watch(self, child: Child, link: Link, config: dict[str, Any]) -> str:
        """See it through; returns why it ended: `asked`, or a reason, or nothing."""
        exited = asyncio.ensure_future(child.exited.wait())
        asked = asyncio.ensure_future(self._asked_to_end())
        try:
            greeting = asyncio.ensure_future(link.greeted.wait())
            await asyncio.wait(
                {exited, asked, greeting}, timeout=HELLO_S, return_when=asyncio.FIRST_COMPLETED
            )
            greeting.cancel()
            if not exited.done() and not asked.done():
                if not link.greeted.is_set():
                    return f"no hello within {HELLO_S:g} s"
                if link.mismatch:
                    return link.mismatch
                self._set("loading")
                link.init(config, self._around.epoch())
            while not exited.done() and not asked.done():
                why = self._check(link)
                if why:
                    return why
                await asyncio.wait(
                    {exited, asked}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
                )
            if asked.done() and not exited.done():
                self._set("stopping", by=self._by)
                self.ready.clear()
                step = await child.stop(lambda: link.shutdown("asked to"))
                log.info("%s stopped (%s)", self.spec.name, step)
                return "asked"
            await child._settled()
            return "asked" if asked.done() else ""
        finally:
            exited.cancel()
            asked.cancel()

    def _check(self, link: Link) -> str:
        """Ping, and judge; returns why it must be ended, or nothing."""
        now = time.monotonic()
        link.tick(now)
        loading = not self.ready.is_set() and self.state in ("starting", "loading")
        verdict = link.health.verdict(now, loading=loading)
        if verdict == "kill":
            return "it stopped answering"
        if loading and now - self._loading_since > LOAD_S:
            return f"not ready within {LOAD_S:g} s"
        if verdict == "unresponsive" and self.state in ("ready", "degraded", "loading"):
            self._set("unresponsive", "no answer to pings")
        elif verdict == "ok" and self.state == "unresponsive" and link.status is not None:
            self._on_status(link.status)
        return ""

    async def _asked_to_end(self) -> None:
        while self.wanted and not self._restart_now:
            await self._wake.wait()
            self._wake.clear()

    def _after_death(self, code: int | None, why: str) -> float:
        ready_for = time.monotonic() - self._ready_since if self._ready_since else 0.0
        decision = self._policy.died(code, ready_for, time.monotonic())
        words = list(self._errors) or list(self._words)[-LAST_WORDS:]
        said = self._errors[-1] if self._errors and code in (2, 4) else ""
        reason = "; ".join(part for part in (why, said or decision.reason) if part)
        self._by = ""
        if decision.delay is None:
            self._set("failed", reason, last_words=words)
            self._tell_alert("error", f"{self.spec.name} has failed: {reason or self._exit}")
            return -1
        self._set("backoff", reason, retry_at=time.time() + decision.delay, last_words=words)
        self._tell_alert("warning", f"{self.spec.name} died ({reason or self._exit})")
        return decision.delay

    # -- what it says ------------------------------------------------------------------------

    def _on_status(self, status: common.Status) -> None:
        if self.state in ("stopping", "stopped", "off"):
            return
        if status.state in ("ready", "degraded") and not self._ready_since:
            self._ready_since = time.monotonic()
        self._set(status.state, status.detail)
        if status.state == "loading":
            self.ready.clear()
        else:
            self.ready.set()
            self.settled.set()

    def _on_stderr(self, lines: list[bytes], oversized: int) -> None:
        now = time.time()
        parsed = [parse(line, self.spec.name, now) for line in lines]
        if oversized:
            text = f"{oversized} lines over 64 KiB were left out"
            parsed.append(parse(text.encode(), self.spec.name, now))
        for line in parsed[-LAST_WORDS * 4 :]:
            self._words.append(line.message)
            if line.level in ("error", "critical"):
                self._errors.append(line.message)
        self._around.logs(self.spec.name, lines, parsed)

    def _tell_alert(self, level: Any, text: str) -> None:
        if not self._closing:
            self._around.tell(show.Alert(level=level, text=text, about=self.spec.name))

    def _set(
        self,
        state: show.EngineState,
        detail: str = "",
        *,
        by: str = "",
        retry_at: float = 0,
        last_words: list[str] | None = None,
    ) -> None:
        self.state = state
        with contextlib.suppress(Exception):
            self._around.tell(
                show.EngineChanged(
                    engine=self.spec.name,
                    state=state,
                    detail=detail,
                    pid=self.pid,
                    restarts=self.restarts,
                    exit=self._exit,
                    retry_at=retry_at,
                    by=by or self._by,
                    last_words=last_words or [],
                )
            )


def child_environ(environ: dict[str, str]) -> dict[str, str]:
    """The environment of engines: ours, with what makes their output ours to read."""
    return dict(environ) | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "KITSU_SHOW_PID": str(os.getpid()),
    }
