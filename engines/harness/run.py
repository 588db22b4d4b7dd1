"""Runs one engine over this process's stdin and stdout, from hello to exit code."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
from typing import Any

import msgspec

from engines.harness.engine import Engine
from engines.harness.errors import (
    EXIT_BAD_CONFIG,
    EXIT_DONE,
    EXIT_MISSING,
    EXIT_TRY_AGAIN,
    ConfigError,
    Missing,
)
from engines.harness.host import Host
from engines.harness.stdio import Reader, Writer
from engines.wire.envelope import Init

log = logging.getLogger("harness")

INIT_TIMEOUT = 30.0
LEAVE_TIMEOUT = 2.0
"""After the input's end a supervised engine that does not leave by itself is made to."""


def run(engine: type[Engine[Any]], wire_fd: int, config: Any | None, *, supervised: bool) -> int:
    """Serve until told to stop; returns the exit code.

    Args:
        engine: the class to serve.
        wire_fd: descriptor that `claim_stdout` returned.
        config: the checked configuration; None waits for `init`.
        supervised: a show is at the other end: leave at once when the input ends.
    """
    sys.setswitchinterval(0.001)  # the writer thread must not wait 5 ms for a busy loop
    faulthandler.enable()
    if hasattr(faulthandler, "register") and hasattr(signal, "SIGQUIT"):
        faulthandler.register(signal.SIGQUIT, all_threads=True, chain=False)
    if hasattr(signal, "SIGINT") and supervised:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c in a terminal is for the show
    try:
        return asyncio.run(_serve(engine, wire_fd, config, supervised))
    except KeyboardInterrupt:
        return 130


def leave(code: int) -> None:
    """Exit now: a native thread that is stuck in a model must not hold the process."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)


async def _serve(
    engine: type[Engine[Any]], wire_fd: int, config: Any | None, supervised: bool
) -> int:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def on_end() -> None:
        ended.set()
        if supervised:
            host.stopping.set()

    def on_eof() -> None:
        # From the reader's thread: it must also end an engine whose loop stands still.
        if supervised:
            timer = threading.Timer(LEAVE_TIMEOUT, leave, (EXIT_DONE,))
            timer.daemon = True
            timer.start()

    def on_broken() -> None:
        ended.set()
        host.stopping.set()

    host: Host

    def on_room() -> None:
        host.room.set()

    writer = Writer(wire_fd, loop, on_room, on_broken)
    host = Host(engine, writer.put)
    reader = Reader(
        0,
        loop,
        host.lines,
        lambda count: host.trouble("oversized", "a line was over 1 MiB", count),
        on_end,
        on_eof,
    )
    if hasattr(signal, "SIGTERM") and sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, host.stopping.set)
    writer.start()
    host.hello()
    reader.start()
    code, reason = EXIT_DONE, "done"
    watch = asyncio.ensure_future(_figures(host, writer)) if supervised else None
    try:
        code, reason = await _live(host, engine, config, ended, supervised)
    finally:
        if watch is not None:
            watch.cancel()
        await host.stop(reason)
        host.bye(reason)
        await asyncio.to_thread(writer.close, 1.0)
        leave(code)
    return code


async def _live(
    host: Host,
    engine: type[Engine[Any]],
    config: Any | None,
    ended: asyncio.Event,
    supervised: bool,
) -> tuple[int, str]:
    stopping = asyncio.ensure_future(host.stopping.wait())
    epoch = 0
    if config is None:
        await asyncio.wait(
            {stopping, host.init}, timeout=INIT_TIMEOUT, return_when=asyncio.FIRST_COMPLETED
        )
        if stopping.done():
            return EXIT_DONE, "told to stop"
        if not host.init.done():
            return EXIT_TRY_AGAIN, f"no init within {INIT_TIMEOUT:g} s"
        init: Init = host.init.result()
        epoch = init.epoch
        try:
            config = msgspec.json.decode(init.config, type=engine.Config)
        except msgspec.MsgspecError as err:
            return _refuse(f"init: {err}", EXIT_BAD_CONFIG)
    starting = asyncio.ensure_future(host.start(config, epoch))
    await asyncio.wait({stopping, starting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        return EXIT_DONE, "told to stop"
    try:
        starting.result()
    except ConfigError as err:
        return _refuse(str(err), EXIT_BAD_CONFIG)
    except Missing as err:
        return _refuse(str(err), EXIT_MISSING)
    except Exception as err:
        log.error("start failed: %s", err, exc_info=err)
        return 1, f"start failed: {err}"
    if not supervised:
        ending = asyncio.ensure_future(ended.wait())
        await asyncio.wait({stopping, ending}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            finishing = asyncio.ensure_future(host.finish())
            await asyncio.wait({stopping, finishing}, return_when=asyncio.FIRST_COMPLETED)
            return EXIT_DONE, "end of input"
    await stopping
    return EXIT_DONE, "told to stop"


def _refuse(message: str, code: int) -> tuple[int, str]:
    log.error("%s", message)
    return code, message


async def _figures(host: Host, writer: Writer) -> None:
    while True:
        await asyncio.sleep(1.0)
        host.figures(writer.outbox.dropped)
