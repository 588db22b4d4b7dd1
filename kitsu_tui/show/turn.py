"""One exchange, from the first sound or key to the last thing heard."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from engines.wire import control
from engines.wire.envelope import At
from engines.wire.show import Source, TurnDone

Status = Literal["ok", "silent", "interrupted", "stopped", "blocked", "error", "panic"]
"""How a turn ends; see `engines.wire.show.TurnDone`."""


WENT_ON_S = 0.7
"""Up to this pause somebody goes on with what they were saying, whatever she began to say."""


@dataclass
class SpokenLine:
    """A sentence of hers that went to the synthesizer."""

    seq: int
    text: str
    rate: int = 0
    samples: int = 0
    heard_samples: int = 0
    audible_ns: int = 0
    """When its first sample was handed to the device; 0 before."""
    status: str = ""
    pcm: bytearray = field(default_factory=bytearray)
    """What was fed to the device; kept only when somebody asked for a file of it."""


@dataclass
class Turn:
    """An exchange.

    Attributes:
        zero_ns: speech_end, or the moment when she turned to what was typed; marks count from it.
        marks_ns: marks reached, `time.perf_counter_ns()`.
        done: gets the `TurnDone` that was told.
    """

    number: int
    source: Source
    who: str
    epoch: int
    text: str = ""
    before: str = ""
    """What they said just before, in a turn that had no answer yet: it belongs to this one."""
    on_air: str = ""
    """What she was saying when they began to speak."""
    just_said: str = ""
    """What she had said a moment before they began."""
    over: bool = False
    """It has been ended, or soon will be: nothing is begun for it any more."""
    went_on: Turn | None = None
    """The turn that it became part of, when the speaker only paused."""
    rev: int = 0
    play: bool = True
    preset: str = ""
    keep_pcm: bool = False
    onset_ns: int = 0
    """When they began to speak; 0 for what was typed."""
    zero_ns: int = 0
    marks_ns: dict[str, int] = field(default_factory=dict)
    verdicts: list[control.Verdict] = field(default_factory=list)
    lines: list[SpokenLine] = field(default_factory=list)
    done: asyncio.Future[TurnDone] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def at(self, seq: int = 0) -> At:
        """Where in the show a message of this turn's present revision belongs."""
        return At(epoch=self.epoch, turn=self.number, rev=self.rev, seq=seq)

    def whole(self, text: str) -> str:
        """What they said, with what they had said just before it."""
        return f"{self.before} {text}".strip()

    def given(self) -> str:
        """What she says in it, as far as it was given to her voice."""
        return " ".join(line.text for line in self.lines)

    def went_on_after(self, other: Turn) -> bool:
        """True when these words came so soon after the other's that they are one thing said."""
        return 0 < self.onset_ns - other.zero_ns < WENT_ON_S * 1e9

    def mark(self, name: str, ns: int) -> None:
        """Note when a stage was reached for the first time."""
        if ns:
            self.marks_ns.setdefault(name, ns)

    def join(self, earlier: Turn, said: str) -> None:
        """An earlier turn, which got no answer yet, belongs to this one, with what was said in it.

        Whoever asked for that turn gets what they asked for with this one.
        """
        self.before = f"{said} {self.before}".strip()
        self.play, self.preset, self.keep_pcm = earlier.play, earlier.preset, earlier.keep_pcm
        earlier.went_on = self

    def revise(self) -> None:
        """The speaker went on: what was thought so far is void."""
        self.rev += 1
        self.verdicts.clear()
        self.lines.clear()
        for name in ("first_token", "first_sentence", "first_pcm", "audible"):
            self.marks_ns.pop(name, None)

    def marks_ms(self) -> dict[str, float]:
        """Marks in milliseconds after the zero, in order of time, `speech_end` first."""
        if not self.zero_ns:
            return {}
        marks = {
            name: round((ns - self.zero_ns) / 1e6, 1)
            for name, ns in sorted(self.marks_ns.items(), key=lambda item: item[1])
        }
        return {"speech_end": 0.0} | marks
