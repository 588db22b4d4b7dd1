"""`kitsu talk`: one exchange, with the running show or with one that is started for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from msgspec import Struct

from engines.wire.control import Talk, Talked, Verdict
from kitsu_tui.cli.ask import EXIT_FAILED, NO_TEXT, actor, fail, run
from kitsu_tui.cli.occasion import a_show
from kitsu_tui.cli.tell import tell, warn

TALK_S = 180.0
LONGEST = 2000
LONGEST_NAME = 100


class TalkReport(Struct, frozen=True, kw_only=True):
    """What `kitsu talk --json` prints."""

    status: Literal["ok", "silent", "interrupted", "stopped", "blocked", "error", "panic"]
    transcript: str
    answer: str
    mood: str
    actions: list[str]
    verdicts: list[Verdict]
    marks_ms: dict[str, float]
    """Milliseconds after the end of speech (or after the text was sent), by stage."""
    out: str
    detail: str


SCHEMAS = {"talk": TalkReport}


def talk(
    text: Annotated[str, typer.Option(help="what is said to her")] = "",
    wav: Annotated[
        str, typer.Option(help="wav file, played into the microphone's path in real time")
    ] = "",
    viewer: Annotated[
        str | None,
        typer.Option(help="the text is that of a viewer of this name, and treated as such"),
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="profile, when no show is running")
    ] = "",
    preset: Annotated[str, typer.Option(help="preset of the persona, for this exchange")] = "",
    no_tts: Annotated[bool, typer.Option("--no-tts", help="only the text of an answer")] = False,
    out: Annotated[str, typer.Option(help="wav file that gets her answer as it was played")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """One exchange: say something to her and print what she answers."""
    if bool(text.strip()) == bool(wav):
        fail("talk", "give either --text or --wav", 2)
    if wav and not Path(wav).is_file():
        fail("talk", f"{wav}: no such file", 2)
    if len(text) > LONGEST:
        fail("talk", f"{len(text)} characters are too many (limit {LONGEST})", 2)
    # An empty name is refused: a script that lost it would else speak for the operator.
    if viewer is not None and (wav or not viewer.strip() or len(viewer) > LONGEST_NAME):
        fail("talk", f"--viewer goes with --text, and is 1 to {LONGEST_NAME} characters", 2)
    viewer = viewer or ""
    if not _is_text(text + preset + viewer):
        fail("talk", NO_TEXT, 2)
    if out and no_tts:
        fail("talk", "--out needs her voice: leave out --no-tts", 2)
    if out and not Path(out).absolute().parent.is_dir():
        fail("talk", f"{out}: its folder does not exist", 2)
    params = Talk(
        text=text.strip(),
        wav=str(Path(wav).absolute()) if wav else "",
        viewer=viewer.strip(),
        preset=preset,
        play=not no_tts,
        out=str(Path(out).absolute()) if out else "",
        by=actor(),
    )
    with a_show("talk", profile, ["audio", "asr", "policy", "tts"]) as ours:
        if profile and not ours:
            warn("kitsu talk: a show is running: --profile is not used")
        talked = run("talk", lambda: _talk(params))
    report = TalkReport(
        status=talked.status,  # type: ignore[arg-type]
        transcript=talked.transcript,
        answer=talked.answer,
        mood=talked.mood,
        actions=talked.actions,
        verdicts=talked.verdicts,
        marks_ms=talked.marks_ms,
        out=out,
        detail=talked.detail,
    )
    if as_json:
        import msgspec

        tell(msgspec.json.encode(report).decode(), as_json=True)
    else:
        _print(report)
    if talked.status in ("error", "panic", "stopped"):
        raise SystemExit(EXIT_FAILED)


async def _talk(params: Talk) -> Talked:
    from engines.wire import control
    from kitsu_tui.client import connect

    async with connect() as show:
        return await show.ask(control.TALK, params, TALK_S)


def _print(report: TalkReport) -> None:
    tell(f"you:   {_shown(report.transcript)}")
    mood = f" ({_shown(report.mood)})" if report.mood else ""
    tell(f"kitsu: {_shown(report.answer) or '...'}{mood}")
    for verdict in report.verdicts:
        if verdict.action != "allow":
            which = "what was said to her" if verdict.seq < 0 else f"sentence {verdict.seq + 1}"
            rule = f" ({verdict.rule})" if verdict.rule else ""
            who = f" by {_shown(verdict.by)}" if verdict.by else ""
            means = f"{verdict.means}:"
            what = "nobody decided in time" if verdict.category == "time" else verdict.category
            tell(f"{means:<6} {verdict.action} {which}: {what}{rule}{who}")
    if report.status not in ("ok", "blocked"):
        tell(f"note:  {report.status}")
    if report.detail:
        tell(f"note:  {_shown(report.detail)}")
    marks = "  ".join(f"{name} {ms:.0f}" for name, ms in report.marks_ms.items())
    tell(f"ms:    {marks}")
    if report.out:
        tell(f"out:   {report.out}")


def _is_text(text: str) -> bool:
    """False for what the shell gave us that is no UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _shown(text: str) -> str:
    """Text for a terminal: what would command it is made visible."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
