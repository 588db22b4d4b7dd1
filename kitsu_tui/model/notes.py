"""Notes: what happened to a show between the turns, each a short line beside them.

Which event is worth a note, and in what words, depends on the event alone, so that a journal can be
read from anywhere in its middle. Names in notes are as they were told: make them safe to show.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from engines.wire import show
from kitsu_tui.model.surfaces import is_drill

NoteKind: TypeAlias = Literal[
    "show",
    "panic",
    "resume",
    "mute",
    "mark",
    "engine",
    "devices",
    "gate",
    "review",
    "drill",
    "persona",
    "asked",
    "obs",
    "scene",
    "operator",
    "lost",
]
NoteLevel: TypeAlias = Literal["", "good", "warn", "bad"]

_SAME_WITHIN = 50
"""Notes among which the last word about a thing is looked for: it is not said twice."""


class NoteView(Struct, kw_only=True):
    """One note."""

    n: int
    """Number of the event."""
    t: float
    kind: NoteKind
    text: str
    by: str = ""
    about: str = ""
    """What it is about (an engine, the epoch of a panic): a note with the same words about the same
    thing is the same note."""
    level: NoteLevel = ""


class Words(NamedTuple):
    """A note's words, without its place."""

    kind: NoteKind
    text: str
    by: str = ""
    about: str = ""
    level: NoteLevel = ""


def words_of(event: show.ShowEvent) -> Words | None:
    """The note that an event begins, if it does."""
    if isinstance(event, show.EngineChanged):
        return _engine(event)
    if isinstance(event, show.Panicked):
        return _panic(event)
    if isinstance(event, show.Resumed):
        return None if is_drill(event.by) else Words("resume", "on the air again", event.by)
    if isinstance(event, show.PanicReached | show.PutBack | show.Drilled):
        return _of_surfaces(event)
    if isinstance(event, show.Marked):
        return Words("mark", event.text or "marked", event.by, level="warn")
    if isinstance(event, show.Muted):
        return _muted(event)
    return _of_the_stage(event) or _of_the_show(event)


def note(notes: list[NoteView], n: int, t: float, event: show.ShowEvent, most: int) -> None:
    """Add the note that an event is worth to `notes`, of which at most `most` are kept."""
    if isinstance(event, show.Panicked) and event.done and event.surfaces:
        _surfaces(notes, event)
        return
    words = words_of(event)
    if words is None:
        return
    for last in reversed(notes[-_SAME_WITHIN:]):
        if last.kind == words.kind and last.about == words.about:
            if words.about and last.text == words.text:
                return
            break
    notes.append(NoteView(n=n, t=t, **words._asdict()))
    del notes[:-most]


def _surfaces(notes: list[NoteView], event: show.Panicked) -> None:
    """What became of a panic goes into the note of its press."""
    for view in reversed(notes[-_SAME_WITHIN:]):
        if view.kind == "panic" and view.about == str(event.epoch):
            told = [*_each(event.surfaces), *(f"{name} WAITS" for name in event.waits)]
            view.text = f"{view.text.partition(':')[0]}: {', '.join(told)}"
            return


def _each(surfaces: dict[str, float | None]) -> list[str]:
    return [f"{name} {'FAILED' if ms is None else f'{ms:.0f} ms'}" for name, ms in surfaces.items()]


def _of_surfaces(event: show.PanicReached | show.PutBack | show.Drilled) -> Words | None:
    failed = any(ms is None for ms in event.surfaces.values())
    told = _each(event.surfaces)
    if isinstance(event, show.Drilled):
        if event.earlier:
            return None  # it was told in the journal of its own show
        if event.ok:
            return Words("drill", "drill: all reached, all put back", event.by, level="good")
        amiss = [name for name, ms in (event.surfaces | event.put_back).items() if ms is None]
        why = [f"{name} ({event.why[name]})" if name in event.why else name for name in amiss]
        why = why or list(event.why.values())
        return Words("drill", f"drill FAILED: {', '.join(why)}", event.by, level="bad")
    waits = [f"{name} WAITS" for name in event.why if name not in event.surfaces]
    if isinstance(event, show.PutBack):
        text = f"put back: {', '.join(told + waits)}"
        return Words("resume", text, level="bad" if failed else "warn" if waits else "")
    if not told:
        return None
    return Words("panic", f"panic reached later: {', '.join(told)}", level="bad")


def _panic(event: show.Panicked) -> Words | None:
    if event.done and event.surfaces:
        return None
    if is_drill(event.by):
        words = "a drill's panic is still latched" if event.done else "panic rehearsed"
    else:
        words = "PANIC is still latched" if event.done else "PANIC"
    return Words("panic", words, event.by, str(event.epoch), "bad")


def _engine(event: show.EngineChanged) -> Words | None:
    name, why = event.engine, event.detail
    if event.state in ("backoff", "failed"):
        verb = "died" if event.state == "backoff" else "failed"
        rest = "; ".join(part for part in (event.exit, why) if part)
        return _about(event, f"{name} {verb}{f': {rest}' if rest else ''}", "bad")
    if event.state == "unresponsive":
        return _about(event, f"{name} does not answer", "bad")
    if event.state == "degraded":
        return _about(event, f"{name} degraded{f': {why}' if why else ''}", "warn")
    if event.state in ("off", "stopped") and event.by:
        return _about(event, f"{name} {event.state}", "warn")
    if event.state == "ready" and (event.restarts or event.by):
        return _about(event, f"{name} ready again", "good")
    return None


def _about(event: show.EngineChanged, text: str, level: NoteLevel) -> Words:
    return Words("engine", text, event.by, event.engine, level)


def _muted(event: show.Muted) -> Words | None:
    if event.by in ("", "profile") and not (event.mic or event.voice):
        return None
    mic, voice = ("muted" if on else "open" for on in (event.mic, event.voice))
    level: NoteLevel = "warn" if event.mic or event.voice else ""
    return Words("mute", f"microphone {mic}, voice {voice}", event.by, level=level)


def _of_the_show(event: show.ShowEvent) -> Words | None:
    if isinstance(event, show.ShowStarted):
        live = "LIVE" if event.live else "rehearsal"
        return Words("show", f"the show begins: {event.profile}, {live}, kitsu {event.version}")
    if isinstance(event, show.ShowStopping):
        return Words(
            "show", f"the show ends{f': {event.reason}' if event.reason else ''}", event.by
        )
    if isinstance(event, show.DeviceState):
        return _devices(event)
    if isinstance(event, show.GateState) and (event.error or not event.rules):
        why = f": {event.error}" if event.error else ""
        return Words("gate", f"{event.rules or 'no'} safety rules in force{why}", level="bad")
    if isinstance(event, show.ReviewMode | show.Blocked):
        return _of_lines(event)
    if isinstance(event, show.PersonaState) and event.by:
        held = f", held {event.mood}" if event.mood else ""
        return Words("persona", f"she is {event.preset or event.name}{held}", event.by)
    if isinstance(event, show.Acted) and event.ok and event.name in ASKED:
        detail = f": {event.detail}" if event.detail else ""
        return Words("asked", f"{event.name}{detail}", event.by)
    return None


def _of_lines(event: show.ReviewMode | show.Blocked) -> Words | None:
    if isinstance(event, show.ReviewMode):
        then = "is said" if event.then == "air" else "is dropped"
        text = f"review: each line waits {event.wait_s:g} s for approval, then {then}"
        if not event.on:
            asked = event.by not in ("", "profile")
            return Words("review", "review is over", event.by, "review") if asked else None
        return Words("review", text, event.by, "review", "warn")
    told = [("blocked", event.added), ("no longer blocked", event.removed)]
    text = "; ".join(f"{what}: {', '.join(texts)}" for what, texts in told if texts)
    return Words("gate", text, event.by) if text else None


def _of_the_stage(event: show.ShowEvent) -> Words | None:
    if isinstance(event, show.ObsLink):
        return _obs(event)
    if isinstance(event, show.SceneChanged):
        why = f" ({event.why})" if event.why else "" if event.by else " (in OBS)"
        return Words("scene", f"scene {event.scene}{why}", event.by)
    if isinstance(event, show.OperatorGone):
        did = {"brb": ": the BRB scene", "panic": ": PANIC"}.get(event.did, "")
        return Words("operator", f"nobody is there, {event.why}{did}", "", "operator", "bad")
    if isinstance(event, show.OperatorBack):
        gone = f"{event.gone_s:.0f} s" if event.gone_s < 120 else f"{event.gone_s / 60:.0f} min"
        text = f"an operator is there again, after {gone}"
        return Words("operator", text, event.by, "operator", "good")
    return None


_LINKS = {
    "connecting": "connecting",
    "closed": "closed",
    "hung": "does not answer",
    "refused": "refuses the password",
    "foreign": "something else answers",
}


def _obs(event: show.ObsLink) -> Words | None:
    if event.link == "connecting":
        return None
    if event.link == "open":
        does = [w for w, on in (("streams", event.streaming), ("records", event.recording)) if on]
        text = " and ".join(does) or "is connected; it neither streams nor records"
        return Words("obs", f"OBS {text}", "", "obs", "good")
    level: NoteLevel = "warn" if event.link == "closed" else "bad"
    return Words("obs", f"OBS: {_LINKS[event.link]}", "", "obs", level)


ASKED = ("interrupt", "skip")
"""Actions that stand between the turns; of the others the events that follow do."""


def _devices(event: show.DeviceState) -> Words:
    if event.state == "lost":
        return Words("devices", f"sound device lost: {event.detail}", about="devices", level="bad")
    if event.state == "null":
        return Words("devices", "no sound device", about="devices", level="warn")
    names = " → ".join(name for name in (event.input, event.output) if name)
    kind = "" if event.state == "open" else f"{event.state} "
    return Words("devices", f"sound: {kind}{names or event.state}", about="devices")
