"""Turns and notes as lines.

What stands for what, without colour: `▶` is on air, `‹draft: …›` is what the model gave and nobody
has judged yet, what stands in square brackets (and is struck) was not heard, with the reason before
it. Sentences that are not on air yet stand below the answer, `next up`, each with its state. Of a
show that is no longer attached nothing is on air: what was under way is marked as last seen.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from kitsu_tui.console.line_words import found, lost, sentence, to_come
from kitsu_tui.console.lines import Line, Span, cells, visible, wrap
from kitsu_tui.console.to_come import Coming
from kitsu_tui.console.words import clock
from kitsu_tui.console.words import who as bare
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.state import TurnView

INDENT = 9
HER = "she"

_SOURCES = {"voice": "by voice", "operator": "typed", "chat": "chat", "api": "api"}
_SIGNS = {"panic": "■", "resume": "▷", "mark": "⚑", "show": "─", "engine": "·", "lost": "✗"}


def name_of(who: str) -> str:
    """Who somebody is, safe to show: an operator without the way they came."""
    return visible(bare(who)) or "somebody"


def phase(turn: TurnView, *, others: bool = False) -> str:
    """How far a turn is, in a word. `others`: an earlier one has not ended."""
    if turn.status:
        return turn.status
    if not turn.said_final:
        return "listening"
    if any(view.status == "airing" for view in turn.sentences):
        return "speaking"
    if any(view.open and view.waits for view in turn.sentences):
        return "kept back"
    if any(view.status for view in turn.sentences):
        return "speaking"
    if turn.draft or turn.sentences or not others:
        return "thinking"
    return "waiting"


def said(turn: TurnView, *, selected: bool = False) -> list[Span]:
    """What was said to her."""
    spans: list[Span] = [
        (clock(turn.started), "selected" if selected else "dim"),
        (" ", ""),
        (name_of(turn.who), "you"),
        (f" ({_SOURCES[turn.source]}) ", "dim"),
    ]
    text = visible(turn.said)
    entry = turn.entry
    if turn.stopped:
        why = f"gate: {visible(turn.stopped)}" if entry is None else found(entry)
        changed = entry is not None and entry.action in ("replace", "sanitise")
        spans += lost(why, text, "warn" if changed else "bad")
        if changed and entry is not None:
            spans.append((visible(entry.spoken), ""))
    elif turn.said_final:
        spans.append((text, ""))
    else:
        spans.append((f"{text}…", "dim"))
    return spans


def unjudged(turn: TurnView) -> str:
    """What of her draft no sentence holds yet."""
    tail = turn.draft
    if turn.sentences and tail:
        last = turn.sentences[-1].text
        at = tail.rfind(last)
        tail = tail[at + len(last) :] if at >= 0 else ""
    return tail.strip()


def answer(turn: TurnView, *, alive: bool = True) -> list[Span]:
    """What she answers, but for the lines to come: sentences, then what is not judged yet."""
    mood = f" ({visible(turn.mood)})" if turn.mood else ""
    spans: list[Span] = [(HER, "she"), (f"{mood} ", "dim")]
    for view in turn.sentences:
        if turn.status or not view.open:
            spans += sentence(view, alive=alive, ended=bool(turn.status))
    if tail := _tail(turn):
        if not _to_come(turn):
            spans.append(tail)
    elif not turn.sentences and turn.answer:
        spans.append((f"{visible(turn.answer)} ", ""))
    if turn.status and turn.status != "ok":
        why = f": {visible(turn.detail)}" if turn.detail else ""
        style = "bad" if turn.status in ("error", "panic", "blocked") else "warn"
        spans.append((f"[{turn.status}{why}] ", style))
    if turn.actions:
        spans.append((f"[{', '.join(map(visible, turn.actions))}] ", "dim"))
    if "audible" in turn.marks_ms:
        spans.append((f"{turn.marks_ms['audible']:.0f} ms", "dim"))
    return spans


def _tail(turn: TurnView) -> Span | None:
    tail = unjudged(turn)
    return (f"‹draft: {visible(tail)}…› ", "dim") if tail else None


def _to_come(turn: TurnView) -> bool:
    return not turn.status and any(view.open for view in turn.sentences)


def turn_lines(
    turn: TurnView,
    width: int,
    *,
    alive: bool = True,
    others: bool = False,
    selected: bool = False,
    coming: Coming | None = None,
) -> list[Line]:
    """A whole turn, wrapped.

    Args:
        alive: False when the show that it belongs to is not attached.
        others: an earlier turn has not ended.
        selected: the reader has chosen it.
        coming: how the lines to come stand now.
    """
    asked, answered = said(turn, selected=selected), answer(turn, alive=alive)
    begun = bool(turn.sentences or turn.draft or turn.status)
    if not turn.status:
        last = answered if begun else asked
        gap = "" if last[-1][0].endswith(" ") else " "
        if alive:
            last.append((f"{gap}[{phase(turn, others=others)}]", "dim"))
        else:
            last.append((f"{gap}[as last seen, unfinished] ", "warn"))
    lines = wrap(asked, width, INDENT)
    if begun:
        lines += wrap([(" " * INDENT, ""), *answered], width, INDENT)
    if _to_come(turn):
        lines += to_come(turn, coming or Coming(0.0, alive=False), width, INDENT)
        if tail := _tail(turn):
            lines += wrap([(" " * INDENT, ""), tail], width, INDENT)
    return lines


def note_lines(note: NoteView, width: int, *, selected: bool = False) -> list[Line]:
    """A note: one thin line, wrapped where it does not fit."""
    by = f" · {name_of(note.by)}" if note.by else ""
    sign = _SIGNS.get(note.kind, "·")
    style = note.level if note.level in ("warn", "bad", "good") else "dim"
    spans: list[Span] = [
        (clock(note.t), "selected" if selected else "dim"),
        (f" {sign} ", style),
        (visible(note.text), style),
        (by, "dim"),
    ]
    return wrap(spans, width, INDENT + 2)


def date_line(t: float, width: int) -> Line:
    """The day, in the operator's zone, as a line across."""
    words = f"── {datetime.fromtimestamp(t).astimezone():%A %Y-%m-%d} "
    return ((words + "─" * max(0, width - cells(words)), "dim"),)


def state_of(turn: TurnView) -> Hashable:
    """What a turn's lines depend on, apart from the width."""
    return (
        turn.rev,
        turn.said,
        turn.said_final,
        turn.stopped,
        turn.draft,
        turn.status,
        turn.mood,
        turn.detail,
        len(turn.actions),
        tuple(
            (
                *(s.seq, s.status, s.action, s.heard, s.text, s.spoken, s.waits),
                *(s.decided, s.decided_by, s.decided_why, s.category, s.rule, s.risk),
            )
            for s in turn.sentences
        ),
    )


def texts_of(what: TurnView | NoteView) -> tuple[str, ...]:
    """What a search looks through."""
    if isinstance(what, NoteView):
        return what.text, what.by
    texts = [what.who, what.said, what.draft, what.answer, what.detail, *what.actions]
    for view in what.sentences:
        texts += [view.text, view.spoken, view.category]
    if what.entry is not None:
        texts += [what.entry.text, what.entry.spoken, what.entry.category]
    return tuple(texts)


def plain(what: TurnView | NoteView) -> str:
    """A turn or a note as text to be copied: what was said, without controls."""
    if isinstance(what, NoteView):
        return "".join(text for text, _ in note_lines(what, 10_000)[0])
    lines = [*turn_lines(what, 10_000)]
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def highlight(line: Line, wanted: str) -> Line:
    """The line with what is searched for set off. `wanted` is in lower case."""
    out: list[Span] = []
    for text, style in line:
        low = text.lower()
        at = low.find(wanted) if len(low) == len(text) else -1
        start = 0
        while at >= 0:
            out += [(text[start:at], style), (text[at : at + len(wanted)], "selected")]
            start = at + len(wanted)
            at = low.find(wanted, start)
        out.append((text[start:], style))
    return tuple((text, style) for text, style in out if text)
