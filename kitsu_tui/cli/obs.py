"""`kitsu obs`: what there is to see and to change in OBS besides its scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kitsu_tui.cli.ask import EXIT_FAILED, actor, ask, fail, picture
from kitsu_tui.cli.tell import tell

if TYPE_CHECKING:
    from engines.wire import obs

app = typer.Typer(
    help="OBS: status, sources, filters, sound, texts, recording (scenes: kitsu scene).",
    no_args_is_help=True,
)

LONGEST = 256
LONGEST_TEXT = 5000

Word = Annotated[str, typer.Argument(metavar="[on|off]", help="without, it is toggled")]


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Say how OBS is, and what there is to change."""
    from kitsu_tui.cli.obs_report import report, why_unknown

    view = picture("obs status")
    if as_json:
        import msgspec

        tell(msgspec.json.encode(view.obs).decode(), as_json=True)
    elif view.obs.state is None:
        fail("obs status", why_unknown(view), EXIT_FAILED)
    else:
        tell(report(view.obs))


@app.command()
def source(
    name: Annotated[str, typer.Argument(help="source in the scene")],
    word: Word = "",
    scene: Annotated[str, typer.Option(help="in this scene instead of the one in program")] = "",
) -> None:
    """Show or hide a source."""
    from engines.wire import obs

    _short("source", name, scene)
    on = _on("source", word)
    _ask("source", obs.SetSource(source=name, scene=scene, on=on))


@app.command("filter")
def filter_(
    name: Annotated[str, typer.Argument(help="filter")],
    word: Word = "",
    source: Annotated[str, typer.Option(help="of this source, where several have one")] = "",
) -> None:
    """Turn a filter on or off."""
    from engines.wire import obs

    _short("filter", name, source)
    on = _on("filter", word)
    _ask("filter", obs.SetFilter(filter=name, source=source, on=on))


@app.command()
def mute(
    name: Annotated[str, typer.Argument(metavar="INPUT", help="input with sound")],
    word: Annotated[str, typer.Argument(metavar="[on|off]", help="on mutes; without: toggle")] = "",
) -> None:
    """Mute or open an input of OBS (her microphone and voice: kitsu mute)."""
    from engines.wire import obs

    _short("mute", name)
    on = _on("mute", word)
    _ask("mute", obs.SetMute(input=name, on=on))


@app.command(context_settings={"ignore_unknown_options": True})
def volume(
    name: Annotated[str, typer.Argument(metavar="INPUT", help="input with sound")],
    db: Annotated[str, typer.Argument(metavar="DB", help="-100 to 26; 0 is as it comes in")],
) -> None:
    """Set the volume of an input, in dB."""
    from engines.wire import obs

    _short("volume", name)
    try:
        value = float(db)
    except ValueError:
        value = float("nan")
    if not -100 <= value <= 26:
        fail("obs volume", f"found {db!r}, expected -100 to 26 (dB)", 2)
    _ask("volume", obs.SetVolume(input=name, db=value))


@app.command()
def text(
    name: Annotated[str, typer.Argument(metavar="SOURCE", help="text source")],
    words: Annotated[str, typer.Argument(metavar="TEXT", help="what it shows; '' clears it")],
) -> None:
    """Set what a text source shows."""
    from engines.wire import obs

    _short("text", name)
    if len(words) > LONGEST_TEXT:
        fail("obs text", f"{len(words)} characters are too many (limit {LONGEST_TEXT})", 2)
    _ask("text", obs.SetText(input=name, text=words))


@app.command()
def record(
    do: Annotated[str, typer.Argument(metavar="start|stop|pause|resume")],
) -> None:
    """Start, end, pause or go on with the recording."""
    from engines.wire import obs

    match do:
        case "start" | "stop" | "pause" | "resume":
            _ask("record", obs.SetRecord(do=do))
        case _:
            fail("obs record", f"found {do!r}, expected start, stop, pause or resume", 2)


@app.command()
def replay(
    do: Annotated[str, typer.Argument(metavar="start|stop|save")],
) -> None:
    """Start or end the replay buffer, or save what is in it."""
    from engines.wire import obs

    match do:
        case "start" | "stop" | "save":
            _ask("replay", obs.SetReplay(do=do))
        case _:
            fail("obs replay", f"found {do!r}, expected start, stop or save", 2)


def _ask(verb: str, change: obs.Change) -> None:
    from engines.wire import control

    tell(ask(f"obs {verb}", control.OBS, control.Obs(change=change, by=actor())).detail)


def _on(verb: str, word: str) -> bool | None:
    if word not in ("", "on", "off"):
        fail(f"obs {verb}", f"found {word!r}, expected on or off", 2)
    return word == "on" if word else None


def _short(verb: str, name: str, other: str = "") -> None:
    if not name:
        fail(f"obs {verb}", "an empty name", 2)
    for said in (name, other):
        if len(said) > LONGEST:
            fail(f"obs {verb}", f"{len(said)} characters are too many (limit {LONGEST})", 2)
