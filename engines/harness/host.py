"""The harness without its pipes: frames in, frames out. Tests run it in memory."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import time
from collections.abc import Callable
from typing import Any

from engines.harness.call import Call, Link
from engines.harness.engine import Engine
from engines.harness.errors import Refused
from engines.wire import common
from engines.wire.codec import BadLine, decode, encode
from engines.wire.envelope import (
    WIRE_VERSIONS,
    At,
    Bye,
    Cancel,
    Event,
    Failure,
    Frame,
    Hello,
    Init,
    Ping,
    Pong,
    Request,
    Response,
    Shutdown,
)
from engines.wire.message import BadBody, EventKind, RequestKind, Traffic
from engines.wire.stale import StaleFilter

log = logging.getLogger("harness")

MAX_BEFORE_READY = 4096
"""Requests and their feeds that may wait while the engine loads."""
FLOOD = 100
"""Bad lines within `FLOOD_S` seconds that make an engine degraded."""
FLOOD_S = 10.0
FLOODED = "flooded with lines that cannot be used"
MAX_SAID = 2000
"""Characters of an error's message that are sent."""

Out = Callable[[bytes, Traffic, str], bool]
"""Takes an encoded line, its class and its latest-wins slot; True when results have filled up."""


class Host:
    """Serves one engine on the running loop.

    Args:
        engine: the class to serve.
        out: takes the lines that it says.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        engine: type[Engine[Any]],
        out: Out,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.engine_type = engine
        self.engine: Engine[Any] | None = None
        self.stale = StaleFilter()
        self.stale_count = 0
        self.init = self.loop.create_future()
        """Gets the `Init` frame when one comes."""
        self.stopping = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self._out = out
        self._clock = clock
        self._served = engine.served()
        self._calls: dict[str, Call] = {}
        self._ready = False
        self._early: list[Request | Event] = []
        self._state = ("loading", "")
        self._trouble: dict[str, tuple[int, float]] = {}
        self._bad: list[float] = []
        self._flooded = False

    # -- saying ------------------------------------------------------------------------------

    def hello(self) -> None:
        """Say hello: the first line, before anything heavy loads."""
        self._say(
            Hello(
                wire=WIRE_VERSIONS,
                engine=self.engine_type.name,
                version=self.engine_type.version,
                pid=os.getpid(),
                capabilities=list(self.engine_type.capabilities),
            )
        )

    def bye(self, reason: str) -> None:
        """Say goodbye: the last line."""
        self._say(Bye(reason=reason), Traffic.RESULT)  # behind the last answers

    def status(self, state: str, detail: str = "") -> None:
        """Say how the engine is."""
        self._state = (state, detail)
        self._say_status()

    def _say_status(self) -> None:
        state, detail = self._state
        if self._flooded:
            # While it loads it stays `loading`: nobody may start on an engine that is not ready.
            state = "degraded" if state == "ready" else state
            detail = "; ".join(part for part in (detail, FLOODED) if part)
        body = common.Status(state=state, detail=detail)  # type: ignore[arg-type]
        self.send_event(common.STATUS, body, None, None)

    def send_event(self, kind: EventKind[Any], body: Any, id_: str | None, at: At | None) -> bool:
        """Send an event unless it is stale; True when results have filled up."""
        if at is not None and self.stale.is_stale(at):
            self.stale_count += 1
            return False
        line = encode(Event(name=kind.name, data=kind.encode(body), id=id_, at=at))
        full = self._out(line, kind.traffic, f"{id_}:{kind.name}")
        if full and kind.traffic is Traffic.RESULT:
            self.room.clear()
        return full

    async def drained(self) -> None:
        """Wait until results have room again."""
        await self.room.wait()

    def _say(self, frame: Frame, traffic: Traffic = Traffic.CONTROL) -> None:
        self._out(encode(frame), traffic, "")

    # -- life --------------------------------------------------------------------------------

    async def start(self, config: Any, epoch: int = 0) -> None:
        """Make and start the engine, then serve what came early.

        Raises:
            whatever `Engine.start` raises.
        """
        self.stale.observe(At(epoch=epoch))
        self.status("loading")
        self.engine = self.engine_type(config, Link(self))
        await self.engine.start()
        self._ready = True
        if self._state[0] == "loading":
            self.status("ready")
        early, self._early = self._early, []
        for frame in early:
            self._frame(frame)

    async def stop(self, reason: str, timeout: float = 1.0) -> None:
        """Abandon what is under way, answer it, and stop the engine."""
        tasks = [call.task for call in self._calls.values() if call.task is not None]
        for call in list(self._calls.values()):
            call.abandon(reason)
        for frame in self._early:
            if isinstance(frame, Request):
                self._no(frame.id, "cancelled", reason)
        self._early.clear()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)
        if self.engine is not None:
            try:
                async with asyncio.timeout(timeout):
                    await self.engine.stop()
            except Exception as err:
                log.warning("stop: %r", err)

    async def finish(self) -> None:
        """The input has ended and nobody supervises: let what is under way come to its end."""
        for call in list(self._calls.values()):
            call.close_feed()
        while self._early or self._calls:
            tasks = [call.task for call in self._calls.values() if call.task is not None]
            if tasks:
                await asyncio.wait(tasks)
            else:
                await asyncio.sleep(0.01)

    @property
    def busy(self) -> bool:
        """True while requests are being served."""
        return bool(self._calls)

    def figures(self, dropped: int) -> None:
        """Say what is worth watching; also ends a flood that is over."""
        now = self._clock()
        self._bad = [at for at in self._bad if now - at < FLOOD_S]
        if self._flooded and not self._bad:
            self._flooded = False
            self._say_status()
        for kind, (count, _) in list(self._trouble.items()):
            if count:
                self._tell_trouble(kind, count, "further lines", now)
        self.send_event(
            common.FIGURES,
            common.Figures(
                queue=len(self._calls) + len(self._early),
                dropped=dropped,
                stale=self.stale_count,
                busy=self.busy,
            ),
            None,
            None,
        )

    # -- hearing -----------------------------------------------------------------------------

    def lines(self, lines: list[bytes]) -> None:
        """Act on lines, in order."""
        for line in lines:
            try:
                frame = decode(line)
            except BadLine as err:
                self.trouble("malformed", str(err))
                continue
            self._frame(frame)

    def trouble(self, kind: str, detail: str, count: int = 1) -> None:
        """Count lines that cannot be used, and tell of them without flooding in turn."""
        now = self._clock()
        waiting, told = self._trouble.get(kind, (0, float("-inf")))
        if now - told >= 1.0:
            self._tell_trouble(kind, waiting + count, detail, now)
        else:
            self._trouble[kind] = (waiting + count, told)
        self._bad.append(now)
        del self._bad[: -FLOOD * 2]
        if not self._flooded and len(self._bad) >= FLOOD and now - self._bad[-FLOOD] < FLOOD_S:
            self._flooded = True
            self._say_status()

    def _tell_trouble(self, kind: str, count: int, detail: str, now: float) -> None:
        self._trouble[kind] = (0, now)
        body = common.Trouble(kind=kind, count=count, detail=detail)  # type: ignore[arg-type]
        self.send_event(common.TROUBLE, body, None, None)

    def _frame(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            self._request(frame)
        elif isinstance(frame, Event):
            self._event(frame)
        elif isinstance(frame, Cancel):
            self._cancel(frame)
        elif isinstance(frame, Ping):
            self._say(Pong(n=frame.n))
        elif isinstance(frame, Init):
            if self.init.done():
                self.trouble("unknown", "init: already configured")
            else:
                self.init.set_result(frame)
        elif isinstance(frame, Shutdown):
            self.stopping.set()
        else:
            self.trouble("unknown", f"{type(frame).__name__.lower()}: not for an engine")

    def _request(self, request: Request) -> None:
        if request.at is not None:
            self._observe(request.at)
            if self.stale.is_stale(request.at):
                self.stale_count += 1
                self._no(request.id, "stale", "its turn is over")
                return
        served = self._served.get(request.name)
        if served is None:
            self.trouble("unknown", f"request {request.name}: not served here")
            known = ", ".join(sorted(self._served))
            self._no(request.id, "unknown", f"{request.name} is not served; served: {known}")
            return
        if request.id in self._calls or any(early.id == request.id for early in self._early):
            self.trouble("bad-body", f"request {request.id}: this id is in use")
            return
        if not self._ready or self.engine is None:
            if len(self._early) >= MAX_BEFORE_READY:
                self._no(request.id, "busy", "still loading, and too much waits already")
            else:
                self._early.append(request)
            return
        if not self.room.is_set():
            # Answers that are made at once do not wait for room, so they would pile up without end.
            self._no(request.id, "busy", "nobody reads what is said here", retry=True)
            return
        kind, method = served
        try:
            params = kind.decode(request.data)
        except BadBody as err:
            self.trouble("bad-body", str(err))
            self._no(request.id, "bad-request", str(err))
            return
        call = Call(self, kind, request.id, request.at, request.credit)
        self._serve(call, kind, getattr(self.engine, method), params)

    def _serve(self, call: Call, kind: RequestKind[Any, Any], method: Any, params: Any) -> None:
        try:
            answer = method(params, call)
        except Exception as err:
            self._failed(call, err)
            return
        if inspect.isawaitable(answer):
            self._calls[call.id] = call
            call.task = self.loop.create_task(self._run(call, kind, answer))
        else:
            self._yes(call, kind, answer)

    async def _run(self, call: Call, kind: RequestKind[Any, Any], answer: Any) -> None:
        call.started = True
        if not call.wanted:
            if inspect.iscoroutine(answer):
                answer.close()
            self._calls.pop(call.id, None)
            self._no(call.id, "cancelled", call.reason or "cancelled")
            return
        try:
            result = await answer
        except asyncio.CancelledError:
            self._calls.pop(call.id, None)
            self._no(call.id, "cancelled", call.reason or "cancelled")
            return
        except Exception as err:
            self._calls.pop(call.id, None)
            self._failed(call, err)
            return
        self._calls.pop(call.id, None)
        self._yes(call, kind, result)

    def _event(self, event: Event) -> None:
        if event.at is not None:
            self._observe(event.at)
            if self.stale.is_stale(event.at):
                self.stale_count += 1
                return
        if event.id is None:
            self.trouble("unknown", f"event {event.name}: no engine takes events without an id")
            return
        call = self._calls.get(event.id)
        if call is None:
            waits = any(request.id == event.id for request in self._early)
            if waits and not self._ready and len(self._early) < MAX_BEFORE_READY:
                self._early.append(event)
            else:
                self.stale_count += 1  # its call has just ended
            return
        try:
            if not call.fed(event):
                call.abandon("busy: fed faster than it reads")
        except (BadBody, LookupError) as err:
            self.trouble("bad-body", str(err))

    def _cancel(self, cancel: Cancel) -> None:
        if cancel.scope == "request":
            call = self._calls.get(cancel.id or "")
            if call is not None:
                call.abandon(cancel.reason)
            for early in [frame for frame in self._early if frame.id == cancel.id]:
                self._early.remove(early)
                if isinstance(early, Request):
                    self._no(early.id, "cancelled", cancel.reason)
        else:
            self.stale.cancel(cancel)
            self._sweep(cancel.reason)
        if self.engine is not None:
            try:
                self.engine.cancelled(cancel)
            except Exception:
                log.exception("cancelled failed")

    def _observe(self, at: At) -> None:
        before = self.stale.epoch
        self.stale.observe(at)
        if self.stale.epoch != before:
            self._sweep("a newer epoch")

    def _sweep(self, reason: str) -> None:
        for call in list(self._calls.values()):
            if self.stale.is_stale(call.at):
                call.abandon(reason)
        for early in [frame for frame in self._early if self.stale.is_stale(frame.at)]:
            self._early.remove(early)
            if isinstance(early, Request):
                self._no(early.id, "cancelled", reason)

    # -- answering ---------------------------------------------------------------------------

    def _yes(self, call: Call, kind: RequestKind[Any, Any], result: Any) -> None:
        try:
            line = encode(Response(id=call.id, ok=True, data=kind.encode_result(result)))
        except (ValueError, TypeError) as err:  # too long for a line, or no JSON
            self._failed(call, err)
            return
        if self._out(line, Traffic.RESULT, ""):
            self.room.clear()

    def _no(self, id_: str, code: str, message: str, *, retry: bool = False) -> None:
        said = message[:MAX_SAID].encode("utf-8", "backslashreplace").decode()
        failure = Failure(code=code, message=said, retry=retry)
        if self._out(encode(Response(id=id_, ok=False, error=failure)), Traffic.RESULT, ""):
            self.room.clear()

    def _failed(self, call: Call, err: Exception) -> None:
        if isinstance(err, Refused):
            self._no(call.id, err.code, str(err), retry=err.retry)
            return
        log.error("%s failed", call.kind.name, exc_info=err)
        self._no(call.id, "failed", f"{type(err).__name__}: {err}", retry=True)
