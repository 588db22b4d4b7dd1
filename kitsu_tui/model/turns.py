"""The part of the picture that is made of turns and of lines; see `reduce`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from engines.wire import show
from kitsu_tui.model.latency import KEPT
from kitsu_tui.model.state import SentenceView, ShowState, TurnView

TURNS_KEPT = 200


def _turn(state: ShowState, event: show.TurnStarted, t: float) -> None:
    state.turns.append(
        TurnView(
            turn=event.turn,
            source=event.source,
            who=event.who,
            started=t,
            n=state.n,
            said=event.text,
            said_final=bool(event.text),
        )
    )
    state.turn_count += 1
    del state.turns[:-TURNS_KEPT]


def _heard(state: ShowState, event: show.Heard, t: float) -> None:
    view = state.find_turn(event.turn)
    if view is None or event.rev < view.rev:
        return
    _revise(view, event.rev)
    view.said, view.said_final = event.text, event.final


def _delta(state: ShowState, event: show.Delta, t: float) -> None:
    view = state.find_turn(event.turn)
    if view is None or event.rev < view.rev:
        return
    _revise(view, event.rev)
    view.draft = (view.draft + event.text)[-4000:]


def _revise(view: TurnView, rev: int) -> None:
    if rev > view.rev:
        view.rev, view.draft, view.sentences = rev, "", []


def _judged(state: ShowState, event: show.Judged, t: float) -> None:
    view = state.find_turn(event.turn)
    if view is None or event.rev < view.rev:
        return
    _revise(view, event.rev)
    sentence = SentenceView(
        seq=event.seq,
        text=event.text,
        action=event.action,
        category=event.category,
        rule=event.rule,
        view=event.view,
        means=event.means,
        ms=event.ms,
        spoken=event.spoken,
        risk=event.risk,
    )
    if event.seq < 0:
        let_in = event.action == "allow"
        view.stopped = "" if let_in else event.category or event.action
        view.entry = None if let_in else sentence
        return
    view.sentences = [*view.sentences, sentence][-100:]


def _airing(state: ShowState, event: show.Airing, t: float) -> None:
    sentence = _sentence(state, event)
    if sentence is not None:
        sentence.status = "airing"
        sentence.waits, sentence.until, sentence.held_by = "", 0, ""


def _aired(state: ShowState, event: show.Aired, t: float) -> None:
    sentence = _sentence(state, event)
    if sentence is not None:
        sentence.status, sentence.heard = event.status, event.heard
        sentence.waits, sentence.until, sentence.held_by = "", 0, ""
        sentence.heard_ms = event.heard_ms


_OfALine: TypeAlias = show.Airing | show.Aired | show.LineWaits | show.LineDecided | show.Provenance


def _sentence(state: ShowState, event: _OfALine) -> SentenceView | None:
    """The line that an event is about; what is told of an answer that was let go is of none."""
    view = state.find_turn(event.turn)
    if view is None or event.rev < view.rev:
        return None
    return next((s for s in view.sentences if s.seq == event.seq), None)


def _line_waits(state: ShowState, event: show.LineWaits, t: float) -> None:
    line = _sentence(state, event)
    if line is not None:
        line.since = line.since if line.waits == event.why else t
        line.spoken, line.waits, line.until = event.text, event.why, event.until
        line.then, line.held_by = event.then, event.by
        line.category, line.rule = event.category or line.category, event.rule or line.rule
        line.risk = event.risk or line.risk


def _line_decided(state: ShowState, event: show.LineDecided, t: float) -> None:
    line = _sentence(state, event)
    if line is None:
        return
    line.waits, line.until, line.held_by = "", 0, ""
    line.decided, line.decided_by, line.decided_why = event.what, event.by, event.why
    if event.what == "replace":
        line.spoken = event.text
    elif event.what == "drop":
        line.spoken = ""
    if (ruled := event.ruled) is not None:
        line.category, line.rule, line.view = ruled.category, ruled.rule, ruled.view
        line.means, line.ms = ruled.means, ruled.ms


def _provenance(state: ShowState, event: show.Provenance, t: float) -> None:
    line = _sentence(state, event)
    if line is not None:
        line.source = event


def _done(state: ShowState, event: show.TurnDone, t: float) -> None:
    view = state.find_turn(event.turn)
    if view is not None:
        view.rev, view.status, view.answer = event.rev, event.status, event.answer
        view.mood, view.actions, view.detail = event.mood, list(event.actions), event.detail
        view.marks_ms = dict(event.marks_ms)
        view.draft, view.ended = "", t
    if event.mood:
        state.mood = event.mood
    if "audible" in event.marks_ms:
        state.marks.append(dict(event.marks_ms))
        del state.marks[:-KEPT]


HANDLERS: dict[type, Callable[[ShowState, Any, float], None]] = {
    show.LineWaits: _line_waits,
    show.LineDecided: _line_decided,
    show.Provenance: _provenance,
    show.TurnStarted: _turn,
    show.Heard: _heard,
    show.Delta: _delta,
    show.Judged: _judged,
    show.Airing: _airing,
    show.Aired: _aired,
    show.TurnDone: _done,
}
