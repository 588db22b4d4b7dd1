"""The whole examination: what is known first, then the families, then the report."""

from __future__ import annotations

import asyncio
import platform as host
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from engines.wire.logline import Masker
from kitsu_tui import __version__
from kitsu_tui.doctor import (
    disk,
    engines,
    extras,
    machine,
    models,
    probe,
    profiles,
    python,
    services,
    show,
    sound,
    terminal,
    tty,
)
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.report import STATUSES, Check, Report

TOTAL_S = 80.0
"""For everything; what is not done by then is told as such."""
LOAD_S = 8.0

Told = Callable[[str, list[Check]], None]
"""Called with a family's title and its checks, in the families' order, as they are known."""


async def examine(context: Context, told: Told) -> Report:
    """Look at everything. Cancelled, it leaves no process behind."""
    began = time.monotonic()

    def left() -> float:
        return TOTAL_S - (time.monotonic() - began)

    if terminal.has_terminal() and context.terminal is None:
        context.terminal = tty.ask()
    await _prepare(context)
    mask = Masker(context.environ)
    # Engines come last: what else runs meanwhile would make their starts look slow.
    first = [
        python.FAMILY,
        disk.FAMILY,
        profiles.FAMILY,
        models.FAMILY,
        extras.family(),
        machine.FAMILY,
        sound.FAMILY,
        show.FAMILY,
        services.FAMILY,
        terminal.FAMILY,
    ]
    results: list[tuple[Check, bool]] = []
    running = [asyncio.create_task(_family(family, context, left)) for family in first]
    try:
        for family, task in zip(first, running, strict=True):
            found = _masked(await task, mask)
            results += found
            told(family.title, [check for check, _ in found])
        last = engines.family()
        found = _masked(await _family(last, context, left), mask)
        results += found
        told(last.title, [check for check, _ in found])
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return _report(context, results, time.monotonic() - began)


async def _prepare(context: Context) -> None:
    """Load the profile and ask the running show, if there is one."""
    from kitsu_tui.config import ConfigError, load_profile

    environ = dict(context.environ)
    try:
        Path.cwd()
    except OSError:
        context.trouble = "the present folder does not exist any more; run: cd ~"
        return
    try:
        load = probe.in_thread(lambda: load_profile(context.profile, environ))
        async with asyncio.timeout(LOAD_S):
            context.loaded = await load
        context.environ = context.loaded.environ
    except ConfigError as err:
        context.trouble = str(err)
    except TimeoutError:
        context.trouble = f"the profile cannot be read within {LOAD_S:.0f} s: its disk hangs"
    except Exception as err:
        context.trouble = f"the profile cannot be read: {type(err).__name__}: {err}"
    await show.running(context)


async def _family(
    family: probe.Family, context: Context, left: Callable[[], float]
) -> list[tuple[Check, bool]]:
    looks = (probe.examine(family.title, one, context, left) for one in family.probes)
    return [found for findings in await asyncio.gather(*looks) for found in findings]


def _masked(found: list[tuple[Check, bool]], mask: Masker) -> list[tuple[Check, bool]]:
    """No secret leaves, whatever a message quotes."""
    return [
        (msgspec.structs.replace(check, found=mask(check.found), do=mask(check.do)), goes_first)
        for check, goes_first in found
    ]


def _report(context: Context, results: list[tuple[Check, bool]], took: float) -> Report:
    checks = [check for check, _ in results]
    counts = {status: sum(c.status == status for c in checks) for status in STATUSES}
    return Report(
        version=__version__,
        profile=context.loaded.name if context.loaded is not None else context.profile,
        system=f"{host.system()} {host.release()}, {host.machine()}",
        ok=not counts["bad"],
        counts=counts,
        next=next_step(results),
        took_s=round(took, 2),
        checks=checks,
    )


PULL = "kitsu models pull "
WEIGHT = (
    *("Python", "Profile", "Disk", "Models", "Libraries", "Show", "Engines", "Sound", "Terminal"),
    *("Other programs", "Machine"),
)
"""Which family's advice is followed first, among findings that are equally bad."""


def next_step(results: list[tuple[Check, bool]]) -> str:
    """The most useful thing to do: a cause before its effects, what is bad before a warning."""

    def rank(result: tuple[Check, bool]) -> tuple[bool, bool, int]:
        check, goes_first = result
        return check.status != "bad", not goes_first, WEIGHT.index(check.group)

    wrong = [r for r in results if r[0].status in ("bad", "warn") and r[0].do]
    if not wrong:
        return ""
    step = min(wrong, key=rank)[0].do
    if step.startswith(PULL):  # one command fetches all that is missing
        names = [check.do.removeprefix(PULL) for check, _ in wrong if check.do.startswith(PULL)]
        return PULL + " ".join(dict.fromkeys(names))
    return step
