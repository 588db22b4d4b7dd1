"""The show's side of OBS: what it tells of it, who chose a scene, and what it does by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engines.wire import obs, show
from engines.wire.peer import RequestFailed
from kitsu_tui.config import Profile
from kitsu_tui.config.errors import nearest
from kitsu_tui.model.surfaces import is_drill
from kitsu_tui.show.captions import Captions
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.obs_told import ObsTold
from kitsu_tui.show.onair import OnAir
from kitsu_tui.show.scene_policy import ScenePolicy, Wish

if TYPE_CHECKING:
    from kitsu_tui.show.supervisor import Supervisor

log = logging.getLogger("show.scenes")

BY_ITSELF = "profile"
"""Who asked, for what the profile maps."""
ASK_S = 8.0
"""Longest wait for the engine; it has deadlines of its own."""
CAPTION_S = 3.0
STOPPING_S = 0.8
TRANSITION_S = 20.0
"""How long one may take, in OBS's settings; its scene is in program at its end."""
PUT_BACK_S = 3.0
SCENE_STEP = "obs.scene"
"""What panic calls the scene among its surfaces."""
UP = ("ready", "degraded", "unresponsive", "stopping")


class Scenes:
    """OBS as the show sees it. Made once; a hook of the bus calls `on_event`.

    Args:
        latched: true while panic is latched.
        clock: seconds, monotonic.

    Attributes:
        state: what the engine told last, None while there is no engine to tell.
        policy: what it brings by itself.
    """

    def __init__(
        self,
        profile: Profile,
        supervisor: Supervisor,
        tell: Callable[[show.ShowEvent], None],
        latched: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._supervisor = supervisor
        self._tell = tell
        self._latched = latched
        self._clock = clock
        self.state: obs.State | None = None
        self.policy = ScenePolicy(profile.scenes, clock)
        self._captions = Captions(self._caption, self._can, profile.obs.caption)
        self._on_air = OnAir()
        self._told = ObsTold(tell, latched, self.policy.by_hand, clock)
        self._troubles: dict[str, str] = {}
        self._missing: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()
        """Set when another scene is in program, or nothing is known any more."""
        self._resumed: asyncio.TimerHandle | None = None
        self._over = False
        supervisor.listen("obs", obs.STATE, lambda state, _: self._on_state(state))
        supervisor.listen("obs", obs.FIGURES, lambda figures, _: self._on_figures(figures))

    def use(self, profile: Profile) -> None:
        """Go by another profile from now on."""
        self._profile = profile
        self.policy.use(profile.scenes)
        self._captions.use(profile.obs.caption)
        self._troubles.clear()
        self._missing = frozenset()
        if self.state is not None:
            self._told.again(self.state, profile.obs)
            self._look_for_missing(self.state)
        self._pump()

    # -- asked -------------------------------------------------------------------------------

    def why_not(self) -> str:
        """Why OBS cannot be asked now, in words; empty when it can."""
        if not self._supervisor.is_ready("obs"):
            return f"{self._supervisor.why_not('obs')}: kitsu start obs"
        state = self.state
        if state is None:
            return "nothing is known of OBS yet"
        if state.link == "open":
            return ""
        words = {
            "connecting": "OBS is not connected yet",
            "closed": "OBS is closed, or its WebSocket server is off",
            "hung": "OBS does not answer",
            "refused": "OBS refuses the password",
            "foreign": "what listens there is no OBS",
        }
        return state.detail or words[state.link]

    async def change(
        self, change: obs.Change, by: str, why: str = "", *, timeout: float = ASK_S
    ) -> obs.Changed:
        """Have something in OBS changed.

        Raises:
            Refusal: it was not done, in words.
        """
        if reason := self.why_not():
            raise Refusal(reason)
        asked = None
        if isinstance(change, obs.SetScene):
            asked = self._told.expect(change.scene, by, why)
        try:
            done = await self._supervisor.request(
                "obs", obs.CHANGE, obs.Ask(change=change), timeout=timeout
            )
        except RequestFailed as err:
            if asked is not None and err.code not in ("late", "timeout"):
                self._told.forget(asked)
            raise Refusal(err.detail) from None
        if asked is not None:
            self._told.settled(asked)
        return done

    async def choose(self, scene: str, by: str, *, cut: bool = False) -> obs.Changed:
        """An operator's wish: it stays for as long as the profile says.

        Raises:
            Refusal: it was not done, in words.
        """
        self.policy.by_hand()
        return await self.change(obs.SetScene(scene=scene, cut=cut), by)

    @property
    def brb(self) -> str:
        """The scene of panic and of an operator who is gone."""
        return self._profile.obs.brb_scene

    @property
    def standing(self) -> bool:
        """The BRB scene was brought by `bring_brb`, and nobody has chosen another one since."""
        return self.policy.stands

    async def bring_brb(self, by: str) -> str:
        """Bring that scene by a cut; it stays until somebody chooses another one.

        Raises:
            Refusal: it was not done, in words.
        """
        self.policy.stand()
        return (await self.change(obs.SetScene(scene=self.brb, cut=True), by)).detail

    async def stopping(self) -> None:
        """The show ends: bring the scene of that, if there is one, and wait a moment for it."""
        self._over = True
        self._captions.close()
        scene = self.policy.scene_of("stopping")
        wishes = [obs.SetText(input=self._profile.obs.caption, text="")]
        changes: list[obs.Change] = [w for w in wishes if w.input]
        if scene and not self._latched():
            changes.append(obs.SetScene(scene=scene))
        if not changes or self.why_not():
            return
        asks = [
            asyncio.create_task(self.change(change, BY_ITSELF, "the show ends"))
            for change in changes
        ]
        await asyncio.wait(asks, timeout=STOPPING_S)
        for ask in asks:
            ask.cancel()
        for result in await asyncio.gather(*asks, return_exceptions=True):
            if isinstance(result, Refusal):
                log.warning("at the end of the show: %s", result)

    # -- what the show tells -----------------------------------------------------------------

    def on_event(self, event: show.ShowEvent) -> None:
        """Follow what happens."""
        if self._over:
            return
        self._told.on_event(event)
        if self._on_air.follow(event):
            self.policy.fell_silent()
        if isinstance(event, show.EngineChanged):
            if event.engine != "obs":
                return
            if event.state not in UP:
                self.state = None
                self._news.set()
                self._told.gone(f"obs is {event.state}")
        elif not self._matters(event):
            return
        self._captions.on_event(event)
        self._pump()

    def _matters(self, event: show.ShowEvent) -> bool:
        """Tell the policy; False when an event is of no account here."""
        policy = self.policy
        if isinstance(event, show.Airing):
            policy.speaks(event.turn)
        elif isinstance(event, show.Panicked | show.Resumed):
            policy.panicked(latched=isinstance(event, show.Panicked))
            self._await_put_back(event)
        elif isinstance(event, show.PutBack):
            self._put_back(event)
        elif isinstance(event, show.OperatorBack):
            if self._told.scene != self.brb:
                policy.let_go()  # it was not brought, or another one was chosen
            policy.happened("operator_back")
        elif isinstance(event, show.PersonaState):
            policy.held(event.mood)
        elif isinstance(event, show.ShowStarted):
            policy.happened("started")
        else:
            return isinstance(event, show.Aired | show.TurnDone)
        return True

    def _await_put_back(self, event: show.Panicked | show.Resumed) -> None:
        """After a resume it is told what was put back, unless there was nothing."""
        if self._resumed is not None:
            self._resumed.cancel()
            self._resumed = None
        if isinstance(event, show.Resumed) and not is_drill(event.by):
            loop = asyncio.get_running_loop()
            self._resumed = loop.call_later(PUT_BACK_S, self._put_back, show.PutBack(epoch=0))

    def _put_back(self, event: show.PutBack) -> None:
        if self._resumed is None:
            return  # a drill's, or what was put back later
        self._resumed.cancel()
        self._resumed = None
        waits = {"obs", SCENE_STEP} & (set(event.why) - set(event.surfaces))
        if event.surfaces.get(SCENE_STEP) is None and not waits:
            self.policy.happened("resumed")
            self._pump()

    def felt(self, turn: int, mood: str) -> None:
        """The mood of an answer is known."""
        self.policy.felt(turn, mood)
        self._pump()

    # -- what the engine tells ---------------------------------------------------------------

    def _on_figures(self, figures: obs.Figures) -> None:
        if self.state is not None:
            self._tell(show.ObsFigures(figures=figures))

    def _on_state(self, state: obs.State) -> None:
        before, self.state = self.state, state
        opened = state.link == "open" and (before is None or before.link != "open")
        scene = self._told.scene
        self._told.state(state, before, self._profile.obs)
        if self._told.scene != scene or state.link != "open":
            self._news.set()
        self._look_for_missing(state)
        if opened:
            self._captions.anew()
        self._pump()

    def _look_for_missing(self, state: obs.State) -> None:
        """Scenes that the profile maps, or panic brings, and OBS does not have are told once."""
        if state.link != "open" or not state.scenes or len(state.scenes) >= obs.MOST:
            return
        mapped = self.policy.mapped()
        mapped.setdefault(self._profile.obs.brb_scene, []).append("panic (obs.brb_scene)")
        missing = frozenset(mapped) - frozenset(state.scenes)
        for scene in sorted(missing - self._missing):
            hint = nearest(scene, state.scenes)
            self._alert(
                f"OBS has no scene {scene!r}{hint}, which the profile names for "
                f"{', '.join(mapped[scene])}"
            )
        self._missing = missing

    # -- by itself ---------------------------------------------------------------------------

    def _can(self) -> bool:
        state = self.state
        return (
            not self._over
            and state is not None
            and state.link == "open"
            and self._supervisor.is_ready("obs")
        )

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._over:
            return
        can = self._can() and not self._latched() and not (self.state and self.state.panicked)
        wish = self.policy.due(self._told.scene, can=can)
        if wish is not None and wish.scene not in self._missing:
            self.policy.began()
            self._job(self._bring(wish))
        wait = self.policy.wait()
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(wait + 0.01, self._pump)

    async def _bring(self, wish: Wish) -> None:
        what, change = f"scene {wish.scene!r} ({wish.why})", obs.SetScene(scene=wish.scene)
        try:
            if await self._try(what, change, wish.why) and self._told.scene != wish.scene:
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TRANSITION_S):
                        await self._news.wait()
        finally:
            self.policy.ended()
            self._pump()

    async def _caption(self, change: obs.Change) -> bool:
        return await self._try("captions", change, "captions", CAPTION_S)

    async def _try(self, what: str, change: obs.Change, why: str, timeout: float = ASK_S) -> bool:
        """Ask; what fails is told once, until it works again."""
        try:
            await self.change(change, BY_ITSELF, why, timeout=timeout)
        except Refusal as err:
            log.info("%s: %s", what, err)
            if self._can() and not self._latched() and self._troubles.get(what) != str(err):
                self._troubles[what] = str(err)
                self._alert(f"{what}: {err}")
            return False
        self._troubles.pop(what, None)
        return True

    def _alert(self, text: str) -> None:
        self._tell(show.Alert(level="warning", text=text, about="obs"))

    def _job(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
