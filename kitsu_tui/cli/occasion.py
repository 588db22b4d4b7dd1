"""A show for one occasion: the running one, else one that is started for it and ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from kitsu_tui.cli.ask import EXIT_FAILED, actor, fail

START_S = 60.0


@contextmanager
def a_show(verb: str, profile: str, engines: Collection[str] = ()) -> Iterator[bool]:
    """A show to ask: the running one, else one that ends afterwards.

    Waits until the engines named (all, when none is) are ready or have failed. Yields True when it
    is our own.
    """
    from kitsu_tui.config import endpoint, paths

    ours = False
    try:
        endpoint.connect_now(os.environ, 1.0).close()
    except paths.PathError as err:
        fail(verb, str(err), EXIT_FAILED)
    except OSError:
        _start(verb, profile)
        ours = True
    try:
        _wait_ready(verb, engines)
        yield ours
    finally:
        if ours:
            _end(verb)


def _end(verb: str) -> None:
    """End the show that was started for this; somebody may have done so already."""
    from kitsu_tui.cli.show import end_show
    from kitsu_tui.config import endpoint

    try:
        endpoint.connect_now(os.environ, 1.0).close()
    except OSError:
        return
    end_show(verb)


def _start(verb: str, profile: str) -> None:
    from kitsu_tui.config import ConfigError, load_profile

    try:
        load_profile(profile)
    except ConfigError as err:
        fail(verb, str(err), 2)
    command = [sys.executable, "-m", "kitsu_tui.cli", "run", "--detach"]
    if profile:
        command += ["--profile", profile]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=60)
    if done.returncode:
        raise SystemExit(done.returncode)


def _wait_ready(verb: str, engines: Collection[str]) -> None:
    import msgspec

    from engines.wire import control
    from kitsu_tui.cli.ask import ask
    from kitsu_tui.model.state import ShowState

    end = time.monotonic() + START_S
    while time.monotonic() < end:
        snapshot = ask(verb, control.STATUS, control.Ask(by=actor()))
        state = msgspec.convert(snapshot.state, ShowState)
        views = [state.engines[name] for name in engines or state.engines if name in state.engines]
        if all(v.state in ("ready", "degraded", "failed", "off", "stopped") for v in views):
            return
        time.sleep(0.1)
