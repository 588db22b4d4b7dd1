"""`kitsu profile`: which there are, what one says, and going over to another in mid-show."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="The profiles: which there are, what they say, and going over to another.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]


@app.command("list")
def list_profiles(as_json: Json = False) -> None:
    """Every profile, what it stands on and where it is; the running show's is marked."""
    from kitsu_tui.cli import profile_report

    profile_report.tell_list(as_json=as_json)


@app.command("show")
def show_profile(
    name: Annotated[
        str, typer.Argument(help="name or path; without, the one that `kitsu run` takes")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="also what is as in base")] = False,
    as_json: Json = False,
) -> None:
    """What a profile says that base does not, and where it says so; secrets are not told."""
    from kitsu_tui.cli import profile_report

    profile_report.tell_profile(name, everything=everything, as_json=as_json)


@app.command("use")
def use_profile(
    name: Annotated[str, typer.Argument(help="name or path")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask before the switch")] = False,
    as_json: Json = False,
) -> None:
    """Go over to another profile in mid-show: the difference first, then the switch."""
    from kitsu_tui.cli import profile_use

    profile_use.use(name, dry_run=dry_run, yes=yes, as_json=as_json)
