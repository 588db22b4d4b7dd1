"""The list of turns: each is numbered, announced at most once, and then ends exactly once."""

from __future__ import annotations

from collections.abc import Callable

from engines.wire import show
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.turn import Status, Turn

VoiceHook = Callable[[Turn], None]


class Turns:
    """Turns that are announced and have not ended.

    Args:
        tell: tells the show's events.
        latch: gives new turns their epoch.
    """

    def __init__(self, tell: Callable[[show.ShowEvent], None], latch: Latch) -> None:
        self._tell = tell
        self._latch = latch
        self._count = 0
        self._open: dict[int, Turn] = {}
        self._hooks: list[VoiceHook] = []

    def new(self, source: show.Source, who: str, text: str) -> Turn:
        """A turn that nobody knows of yet."""
        self._count += 1
        return Turn(self._count, source, who, self._latch.epoch, text)

    def __contains__(self, turn: Turn) -> bool:
        return turn.number in self._open

    def open(self) -> list[Turn]:
        """Those that have not ended, oldest first."""
        return list(self._open.values())

    def announce(self, turn: Turn, text: str = "") -> None:
        """Tell that it begins, unless that was told."""
        if turn.number in self._open or turn.over:
            return
        self._open[turn.number] = turn
        self._tell(show.TurnStarted(turn=turn.number, source=turn.source, who=turn.who, text=text))
        if turn.source == "voice":
            hooks, self._hooks = self._hooks, []
            for hook in hooks:
                hook(turn)

    def next_voice(self, hook: VoiceHook) -> Callable[[], None]:
        """Call `hook` with the next turn that somebody speaks; returns what undoes it."""
        self._hooks.append(hook)

        def undo() -> None:
            if hook in self._hooks:
                self._hooks.remove(hook)

        return undo

    def end(self, turn: Turn, event: show.TurnDone) -> None:
        """Tell its end."""
        if turn.done.done():
            return
        turn.over = True
        self._open.pop(turn.number, None)
        self._tell(event)
        turn.done.set_result(event)

    def end_unheard(self, turn: Turn, status: Status, detail: str = "") -> None:
        """Tell the end of one that got no answer."""
        self.end(
            turn,
            show.TurnDone(
                turn=turn.number,
                rev=turn.rev,
                status=status,
                answer="",
                detail=detail,
                marks_ms=turn.marks_ms(),
            ),
        )
