"""What a show tells in an ordinary hour, without the show: about twenty events a second."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator

from engines.wire import show
from engines.wire.logline import LogLine, stamp
from engines.wire.metrics import HostFigures

A_SECOND = 20
ENGINES = ("audio", "asr", "policy", "tts", "metrics", "echo")
TURN_EVERY_S = 8
SAID = (
    "what is your favourite snack after a long stream",
    "kannst du das auch auf Deutsch, 日本語 or with an emoji 🦊",
    "tell me a short story about the fox who lived in a terminal and never slept",
)
ANSWER = (
    "Oh, that is an easy one!",
    "I would take a warm bun, and then a second one for the road.",
    "But do not tell chat, they would want one as well.",
)
_GIGABYTE = 1_000_000_000


def beginning() -> list[show.ShowEvent]:
    """What a show tells first."""
    started = show.ShowStarted(
        profile="bench",
        title="Bench",
        live=False,
        pid=1,
        version="0",
        epoch=1,
        engines=list(ENGINES),
    )
    return [
        started,
        show.GateState(rules=100),
        show.DeviceState(state="null", input="silence", output="nowhere"),
        *(
            show.EngineChanged(engine=name, state="ready", pid=100 + n)
            for n, name in enumerate(ENGINES)
        ),
    ]


def seconds(first: int = 1) -> Iterator[list[show.ShowEvent]]:
    """The events of one second after the other, `A_SECOND` each, for ever, from turn `first` on.

    Levels at 7 to 13 a second, engines' figures every two seconds, the host's every second, and
    turns, each with partials, tokens, verdicts and sentences. No turn is like another.
    """
    talk = turns(first)
    for n in itertools.count():
        events: list[show.ShowEvent] = [_host(n)]
        events += [_figures(name, n) for i, name in enumerate(ENGINES) if (i + n) % 2]
        events += itertools.islice(talk, 5)
        if n % 300 == 299:
            events.append(show.Alert(level="warning", text=f"minute {n // 60}: audio was late"))
        while len(events) < A_SECOND:
            events.append(_levels(n, len(events)))
        yield events


def lines(count: int, first: int = 0) -> list[LogLine]:
    """Log lines of the show's and its engines', each with its number."""
    now = stamp(time.time())
    return [
        LogLine(
            ts=now,
            service=ENGINES[n % len(ENGINES)],
            level="warning" if n % 50 == 0 else "info",
            message=f"line {n}: turn {n // 40} sentence {n % 3} took {n % 977} ms",
        )
        for n in range(first, first + count)
    ]


def turns(first: int = 1) -> Iterator[show.ShowEvent]:
    """Only what turns tell, for ever."""
    for turn in itertools.count(first):
        said = f"{SAID[turn % len(SAID)]} ({turn})"
        yield show.TurnStarted(turn=turn, source="voice", who="streamer")
        words = said.split()
        for n in range(3, len(words), 3):
            yield show.Heard(turn=turn, rev=0, text=" ".join(words[:n]), final=False)
        yield show.Heard(turn=turn, rev=0, text=said, final=True)
        yield show.Judged(turn=turn, rev=0, seq=-1, action="allow", text=said, ms=0.1)
        for seq, sentence in enumerate(ANSWER):
            for word in sentence.split():
                yield show.Delta(turn=turn, rev=0, text=f"{word} ")
            yield show.Judged(turn=turn, rev=0, seq=seq, action="allow", text=sentence, ms=0.1)
        for seq, sentence in enumerate(ANSWER):
            yield show.Airing(turn=turn, rev=0, seq=seq, text=sentence)
            yield show.Aired(
                turn=turn, rev=0, seq=seq, status="played", heard=sentence, heard_ms=1200
            )
        marks = {"endpoint": 200.0, "asr_final": 380.0, "audible": 700.0 + turn % 97}
        yield show.TurnDone(
            turn=turn, rev=0, status="ok", answer=" ".join(ANSWER), mood="happy", marks_ms=marks
        )


def _host(n: int) -> show.Host:
    cores = [30 + 20 * math.sin(n / 7), 40 + 20 * math.cos(n / 5)]
    used = 8 * _GIGABYTE + n % 1000 * 100_000
    return show.Host(
        figures=HostFigures(
            cpu=sum(cores) / 2, cores=cores, memory_used=used, memory_total=16 * _GIGABYTE
        )
    )


def _figures(name: str, n: int) -> show.EngineFigures:
    return show.EngineFigures(
        engine=name,
        queue=n % 3,
        cpu=10 + 9 * math.sin(n / 3),
        memory=200_000_000 + n % 500 * 4096,
        ping_ms=0.5 + n % 10 / 10,
    )


def _levels(n: int, i: int) -> show.Levels:
    db = -40 + 30 * math.sin(n + i / 4)
    return show.Levels(mic_db=db, out_db=db - 10, hearing=n % 8 < 3, speaking=n % 8 > 4)
