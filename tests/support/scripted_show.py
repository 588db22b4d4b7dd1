"""A show that is only its control socket: tells a scripted list of events, and notes what is asked.

In a test:  `async with ScriptedShow(environ, script()) as show: ...`
By hand:    `KITSU_RUNTIME_DIR=/tmp/k python -m tests.support.scripted_show [--live] [--act]
[--flood LINES_PER_SECOND]`, then `kitsu-tui --attach-only` with the same variable.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engines.wire import control, show
from engines.wire.codec import BadLine, LineSplitter, decode, encode
from engines.wire.envelope import WIRE_VERSIONS, Event, Failure, Hello, Request, Response
from engines.wire.logline import LogLine, stamp
from engines.wire.message import EventKind, RequestKind
from engines.wire.metrics import HostFigures
from kitsu_tui.config import endpoint
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState

START = 1_800_000_000.0
"""Wall time of the first event of `script`."""

GIGABYTE = 1_000_000_000


class Refusal(Exception):
    """Raise it in a handler to refuse a request."""


@dataclass
class ScriptedShow:
    """See the module.

    Attributes:
        script: told before anybody attaches: what the first snapshot holds.
        logs: the backlog of log lines.
        asked: every request but watch, ping and touch: name and parameters.
        touches: how often a console said that somebody is there.
        refuse: names of requests that are refused, with the reason.
        answers: what is answered to requests of these names, in the place of `done`.
        deaf: True: requests are noted and never answered.
    """

    environ: Mapping[str, str]
    script: Sequence[show.ShowEvent] = ()
    logs: Sequence[LogLine] = ()
    clock: Callable[[], float] = time.time
    state: ShowState = field(default_factory=ShowState)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    deaf: bool = False
    touches: int = 0
    answered: int = 0
    connections: int = 0
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _watchers: dict[asyncio.StreamWriter, str] = field(default_factory=dict)
    _names: dict[asyncio.StreamWriter, str] = field(default_factory=dict)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> ScriptedShow:
        for event in self.script:
            self._reduce(event)
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.vanish()

    async def listen(self) -> None:
        """Open the control socket (again)."""
        self._server = await endpoint.serve(self.environ, self._client)

    async def vanish(self) -> None:
        """Close everything, as a show that was killed."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.close()
        await asyncio.sleep(0)
        endpoint.remove(self.environ)

    def tell(self, *events: show.ShowEvent) -> None:
        """Tell everyone who watches."""
        for event in events:
            told = self._reduce(event)
            self._spread(show.TOLD, told)

    def log(self, lines: list[LogLine], dropped: int = 0) -> None:
        """Send log lines to everyone who watches."""
        self._spread(show.LOGS, show.Logs(lines=lines, dropped=dropped))

    async def until(self, true: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait until something that changes with a request or a connection is true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(true), timeout)

    async def until_asked(self, name: str, timeout: float = 20.0) -> Any:
        """Wait for a request; its parameters."""
        await self.until(lambda: any(asked == name for asked, _ in self.asked), timeout)
        return next(params for asked, params in self.asked if asked == name)

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    @property
    def unsent(self) -> int:
        """Bytes that watchers have not taken."""
        return sum(writer.transport.get_write_buffer_size() for writer in self._watchers)

    def _reduce(self, event: show.ShowEvent) -> show.Told:
        t = self.clock()
        told = show.Told(n=self.state.n + 1, t=t, event=event)
        reduce(self.state, told)
        return told

    def _spread(self, kind: EventKind[Any], body: Any) -> None:
        data = kind.encode(body)
        for writer, id_ in list(self._watchers.items()):
            if not writer.is_closing():
                writer.write(encode(Event(name=kind.name, data=data, id=id_)))

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        splitter = LineSplitter()
        hello = Hello(wire=WIRE_VERSIONS, engine="show", version="0", pid=os.getpid())
        writer.write(encode(hello))
        await self._note(connected=1)
        try:
            while data := await reader.read(64 << 10):
                for line in splitter.feed(data):
                    try:
                        frame = decode(line)
                    except BadLine:
                        continue
                    if isinstance(frame, Request):
                        await self._answer(frame, writer)
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            self._watchers.pop(writer, None)
            if self._names.pop(writer, None):
                self.tell(show.Operators(names=list(self._names.values())))
            writer.close()
            await self._note(connected=-1)

    async def _note(self, *, connected: int = 0) -> None:
        self.connections += connected
        async with self._changed:
            self._changed.notify_all()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        kinds: dict[str, RequestKind[Any, Any]] = {kind.name: kind for kind in control.REQUESTS}
        kind = kinds[request.name]
        params = kind.decode(request.data)
        if kind is control.WATCH:
            self._watch(request, params, writer)
            await self._note()
            return
        if kind is control.TOUCH:
            self.touches += 1
            await self._note()
        elif kind is not control.PING:
            self.asked.append((kind.name, params))
            await self._note()
        if self.deaf:
            return
        try:
            if kind.name in self.refuse:
                raise Refusal(self.refuse[kind.name])
            result = self.answers.get(kind.name) or self._do(kind, params)
            response = Response(id=request.id, ok=True, data=kind.encode_result(result))
        except Refusal as error:
            failure = Failure(code="refused", message=str(error))
            response = Response(id=request.id, ok=False, error=failure)
        writer.write(encode(response))
        self.answered += kind not in (control.PING, control.TOUCH)
        await self._note()
        if kind is control.STOP:
            await writer.drain()
            self.stopped.set()

    def _watch(self, request: Request, params: control.Watch, writer: asyncio.StreamWriter) -> None:
        body = control.Snapshot(state=msgspec.to_builtins(self.state))
        data = control.SNAPSHOT.encode(body)
        writer.write(encode(Event(name=control.SNAPSHOT.name, data=data, id=request.id)))
        if self.logs and params.logs:
            data = show.LOGS.encode(show.Logs(lines=list(self.logs)))
            writer.write(encode(Event(name=show.LOGS.name, data=data, id=request.id)))
        self._watchers[writer] = request.id
        self._names[writer] = params.by
        self.tell(show.Operators(names=list(self._names.values())))

    def _do(self, kind: RequestKind[Any, Any], params: Any) -> Any:
        state = self.state
        if kind is control.PANIC:
            surfaces: dict[str, float | None] = {"audio": 4.0, "policy": 11.0, "tts": 9.0}
            pressed = show.Panicked(by=params.by, epoch=state.epoch + 1, surfaces=surfaces)
            self.tell(pressed, msgspec.structs.replace(pressed, done=True))
        elif kind is control.RESUME:
            self.tell(show.Resumed(by=params.by, epoch=state.epoch + 1))
        elif kind is control.MUTE:
            mic, voice = state.mic_muted, state.voice_muted
            if params.what == "mic":
                mic = not mic if params.on is None else params.on
            else:
                voice = not voice if params.on is None else params.on
            self.tell(show.Muted(mic=mic, voice=voice, by=params.by))
        elif kind in (control.TOGGLE, control.RESTART):
            self._engine(kind, params)
        elif kind is control.SAY:
            turn = state.turn_count + 1
            self.tell(show.TurnStarted(turn=turn, source="operator", who="Ana", text=params.text))
            return control.Said(turn=turn)
        elif kind is control.STOP:
            self.tell(show.ShowStopping(by=params.by))
        elif kind in (control.SCENE, control.MARK, control.ACKNOWLEDGE):
            self._note_down(kind, params)
        elif kind is control.STATUS:
            return control.Snapshot(state=msgspec.to_builtins(state))
        elif kind in (control.PING, control.TOUCH):
            return msgspec.json.decode(b"{}", type=kind.result)
        return control.Done()

    def _note_down(self, kind: RequestKind[Any, Any], params: Any) -> None:
        if kind is control.SCENE:
            known = self.state.obs.state
            before = known.scene if known is not None else ""
            self.tell(show.SceneChanged(scene=params.scene, before=before, by=params.by))
        elif kind is control.MARK:
            self.tell(show.Marked(by=params.by, text=params.text))
        else:
            upto = self.state.n if params.upto is None else params.upto
            self.tell(show.Acknowledged(upto=upto, by=params.by))

    def _engine(self, kind: RequestKind[Any, Any], params: control.OneEngine) -> None:
        view = self.state.engines.get(params.engine)
        if view is None:
            raise Refusal(f"no engine {params.engine}")
        on = view.state == "off" or kind is control.RESTART
        self.tell(
            show.EngineChanged(
                engine=view.name,
                state="ready" if on else "off",
                pid=4711 if on else 0,
                restarts=view.restarts + on,
                by=params.by,
            )
        )


def script(*, live: bool = False) -> list[show.ShowEvent]:
    """A show some minutes old, with something of everything in it."""
    events: list[show.ShowEvent] = [
        show.ShowStarted(
            profile="live" if live else "starter",
            live=live,
            pid=4000,
            version="0.1.0",
            epoch=3,
            engines=["audio", "asr", "policy", "tts", "metrics"],
        ),
        show.PersonaState(
            name="Kitsu",
            preset="kawaii",
            presets=["kawaii", "chaotic", "calm"],
            moods=["happy", "sad"],
        ),
    ]
    for number, name in enumerate(("audio", "asr", "policy", "metrics")):
        events += [
            show.EngineChanged(engine=name, state="ready", pid=4001 + number),
            show.EngineFigures(
                engine=name, cpu=3.0 + number * 11, memory=(45 + number * 120) * 10**6, ping_ms=0.4
            ),
        ]
    events += [
        show.EngineChanged(
            engine="tts",
            state="backoff",
            restarts=2,
            exit="killed by signal 9",
            retry_at=START + 4,
            detail="starts again in 4 s",
            last_words=["Traceback (most recent call last):", "RuntimeError: out of memory"],
        ),
        show.DeviceState(state="open", input="USB Microphone", output="Headphones"),
        show.Levels(mic_db=-23, out_db=-60, hearing=True, speaking=False),
        show.Muted(mic=False, voice=False, by="profile"),
        show.GateState(rules=38),
        show.Host(
            figures=HostFigures(
                cpu=34.0,
                cores=[30.0, 38.0],
                memory_used=3 * GIGABYTE,
                memory_total=8 * GIGABYTE,
                load=0.92,
                disk_free=34 * GIGABYTE,
                gpu_detail="no NVIDIA driver on this machine",
            )
        ),
    ]
    return [*events, *_turns()]


def _turns() -> list[show.ShowEvent]:
    first, second, third, fourth = 1, 2, 3, 4
    marks = {
        "endpoint": 220.0,
        "asr_final": 420.0,
        "first_token": 530.0,
        "first_sentence": 640.0,
        "first_pcm": 790.0,
        "audible": 843.0,
    }
    snack = "Rice crackers, because they crunch so loudly that chat complains."
    rude = "And this is a word that the gate does not let out."
    song = "La la la, this song goes on for quite a while and somebody cuts in."
    return [
        show.TurnStarted(turn=first, source="voice", who="Mika"),
        show.Heard(turn=first, rev=0, text="what is your", final=False),
        show.Heard(turn=first, rev=0, text="What is your favourite snack?", final=True),
        show.Delta(turn=first, rev=0, text=f"{snack} {rude}"),
        show.Judged(turn=first, rev=0, seq=0, action="allow", text=snack, spoken=snack),
        show.Judged(
            turn=first, rev=0, seq=1, action="drop", text=rude, category="profanity", rule="list"
        ),
        show.Airing(turn=first, rev=0, seq=0, text=snack),
        show.Aired(turn=first, rev=0, seq=0, status="played", heard=snack, heard_ms=2900),
        show.TurnDone(
            turn=first, rev=0, status="ok", answer=snack, mood="cheerful", marks_ms=marks
        ),
        show.TurnStarted(turn=second, source="operator", who="Ana", text="Sing something."),
        show.Judged(turn=second, rev=0, seq=0, action="allow", text=song, spoken=song),
        show.Aired(
            turn=second, rev=0, seq=0, status="cut", heard="La la la, this song", heard_ms=900
        ),
        show.TurnDone(
            turn=second,
            rev=0,
            status="interrupted",
            answer="La la la, this song",
            mood="happy",
            marks_ms={key: value * 1.4 for key, value in marks.items()},
        ),
        show.TurnStarted(turn=third, source="chat", who="troll\x1b[2J99", text="say the b-word"),
        show.Judged(
            turn=third, rev=0, seq=-1, action="drop", text="say the b-word", category="baiting"
        ),
        show.TurnDone(turn=third, rev=0, status="blocked", answer=""),
        show.TurnStarted(turn=fourth, source="voice", who="Mika"),
        show.Heard(turn=fourth, rev=0, text="Do you dream?", final=True),
        show.Judged(
            turn=fourth, rev=0, seq=0, action="allow", text="Of foxes,", spoken="Of foxes,"
        ),
        show.Airing(turn=fourth, rev=0, seq=0, text="Of foxes,"),
        show.Delta(turn=fourth, rev=0, text="Of foxes, and of the long grass beh"),
    ]


def log_lines(count: int, t: float = START) -> list[LogLine]:
    """Lines as the engines write them."""
    levels = ("info", "info", "debug", "info", "warning", "info", "error")
    services = ("show", "audio", "asr", "policy", "tts")
    return [
        LogLine(
            ts=stamp(t + n / 10),
            service=services[n % 5],
            level=levels[n % 7],
            message=f"line {n}: the quick brown fox is at it again",
        )
        for n in range(count)
    ]


async def _by_hand(live: bool, act: bool, flood: int) -> None:
    async with ScriptedShow(os.environ, script(live=live), log_lines(60, time.time())) as server:
        tasks = [asyncio.create_task(_levels(server))]
        if act:
            tasks.append(asyncio.create_task(_talk(server)))
        if flood:
            tasks.append(asyncio.create_task(_flood(server, flood)))
        await server.stopped.wait()
        for task in tasks:
            task.cancel()


async def _levels(server: ScriptedShow) -> None:
    n = 0
    while True:
        await asyncio.sleep(0.1)
        n += 1
        talking = n % 100 < 30
        mic = -24 + 6 * math.sin(n) if talking else -56 + 2 * math.sin(n * 1.7)
        server.tell(show.Levels(mic_db=mic, out_db=-60, hearing=talking, speaking=False))
        if n % 20 == 0:
            for name in server.state.engines:
                figures = show.EngineFigures(engine=name, cpu=n % 17, memory=n * 10**6, ping_ms=0.3)
                server.tell(figures)
            if server.state.host is not None:
                server.tell(show.Host(figures=server.state.host))


async def _talk(server: ScriptedShow) -> None:
    turn = 100
    while True:
        await asyncio.sleep(3)
        turn += 1
        server.tell(show.TurnStarted(turn=turn, source="voice", who="Mika"))
        said = ""
        for word in ["so", "what", "do", "you", "think", "of", "the", "new", "season"]:
            said = f"{said} {word}".strip()
            server.tell(show.Heard(turn=turn, rev=0, text=said, final=False))
            await asyncio.sleep(0.2)
        server.tell(show.Heard(turn=turn, rev=0, text=said + "?", final=True))
        sentences = ["I like it a lot.", "The colours are warm, and the fox has more lines."]
        for seq, text in enumerate(sentences):
            for word in text.split():
                server.tell(show.Delta(turn=turn, rev=0, text=word + " "))
                await asyncio.sleep(0.05)
            server.tell(
                show.Judged(turn=turn, rev=0, seq=seq, action="allow", text=text, spoken=text),
                show.Airing(turn=turn, rev=0, seq=seq, text=text),
            )
        for seq, text in enumerate(sentences):
            await asyncio.sleep(1)
            server.tell(
                show.Aired(turn=turn, rev=0, seq=seq, status="played", heard=text, heard_ms=900)
            )
        answer = " ".join(sentences)
        server.tell(
            show.TurnDone(
                turn=turn,
                rev=0,
                status="ok",
                answer=answer,
                mood="happy",
                marks_ms={"endpoint": 200.0, "asr_final": 380.0, "audible": 700.0 + turn},
            )
        )


async def _flood(server: ScriptedShow, rate: int) -> None:
    end = time.perf_counter()
    batch = max(1, rate // 10)
    while True:
        end += 0.1
        server.log(log_lines(batch, time.time()))
        await asyncio.sleep(max(0.0, end - time.perf_counter()))


def main() -> None:
    """By hand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--act", action="store_true")
    parser.add_argument("--flood", type=int, default=0)
    args = parser.parse_args()
    asyncio.run(_by_hand(args.live, args.act, args.flood))


if __name__ == "__main__":
    main()
