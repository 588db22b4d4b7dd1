"""`kitsu bench`: figures, with samples and percentiles. Run it on a machine that has time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from kitsu_tui.bench.report import BenchReport
from kitsu_tui.cli.ask import fail

app = typer.Typer(help="Measure: figures with samples and percentiles.", no_args_is_help=True)

SCHEMAS = {"bench": BenchReport}

Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


def _print(report: BenchReport, as_json: bool) -> None:
    if as_json:
        import msgspec

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

    with a_show(profile, ["audio", "asr", "policy", "tts"]):
        report = run("bench talk", work)
    _print(report, as_json)
