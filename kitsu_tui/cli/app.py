"""The `kitsu` command: its verbs. Each imports what it needs when it is called."""

from __future__ import annotations

import typer

from kitsu_tui.cli import show
from kitsu_tui.cli.bench import app as bench
from kitsu_tui.cli.devices import devices
from kitsu_tui.cli.engine import engine
from kitsu_tui.cli.licenses import licenses
from kitsu_tui.cli.models import app as models
from kitsu_tui.cli.schema import schema
from kitsu_tui.cli.talk import talk

app = typer.Typer(
    name="kitsu",
    help="Kitsu runs an AI VTuber: she hears, thinks and speaks; you keep her on air.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
show.register(app)
app.command("talk")(talk)
app.command("engine")(engine)
app.add_typer(models, name="models")
app.command("licenses")(licenses)
app.command("devices")(devices)
app.add_typer(bench, name="bench")
app.command("schema")(schema)


@app.callback()
def root() -> None:
    """Kitsu runs an AI VTuber: she hears, thinks and speaks; you keep her on air."""


def run() -> None:
    """Run the command line."""
    app()
