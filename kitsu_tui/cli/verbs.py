"""Verbs for whatever an operator's key does in the console: for a deck, a script, a phone."""

from __future__ import annotations

from typing import Annotated

import typer

from kitsu_tui.cli.ask import actor, ask, fail, picture
from kitsu_tui.cli.tell import tell

Engine = Annotated[str, typer.Argument(help="engine, such as tts")]


def say(text: Annotated[str, typer.Argument(help="what you say to her")]) -> None:
    """Type to her; she answers aloud."""
    from engines.wire import control

    if not text.strip():
        fail("say", "nothing to say", 2)
    if len(text) > 2000:
        fail("say", f"{len(text)} characters are too many (limit 2000)", 2)
    said = ask("say", control.SAY, control.Say(text=text, by=actor()))
    tell(f"turn {said.turn}")


def interrupt(
    everything: Annotated[
        bool, typer.Option("--all", help="also forget what waits for an answer")
    ] = False,
) -> None:
    """End what she is saying."""
    from engines.wire import control

    params = control.Interrupt(everything=everything, by=actor())
    tell(ask("interrupt", control.INTERRUPT, params).detail)


def mute(
    what: Annotated[str, typer.Argument(help="mic or voice")],
    word: Annotated[str, typer.Argument(metavar="[on|off]", help="as --on and --off")] = "",
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="set it; without, it is toggled")
    ] = None,
) -> None:
    """Mute or open the microphone, or her voice."""
    from engines.wire import control

    if word:
        if word not in ("on", "off") or on is not None:
            fail("mute", f"found {word!r}, expected on (muted) or off, once", 2)
        on = word == "on"
    if what == "mic":
        params = control.Mute(what="mic", on=on, by=actor())
    elif what == "voice":
        params = control.Mute(what="voice", on=on, by=actor())
    else:
        fail("mute", f"found {what!r}, expected mic or voice", 2)
    tell(ask("mute", control.MUTE, params).detail)


def panic() -> None:
    """Silence her at once, everywhere, until `kitsu resume`."""
    from kitsu_tui.cli.panic import panic as quick

    raise SystemExit(quick())


def resume(
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="do not ask (only a terminal is asked)")
    ] = False,
) -> None:
    """Release the panic latch, and put back what panic changed. Asks once, on a terminal."""
    import sys

    from engines.wire import control

    epoch = None
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        epoch = _sure()
    # It is what was put back that is waited for; the latch is released at once.
    tell(ask("resume", control.RESUME, control.Resume(by=actor(), epoch=epoch)).detail)


def _sure() -> int | None:
    """Ask whoever is at the terminal; the epoch of the panic that they were told of."""
    import time

    from kitsu_tui.console.words import clock, who

    state = picture("resume")
    panic = state.panic
    if not panic.latched:
        return None
    ago = time.time() - panic.since
    tell(f"panic by {who(panic.by)} at {clock(panic.since)}, {ago:.0f} s ago")
    for name in dict.fromkeys((*panic.waits, *panic.why)):
        tell(f"  {name}: {panic.why.get(name, 'waits')}")
    try:
        answer = input("resume? [y/N] ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
        tell("")
    if answer.strip().lower() not in ("y", "yes"):
        fail("resume", "panic stays", 1)
    return state.epoch


def toggle(
    engine: Engine,
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="set it; without, it is toggled")
    ] = None,
) -> None:
    """Switch an engine on or off."""
    from engines.wire import control

    done = ask("toggle", control.TOGGLE, control.Toggle(engine=engine, on=on, by=actor()))
    tell(f"{engine} {done.detail}")


def restart(engine: Engine) -> None:
    """Start an engine anew."""
    from engines.wire import control

    done = ask("restart", control.RESTART, control.OneEngine(engine=engine, by=actor()))
    tell(f"{engine}: {done.detail}")


def start(engine: Engine) -> None:
    """Start an engine that is off, was killed or has failed (a show is started by `run`)."""
    from engines.wire import control

    done = ask("start", control.START, control.OneEngine(engine=engine, by=actor()))
    tell(f"{engine}: {done.detail}")


def kill(engine: Engine) -> None:
    """End an engine's process at once and leave it off: for one that hangs."""
    from engines.wire import control

    done = ask("kill", control.KILL, control.OneEngine(engine=engine, by=actor()))
    tell(f"{engine}: {done.detail}")


def skip() -> None:
    """End the sentence on air; she goes on with the next."""
    from engines.wire import control

    tell(ask("skip", control.SKIP, control.Ask(by=actor())).detail)


def persona(
    preset: Annotated[str, typer.Argument(help="preset; without, they are listed")] = "",
) -> None:
    """Say which preset of her persona she is, or take another."""
    from engines.wire import control

    if preset:
        tell(ask("persona", control.PERSONA, control.Persona(preset=preset, by=actor())).detail)
    else:
        view = picture("persona").persona
        tell(f"{view.name}: {_marked(view.presets, view.preset)}")


def mood(
    mood: Annotated[str, typer.Argument(help="mood to hold her in; without, they are listed")] = "",
    own: Annotated[bool, typer.Option("--own", help="let her have her own moods again")] = False,
) -> None:
    """Hold her in a mood, or let go."""
    from engines.wire import control

    if mood and own:
        fail("mood", "either a mood or --own", 2)
    if mood or own:
        tell(ask("mood", control.MOOD, control.Mood(mood=mood, by=actor())).detail)
        return
    view = picture("mood")
    held = f"{view.persona.mood} (held)" if view.persona.mood else ""
    now = held or f"{view.mood or 'none yet'} (her own)"
    tell(f"{now}; {_marked(view.persona.moods, view.persona.mood)}")


def mark(text: Annotated[str, typer.Argument(help="a few words")] = "") -> None:
    """Mark this moment in the journal, to find it again."""
    from engines.wire import control

    if len(text) > 500:
        fail("mark", f"{len(text)} characters are too many (limit 500)", 2)
    tell(ask("mark", control.MARK, control.Mark(text=text, by=actor())).detail)


def acknowledge() -> None:
    """Say that the alerts were seen."""
    from engines.wire import control

    tell(ask("acknowledge", control.ACKNOWLEDGE, control.Acknowledge(by=actor())).detail)


def _marked(names: list[str], current: str) -> str:
    return "  ".join(f"*{name}" if name == current else name for name in names)


VERBS = {
    "Her": (say, interrupt, skip, mute, persona, mood),
    "The show": (panic, resume, mark, acknowledge),
    "Its engines": (start, restart, kill, toggle),
}
"""By the heading that `kitsu --help` gives them."""
