"""Which scene the show brings by itself, and when: a pure policy with an injected clock.

It holds at most one wish: what happened last wins. A wish that comes while a scene chosen by hand
is held is dropped, not kept: a scene that jumps half a minute after somebody chose another one
would surprise them, and what she does next wishes anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from kitsu_tui.config.schema import Scenes

Happening: TypeAlias = Literal["started", "resumed", "operator_back"]

LASTS_S = 60.0
"""How long what happens once waits for OBS: at a show's start OBS may still be starting, too."""
REASONS = {
    "started": "the show began",
    "stopping": "the show ends",
    "speaking": "she speaks",
    "quiet": "she is quiet",
    "resumed": "resumed",
    "operator_back": "an operator is back",
}


class Wish(NamedTuple):
    """A scene that should be in program."""

    scene: str
    why: str
    until: float = 0.0
    """When it is given up if OBS cannot be asked; 0: at once."""


class ScenePolicy:
    """Decides; asks nobody.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, scenes: Scenes, clock: Callable[[], float]) -> None:
        self._scenes = scenes
        self._clock = clock
        self._wish: Wish | None = None
        self._hand_until = self._next_at = float("-inf")
        self._stands = self._busy = self._speaking = False
        self._panicked = False
        self._quiet_at: float | None = None
        self._turn = -1
        self._mood_of = (-1, "")
        self._held = ""
        self._wished: tuple[int, str] | None = None

    def use(self, scenes: Scenes) -> None:
        """Go by another profile from now on."""
        self._scenes, self._wish = scenes, None

    def mapped(self) -> dict[str, list[str]]:
        """Every scene that the profile names, with what brings it."""
        found: dict[str, list[str]] = {}
        for mood, scene in self._scenes.moods.items():
            found.setdefault(scene, []).append(f"mood {mood}")
        for name, scene in self._scenes.events.items():
            found.setdefault(scene, []).append(name)
        found.pop("", None)
        return found

    def scene_of(self, event: Literal["stopping"]) -> str:
        """The scene of an event that waits for nothing; empty: none."""
        return self._scenes.events.get(event, "")

    # -- what happens ------------------------------------------------------------------------

    def happened(self, event: Happening) -> None:
        """Something that happens once."""
        scene = self._scenes.events.get(event, "")
        if event == "operator_back" and scene:
            self._stands = False
        self._want(scene, REASONS[event], self._clock() + LASTS_S)

    def speaks(self, turn: int) -> None:
        """A sentence of this turn became audible."""
        self._turn, self._speaking, self._quiet_at = turn, True, None
        self._on_air()

    def fell_silent(self) -> None:
        """No sentence is on air any more; the next may follow at once."""
        if self._speaking:
            self._quiet_at = self._clock() + self._scenes.quiet_s

    def felt(self, turn: int, mood: str) -> None:
        """The mood of this turn's answer is known; nothing is done before it is on air."""
        self._mood_of = (turn, mood)
        if self._speaking and turn == self._turn:
            self._on_air()

    def held(self, mood: str) -> None:
        """An operator holds her in a mood, or lets go (empty)."""
        if mood == self._held:
            return
        self._held = mood
        if mood:
            self._want(self._scenes.moods.get(mood, ""), f"mood {mood}, held")

    def by_hand(self) -> None:
        """Somebody chose a scene: it stays for a while."""
        self._hand_until = self._clock() + self._scenes.hold_s
        self._stands, self._wish = False, None

    def stand(self) -> None:
        """The scene of an operator who is gone stays until somebody chooses another."""
        self._stands, self._wish = True, None

    def let_go(self) -> None:
        """It stands no more."""
        self._stands = False

    @property
    def stands(self) -> bool:
        """True while that scene stays."""
        return self._stands

    def panicked(self, latched: bool) -> None:
        """Panic is latched, or was released."""
        self._panicked = latched
        if latched:
            self._wish = None
            self._speaking, self._quiet_at = False, None

    def began(self) -> None:
        """A change of its own is under way."""
        self._busy = True

    def ended(self) -> None:
        """It was done, or has failed."""
        self._busy, self._next_at = False, self._clock() + self._scenes.every_s

    # -- what follows ------------------------------------------------------------------------

    def due(self, scene: str, *, can: bool) -> Wish | None:
        """What to ask for now, and forget.

        Args:
            scene: what is in program.
            can: OBS can be asked, and may be.
        """
        now = self._clock()
        if self._quiet_at is not None and now >= self._quiet_at:
            self._quiet_at, self._speaking = None, False
            self._want(self._scenes.events.get("quiet", ""), REASONS["quiet"])
        wish = self._wish
        if wish is None or self._busy:
            return None
        if wish.scene == scene and can:
            self._wish = None
            return None
        if not can:
            if now >= wish.until:
                self._wish = None
            return None
        if now < self._next_at:
            return None
        self._wish = None
        return wish

    def wait(self) -> float | None:
        """Seconds after which `due` may say something else though nothing happens; None: never."""
        times = [self._quiet_at] if self._quiet_at is not None else []
        if self._wish is not None and not self._busy:
            now = self._clock()
            times += [t for t in (self._next_at, self._wish.until) if t > now]
        return max(0.0, min(times) - self._clock()) if times else None

    def _on_air(self) -> None:
        """She speaks: the scene of her mood, else that of speaking; once for each of a turn's."""
        turn, mood = self._mood_of
        mood = self._held or (mood if turn == self._turn else "")
        scene = self._scenes.moods.get(mood, "") if mood else ""
        why = f"mood {mood}"
        if not scene:
            scene, why = self._scenes.events.get("speaking", ""), REASONS["speaking"]
        if self._wished != (self._turn, scene):
            self._wished = (self._turn, scene)
            self._want(scene, why)

    def _want(self, scene: str, why: str, until: float = 0.0) -> None:
        held = self._stands or self._clock() < self._hand_until
        if scene and not self._panicked and not held:
            self._wish = Wish(scene, why, until)
