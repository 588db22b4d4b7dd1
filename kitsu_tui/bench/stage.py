"""The stage of the panic bench: a real OBS, set up anew for every drill and looked at from outside.

What OBS shows, mutes and filters is heard by a client of the bench's own, beside the `obs` engine
and sharing no code with it: when an event came, and whether all was put back after resume.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from kitsu_tui.bench.obs_lab import ObsLab
from kitsu_tui.bench.obs_scenes import PANIC_FILTER, SOUNDS, TRANSITIONS
from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.obsws import ObsClient, ObsTrouble

BRB = "BRB"
FROM = ("Main", "Close-up", "Starting")
FADE_MS = 300
STUDIO, MUTED = 0.1, 0.15
"""Share of drills in studio mode, and of inputs that were muted before."""
EVENT_S, BACK_S, SETTLE_S = 2.0, 3.0, 1.0
POLL_S = 0.01
PROFILE = f"""\
obs: {{brb_scene: {BRB}, panic_filter: Main/{PANIC_FILTER}, panic_mutes: [all]}}
engines: {{obs: {{enabled: true}}}}
"""
EVENTS, FLOOR = 2000, 30


@dataclass(frozen=True)
class Set:
    """How the stage is set before a drill."""

    scene: str = "Main"
    transition: str = "Cut"
    studio: bool = False
    muted: frozenset[str] = frozenset()


@dataclass
class Seen:
    """What became of the stage in one drill; milliseconds, None for what did not come.

    Attributes:
        before: how it was set.
        scene, mutes, filter: from the press to OBS's own event.
        back: from asking to resume until all was as before.
        left: what was not, in words.
    """

    before: Set
    scene: float | None = None
    mutes: float | None = None
    filter: float | None = None
    back: float | None = None
    left: list[str] = field(default_factory=list)


class Stage:
    """See the module.

    Args:
        lab: an OBS that runs.

    Attributes:
        last: how it was set last.
    """

    def __init__(self, lab: ObsLab) -> None:
        self.lab = lab
        self._events: deque[tuple[str, dict[str, Any], int]] = deque(maxlen=EVENTS)
        self._client = self._connect()
        self.last = Set()
        # A generator of its own: phases are chosen at random, and here nothing is a secret.
        self._chance = random.Random()  # noqa: S311

    def close(self) -> None:
        """Leave OBS alone."""
        self._client.close()

    def reconnect(self) -> None:
        """After OBS was started anew."""
        self._client.close()
        self._events.clear()
        self._client = self._connect()

    async def prepare(self) -> None:
        """Set another scene, transition, mutes; now and then studio mode.

        Raises:
            BenchFailed: OBS does not answer.
        """
        chance = self._chance
        self.last = Set(
            scene=chance.choice(FROM),
            transition=chance.choice(TRANSITIONS),
            studio=chance.random() < STUDIO,
            muted=frozenset(name for name in SOUNDS if chance.random() < MUTED)
            - {chance.choice(SOUNDS)},  # one is left to be muted
        )
        try:
            await asyncio.to_thread(self._prepare, self.last)
        except ObsTrouble as err:
            raise BenchFailed(f"OBS: {err}") from None

    async def floor(self, samples: int = FLOOR) -> list[float]:
        """Milliseconds from asking OBS for a scene to its event, by a cut and with no show between:
        what no panic can be quicker than, on this machine as busy as it is.

        Raises:
            BenchFailed: OBS does not answer.
        """
        try:
            return await asyncio.to_thread(self._floor, samples)
        except ObsTrouble as err:
            raise BenchFailed(f"OBS: {err}") from None

    def begin(self) -> None:
        """The press is about to come: what was told before does not count."""
        self._events.clear()

    async def reached(self, at: int) -> Seen:
        """Wait for what OBS tells of panic, `EVENT_S` at most.

        Args:
            at: when it was pressed, by `time.perf_counter_ns`.
        """
        seen, end = Seen(self.last), time.monotonic() + EVENT_S
        while time.monotonic() < end:
            self._hear(seen, at)
            if None not in (seen.scene, seen.mutes, seen.filter):
                break
            await asyncio.sleep(POLL_S)
        return seen

    async def put_back(self, seen: Seen, asked: int) -> None:
        """Wait until all is as it was before the drill, `BACK_S` at most; into `seen`.

        Args:
            asked: when resume was asked for, by `time.perf_counter_ns`.

        Raises:
            BenchFailed: OBS does not answer.
        """
        end = time.monotonic() + BACK_S
        try:
            while time.monotonic() < end:
                seen.left = await asyncio.to_thread(self._left, seen.before)
                if not seen.left:
                    seen.back = (time.perf_counter_ns() - asked) / 1e6
                    return
                await asyncio.sleep(POLL_S)
        except ObsTrouble as err:
            raise BenchFailed(f"OBS: {err}") from None

    async def shows(self, scene: str, limit: float) -> None:
        """Wait until a scene is in program.

        Raises:
            BenchFailed: it is not within `limit` seconds, or OBS does not answer.
        """
        end = time.monotonic() + limit
        try:
            while time.monotonic() < end:
                if await asyncio.to_thread(self.program) == scene:
                    return
                await asyncio.sleep(POLL_S)
        except ObsTrouble as err:
            raise BenchFailed(f"OBS: {err}") from None
        raise BenchFailed(f"OBS does not show {scene} within {limit:g} s")

    def program(self) -> str:
        """The scene in program.

        Raises:
            ObsTrouble: OBS does not answer.
        """
        answer = self._client.request("GetCurrentProgramScene")
        return str(answer["currentProgramSceneName"])

    # -- inside ----------------------------------------------------------------------------------

    def _connect(self) -> ObsClient:
        take = self._events.append
        return self.lab.client(lambda name, data, at: take((name, data, at)))

    def _prepare(self, wanted: Set) -> None:
        ask = self._client.request
        if ask("GetStudioModeEnabled")["studioModeEnabled"] != wanted.studio:
            ask("SetStudioModeEnabled", studioModeEnabled=wanted.studio)
        ask("SetCurrentSceneTransition", transitionName="Cut")
        if self.program() != wanted.scene:
            self._events.clear()
            ask("SetCurrentProgramScene", sceneName=wanted.scene)
            # Its event: OBS answers at once, and stands still if the transition changes meanwhile.
            end = time.monotonic() + SETTLE_S
            while not self._came(wanted.scene) and time.monotonic() < end:
                time.sleep(POLL_S)
        ask("SetCurrentSceneTransition", transitionName=wanted.transition)
        if wanted.transition != "Cut":
            ask("SetCurrentSceneTransitionDuration", transitionDuration=FADE_MS)
        for name in SOUNDS:
            ask("SetInputMute", inputName=name, inputMuted=name in wanted.muted)
        ask(
            "SetSourceFilterEnabled",
            sourceName="Main",
            filterName=PANIC_FILTER,
            filterEnabled=False,
        )

    def _came(self, scene: str) -> bool:
        return any(
            name == "CurrentProgramSceneChanged" and data.get("sceneName") == scene
            for name, data, _ in list(self._events)
        )

    def _floor(self, samples: int) -> list[float]:
        found: list[float] = []
        self._prepare(Set())
        for number in range(samples):
            # Random, or it would keep step with OBS's frames.
            time.sleep(self._chance.uniform(0.02, 0.1))
            self._events.clear()
            asked, wanted = time.perf_counter_ns(), FROM[(number + 1) % 2]
            self._client.request("SetCurrentProgramScene", sceneName=wanted)
            end = time.monotonic() + SETTLE_S
            while time.monotonic() < end:
                told = [e for e in list(self._events) if e[0] == "CurrentProgramSceneChanged"]
                came = [at for _, data, at in told if data.get("sceneName") == wanted]
                if came:
                    found.append((came[0] - asked) / 1e6)
                    break
                time.sleep(POLL_S / 5)
        return found

    def _hear(self, seen: Seen, at: int) -> None:
        muted: dict[str, int] = {}
        for name, data, came in list(self._events):
            if came < at:
                continue
            ms = (came - at) / 1e6
            if name == "CurrentProgramSceneChanged" and data.get("sceneName") == BRB:
                seen.scene = ms if seen.scene is None else seen.scene
            elif name == "SourceFilterEnableStateChanged" and data.get("filterEnabled"):
                seen.filter = ms if seen.filter is None else seen.filter
            elif name == "InputMuteStateChanged" and data.get("inputMuted"):
                muted.setdefault(str(data.get("inputName")), came)
        awaited = set(SOUNDS) - seen.before.muted
        if seen.mutes is None and awaited <= muted.keys():
            last = max((muted[name] for name in awaited), default=at)
            seen.mutes = (last - at) / 1e6

    def _left(self, before: Set) -> list[str]:
        """What is not as it was."""
        ask, left = self._client.request, []
        if (scene := self.program()) != before.scene:
            left.append(f"scene {scene} instead of {before.scene}")
        now = ask("GetCurrentSceneTransition")
        if now["transitionName"] != before.transition:
            left.append(f"transition {now['transitionName']} instead of {before.transition}")
        elif before.transition != "Cut" and now["transitionDuration"] != FADE_MS:
            left.append(f"transition takes {now['transitionDuration']} ms instead of {FADE_MS}")
        if ask("GetStudioModeEnabled")["studioModeEnabled"] != before.studio:
            left.append("studio mode")
        muted = {name: ask("GetInputMute", inputName=name)["inputMuted"] for name in SOUNDS}
        left += [f"mute of {name}" for name in SOUNDS if muted[name] != (name in before.muted)]
        held = ask("GetSourceFilter", sourceName="Main", filterName=PANIC_FILTER)
        if held["filterEnabled"]:
            left.append(f"filter {PANIC_FILTER}")
        return left
