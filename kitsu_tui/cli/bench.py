"""`kitsu bench`: figures, with samples and percentiles. Run it on a machine that has time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer

from kitsu_tui.bench.report import BenchReport
from kitsu_tui.cli.ask import fail

app = typer.Typer(help="Measure: figures with samples and percentiles.", no_args_is_help=True)

SCHEMAS = {"bench": BenchReport}

Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


def _print(report: BenchReport, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(report).decode())
    else:
        from kitsu_tui.bench.report import table

        print(table(report))


@app.command()
def wire(
    as_json: Json = False,
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the samples")] = False,
) -> None:
    """Messages a second through the harness, and round trips."""
    from kitsu_tui.bench import wire as bench

    _print(asyncio.run(bench.run(quick=quick)), as_json)


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
    from kitsu_tui.cli.talk import a_show
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
        with a_show(str(fresh), ["audio", "asr", "policy", "tts"]) as ours:
            report = run("bench talk", work)
    if not ours:
        note = "a show was running: lines that she had said before may have come from its cache"
        report = msgspec.structs.replace(report, notes=[*report.notes, note])
    _print(report, as_json)


def _quoted(profile: str) -> str:
    path = Path(profile)
    found = path.absolute() if path.suffix in (".yaml", ".yml") or "/" in profile else profile
    return msgspec.json.encode(str(found)).decode()
