"""`kitsu safety`: try the rules on a text, look at them, and keep your own blocklist."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from engines.wire.lines import Action
from kitsu_tui.cli.ask import EXIT_FAILED, actor, fail
from kitsu_tui.cli.tell import tell, warn

if TYPE_CHECKING:
    from pathlib import Path

    from engines.wire import control
    from kitsu_tui.config import Loaded

app = typer.Typer(
    help="Safety: try the rules on a text, list them, and keep your own blocklist.",
    no_args_is_help=True,
)

ASK_S = 10.0
EXIT_CAUGHT, EXIT_UNJUDGED = 1, 5
"""Of `safety test`: a rule caught a text; one could not be judged, which counts as not said."""


class VerdictReport(Struct, frozen=True, kw_only=True):
    """What `kitsu safety test --json` prints for a text: the graver of its verdicts."""

    action: Action
    category: str
    """Of the rule; `gate-error` when it could not be judged; empty when it is allowed."""
    rule: str
    view: str
    """How the text had to be read for it."""
    term: str
    """What was found, or the words that told most."""
    text: str
    """What would be said; empty when nothing is."""
    risk: float
    """0 to 1; how doubtful it is, also when it is allowed."""
    side: Literal["output", "input"]
    """Said by her, or to her."""
    severity: int
    ms: float
    """What the verdict took."""
    line: int = 0
    """Which line of stdin it was, from 1; 0: the argument."""
    error: str = ""
    """Why it could not be judged: then no rule caught it, and it counts as drop all the same."""


class RuleCount(Struct, frozen=True, kw_only=True):
    """How many rules of a kind there are."""

    category: str
    action: Action
    """When she says it."""
    input: Action
    """When it is said to her."""
    rules: int
    terms: int
    """Words and phrases, as far as they are written out; patterns are among them."""


class RulesReport(Struct, frozen=True, kw_only=True):
    """What `kitsu safety rules --json` prints."""

    profile: str
    folder: str
    files: list[str]
    blocklist: str
    blocked: int
    rules: int
    load_ms: float
    counts: list[RuleCount]
    problems: list[str]
    """What in the files could not be used: FILE:LINE and why."""
    error: str
    """Why there are no rules at all; she stays silent then."""


class BlocklistReport(Struct, frozen=True, kw_only=True):
    """What `kitsu safety add|remove|list --json` prints."""

    texts: list[str]
    detail: str
    running: bool
    """A running show has done it; else the file was changed here."""


SCHEMAS = {
    "safety.test": VerdictReport,
    "safety.rules": RulesReport,
    "safety.blocklist": BlocklistReport,
}

Profile = Annotated[
    str, typer.Option("--profile", "-p", help="whose rules; default: KITSU_CONFIG_FILE, or starter")
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object")]


@app.command("test")
def try_(
    text: Annotated[str, typer.Argument(help="the text; - reads a text per line from stdin")],
    as_json: Annotated[
        bool, typer.Option("--json", help="a JSON object per text, in their order")
    ] = False,
    side: Annotated[
        str,
        typer.Option(help="output (she says it), input (it is said to her), or both: the graver"),
    ] = "both",
    context: Annotated[str, typer.Option(help="what she said before it")] = "",
    profile: Profile = "",
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="exit with 1 when a text is not allowed as it is, with 5 when one could not be "
            "judged",
        ),
    ] = False,
) -> None:
    """Say what the rules make of a text, and of which rule. Needs no running show.

    By default a text is judged as said by her and as said to her, and the graver verdict counts.
    It is the rules that are tried: the second opinion, how it sounds and what depends on the
    conversation come on top of them in a show. Without any rules it exits with 5 in any case.
    """
    from kitsu_tui.cli.safety_trial import Trial, lines, plain
    from kitsu_tui.show.safety.keeper import REMEDY

    if side not in ("both", "output", "input"):
        fail("safety test", f"--side: found {side!r}, expected both, output or input", 2)
    loaded = _loaded("test", profile)
    try:
        trial = Trial(loaded, side, plain(context))
        if text == "-" and sys.stdin is None:
            fail("safety test", "-: there is no standard input to read lines from", 2)
        many = text == "-"
        texts = lines(sys.stdin.buffer) if many else iter([plain(text)])
        allowed, unjudged = True, bool(trial.error)
        if trial.error:
            warn(f"kitsu safety test: there are no rules: {trial.error}\n{REMEDY}")
        for number, one in enumerate(texts, 1):
            found = trial.judge(one, number if many else 0)
            allowed = allowed and found[0].action == "allow"
            unjudged = unjudged or (exit_code and bool(found[0].error))
            if as_json:
                import msgspec

                tell(msgspec.json.encode(found[0]).decode(), as_json=True)
            else:
                tell(trial.words(one, found))
            sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        _hush()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if unjudged:
        raise SystemExit(EXIT_UNJUDGED)
    if exit_code and not allowed:
        raise SystemExit(EXIT_CAUGHT)


@app.command()
def rules(as_json: AsJson = False, profile: Profile = "") -> None:
    """List the rule files, what is in them, and what in them could not be used."""
    from kitsu_tui.cli.safety_rules import report, words

    found = report(_loaded("rules", profile))
    if as_json:
        import msgspec

        tell(msgspec.json.encode(found).decode(), as_json=True)
    else:
        tell(words(found))
    if found.error:
        raise SystemExit(EXIT_FAILED)


@app.command()
def add(
    text: Annotated[str, typer.Argument(help="what nobody may hear or say to her")],
    force: Annotated[
        bool, typer.Option("--force", help="also a word that stands in most sentences")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a text on your blocklist: at once, also in a running show."""
    _change("add", text, force=force, as_json=as_json)


@app.command()
def remove(
    text: Annotated[str, typer.Argument(help="a text of the list")], as_json: AsJson = False
) -> None:
    """Take a text off your blocklist."""
    _change("remove", text, force=False, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List your blocklist."""
    _change("list", "", force=False, as_json=as_json)


def _loaded(verb: str, profile: str) -> Loaded:
    from kitsu_tui.config import ConfigError, load_profile

    try:
        return load_profile(profile)
    except ConfigError as err:
        fail(f"safety {verb}", str(err), 2)


def _change(
    what: Literal["add", "remove", "list"], text: str, *, force: bool, as_json: bool
) -> None:
    if what != "list" and not text.strip():
        fail(f"safety {what}", "no text", 2)
    if len(text) > 200:
        fail(f"safety {what}", f"{len(text)} characters are too many (limit 200)", 2)
    if any("\ud800" <= char <= "\udfff" for char in text):
        fail(f"safety {what}", "found bytes that are no text, expected UTF-8", 2)
    listed = _ask_show(what, text, force=force)
    running = listed is not None
    texts, detail = (listed.texts, listed.detail) if listed else _here(what, text, force=force)
    if as_json:
        import msgspec

        report = BlocklistReport(texts=texts, detail=detail, running=running)
        tell(msgspec.json.encode(report).decode(), as_json=True)
    elif what == "list":
        for one in texts:
            tell(one)
        if not texts:
            warn("nothing is blocked")
    else:
        tell(detail if running else f"{detail} (no show runs: the next one has it)")


def _ask_show(
    what: Literal["add", "remove", "list"], text: str, *, force: bool
) -> control.Listed | None:
    """Have the running show do it; None when there is none."""
    from engines.wire import control
    from kitsu_tui.client import NoShow, RequestFailed, connect

    params = control.Blocklist(what=what, text=text, force=force, by=actor())

    async def work() -> control.Listed:
        async with connect() as show:
            return await show.ask(control.BLOCKLIST, params, ASK_S)

    try:
        return asyncio.run(work())
    except NoShow:
        return None
    except RequestFailed as err:
        fail(f"safety {what}", err.detail, EXIT_FAILED)
    except OSError:  # it ended meanwhile: whether it was done shows in the file
        return None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _here(what: str, text: str, *, force: bool) -> tuple[list[str], str]:
    """Change the file."""
    from kitsu_tui.show import blocklist

    path = _path(what)
    try:
        if what == "list":
            texts = blocklist.read(path)
            return texts, f"{len(texts)} blocked"
        done = (
            blocklist.add(path, text, force=force)
            if what == "add"
            else blocklist.remove(path, text)
        )
    except blocklist.BlocklistError as err:
        fail(f"safety {what}", str(err), EXIT_FAILED)
    return done.texts, done.detail


def _path(what: str) -> Path:
    """Where the list is, for this folder's `.env` and environment."""
    return _loaded(what, "").blocklist()


def _hush() -> None:
    """Nothing more is written at exit into a pipe that is closed."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
