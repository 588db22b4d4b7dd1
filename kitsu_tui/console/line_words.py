"""One sentence of hers as spans: what was said of it, what became of it, why it was stopped.

In square brackets (and struck) stands what was not heard, with the reason before it; `turn_lines`
says what the other signs mean.
"""

from __future__ import annotations

from kitsu_tui.console.lines import Line, Span, visible, wrap
from kitsu_tui.console.to_come import Coming, line_key, reason, state_words
from kitsu_tui.console.words import who
from kitsu_tui.model.state import SentenceView, TurnView

NEXT = "next up "
"""In the margin of the first line to come."""
MARK = "▸ "
"""Before the line that keys are about."""
_LOST = {"stale": "overtaken", "muted": "muted", "failed": "not spoken"}
_STOPS = ("hold", "drop", "panic")


def found(view: SentenceView) -> str:
    """By which means something was found, and what: `gate: slur list-3 (folded)`."""
    named = [visible(part) for part in (view.category or view.action, view.rule) if part]
    if view.view:
        named.append(f"({visible(view.view)})")
    return f"{visible(view.means)}: {' '.join(named)}"


def dropped(view: SentenceView) -> str:
    """Who or what dropped a line after its verdict."""
    if view.decided_by:
        return f"dropped by {visible(who(view.decided_by))}"
    why = view.decided_why
    if why == "time":
        rule = f" ({found(view)})" if view.category else ""
        return f"dropped, nobody decided in time{rule}"
    if why == "split":
        return f"{found(view)}, with the line after it"
    if view.category or view.rule:
        return found(view)
    return f"dropped: {visible(why)}" if why else "dropped"


def lost(why: str, text: str, style: str) -> list[Span]:
    """What was not heard."""
    return [(f"[{why}: ", style), (text, "struck"), ("] ", style)]


def _changed(view: SentenceView) -> tuple[list[Span], str]:
    """What stood there before it was changed, and the text that stands there now."""
    text, spans = visible(view.text).strip(), list[Span]()
    if view.decided == "replace":
        by = visible(who(view.decided_by)) or "the show"
        return lost(f"replaced by {by}", text, "warn"), visible(view.spoken).strip()
    if view.action in ("replace", "sanitise"):
        return lost(f"{found(view)}, {view.action}d", text, "warn"), visible(view.spoken).strip()
    return spans, text


def sentence(view: SentenceView, *, alive: bool = True, ended: bool = False) -> list[Span]:
    """One sentence that is not to come any more. `ended`: its turn is over."""
    text = visible(view.text).strip()
    if view.decided == "drop":
        style = "bad" if not view.decided_by else "warn"
        heard = visible(view.heard).strip()
        # It had just begun to be heard.
        before: list[Span] = [(f"{heard} ", "")] if heard else []
        rest = text[len(heard) :].strip() if text.startswith(heard) else text
        return before + (lost(dropped(view), rest, style) if rest else [])
    if view.action in ("drop", "panic") or (view.action == "hold" and not view.spoken):
        return lost(found(view), text, "bad")
    spans, text = _changed(view)
    if view.status == "airing" and alive:
        spans.append((f"▶ {text} ", "accent"))
    elif view.status == "cut":
        spans += _cut(text, visible(view.heard).strip())
    elif view.status in _LOST:
        spans += lost(_LOST[view.status], text, "warn")
    elif view.status == "played":
        spans.append((f"{text} ", ""))
    elif ended and view.waits:
        spans += lost("never said, it waited", text, "warn")
    else:
        spans.append((f"{text} ", "dim"))
    if view.decided == "air" and view.decided_by:
        spans.append((f"(approved by {visible(who(view.decided_by))}) ", "dim"))
    return spans


def _cut(text: str, heard: str) -> list[Span]:
    rest = text[len(heard) :].strip() if text.startswith(heard) else ""
    spans: list[Span] = [(f"{heard} ", "")] if heard else []
    return spans + (lost("cut", rest, "warn") if rest else [("[cut] ", "warn")])


def to_come(turn: TurnView, coming: Coming, width: int, indent: int) -> list[Line]:
    """The lines of a turn that are not on air yet, each set apart with its state before it."""
    out: list[Line] = []
    for view in turn.sentences:
        if not view.open:
            continue
        margin = "" if out or indent < len(NEXT) + 1 else NEXT
        target = line_key(turn, view) == coming.target
        sign = MARK if target else "  "
        words = state_words(turn, view, coming)[0]
        waits = coming.alive and bool(view.waits)
        style = "warn" if waits or coming.asked(line_key(turn, view)) else "dim"
        before, text = _changed(view)
        spans: list[Span] = [
            (margin.ljust(indent), "strong"),
            (sign, "strong"),
            (f"[{words}] ", style),
            *before,
            (f"{text} ", "" if view.waits else "dim"),
        ]
        why = "" if before and view.decided != "replace" and not view.risk else reason(view)
        if why:
            spans.append((f"({why})", "dim"))
        out += wrap(spans, width, indent + len(MARK))
    return out
