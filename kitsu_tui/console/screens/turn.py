"""All about one turn: who asked, what was judged and why, how long each stage took."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kitsu_tui.console.lines import BLANK, Line, Span, clip, fit, visible, wrap
from kitsu_tui.console.turn_lines import name_of, plain, unjudged
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import STAGE_WORDS, clock
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.state import SentenceView, TurnView

LOOK_S = 0.5
_NAME = 14
_BY = {"voice": "by voice", "operator": "typed by an operator", "chat": "in chat", "api": "by api"}


def lines(what: TurnView | NoteView, width: int) -> list[Line]:
    """All about a turn or a note."""
    if isinstance(what, NoteView):
        return _note(what, width)
    ended = f", ended {clock(what.ended)}" if what.ended else ""
    out = [
        *_field("turn", f"{what.turn}, began {clock(what.started)}{ended}", width),
        *_field("who", f"{name_of(what.who)} ({visible(what.who)}), {_BY[what.source]}", width),
        *_field("said", visible(what.said) + ("" if what.said_final else "…"), width),
    ]
    if what.entry is not None:
        out += _verdict(what.entry, width)
    status = what.status or "goes on"
    detail = f": {visible(what.detail)}" if what.detail else ""
    out += _field("status", f"{status}{detail}", width)
    if what.rev:
        out += _field("revision", f"{what.rev}: they went on, her earlier answer was let go", width)
    if what.mood:
        out += _field("mood", visible(what.mood), width)
    if what.actions:
        out += _field("actions", ", ".join(map(visible, what.actions)), width)
    out.append(BLANK)
    for view in what.sentences:
        out += _sentence(view, width)
    tail = unjudged(what)
    if tail:
        out += _field("draft", f"{visible(tail)} (not judged yet)", width)
    if what.answer:
        out += _field("heard of it", visible(what.answer), width)
    return [*out, *_stages(what.marks_ms, width)]


def _note(note: NoteView, width: int) -> list[Line]:
    return [
        *_field("when", clock(note.t), width),
        *_field("what", f"{note.kind}: {visible(note.text)}", width),
        *(_field("by", visible(note.by), width) if note.by else []),
    ]


def _field(name: str, text: str, width: int, style: str = "") -> list[Line]:
    spans: list[Span] = [(fit(name, _NAME - 1) + " ", "dim"), (text, style)]
    return wrap(spans, width, _NAME)


def _sentence(view: SentenceView, width: int) -> list[Line]:
    how = view.status or ("not on air yet" if view.open else "not said")
    if view.heard_ms:
        how += f", {view.heard_ms / 1000:.1f} s heard"
    out = _field(f"sentence {view.seq + 1}", f"{visible(view.text).strip()} ({how})", width)
    if view.status == "cut":
        out += _field("", f"heard: {visible(view.heard) or 'nothing'}", width, "dim")
    if view.action != "allow" or view.category:
        out += _verdict(view, width)
    elif view.risk:
        out += _field("", f"risk {view.risk:.2f}", width, "dim")
    return [*out, *_decided(view, width), *_source(view, width)]


def _decided(view: SentenceView, width: int) -> list[Line]:
    """What became of it after its verdict, or what it waits for."""
    if view.waits:
        by = f" by {name_of(view.held_by)}" if view.held_by else ""
        end = f", then {'said' if view.then == 'air' else 'dropped'}" if view.until else ""
        at = f" until {clock(view.until)}{end}" if view.until else ""
        return _field("", f"waits: {view.waits}{by}, since {clock(view.since)}{at}", width, "warn")
    if not view.decided:
        return []
    what = {"air": "let air", "drop": "dropped", "replace": "replaced"}[view.decided]
    by = name_of(view.decided_by) if view.decided_by else "the show"
    why = f" ({visible(view.decided_why)})" if view.decided_why else ""
    out = _field("", f"{what} by {by}{why}", width, "warn" if view.decided == "drop" else "")
    if view.decided == "replace":
        out += _field("", f"instead: {visible(view.spoken)}", width)
    return out


def _source(view: SentenceView, width: int) -> list[Line]:
    """Where a line that was on air came from."""
    source = view.source
    if source is None:
        return []
    words = {"model": "the model's words", "profile": "words of the profile"}
    said = [words.get(source.words, "an operator's words")]
    if source.model:
        said.append(visible(source.model))
    if source.prompt_hash:
        said.append(f"prompt {visible(source.prompt_hash)}")
    if source.approved_by:
        said.append(f"approved by {name_of(source.approved_by)}")
    out = _field("", f"from: {', '.join(said)}", width, "dim")
    for ruled in source.ruled:
        parts = [visible(part) for part in (ruled.category, ruled.rule, ruled.view) if part]
        took = f", {ruled.ms:.2f} ms" if ruled.ms else ""
        text = f"{visible(ruled.means)}: {' '.join((ruled.action, *parts))}{took}"
        out += _field("", text, width, "dim")
    return out


def _verdict(view: SentenceView, width: int) -> list[Line]:
    # What was found later, by another of the means, did not let it through.
    action = view.action if view.means == "gate" or view.action != "allow" else "found"
    words = f"{visible(view.means)}: {action}"
    for name, value in (("category", view.category), ("rule", view.rule), ("view", view.view)):
        words += f", {name} {visible(value)}" if value else ""
    words += f", {view.ms:.2f} ms" if view.ms else ""
    out = _field("", words, width, "bad" if view.action in ("hold", "drop", "panic") else "warn")
    if view.spoken and view.spoken != view.text:
        out += _field("", f"instead: {visible(view.spoken)}", width)
    return out


def _stages(marks: dict[str, float], width: int) -> list[Line]:
    """The marks as bars under one another, each from the mark before it to its own."""
    stages = [(name, marks[name]) for name in STAGE_WORDS if name in marks]
    if not stages:
        return []
    most = max(1.0, *(ms for _, ms in stages))
    room = max(4, min(width - _NAME - 16, 60))
    title = "ms after the last word (typed: after she turned to it)"
    out: list[Line] = [BLANK, *wrap(((title, "strong"),), width)]
    before = 0.0
    for name, ms in stages:
        start, end = (round(max(0.0, value) / most * room) for value in (before, ms))
        start = min(start, room - 1)
        filled = " " * start + "█" * max(1, end - start)
        style = "accent" if name == "audible" else ""
        row: Line = (
            (fit(STAGE_WORDS[name], _NAME - 1) + " ", "dim"),
            (fit(filled, room) + " ", style),
            (f"{ms:6.0f}", style or "strong"),
            (f" +{max(0.0, ms - before):.0f}", "dim"),
        )
        out.append(clip(row, width))
        before = max(before, ms)
    return out


class _Details(Table):
    def __init__(self, what: TurnView | NoteView) -> None:
        super().__init__(ident="turn-details")
        self.what = what

    def on_mount(self) -> None:
        name = f"Turn {self.what.turn}" if isinstance(self.what, TurnView) else "Event"
        self.border_title = name
        self.border_subtitle = "Y copies, Esc closes"
        self.set_interval(LOOK_S, self.look)

    def on_resize(self, event: events.Resize) -> None:
        self.look()
        self.lines_changed()

    def look(self) -> None:
        """Show it as it is now: it may still go on."""
        if self.room > 0:
            self.show(lines(self.what, self.room))


class TurnScreen(ModalScreen[None]):
    """Scrolls; Escape, q or Enter close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss(None)", "close"),
        Binding("Y", "copy", "copy"),
    ]

    def __init__(self, what: TurnView | NoteView, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._what = what
        self._copy = copy

    def compose(self) -> ComposeResult:
        yield _Details(self._what)

    def action_copy(self) -> None:
        """Everything on the screen's subject, as text."""
        rows = ("".join(text for text, _ in line) for line in lines(self._what, 10_000))
        self._copy(f"{plain(self._what)}\n\n" + "\n".join(row.rstrip() for row in rows))
