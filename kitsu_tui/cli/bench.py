"""`kitsu bench`: figures, with samples and percentiles. Run it on a machine that has time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer

from kitsu_tui.bench.report import BenchReport
from kitsu_tui.cli.ask import EXIT_FAILED, fail

app = typer.Typer(help="Measure: figures with samples and percentiles.", no_args_is_help=True)

SCHEMAS = {"bench": BenchReport}

Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


def _print(report: BenchReport, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(report).decode())
    else:
        from kitsu_tui.bench.report import table

        print(table(report))


@contextmanager
def _own_show(verb: str) -> Iterator[Callable[[str], None]]:
    """Around a bench with a show of its own: yields what tells how far it is. What goes wrong is
    one line and an exit code; ctrl+c, SIGTERM and a lost terminal leave no process behind.
    """
    from kitsu_tui import platform
    from kitsu_tui.bench.obs_lab import NoObs
    from kitsu_tui.bench.place import BenchFailed, ended_by_signals
    from kitsu_tui.bench.terminal import Late, NoTerminal
    from kitsu_tui.client import NoShow, RequestFailed
    from kitsu_tui.config import ConfigError

    platform.set_quick()  # what measures must not be late itself
    try:
        with ended_by_signals():
            yield lambda words: print(f"kitsu {verb}: {words}", file=sys.stderr, flush=True)
    except (BenchFailed, NoObs, NoTerminal, Late, NoShow, OSError) as err:
        fail(verb, str(err), EXIT_FAILED)
    except RequestFailed as err:
        fail(verb, err.detail, EXIT_FAILED)
    except ConfigError as err:
        fail(verb, str(err), 2)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@app.command()
def wire(
    as_json: Json = False,
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the samples")] = False,
) -> None:
    """Messages a second through the harness, and round trips."""
    from kitsu_tui.bench import wire as bench

    _print(asyncio.run(bench.run(quick=quick)), as_json)


@app.command()
def console(
    as_json: Json = False,
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the samples")] = False,
    soak: Annotated[
        int, typer.Option(min=0, max=86400, help="only its memory, in real time, so many seconds")
    ] = 0,
    part: Annotated[
        list[str] | None, typer.Option(help="only this: paint, journal, rest, flood or memory")
    ] = None,
) -> None:
    """The console on a terminal of its own: first paint, keys in a flood of logs, rates, memory."""
    from kitsu_tui.bench import console as bench

    for name in part or ():
        if name not in bench.PARTS:
            fail("bench console", f"no part {name!r}; there are: {', '.join(bench.PARTS)}", 2)

    with _own_show("bench console") as say:
        report = bench.run(quick=quick, soak_s=soak, parts=part or bench.PARTS, say=say)
    _print(report, as_json)


@app.command()
def talk(
    as_json: Json = False,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="how often each is asked")] = 3,
    wav: Annotated[
        list[Path] | None, typer.Option(help="ask these instead of the project's questions")
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="profile, when no show is running")
    ] = "",
) -> None:
    """From the end of speech to her first sound, stage by stage."""
    from kitsu_tui.bench import talk as bench
    from kitsu_tui.cli.ask import run
    from kitsu_tui.cli.occasion import a_show
    from kitsu_tui.client import connect

    wavs = [path.absolute() for path in wav or []]
    for path in wavs:
        if not path.is_file():
            fail("bench talk", f"{path}: no such file", 2)
    try:
        wavs or bench.questions()
    except bench.NoSpeech as err:
        fail("bench talk", str(err), 2)

    async def work() -> BenchReport:
        async with connect() as show:
            return await bench.run(show, rounds, wavs)

    with TemporaryDirectory() as folder:
        # Lines that she has said before would come from the voice's cache: measure without it.
        fresh = Path(folder) / "bench.yaml"
        fresh.write_text(
            f"extends: {_quoted(profile or 'starter')}\ntts: {{cache_mb: 0}}\n", "utf-8"
        )
        with a_show("bench", str(fresh), ["audio", "asr", "policy", "tts"]) as ours:
            report = run("bench talk", work)
    if not ours:
        note = "a show was running: lines that she had said before may have come from its cache"
        report = msgspec.structs.replace(report, notes=[*report.notes, note])
    _print(report, as_json)


def _quoted(profile: str) -> str:
    path = Path(profile)
    found = path.absolute() if path.suffix in (".yaml", ".yml") or "/" in profile else profile
    return msgspec.json.encode(str(found)).decode()


@app.command()
def panic(
    as_json: Json = False,
    samples: Annotated[
        int, typer.Option(min=10, max=100_000, help="drills by request and by key together")
    ] = 1000,
    quick: Annotated[bool, typer.Option("--quick", help="100 drills")] = False,
    profile: Annotated[str, typer.Option("--profile", "-p", help="profile")] = "starter",
    device: Annotated[
        str, typer.Option(help="play on this sound device, by name or a part of it")
    ] = "",
    loudspeaker: Annotated[
        bool,
        typer.Option("--loudspeaker", help="play on a virtual loudspeaker (PulseAudio), record it"),
    ] = False,
) -> None:
    """From a press of panic to her last sound and to OBS's BRB scene, while everything works; with
    a show and a real OBS of its own.

    A drill takes 1 to 2 s, so 1000 and the 400 under special conditions take half an hour. Ctrl+c
    ends it early, with the figures so far. Without OBS or Xvfb here the rest is measured.
    """
    from kitsu_tui.bench import panic as bench

    with _own_show("bench panic") as tell:
        work = bench.run(
            samples=100 if quick else samples,
            profile=profile,
            device=device,
            record=loudspeaker,
            tell=tell,
        )
        report = asyncio.run(work)
    _print(report, as_json)
    if report.ended:
        raise SystemExit(130 if report.ended == bench.STOPPED else EXIT_FAILED)


@app.command()
def show(
    as_json: Json = False,
    quick: Annotated[bool, typer.Option("--quick", help="fewer samples, in two minutes")] = False,
    profile: Annotated[str, typer.Option("--profile", "-p", help="profile")] = "starter",
) -> None:
    """A show of its own: starts, restarts and ends, cost at rest, and how late its loop is."""
    from kitsu_tui.bench import show as bench

    with _own_show("bench show") as tell:
        report = asyncio.run(bench.run(quick=quick, profile=profile, tell=tell))
    _print(report, as_json)


@app.command()
def safety(
    as_json: Json = False,
    turns: Annotated[
        int, typer.Option(min=1, max=100_000, help="turns of the model, each way")
    ] = 2000,
    quick: Annotated[
        bool, typer.Option("--quick", help="20 turns, a tenth of the samples")
    ] = False,
    let_in: Annotated[
        bool | None,
        typer.Option(
            "--let-in/--asked",
            help="prompts only past the gate for what comes in, or only by it (default: both ways)",
        ),
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="only this: corpora, cost or turns")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="write each turn there, its sentences with it; go on from what is there"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=1_000_000, help="of prompts and model")] = 1,
    profile: Annotated[str, typer.Option("--profile", "-p", help="profile")] = "starter",
) -> None:
    """What the gate finds and what it costs; and turns of the model on provoking prompts, with all
    that would have been spoken judged by another means than the gate.

    A turn takes about 0.5 s. Sentences are written to --out only, never printed; beside it, in
    OUT.flagged, stands each that the other judge would have looked at.
    """
    from kitsu_tui.bench import safety as bench

    for name in part or ():
        if name not in bench.PARTS:
            fail("bench safety", f"no part {name!r}; there are: {', '.join(bench.PARTS)}", 2)
    with _own_show("bench safety") as tell:
        work = bench.run(
            profile=profile,
            turns=min(turns, 20) if quick else turns,
            quick=quick,
            let_in=let_in,
            parts=tuple(part or bench.PARTS),
            seed=seed,
            kept=out,
            tell=tell,
        )
        report = asyncio.run(work)
    _print(report, as_json)
