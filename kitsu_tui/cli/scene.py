"""`kitsu scene`: bring a scene to the audience, or list what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from kitsu_tui.cli.ask import EXIT_FAILED, actor, ask, fail, picture
from kitsu_tui.cli.tell import tell

LONGEST = 256


def scene(
    name: Annotated[
        str, typer.Argument(help="scene, or the beginning of its name; without, they are listed")
    ] = "",
    cut: Annotated[
        bool, typer.Option("--cut", help="by a cut, whatever transition is set")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="list them as one JSON object")] = False,
) -> None:
    """Bring a scene of OBS to the audience, or list the scenes."""
    from engines.wire import control

    if not name:
        if cut:
            fail("scene", "--cut takes a scene", 2)
        _list(as_json=as_json)
        return
    if as_json:
        fail("scene", "--json lists the scenes: it takes no name", 2)
    if len(name) > LONGEST:
        fail("scene", f"{len(name)} characters are too many (limit {LONGEST})", 2)
    tell(ask("scene", control.SCENE, control.Scene(scene=name, cut=cut, by=actor())).detail)


def _list(*, as_json: bool) -> None:
    from kitsu_tui.cli.obs_report import line, scenes, why_unknown

    found = scenes((view := picture("scene")).obs)
    if found is None:
        fail("scene", why_unknown(view), EXIT_FAILED)
    if as_json:
        import msgspec

        tell(msgspec.json.encode(found).decode(), as_json=True)
        return
    if not found.scenes:
        fail("scene", line(view.obs), EXIT_FAILED)
    for name in found.scenes:
        tell(f"{'*' if name == found.scene else ' '} {name}")
    if found.link != "open":
        tell(f"  (as they were; {line(view.obs)})")
