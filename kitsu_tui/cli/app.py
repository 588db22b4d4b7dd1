"""The `kitsu` command: its verbs. Each imports what it needs when it is called."""

from __future__ import annotations

import typer

from kitsu_tui.cli.engine import engine

app = typer.Typer(
    name="kitsu",
    help="Kitsu runs an AI VTuber: she hears, thinks and speaks; you keep her on air.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("engine")(engine)


@app.callback()
def root() -> None:
    """Kitsu runs an AI VTuber: she hears, thinks and speaks; you keep her on air."""


def run() -> None:
    """Run the command line."""
    app()
