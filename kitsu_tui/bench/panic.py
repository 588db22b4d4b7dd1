"""`kitsu bench panic`: from a press to the last sound, and to OBS showing the BRB scene.

She speaks beside a real OBS, somebody presses panic, `audio` says when it last handed a sample that
was not silent to the device, and OBS says when what had changed. All times are of one clock:
`time.perf_counter_ns()` is the same for all processes of a machine (CLOCK_MONOTONIC on Linux).
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from engines.wire import control
from engines.wire.peer import RequestFailed
from kitsu_tui.bench.listener import listener
from kitsu_tui.bench.loudspeaker import NAME as SPEAKERS
from kitsu_tui.bench.loudspeaker import Loudspeaker
from kitsu_tui.bench.obs_lab import NoObs, ObsLab, missing
from kitsu_tui.bench.panic_report import Measured, report
from kitsu_tui.bench.place import BenchFailed, Place, picture
from kitsu_tui.bench.presses import (
    ASKED,
    NO_OBS,
    SIGNAL,
    asker,
    by_command,
    by_key,
    signaller,
    with_stopped,
)
from kitsu_tui.bench.report import BenchReport
from kitsu_tui.bench.rounds import TOPICS, Rounds
from kitsu_tui.bench.stage import BRB, PROFILE, Stage
from kitsu_tui.bench.terminal import Late, Terminal
from kitsu_tui.client import Client, NoShow
from kitsu_tui.model.state import ShowState

KEYED = 0.4
"""Share of the drills that are pressed by a key; the others are asked for on the control socket."""
BUSY = ("policy", "tts")
LINK_S, BACK_S, BACK_MOST = 15.0, 20.0, 5
STOPPED = "somebody ended it"

_PROFILE = """\
extends: {profile}
live: false
conversation: {{history_turns: 0}}
policy: {{max_tokens: 256, sentences: 12}}
tts: {{cache_mb: 0}}
safety: {{repeats: 0}}
audio: {{{sound}}}
{stage}"""
_NO_STAGE = "engines: {obs: {enabled: false}}\n"
_NO_DEVICE = "backend: 'null'"


class Bench:
    """Its parts, from one condition to the next; `found` is what was measured so far.

    Args:
        samples: drills by request and by key together.
        profile: of the show.
        device: name, or a part of it, of a sound device to play on; else a clock takes the sound.
        record: play on a virtual loudspeaker, and record that.
        tell: told how far it is.
    """

    def __init__(
        self,
        samples: int,
        profile: str,
        device: str,
        record: bool,
        tell: Callable[[str], None],
    ) -> None:
        self.samples, self.profile, self.tell = samples, profile, tell
        self.device, self.record = SPEAKERS if record else device, record
        self.found = Measured(device=self.device, without=missing())

    async def measure(self) -> None:
        """All of it.

        Raises:
            BenchFailed, Late, NoObs: it cannot be done here.
            NoTerminal: not on this platform.
        """
        with contextlib.ExitStack() as held:
            lab = loudspeaker = None
            if self.found.without:
                self.tell(f"without OBS: {self.found.without}")
            else:
                self.tell("starting an OBS")
                lab = held.enter_context(ObsLab())
            if self.record:
                loudspeaker = held.enter_context(Loudspeaker())
            place = held.enter_context(Place(self._text(lab)))
            for part in (lab, loudspeaker):
                place.environ.update(part.environ if part else {})
            self.tell("starting a show")
            place.start()
            state = await place.ready()
            async with place.connect() as client:
                wav = place.folder / "said.wav"
                await _say_once(client, wav)
                async with listener(place, wav) as ears:
                    pids = {n: v.pid for n, v in state.engines.items() if n in BUSY}
                    rounds = Rounds(client, pids | {"asr": ears.pid}, self.tell)
                    rounds.loudspeaker = loudspeaker
                    self.found.rounds, self.found.ears = rounds, ears
                    if lab is not None:
                        await _linked(client)
                        rounds.stage = Stage(lab)
                        held.callback(rounds.stage.close)
                        self.found.floor = await rounds.stage.floor()
                    await self._conditions(place, client, rounds, state, lab)

    def _text(self, lab: ObsLab | None) -> str:
        device = f"backend: device, output_device: {quoted(self.device)}, fake: true"
        return _PROFILE.format(
            profile=quoted(self.profile),
            sound=device if self.device else _NO_DEVICE,
            stage=PROFILE if lab else _NO_STAGE,
        )

    async def _conditions(
        self, place: Place, client: Client, rounds: Rounds, state: ShowState, lab: ObsLab | None
    ) -> None:
        keyed, tenth = round(self.samples * KEYED), max(1, self.samples // 10)
        press = asker(client)
        await rounds.collect(ASKED, self.samples - keyed, press)
        with Terminal(place.environ) as terminal:
            await by_key(rounds, terminal, keyed)
        await by_command(rounds, place, tenth, self.found.exits)
        if sys.platform != "win32":
            await rounds.collect(SIGNAL, tenth, signaller(state.pid))
            await with_stopped(rounds, state.engines["policy"].pid, tenth, press)
        if lab is not None and rounds.stage is not None:
            await self._without_obs(rounds, client, lab, tenth)

    async def _without_obs(self, rounds: Rounds, client: Client, lab: ObsLab, samples: int) -> None:
        """OBS is killed: the others must be as they were; then it comes back to a latched panic."""
        stage, rounds.stage = rounds.stage, None
        lab.kill()
        await rounds.collect(NO_OBS, samples, asker(client))
        for pressed in rounds.presses[NO_OBS]:
            if not any(name.startswith("obs") for name in pressed.waits):
                raise BenchFailed("OBS was not there, and panic did not say that it waits")
        if stage is None:
            return
        for number in range(min(BACK_MOST, samples)):
            self.tell(f"OBS comes back to a latched panic: {number + 1}")
            await client.ask(control.PANIC, control.Ask(by="bench"))
            await asyncio.to_thread(lambda: lab.restart(fresh=True))
            began = time.perf_counter()
            await asyncio.to_thread(stage.reconnect)
            await stage.shows(BRB, BACK_S)
            self.found.back.append((time.perf_counter() - began) * 1e3)
            await client.ask(control.RESUME, control.Resume(by="bench"))
            await _linked(client)
        rounds.stage = stage


async def run(
    *,
    samples: int = 1000,
    profile: str = "starter",
    device: str = "",
    record: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> BenchReport:
    """All of it; what was measured so far when it is cancelled or comes to an early end.

    Args:
        samples: drills by request and by key in all; a tenth as many by command, by signal, with
            a stopped `policy` and without OBS, each.
        device: name, or a part of it, of a sound device to play on; else a clock takes the sound.
        record: play on a virtual loudspeaker, and record that.
        tell: told how far it is.

    Raises:
        BenchFailed, Late, NoObs: it cannot be done here, and nothing was measured.
        NoTerminal: not on this platform.
    """
    bench = Bench(samples, profile, device, record, tell)
    try:
        await bench.measure()
    except asyncio.CancelledError:
        if not bench.found:
            raise
        bench.found.ended = STOPPED
    except (BenchFailed, Late, NoShow, NoObs, RequestFailed, OSError) as err:
        if not bench.found:
            raise
        bench.found.ended = str(err).partition("\n")[0]  # a screen may follow
    return report(bench.found)


async def _linked(client: Client) -> None:
    """Wait until the show has OBS."""
    end = time.monotonic() + LINK_S
    link = ""
    while time.monotonic() < end:
        state = await picture(client)
        link = state.obs.state.link if state.obs.state else "none"
        if link == "open":
            return
        await asyncio.sleep(0.1)
    raise BenchFailed(f"the show has no link to OBS: {link}")


async def _say_once(client: Client, wav: Path) -> None:
    """Something of hers for the recogniser to hear; warms all engines as well."""
    asked = control.Talk(text=TOPICS[0], by="bench", out=str(wav))
    why = ""
    for _ in range(5):
        try:
            talked = await client.ask(control.TALK, asked, 120.0)
        except RequestFailed as err:
            raise BenchFailed(f"she does not answer: {err.detail}") from None
        if talked.status == "ok" and talked.answer:
            return
        why = f"{talked.status} {talked.detail}".strip()
    raise BenchFailed(f"she does not answer: {why}")


def quoted(text: str) -> str:
    """Text as YAML takes it."""
    return msgspec.json.encode(text).decode()
