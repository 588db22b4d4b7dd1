"""What an operator is told at once of what happens: words in the footer, a line among the logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engines.wire import show
from kitsu_tui.console.words import span, who


@dataclass(frozen=True)
class Notice:
    """A line for the operator. `style` is one of the view's: dim, good, warn, bad."""

    text: str
    style: str = "dim"


def line_of(event: show.ShowEvent) -> str:
    """What stands among the log lines, to find the moment again; empty for nothing."""
    if isinstance(event, show.Marked):
        return f"marked by {event.by}{f': {event.text}' if event.text else ''}"
    if isinstance(event, show.ProfileChanged):
        return f"profile {event.before} → {event.profile} by {event.by}"
    return ""


def news(event: show.ShowEvent, by: str) -> Iterator[Notice]:
    """What is said of an event to the operator `by`, who knows what he has asked for himself."""
    if isinstance(event, show.Alert):
        style = {"warning": "warn", "error": "bad"}.get(event.level, "dim")
        named = not event.about or event.text.startswith(f"{event.about} ")
        about = "" if named else f"{event.about}: "
        yield Notice(f"{event.level}: {about}{event.text}", style)
    elif isinstance(event, show.Marked) and event.by != by:
        words = f": {event.text}" if event.text else ""
        yield Notice(f"{event.by} marked this moment{words}")
    elif isinstance(event, show.Acted) and event.by != by:
        words = f"{event.name} {event.args}".strip()
        end = "" if event.ok else f" failed: {event.detail}"
        yield Notice(f"{event.by}: {words}{end}", "dim" if event.ok else "warn")
    elif isinstance(event, show.LineDecided):
        if (said := _dropped(event)) is not None:
            yield said
    elif isinstance(event, show.PanicReached | show.PutBack | show.Drilled):
        yield from _surfaces(event, by)
    else:
        yield from _stage(event, by)


def _dropped(event: show.LineDecided) -> Notice | None:
    """A line that no operator has dropped: nobody has seen it go."""
    if event.what != "drop" or event.by:
        return None
    if event.why == "time":
        return Notice("nobody decided in time: a line was dropped", "warn")
    ruled = event.ruled
    if ruled is None:
        return None
    found = " ".join(part for part in (ruled.category, ruled.rule) if part)
    return Notice(f"a line was dropped: {ruled.means} {found}".rstrip(), "warn")


def _surfaces(event: show.PanicReached | show.PutBack | show.Drilled, by: str) -> Iterator[Notice]:
    failed = "; ".join(
        f"{name}{f' ({event.why[name]})' if event.why.get(name) else ''}"
        for name, ms in event.surfaces.items()
        if ms is None
    )
    if isinstance(event, show.Drilled):
        if event.by != by and not event.earlier:
            how = f"NOT reached: {failed}" if failed else "ok" if event.ok else "NOT all put back"
            yield Notice(f"{who(event.by)} rehearsed panic: {how}", "dim" if event.ok else "bad")
    elif isinstance(event, show.PutBack):
        waits = ", ".join(name for name in event.why if name not in event.surfaces)
        if failed:
            yield Notice(f"NOT put back: {failed}", "bad")
        elif waits:
            yield Notice(f"still to be put back: {waits}", "warn")
        elif event.why:
            kept = "; ".join(f"{name}: {why}" for name, why in event.why.items())
            yield Notice(f"put back, but for {kept}")
    else:
        if failed:
            yield Notice(f"panic FAILED: {failed}", "bad")
        names = ", ".join(name for name, ms in event.surfaces.items() if ms is not None)
        if names:
            yield Notice(f"panic has reached {names}", "good")


def _stage(event: show.ShowEvent, by: str) -> Iterator[Notice]:
    if isinstance(event, show.ProfileChanged):
        anew = f"; began anew: {', '.join(event.restarted)}" if event.restarted else ""
        whose = f" by {who(event.by)}" if event.by != by else ""
        words = f"profile: {event.before} → {event.profile}{whose}, {event.ms:.0f} ms{anew}"
        yield Notice(words, "good")
    elif isinstance(event, show.Switching) and event.phase == "failed":
        yield Notice(f"profile {event.profile}: {event.detail or 'not taken'}", "bad")
    elif isinstance(event, show.OperatorGone):
        yield Notice(f"nobody is there ({event.why}): {event.detail or event.did}", "warn")
    elif isinstance(event, show.OperatorBack):
        mine = event.by == by
        words = f"you were away {span(event.gone_s)}" if mine else f"{who(event.by)} is there again"
        yield Notice(words, "warn" if mine else "dim")
