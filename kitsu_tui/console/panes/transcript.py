"""Transcript: who said what, what she answers as it comes, what was cut and what the gate stopped.

What stands for what, without colour: `…` is still being understood or thought, `▶` is on air,
what stands in square brackets (and is struck) was not heard, with the reason before it. Of a show
that is no longer attached nothing is on air: what was under way is marked as last seen.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from kitsu_tui.console.lines import BLANK, Line, Span, visible, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.line_view import LineView
from kitsu_tui.console.words import clock
from kitsu_tui.model.state import SentenceView, TurnView

INDENT = 9
HER = "she"

_SOURCES = {"voice": "by voice", "operator": "typed", "chat": "chat", "api": "api"}
_LOST = {"stale": "overtaken", "muted": "muted", "failed": "not spoken"}


def said(turn: TurnView) -> list[Span]:
    """What was said to her."""
    spans: list[Span] = [
        (f"{clock(turn.started)} ", "dim"),
        (visible(turn.who.removeprefix("console:")) or "somebody", "you"),
        (f" ({_SOURCES[turn.source]}) ", "dim"),
    ]
    text = visible(turn.said)
    if turn.stopped:
        spans += _lost(f"gate: {visible(turn.stopped)}", text, "bad")
    elif turn.said_final:
        spans.append((text, ""))
    else:
        spans.append((f"{text}…", "dim"))
    return spans


def sentence(view: SentenceView, *, alive: bool = True) -> list[Span]:
    """One sentence of hers, with what became of it."""
    text = visible(view.text).strip()
    category = visible(view.category or view.action)
    if view.action in ("hold", "drop", "panic"):
        return _lost(f"gate: {category}", text, "bad")
    spans: list[Span] = []
    if view.action != "allow":
        spans += _lost(f"gate: {category}, {view.action}d", text, "warn")
        text = visible(view.spoken).strip()
    if view.status == "airing" and alive:
        spans.append((f"▶ {text} ", "accent"))
    elif view.status == "cut":
        spans += _cut(text, visible(view.heard).strip())
    elif view.status in _LOST:
        spans += _lost(_LOST[view.status], text, "warn")
    elif view.status == "played":
        spans.append((f"{text} ", ""))
    else:
        spans.append((f"{text} ", "dim"))
    return spans


def _lost(why: str, text: str, style: str) -> list[Span]:
    return [(f"[{why}: ", style), (text, "struck"), ("] ", style)]


def _cut(text: str, heard: str) -> list[Span]:
    rest = text[len(heard) :].strip() if text.startswith(heard) else ""
    spans: list[Span] = [(f"{heard} ", "")] if heard else []
    return spans + (_lost("cut", rest, "warn") if rest else [("[cut] ", "warn")])


def answer(turn: TurnView, *, alive: bool = True) -> list[Span]:
    """What she answers: judged sentences, then what is not judged yet."""
    mood = f" ({visible(turn.mood)})" if turn.mood else ""
    spans: list[Span] = [(HER, "she"), (f"{mood} ", "dim")]
    for view in turn.sentences:
        spans += sentence(view, alive=alive)
    tail = turn.draft
    if turn.sentences and tail:
        last = turn.sentences[-1].text
        at = tail.rfind(last)
        tail = tail[at + len(last) :] if at >= 0 else ""
    if tail.strip():
        spans.append((f"{visible(tail.strip())}…", "dim"))
    elif not turn.sentences and turn.answer:
        spans.append((visible(turn.answer), ""))
    if turn.status and turn.status != "ok":
        why = f": {visible(turn.detail)}" if turn.detail else ""
        style = "bad" if turn.status in ("error", "panic", "blocked") else "warn"
        spans.append((f"[{turn.status}{why}] ", style))
    if turn.actions:
        spans.append((f"[{', '.join(map(visible, turn.actions))}] ", "dim"))
    if "audible" in turn.marks_ms:
        spans.append((f"{turn.marks_ms['audible']:.0f} ms", "dim"))
    return spans


def block(turn: TurnView, width: int, *, alive: bool = True) -> list[Line]:
    """A whole turn, wrapped. `alive`: False when the show that it belongs to is not attached."""
    asked, answered = said(turn), answer(turn, alive=alive)
    begun = bool(turn.sentences or turn.draft or turn.status)
    if not alive and not turn.status:
        last = answered if begun else asked
        gap = "" if last[-1][0].endswith(" ") else " "
        last.append((f"{gap}[as last seen, unfinished] ", "warn"))
    lines = wrap(asked, width, INDENT)
    if begun:
        lines += wrap([(" " * INDENT, ""), *answered], width, INDENT)
    return lines


def _state_of(turn: TurnView) -> Hashable:
    """What a turn's lines depend on, apart from the width."""
    sentences = tuple((s.seq, s.status, s.action, s.heard, s.text) for s in turn.sentences)
    return (
        turn.rev,
        turn.said,
        turn.said_final,
        turn.stopped,
        turn.draft,
        turn.status,
        turn.mood,
        turn.detail,
        sentences,
    )


class Transcript(LineView):
    """See the module. Only turns that changed are laid out again."""

    NAME: ClassVar[str] = "transcript"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("transcript",))
    TICKS: ClassVar[bool] = False

    DEFAULT_CSS = "Transcript { overflow-y: scroll; }"

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Transcript"
        self._blocks: dict[int, tuple[Hashable, list[Line]]] = {}
        self._lines: list[Line] = []
        self._link: Link | None = None

    def line_count(self) -> int:
        return len(self._lines)

    def line_at(self, y: int) -> Line:
        return self._lines[y]

    def paint(self, link: Link, now: float) -> None:
        """Show the turns as they are."""
        self._link = link
        width = self.room
        if width <= 0:
            return
        kept: dict[int, tuple[Hashable, list[Line]]] = {}
        lines: list[Line] = []
        for turn in link.state.turns:
            alive = link.attached or bool(turn.status)
            state = (width, alive, _state_of(turn))
            have = self._blocks.get(turn.turn)
            if have is None or have[0] != state:
                have = (state, block(turn, width, alive=alive))
            kept[turn.turn] = have
            if lines:
                lines.append(BLANK)
            lines += kept[turn.turn][1]
        first = next(iter(kept), 0)
        gone = sum(len(have[1]) + 1 for turn, have in self._blocks.items() if turn < first)
        self._blocks = kept
        if not lines:
            lines = [(("nobody has said anything yet; / to type to her", "dim"),)]
        if lines != self._lines:
            self._lines = lines
            self.lines_changed(gone)
        self.following_changed()

    def following_changed(self) -> None:
        self.border_subtitle = "" if self.following else "↑ End follows"

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, 0)
