"""Running a check: with a timeout, whatever it does, and so that nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kitsu_tui import platform
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.report import Check, Finding, plain

T = TypeVar("T")

Found = Finding | list[Finding]
TIMEOUT_S = 5.0
OUTPUT_BYTES = 256 << 10


@dataclass(frozen=True)
class Probe:
    """A check. `look` runs in a thread of its own, or on the loop when it is a coroutine."""

    name: str
    look: Callable[[Context], Found | Awaitable[Found]]
    timeout: float = TIMEOUT_S


@dataclass(frozen=True)
class Family:
    """Checks that stand together in the report."""

    title: str
    probes: tuple[Probe, ...]


async def examine(
    group: str, probe: Probe, context: Context, left: Callable[[], float]
) -> list[tuple[Check, bool]]:
    """Run one check; each finding with whether it goes first as the next step.

    Args:
        left: seconds that are left for everything.
    """
    began = time.monotonic()
    limit = min(probe.timeout, left())
    try:
        async with asyncio.timeout(max(limit, 0.01)):
            found = await _look(probe, context)
    except TimeoutError:
        found = _late(probe, limit)
    except Exception as err:
        found = Finding(
            probe.name,
            "bad",
            f"this check failed: {type(err).__name__}: {err}",
            "what it looks at is in a state that nobody thought of; look at it by hand",
        )
    ms = round((time.monotonic() - began) * 1000, 1)
    findings = found if isinstance(found, list) else [found]
    return [
        (
            Check(
                group=group,
                name=finding.name,
                status=finding.status,
                found=plain(finding.found),
                do=plain(finding.do) if finding.status in ("warn", "bad") else "",
                ms=ms,
            ),
            finding.goes_first,
        )
        for finding in findings
    ]


def _late(probe: Probe, limit: float) -> Finding:
    if limit < probe.timeout:
        return Finding(
            probe.name,
            "bad",
            "not done in the time that there is for everything",
            "mend what hangs above, and run kitsu doctor again",
        )
    return Finding(
        probe.name,
        "bad",
        f"no answer within {limit:.0f} s",
        "what is looked at here hangs (a disk, a network folder, a driver); look at it alone",
    )


async def _look(probe: Probe, context: Context) -> Found:
    found = await in_thread(lambda: probe.look(context))
    return await found if isinstance(found, Awaitable) else found


async def in_thread(work: Callable[[], T]) -> T:
    """`work()` in a daemon thread: one that hangs is given up, and does not keep us from leaving.

    (`asyncio.to_thread` waits for its threads at the end.)
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(give: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            give(value)

    def run() -> None:
        give: Callable[[Any], None]
        value: Any
        try:
            give, value = future.set_result, work()
        except Exception as err:
            give, value = future.set_exception, err
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, give, value)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return await future


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code (negative for a signal), stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """The last thing that it said on stderr, else on stdout."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1] if lines else ""


async def run(
    command: Sequence[str], timeout: float, environ: Mapping[str, str] | None = None
) -> Ran:
    """Run a command without input. It and its kin have ended when this returns or raises.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it did not end in time.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=None if environ is None else dict(environ),
        **platform.spawn_options(),
    )
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            platform.signal_group(process.pid, "KILL")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await process.wait()
    return Ran(
        process.returncode if process.returncode is not None else -1,
        out[-OUTPUT_BYTES:].decode("utf-8", "replace"),
        err[-OUTPUT_BYTES:].decode("utf-8", "replace"),
    )
