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
    if running.panic.latched and not isinstance(what, obs.SetRecord | obs.SetReplay):
        raise Refusal(LATCHED)  # it would be put back, or would undo what panic did
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


def _resolved(what: obs.Change, state: obs.State) -> tuple[obs.Change, str]:
    """With the names that OBS has for what is meant, and how it is told."""
    inputs = [i.name for i in state.inputs]
    match what:
        case obs.SetSource():
            scene = pick("scene", what.scene, state.scenes) if what.scene else ""
            source = what.source
            if scene in ("", state.scene):
                source = pick("source", source, [i.source for i in state.items])
            said = f"source {source} {_word(what.on)}"
            return replace(what, scene=scene, source=source), said
        case obs.SetFilter():
            owners = [f.source for f in state.filters]
            source = pick("source with a filter", what.source, owners) if what.source else ""
            mine = [f.name for f in state.filters if source in ("", f.source)]
            name = pick("filter", what.filter, mine)
            where = f"{source}/" if source else ""
            said = f"filter {where}{name} {_word(what.on)}"
            return replace(what, filter=name, source=source), said
        case obs.SetMute():
            sounds = [i.name for i in state.inputs if i.muted is not None] or inputs
            name = pick("input with sound", what.input, sounds)
            return replace(what, input=name), f"mute {name} {_word(what.on)}"
        case obs.SetVolume():
            sounds = [i.name for i in state.inputs if i.volume_db is not None] or inputs
            name = pick("input with sound", what.input, sounds)
            return replace(what, input=name), f"volume {name} {what.db:g} dB"
        case obs.SetText():
            texts = [i.name for i in state.inputs if i.text is not None] or inputs
            name = pick("text source", what.input, texts)
            return replace(what, input=name), f"text {name}"
        case obs.SetRecord():
            return what, f"record {what.do}"
        case obs.SetReplay():
            return what, f"replay {what.do}"
    return what, ""


def _word(on: bool | None) -> str:
    return "" if on is None else "on" if on else "off"


def pick(what: str, said: str, known: Iterable[str]) -> str:
    """OBS's name for what somebody typed: the name itself, else the only one that is the same but
    for its case, else the only one that begins so.

    Raises:
        Refusal: there is none, or several; says what is near.
    """
    names = list(dict.fromkeys(known))
    if said in names or not names or len(names) >= obs.MOST:
        return said  # of a list that is not whole OBS itself must say
    folded = said.casefold()
    same = [name for name in names if name.casefold() == folded]
    begin = [name for name in names if name.casefold().startswith(folded)]
    for found in (same, begin):
        if len(found) == 1:
            return found[0]
    several = same or begin
    if several:
        raise Refusal(f"{said!r} may be {_listed(several)}: say which")
    by_fold = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(folded, list(by_fold), n=1, cutoff=0.5)
    near = f" (did you mean {by_fold[close[0]]}?)" if close else ""
    raise Refusal(f"OBS has no {what} {said!r}{near}; there are: {_listed(names)}")


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
