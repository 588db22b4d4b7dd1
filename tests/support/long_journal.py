"""Writes a long session's journal, as a show would have written it.

    python -m tests.support.long_journal FOLDER [--hours 24] [--rate 20 | --realistic]

`--realistic`: a turn every ten seconds, with what goes with it. `--rate`: so many events a second,
the same mix with the turns closer together (24 h at 20/s are 1.7 million lines).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engines.wire import show
from engines.wire.logline import stamp
from kitsu_tui.journal import FILE

BEGAN = 1_795_000_000.0
_WORDS = [
    *("the", "fox", "said", "that", "snow", "in", "the", "river", "would", "not", "stay", "long"),
    *("and", "貓", "ran", "after", "a", "very", "small", "train", "of", "thoughts", "until", "one"),
    *("laughed", "at", "rice", "crackers", "über", "alle", "Berge"),
]
_encoder = msgspec.json.Encoder()


class Hand:
    """Tells events with their numbers and times."""

    def __init__(self, seed: int = 7, *, spacing: float = 0.4) -> None:
        self.random = random.Random(seed)
        self.t = BEGAN
        self.n = 0
        self.turn = 0
        self._spacing = spacing

    def line(self, event: show.ShowEvent, after: float | None = None) -> bytes:
        """One line, told a little later than the one before."""
        self.t += self._spacing if after is None else after
        self.n += 1
        told = show.Told(n=self.n, t=self.t, event=event)
        head = {"ts": stamp(self.t), "t_ns": int(self.t * 1e9)}
        return _encoder.encode(head | msgspec.to_builtins(told)) + b"\n"

    def words(self, least: int, most: int) -> str:
        """Something that might have been said."""
        return " ".join(self.random.choices(_WORDS, k=self.random.randint(least, most)))

    def begin(self, journal: str) -> Iterator[bytes]:
        """The first lines of a show."""
        names = ["audio", "asr", "policy", "tts", "metrics"]
        yield self.line(
            show.ShowStarted(
                profile="long",
                live=False,
                pid=4000,
                version="0.1.0",
                epoch=1,
                engines=names,
                journal=journal,
            )
        )
        yield self.line(show.GateState(rules=38))
        for number, name in enumerate(names):
            state: show.EngineState
            for state in ("starting", "loading", "ready"):
                change = show.EngineChanged(engine=name, state=state, pid=4001 + number)
                yield self.line(change)

    def talk(self, gap: float) -> Iterator[bytes]:
        """A turn and what happens around it, then `gap` seconds of nothing."""
        self.turn += 1
        turn, dice = self.turn, self.random
        typed = dice.random() < 0.3
        text = self.words(3, 18)
        who = dice.choice(("cli:root", "Mika", "雪うさぎ", "console:ana@pts/1"))
        source: show.Source = "operator" if typed else "voice"
        yield self.line(
            show.TurnStarted(turn=turn, source=source, who=who, text=text if typed else "")
        )
        if typed:
            yield self.line(show.Acted(name="say", by=who))
        else:
            for part in (len(text) // 3, len(text) // 2):
                yield self.line(show.Heard(turn=turn, rev=0, text=text[:part], final=False))
            yield self.line(show.Heard(turn=turn, rev=0, text=text, final=True))
        yield self.line(
            show.Judged(turn=turn, rev=0, seq=-1, action="allow", text=text, spoken=text, ms=0.2)
        )
        said = []
        cut = dice.random() < 0.08
        for seq in range(dice.randint(1, 4)):
            sentence = self.words(4, 16).capitalize() + "."
            stopped = dice.random() < 0.02
            verdict = show.Judged(
                turn=turn,
                rev=0,
                seq=seq,
                action="drop" if stopped else "allow",
                text=sentence,
                spoken="" if stopped else sentence,
                category="profanity" if stopped else "",
                rule="list" if stopped else "",
                ms=0.3,
            )
            yield self.line(verdict)
            if stopped:
                continue
            yield self.line(show.Airing(turn=turn, rev=0, seq=seq, text=sentence))
            heard = sentence[: len(sentence) // 2] if cut else sentence
            yield self.line(
                show.Aired(
                    turn=turn,
                    rev=0,
                    seq=seq,
                    status="cut" if cut else "played",
                    heard=heard,
                    heard_ms=len(heard) * 60.0,
                )
            )
            said.append(heard)
            if cut:
                break
        if cut:
            yield self.line(
                show.Acted(name="interrupt", by="cli:root", detail=f"turn {turn} ended")
            )
        yield self.line(
            show.TurnDone(
                turn=turn,
                rev=0,
                status="interrupted" if cut else "ok",
                answer=" ".join(said),
                mood=dice.choice(("happy", "sad", "excited")),
                marks_ms={
                    "asr_final": 240.0,
                    "first_token": 400.0,
                    "audible": dice.uniform(500, 2e3),
                },
            )
        )
        yield from self._aside()
        self.t += gap

    def _aside(self) -> Iterator[bytes]:
        dice = self.random
        if dice.random() < 0.01:
            mute = show.Muted(mic=dice.random() < 0.5, voice=False, by="cli:root")
            yield self.line(mute)
        if dice.random() < 0.005:
            died = "killed by signal 9"
            state: show.EngineState
            for state, restarts in (("backoff", 0), ("starting", 1), ("loading", 1), ("ready", 1)):
                yield self.line(
                    show.EngineChanged(
                        engine="tts",
                        state=state,
                        restarts=restarts,
                        exit=died,
                        pid=0 if state == "backoff" else 4100,
                    )
                )
        if dice.random() < 0.002:
            yield self.line(show.Panicked(by="cli:root", epoch=self.turn))
            yield self.line(
                show.Panicked(
                    by="cli:root", epoch=self.turn, surfaces={"audio": 4.0, "tts": 9.0}, done=True
                )
            )
            yield self.line(show.Resumed(by="cli:root", epoch=self.turn + 1))
        if dice.random() < 0.003:
            yield self.line(show.Marked(by="cli:root", text=f"mark in turn {self.turn}"))


def write(folder: Path, *, hours: float, rate: float | None, seed: int = 7) -> Path:
    """Write the journal; returns its file. `rate` None: realistic."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    hand = Hand(seed, spacing=0.4 if rate is None else 1 / rate)
    with path.open("wb") as file:
        file.writelines(hand.begin(str(folder)))
        until = BEGAN + hours * 3600
        while hand.t < until:
            before = hand.t
            file.writelines(hand.talk(0))
            if rate is None:
                hand.t = max(hand.t, before + 10)
    return path


def main() -> None:
    """By hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--realistic", action="store_true")
    args = parser.parse_args()
    path = write(args.folder, hours=args.hours, rate=None if args.realistic else args.rate)
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
