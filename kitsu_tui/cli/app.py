"""The `kitsu` command: its verbs. Each imports what it needs when it is called."""

from __future__ import annotations

import typer

from kitsu_tui.cli import show, verbs
from kitsu_tui.cli.bench import app as bench
from kitsu_tui.cli.devices import devices
from kitsu_tui.cli.doctor import doctor
from kitsu_tui.cli.drill import drill
from kitsu_tui.cli.engine import engine
from kitsu_tui.cli.journal import app as journal
from kitsu_tui.cli.licenses import licenses
from kitsu_tui.cli.lines import line, review
from kitsu_tui.cli.logs import logs
from kitsu_tui.cli.models import app as models
from kitsu_tui.cli.obs import app as obs
from kitsu_tui.cli.profile import app as profile
from kitsu_tui.cli.safety import app as safety
from kitsu_tui.cli.scene import scene
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
for heading, group in verbs.VERBS.items():
    for verb in group:
        app.command(verb.__name__, rich_help_panel=heading)(verb)
app.command("talk", rich_help_panel="Her")(talk)
app.command("line", rich_help_panel="Her")(line)
app.command("review", rich_help_panel="Her")(review)
app.command("drill", rich_help_panel="The show")(drill)
app.command("scene", rich_help_panel="The show")(scene)
app.add_typer(obs, name="obs", rich_help_panel="The show")
app.add_typer(safety, name="safety", rich_help_panel="The show")
app.command("logs", rich_help_panel="The show")(logs)
app.add_typer(profile, name="profile", rich_help_panel="The show")
app.add_typer(journal, name="journal", rich_help_panel="The show")
app.command("engine", rich_help_panel="Tools")(engine)
app.add_typer(models, name="models", rich_help_panel="Tools")
app.command("licenses", rich_help_panel="Tools")(licenses)
app.command("devices", rich_help_panel="Tools")(devices)
app.command("doctor", rich_help_panel="Tools")(doctor)
app.add_typer(bench, name="bench", rich_help_panel="Tools")
app.command("schema", rich_help_panel="Tools")(schema)


@app.callback()
def root() -> None:
    """Kitsu runs an AI VTuber: she hears, thinks and speaks; you keep her on air."""


def run() -> None:
    """Run the command line."""
    app()
