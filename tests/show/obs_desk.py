"""A scripted OBS on a scripted show: `Stage` with the show's side of OBS beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from engines.harness import Call, Engine, Refused, handles
from engines.wire import obs, show
from kitsu_tui.config import Profile
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.scenes import Scenes
from tests.show.stage import Stage
from tests.show.stand_in import Unit

SCENES = ["Main", "Close-up", "Wide", "Game", "BRB"]


class Desk:
    """What OBS is asked, and what it does.

    Attributes:
        state: of OBS; requests for a scene change it, and it is told.
        asked: every change that was asked for.
        refuse: the code and words with which every change is refused.
        gate: changes wait for it.
        fade: scenes come by a transition, whose end the test tells.
    """

    def __init__(self) -> None:
        self.state = obs.State(link="open", scene="Main", scenes=list(SCENES))
        self.asked: list[obs.Change] = []
        self.refuse: tuple[str, str] | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.fade = False
        self.engine: Any = None

    def tell(self, **changes: Any) -> None:
        """It is so from now on, and told."""
        self.state = replace(self.state, **changes)
        self.engine.link.send(obs.STATE, self.state)

    def scenes(self) -> list[str]:
        """Scenes that were asked for."""
        return [change.scene for change in self.asked if isinstance(change, obs.SetScene)]

    def texts(self) -> list[str]:
        """Texts that were asked for."""
        return [change.text for change in self.asked if isinstance(change, obs.SetText)]


def obs_class(desk: Desk) -> type[Engine[obs.Config]]:
    """The engine of a desk."""

    class Obs(Engine[obs.Config]):
        name = "obs"
        Config = obs.Config
        events = obs.EVENTS

        async def start(self) -> None:
            desk.engine = self

        @handles(obs.CHANGE)
        async def change(self, params: obs.Ask, call: Call) -> obs.Changed:
            desk.asked.append(params.change)
            await desk.gate.wait()
            if desk.refuse is not None:
                raise Refused(*desk.refuse)
            detail = "done"
            if isinstance(params.change, obs.SetScene):
                detail = f"scene {params.change.scene}"
                if params.change.scene != desk.state.scene and not desk.fade:
                    desk.tell(scene=params.change.scene)
            return obs.Changed(detail=detail, ms=1.0)

    return Obs


class Told(list[show.ShowEvent]):
    """What was told, and those who follow it."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: list[Callable[[show.ShowEvent], None]] = []

    def append(self, event: show.ShowEvent) -> None:
        super().append(event)
        for hook in self.hooks:
            hook(event)


class ObsStage(Stage):
    """A conversation with OBS beside it.

    Args:
        profile: sections of the profile, such as `scenes`.
        there: OBS is there from the beginning.
    """

    def __init__(self, *, there: bool = True, **profile: Any) -> None:
        super().__init__()
        self.told = self.hooked = Told()
        self.desk = Desk()
        self._there = there
        self.profile = msgspec.convert(profile, Profile)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.cast.units["obs"] = Unit("obs", self.cast.stale, self.faults)
        self.scenes = Scenes(
            self.profile,
            self.cast,  # type: ignore[arg-type]
            self.told.append,
            lambda: self.latch.panicked,
            clock=lambda: self.now,
        )
        self.scene.felt = self.scenes.felt
        self.hooked.hooks.append(self.scenes.on_event)
        if self._there:
            await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.desk.gate.set()
        await self.scenes.stopping()
        await super().__aexit__(kind, error, trace)

    async def open(self) -> None:
        """The engine starts, and tells of OBS."""
        await self.cast.units["obs"].start(obs_class(self.desk))
        self.desk.tell()
        await self.settle()

    async def die(self, state: show.EngineState = "backoff") -> None:
        """The engine dies."""
        await self.kill("obs")
        self.told.append(show.EngineChanged(engine="obs", state=state))
        await self.settle()

    async def by_hand(self, scene: str) -> None:
        """Somebody changes the scene in OBS."""
        self.desk.tell(scene=scene)
        await self.settle()

    async def speak(self, *sentences: str, mood: str = "happy") -> None:
        """She says something, to its end."""
        await self.typed("hi")
        thought = self.mind.asked[-1]
        thought.say(*sentences)
        thought.finish(mood=mood)
        await self.play(sum(len(s.split()) for s in sentences) * 200 + 200)

    def changes(self) -> list[tuple[str, str, str]]:
        """Scenes in program as they were told: scene, who, why."""
        return [(e.scene, e.by, e.why) for e in self.of(show.SceneChanged)]

    def alerts(self) -> list[str]:
        """Alerts on OBS."""
        return [event.text for event in self.of(show.Alert) if event.about == "obs"]

    async def refused(self, work: Any) -> str:
        """The words with which it is refused."""
        task = asyncio.ensure_future(work)
        await self.settle()
        await self.advance(10.0)
        error = task.exception()
        assert isinstance(error, Refusal), task
        return str(error)
