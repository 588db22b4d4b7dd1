"""What the show tells of OBS, and who chose the scene that is in program."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from engines.wire import obs, show
from engines.wire.codec import encoder
from kitsu_tui.model.surfaces import is_drill

EXPECTED_S = 30.0
"""How long a scene that was asked for is expected: OBS tells of it at the end of a transition."""
SETTLED_S = 2.0
"""The same where nothing had to be changed."""
RESUME_S = 5.0
"""How long after a resume another scene is taken for what was put back."""
DETAIL_S = 30.0
"""Shortest time between two words on a link that is as it was, such as of each vain try."""
TOLD_BYTES = 200_000
"""Bound of what is told of OBS at once: it stands in the picture, which must fit on a line."""
TEXT = 200


@dataclass
class Asked:
    """A scene that was asked for through the show."""

    scene: str
    by: str
    why: str
    until: float


class ObsTold:
    """Turns what the engine says into what the show tells.

    Args:
        latched: true while panic is latched.
        by_hand: called when somebody chose a scene in OBS itself.
        clock: seconds, monotonic.

    Attributes:
        scene: in program, as it was told last.
    """

    def __init__(
        self,
        tell: Callable[[show.ShowEvent], None],
        latched: Callable[[], bool],
        by_hand: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._tell = tell
        self._latched = latched
        self._by_hand = by_hand
        self._clock = clock
        self.scene = ""
        self._asked: deque[Asked] = deque(maxlen=8)
        self._link: show.ObsLink | None = None
        self._link_told = float("-inf")
        self._panic_by = self._resumed_by = ""
        self._resumed_at = float("-inf")

    def expect(self, scene: str, by: str, why: str) -> Asked:
        """A scene is asked for: it is theirs when it comes."""
        asked = Asked(scene, by, why, self._clock() + EXPECTED_S)
        self._asked.append(asked)
        return asked

    def settled(self, asked: Asked) -> None:
        """The engine says that it was done. A scene that was in program before is no news; of any
        other OBS tells at the end of the transition.
        """
        if asked.scene == self.scene:
            asked.until = min(asked.until, self._clock() + SETTLED_S)

    def forget(self, asked: Asked) -> None:
        """It will not come."""
        if asked in self._asked:
            self._asked.remove(asked)

    def on_event(self, event: show.ShowEvent) -> None:
        """Follow who pressed panic, and who released it."""
        if isinstance(event, show.Panicked):
            self._panic_by = event.by
            self._asked.clear()  # what was asked for before it comes only when it is put back
        elif isinstance(event, show.Resumed):
            self._resumed_by, self._resumed_at = event.by, self._clock()

    def gone(self, why: str) -> None:
        """There is no engine any more that could know anything."""
        self._asked.clear()
        if self._link is not None and self._link.link == "open":
            self._tell_link(replace(self._link, link="closed", detail=why))
        self._link = None

    def state(self, state: obs.State, before: obs.State | None, config: obs.Config) -> None:
        """The engine told how OBS is; `before` is what it told before that."""
        self.again(state, config)
        self._tell_link(
            show.ObsLink(
                link=state.link,
                detail=state.detail,
                streaming=state.streaming,
                recording=state.recording,
            )
        )
        if state.link != "open" or not state.scene or state.scene == self.scene:
            return
        held = self._latched() or state.panicked
        panicked = held or (before is not None and before.panicked)
        last, self.scene = self.scene, state.scene
        found = before is None or before.link != "open"
        brb = config.brb_scene
        by, why = self._whose(state.scene, panicked=panicked, found=found, brb=brb)
        if found and not why:
            why = "as found"  # an OBS that was started anew begins with any scene
        elif not by and not why:
            self._by_hand()
        self._tell(show.SceneChanged(scene=state.scene, before=last, by=by, why=why))

    def again(self, state: obs.State, config: obs.Config) -> None:
        """Tell how OBS is, and what is offered of it."""
        offers = [name for name in dict.fromkeys(config.scenes) if name in state.scenes]
        self._tell(show.ObsState(state=fitting(state), offers=offers[: obs.MOST]))

    def _tell_link(self, link: show.ObsLink) -> None:
        told, now = self._link, self._clock()
        again = told is not None and replace(told, detail=link.detail) == link
        if link == told or (again and now - self._link_told < DETAIL_S):
            return
        self._link, self._link_told = link, now
        self._tell(link)

    def _whose(self, scene: str, *, panicked: bool, found: bool, brb: str) -> tuple[str, str]:
        """Who asked for a scene, and why."""
        now = self._clock()
        while self._asked and self._asked[0].until < now:
            self._asked.popleft()
        for asked in reversed(self._asked):
            if asked.scene == scene:
                while self._asked.popleft() is not asked:
                    pass  # an older wish was overtaken
                return asked.by, asked.why
        lately = now - self._resumed_at < RESUME_S and not found
        # OBS may tell of panic's scene only after a quick resume, with what is put back to follow.
        if scene == brb and (panicked or lately):
            return self._panic_by, "drill" if is_drill(self._panic_by) else "panic"
        if lately or (panicked and not self._latched()):
            self._resumed_at = float("-inf")
            return self._resumed_by, "drill" if is_drill(self._resumed_by) else "resumed"
        return "", ""


def fitting(state: obs.State) -> obs.State:
    """The same within `TOLD_BYTES`: long texts are cut, then the ends of long lists."""
    if any(i.text is not None and len(i.text) > TEXT for i in state.inputs):
        state = replace(
            state,
            inputs=[replace(i, text=i.text[:TEXT]) if i.text else i for i in state.inputs],
        )
    for lists in (("filters",), ("items",), ("inputs",), ("scenes", "missing")):
        while len(encoder.encode(state)) > TOLD_BYTES and any(
            getattr(state, name) for name in lists
        ):
            halves = {n: getattr(state, n)[: len(getattr(state, n)) // 2] for n in lists}
            state = replace(state, **halves)
    return state
