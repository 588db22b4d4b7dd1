"""Each enabled engine, started alone as the show would start it: hello, init, ready, and out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import msgspec
import psutil

from engines.wire import audio, common
from engines.wire.codec import BadLine, decode, encode
from engines.wire.envelope import Event, Hello, Init
from engines.wire.logline import LogLine, Masker
from engines.wire.message import Traffic
from kitsu_tui import platform
from kitsu_tui.config.errors import ConfigError, MissingError
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.disk import size
from kitsu_tui.doctor.probe import Family, Probe, in_thread
from kitsu_tui.doctor.profiles import UNREADABLE
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, split_advice, warn
from kitsu_tui.show.child import Child, why_not_started
from kitsu_tui.show.spec import Spec, child_environ
from kitsu_tui.show.stderr import Stderr

START_S = 30.0
"""For one engine, from its start to ready."""
LEAVE_S = 3.0
AT_ONCE = 2
GOOD = ("ready", "degraded")


class Trial:
    """One engine's start.

    Attributes:
        hello_s: seconds to its hello, 0 before; `ready_s` to its ready.
        code: its exit code, None when it had to be ended.
        status: its last status.
        devices: what `audio` opened.
    """

    def __init__(self, spec: Spec, environ: dict[str, str]) -> None:
        self.spec = spec
        self.hello_s = 0.0
        self.ready_s = 0.0
        self.memory = 0
        self.code: int | None = None
        self.status: common.Status | None = None
        self.devices: audio.Devices | None = None
        self._environ = environ
        self._greeted = asyncio.Event()
        self._ready = asyncio.Event()
        self._began = time.monotonic()
        self._stderr = Stderr(spec.name, Masker(environ | spec.env), _nothing)
        self.child = Child(self._lines, lambda _: None, self._stderr.lines)

    @property
    def words(self) -> str:
        """Its last error, else its last line."""
        return self._stderr.last_error or "".join(self._stderr.last_words[-1:])

    async def run(self, config: dict[str, Any], limit: float) -> str:
        """Start it, see it ready, let it go; returns what went wrong, or nothing.

        Raises:
            OSError, ValueError: it cannot be started.
        """
        spec = self.spec
        self._began = time.monotonic()
        end = self._began + limit
        await self.child.spawn(spec.command, self._environ | spec.env, str(Path.cwd()), spec.nice)
        try:
            if not await self._first(self._greeted, end):
                return self._gone("before its hello") or f"no hello within {limit:.0f} s"
            raw = msgspec.Raw(msgspec.json.encode(config))
            self.child.write(encode(Init(config=raw, epoch=0)), Traffic.CONTROL)
            if not await self._first(self._ready, end):
                return self._gone("while it loaded") or f"not ready within {limit:.0f} s"
            self.memory = await in_thread(lambda: _resident(self.child.pid))
            self.child.close_stdin()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    await self.child.exited.wait()
            if not self.child.exited.is_set():
                return f"ready, but it does not leave within {LEAVE_S:.0f} s of its input's end"
            return self._gone("when it left") if self.child.code else ""
        finally:
            self.code = self.child.code  # of its own accord: not what our kill makes of it
            if not self.child.exited.is_set():
                # Also when we are told to stop: nothing may be left behind.
                self.child.signal("KILL")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self.child.exited.wait()
            await self.child.settled()

    async def _first(self, event: asyncio.Event, end: float) -> bool:
        """True when `event` came before the child's end and before `end`."""
        waiting = [
            asyncio.ensure_future(event.wait()),
            asyncio.ensure_future(self.child.exited.wait()),
        ]
        try:
            await asyncio.wait(
                waiting,
                timeout=max(end - time.monotonic(), 0.0),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for task in waiting:
                task.cancel()
        if self.child.exited.is_set():
            await self.child.settled()
        return event.is_set()

    def _gone(self, when: str) -> str:
        if not self.child.exited.is_set():
            return ""
        return f"it ended {when}: {platform.describe_exit(self.child.code)}"

    def _lines(self, lines: list[bytes]) -> None:
        for line in lines:
            try:
                frame = decode(line)
            except BadLine:
                continue
            if isinstance(frame, Hello) and not self.hello_s:
                self.hello_s = time.monotonic() - self._began
                self._greeted.set()
            elif isinstance(frame, Event):
                self._event(frame)

    def _event(self, event: Event) -> None:
        with contextlib.suppress(msgspec.ValidationError):
            if event.name == common.STATUS.name:
                self.status = msgspec.json.decode(event.data, type=common.Status)
                if self.status.state in GOOD and not self.ready_s:
                    self.ready_s = time.monotonic() - self._began
                    self._ready.set()
            elif event.name == audio.DEVICES.name:
                self.devices = msgspec.json.decode(event.data, type=audio.Devices)


def of(engine: str, gate: list[asyncio.Semaphore]) -> Probe:
    """The check of one engine."""

    async def look(context: Context) -> Finding:
        return await _look(engine, context, gate)

    # A turn is waited for too: three rounds of two at a time.
    return Probe(engine, look, START_S * 3)


async def _look(engine: str, context: Context, gate: list[asyncio.Semaphore]) -> Finding:
    if context.loaded is None:
        return skipped(engine, UNREADABLE)
    if not context.loaded.enabled(engine):
        return skipped(engine, "this profile does not start it")
    if context.running is not None and not context.engines:
        return of_the_show(engine, context)
    if context.quick and not context.engines:
        return skipped(engine, "not started (--quick)")
    from kitsu_tui.show.supervisor import specs

    try:
        spec = next(spec for spec in specs(context.loaded) if spec.name == engine)
        config = await in_thread(spec.config)
    except MissingError:
        return skipped(engine, "its model is missing: see Models")
    except ConfigError as err:
        return bad(engine, str(err), "correct the profile")
    if engine == "audio":
        config["output_file"] = ""  # a recording that is there stays as it is
    if not gate:
        gate.append(asyncio.Semaphore(AT_ONCE))
    async with gate[0]:
        trial = Trial(spec, child_environ(dict(context.environ)))
        try:
            why = await trial.run(config, START_S)
        except (OSError, ValueError) as err:
            words, _ = why_not_started(err, str(Path.cwd()))
            return bad(engine, words, f"correct engines.{engine}.command in the profile")
    return judge(trial, why, context)


def judge(trial: Trial, why: str, context: Context) -> Finding:
    """What a start tells."""
    engine = trial.spec.name
    alone = f"kitsu engine {engine} --profile {context.shown_profile} (alone, it tells more)"
    if why:
        words, command = split_advice(trial.words)
        found = f"{why}; {words}" if words else why
        return bad(engine, found, command or _advice(trial, alone))
    found = f"ready in {trial.ready_s:.1f} s (hello {trial.hello_s:.1f} s), {size(trial.memory)}"
    if trial.devices is not None:
        state = trial.devices
        found += f"; sound {state.state}"
        found += f": in {state.input!r}, out {state.output!r}" if state.input else ""
    if trial.status is not None and trial.status.state == "degraded":
        words, command = split_advice(trial.status.detail)
        return warn(engine, f"{found}; degraded: {words}", command or alone)
    if trial.devices is not None and trial.devices.state == "lost":
        return warn(engine, f"{found}; {trial.devices.detail}", "kitsu devices lists what there is")
    return ok(engine, found)


def _advice(trial: Trial, alone: str) -> str:
    code = trial.code
    if code == 2:
        return f"correct the section `{trial.spec.name}` of the profile"
    if code == -9:
        return f"the system ended it, perhaps for want of memory: free some; {alone}"
    if code is not None and code < 0:
        return f"a library crashed: see Libraries; {alone}"
    return alone


def of_the_show(engine: str, context: Context) -> Finding:
    """How the running show's engine is: no second one is started beside it."""
    assert context.running is not None  # noqa: S101
    view = context.running.engines.get(engine)
    if view is None:
        return skipped(engine, "the running show does not have it (another profile?)")
    found = f"in the running show: {view.state}"
    found += f", pid {view.pid}" if view.pid else ""
    found += f", {size(view.memory)}" if view.memory else ""
    found += f", {view.restarts} restarts" if view.restarts else ""
    found += f"; {view.detail}" if view.detail else ""
    if view.state in ("ready", "off", "stopped"):
        return ok(engine, found)
    if view.last_words:
        found += f"; last words: {view.last_words[-1]}"
    if view.state in ("failed", "unresponsive"):
        return bad(engine, found, f"kitsu restart {engine}; its log file tells more")
    return warn(engine, found, f"kitsu status; kitsu restart {engine} if it stays so")


def _resident(pid: int) -> int:
    """Resident bytes of a process and its children."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += int(one.memory_info().rss)
    return total


def _nothing(service: str, raw: list[bytes], lines: list[LogLine]) -> None:
    """Its log goes nowhere; the last words are kept."""


def family() -> Family:
    """The family, with a bound on how many start at once."""
    from kitsu_tui.config import ENGINES

    gate: list[asyncio.Semaphore] = []
    return Family("Engines", tuple(of(engine, gate) for engine in ENGINES))
