"""`kitsu doctor`: is everything there that a show needs, and what to do where it is not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kitsu_tui.doctor.report import Report

if TYPE_CHECKING:
    from kitsu_tui.doctor.context import Context
    from kitsu_tui.doctor.report import Check

SCHEMAS = {"doctor": Report}
"""What `--json` prints."""

EXIT_BAD = 1
EXIT_INTERRUPTED = 130


def doctor(
    profile: Annotated[
        str,
        typer.Option("--profile", "-p", help="profile by name or path", show_default="starter"),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="sizes instead of sha256; start no library and no engine"),
    ] = False,
    engines: Annotated[
        bool,
        typer.Option("--engines", help="start every engine, even while a show is running"),
    ] = False,
) -> None:
    """Look at Python, disk, models, devices, GPU, terminal and every engine's start.

    Exit code 0 when all is well or there are only warnings, 1 when something is bad.
    """
    import asyncio
    import logging
    import signal

    from kitsu_tui.doctor.context import Context

    # A script's background jobs begin with ctrl+c ignored, and the other two lead there too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):  # ended in order, as by ctrl+c: engines are under way
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    logging.getLogger().addHandler(logging.NullHandler())  # what matters stands in the report
    context = Context(profile=profile, quick=quick, engines=engines)
    try:
        report = asyncio.run(_examine(context, as_json=as_json))
    except KeyboardInterrupt:
        print("kitsu doctor: stopped", file=sys.stderr)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        code = EXIT_BAD
    else:
        code = 0 if report.ok else EXIT_BAD
    _late_answers(context)
    # A check that hangs sits in a thread of a library; an orderly exit might wait for it.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
    os._exit(code)


async def _examine(context: Context, *, as_json: bool) -> Report:
    import msgspec

    from kitsu_tui.cli.tell import tell
    from kitsu_tui.doctor.examine import examine
    from kitsu_tui.doctor.terminal import has_terminal
    from kitsu_tui.doctor.words import Words

    if as_json:
        report = await examine(context, lambda title, checks: None)
        tell(msgspec.json.encode(report).decode(), as_json=True)
        return report
    words = Words(
        getattr(sys.stdout, "encoding", "") or "",
        colour=has_terminal() and not os.environ.get("NO_COLOR"),
    )

    def told(title: str, checks: list[Check]) -> None:
        print("\n".join(words.group(title, checks)), flush=True)

    report = await examine(context, told)
    print("\n".join(words.end(report)), flush=True)
    return report


def _late_answers(context: Context) -> None:
    """A terminal over a slow line may answer after we stopped waiting."""
    answer = context.terminal
    if answer is not None and answer.asked and not answer.attributes:
        from kitsu_tui.doctor.tty import forget

        forget()
