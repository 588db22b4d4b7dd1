"""What operators may ask of OBS: a scene, and everything else there is to change in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engines.wire import control, obs, show
from kitsu_tui.show.director import Refusal

if TYPE_CHECKING:
    from kitsu_tui.show.main import Running

LATCHED = "panic is latched: resume first (kitsu resume)"
LISTED = 12
"""Names that a refusal tells."""


async def scene(running: Running, ask: control.Scene) -> control.Done:
    """Bring a scene to the audience."""
    state = _state(running)
    if running.panic.latched:
        raise Refusal(LATCHED)
    name = pick("scene", ask.scene, state.scenes)
    return await _do(running, "scene", obs.SetScene(scene=name, cut=ask.cut), ask.by, name)


async def change(running: Running, ask: control.Obs) -> control.Done:
    """Change something in OBS."""
    state = _state(running)
    what = ask.change
    if running.panic.latched and _shows(what):
        raise Refusal(LATCHED)
    if isinstance(what, obs.SetScene):
        name = pick("scene", what.scene, state.scenes)
        return await _do(running, "scene", replace(what, scene=name), ask.by, name)
    what, args = _resolved(what, state)
    return await _do(running, "obs", what, ask.by, args)


def _state(running: Running) -> obs.State:
    reason, state = running.scenes.why_not(), running.scenes.state
    if reason or state is None:
        raise Refusal(reason)
    return state


def _shows(what: obs.Change) -> bool:
    """Something might be seen or heard by it; of the rest the engine says what panic forbids."""
    match what:
        case obs.SetScene():
            return True
        case obs.SetSource():
            return what.on is not False
        case obs.SetMute():
            return what.on is not True
    return False


def _resolved(what: obs.Change, state: obs.State) -> tuple[obs.Change, str]:
    """With the names that OBS has for what is meant, and how it is told."""
    match what:
        case obs.SetSource():
            scene = pick("scene", what.scene, state.scenes) if what.scene else ""
            shown = [i.source for i in state.items] if scene in ("", state.scene) else []
            source = meant(what.source, shown)
            said = f"source {source} {_word(what.on)}"
            return replace(what, scene=scene, source=source), said
        case obs.SetFilter():
            source = meant(what.source, [f.source for f in state.filters])
            mine = [f.name for f in state.filters if source in ("", f.source)]
            name = meant(what.filter, mine)
            where = f"{source}/" if source else ""
            return (
                replace(what, filter=name, source=source),
                f"filter {where}{name} {_word(what.on)}",
            )
        case obs.SetMute():
            name = meant(what.input, [i.name for i in state.inputs if i.muted is not None])
            return replace(what, input=name), f"mute {name} {_word(what.on)}"
        case obs.SetVolume():
            name = meant(what.input, [i.name for i in state.inputs if i.volume_db is not None])
            return replace(what, input=name), f"volume {name} {what.db:g} dB"
        case obs.SetText():
            name = meant(what.input, [i.name for i in state.inputs if i.text is not None])
            return replace(what, input=name), f"text {name}"
        case obs.SetRecord():
            return what, f"record {what.do}"
        case obs.SetReplay():
            return what, f"replay {what.do}"
    return what, ""


def _word(on: bool | None) -> str:
    return "" if on is None else "on" if on else "off"


def meant(said: str, known: Iterable[str]) -> str:
    """OBS's name for what somebody typed: the name itself, else the only one that is the same but
    for its case, else the only one that begins so; else what was typed, for OBS to say no to.

    Raises:
        Refusal: it may be several.
    """
    names = list(dict.fromkeys(known))
    if said in names or not said:
        return said
    folded = said.casefold()
    same = [name for name in names if name.casefold() == folded]
    found = same or [name for name in names if name.casefold().startswith(folded)]
    if len(found) > 1:
        raise Refusal(f"{said!r} may be {_listed(found)}: say which")
    return found[0] if found else said


def pick(what: str, said: str, known: list[str]) -> str:
    """The same, of a list that is whole unless it is empty or very long.

    Raises:
        Refusal: it may be several, or there is none; says what is near.
    """
    name = meant(said, known)
    if name in known or not known or len(known) >= obs.MOST:
        return name
    by_fold = {known_name.casefold(): known_name for known_name in known}
    close = difflib.get_close_matches(said.casefold(), list(by_fold), n=1, cutoff=0.5)
    near = f" (did you mean {by_fold[close[0]]}?)" if close else ""
    raise Refusal(f"OBS has no {what} {said!r}{near}; there are: {_listed(known)}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


async def _do(running: Running, name: str, what: obs.Change, by: str, args: str) -> control.Done:
    """Do it, and tell how it went."""
    tell, scenes = running.bus.tell, running.scenes
    args = args.strip()
    try:
        if isinstance(what, obs.SetScene):
            done = await scenes.choose(what.scene, by, cut=what.cut)
        else:
            done = await scenes.change(what, by)
    except Refusal as err:
        tell(show.Acted(name=name, by=by, args=args, detail=str(err), ok=False))
        raise
    tell(show.Acted(name=name, by=by, args=args, detail=done.detail))
    return control.Done(detail=done.detail)
