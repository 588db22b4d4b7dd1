"""Engines that go wrong, each with one fault, for tests of those who live with them.

    python -m tests.support.engines FAULT [--engine NAME] [--config JSON] [--code N] [--hold S]

As a profile's command line (the show adds nothing to it)::

    engines:
      echo: {enabled: true, command: [PYTHON, REPO/tests/support/engines.py, dies_in_answer]}

Without `--config` it is supervised: it waits for `init` and leaves when its input ends. `--engine`
takes any engine's name (the default is `echo`); it then serves that engine's requests.

Faults, one at a time:

    none                nothing: the engine as it is
    silent              never says hello
    dies_before_hello   exits with --code before its first line
    dies_at_start       says hello and loading, then exits with --code from its `start`
    fails_at_start      raises from `start` (the harness exits with 1)
    hangs_at_start      never gets ready, but answers pings
    blocks_at_start     the same, and its loop stands still: no pings
    dies_in_answer      exits with --code after the second event of any request (`echo.count`)
    killed_in_answer    the same by SIGKILL
    hangs_in_answer     never answers a request; a cancel does not stop its thread; answers pings
    blocks_in_answer    stands still at the first request: no pings
    ignores_all         ignores SIGTERM, shutdown and the end of input: only a kill ends it
    grandchild          leaves a process behind, in a session of its own, that holds all its pipes
                        for --hold seconds (its pid is logged: `grandchild PID`)
    prints              prints on stdout from Python, from C and on descriptor 1, and goes on
    floods_stderr       20 MB of stderr at start, lines of 1 MiB and no UTF-8, then some for ever
    endless_stderr      --mb MB on stderr without one newline, from its start on
    endless_stdout      the same on its wire, before it is ready
    babbles             writes malformed, huge, binary and unknown lines on its wire, then is well
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import importlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    # Run by its path, this file's folder comes first, and in it this file is called `engines`.
    here = Path(__file__).resolve()
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != here.parent]
    sys.path.insert(0, str(here.parents[2]))

from engines.harness import Call, claim_stdout, run
from engines.wire import logline
from engines.wire.message import RequestKind
from kitsu_tui.cli.engine import load

log = logging.getLogger("scripted")
run_module: Any = importlib.import_module("engines.harness.run")

FOR_EVER = 3600.0
BABBLE = (
    b"this is no JSON\n",
    b"\x00\xff\xfe\x80 binary \x1b[2J\n",
    b'{"type":"nonsense","n":1}\n',
    b'{"type":"event","name":"nobody.knows","data":{}}\n',
    b'{"type":"event","name":"status","data":{"state":"splendid"}}\n',
    b'{"type":"response","id":"never asked","ok":true}\n',
    b'{"type":"event","name":"figures","data":' + b"[" * 5000 + b"\n",
    b'{"type":"event","name":"huge","data":"' + b"x" * (3 << 20) + b'"}\n',
)
PRINTED = "not for the wire"


class Around(NamedTuple):
    """What a fault may reach."""

    host: Any
    wire: int
    code: int
    hold: float
    mb: int


def scripted(base: type[Any], fault: str, wire: int, args: argparse.Namespace) -> type[Any]:
    """A subclass of an engine that goes wrong in one way."""

    class Scripted(base):  # type: ignore[misc]
        async def start(self) -> None:
            await FAULTS[fault](Around(self.link._host, wire, args.code, args.hold, args.mb))
            await super().start()

        async def stop(self) -> None:
            if fault == "ignores_all":
                time.sleep(FOR_EVER)
            await super().stop()

    return Scripted


async def prints(around: Around) -> None:
    print_everywhere()
    threading.Thread(target=print_for_ever, daemon=True).start()


def print_everywhere() -> None:
    """Print on stdout in every way that a library may."""
    print(PRINTED, flush=True)
    sys.stdout.write(PRINTED + "\n")
    os.write(1, PRINTED.encode() + b"\n")
    subprocess.run([sys.executable, "-c", f"print({PRINTED!r})"], check=True, timeout=30)
    if sys.platform != "win32":
        libc = ctypes.CDLL(None)
        libc.puts(PRINTED.encode())
        libc.fflush(None)


def print_for_ever() -> None:
    """Go on printing while requests are served."""
    while True:
        os.write(1, PRINTED.encode() + b"\n")
        time.sleep(0.005)


async def dies_at_start(around: Around) -> None:
    """Exit as a crash does, once what was said is on its way."""
    time.sleep(0.1)
    os._exit(around.code)


async def fails_at_start(around: Around) -> None:
    raise RuntimeError("scripted to fail")


async def hangs_at_start(around: Around) -> None:
    await asyncio.to_thread(time.sleep, FOR_EVER)


async def blocks_at_start(around: Around) -> None:
    time.sleep(FOR_EVER)


async def ignores_all(around: Around) -> None:
    """Leave only the kill that cannot be ignored."""
    if sys.platform != "win32":
        around.host.loop.remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    run_module.leave = lambda code: time.sleep(FOR_EVER)


async def grandchild(around: Around) -> None:
    """Start a process that outlives this one with its pipes."""
    fds: dict[str, Any] = {}
    if sys.platform != "win32":
        fds = {"pass_fds": (around.wire,), "start_new_session": True}
    child = subprocess.Popen(
        [sys.executable, "-c", f"import time; time.sleep({around.hold})"],
        **fds,
    )
    log.warning("grandchild %d", child.pid)


async def floods_stderr(around: Around) -> None:
    await asyncio.to_thread(flood_stderr)
    threading.Thread(target=trickle_stderr, daemon=True).start()


def flood_stderr() -> None:
    """More than any pipe holds, and no lines that one would wish for."""
    for n in range(100_000):
        os.write(2, b"flood %d %s\n" % (n, b"x" * 150))
    for _ in range(3):
        os.write(2, b"\xff\x00" * (1 << 19) + b"\n")


def trickle_stderr() -> None:
    """Some lines for ever."""
    while True:
        os.write(2, b"still here\n")
        time.sleep(0.001)


def pour(fd: int, mb: int) -> None:
    """So much without one newline, and then a newline."""
    piece = b"x" * (1 << 20)
    for _ in range(mb):
        view = memoryview(piece)
        while view:
            view = view[os.write(fd, view) :]
    os.write(fd, b"\n")
    log.warning("poured %d MB", mb)


async def endless_stderr(around: Around) -> None:
    threading.Thread(target=pour, args=(2, around.mb), daemon=True).start()


async def endless_stdout(around: Around) -> None:
    """Its own writer must not write meanwhile, or their lines would mix."""
    await asyncio.sleep(0.2)
    pour(around.wire, around.mb)


async def babbles(around: Around) -> None:
    await asyncio.to_thread(babble, around.wire)


def babble(wire: int) -> None:
    """Lines that are no frames, on the wire itself."""
    time.sleep(0.2)  # the harness's own first lines are out
    for line in BABBLE:
        view = memoryview(line)
        while view:
            view = view[os.write(wire, view) :]


def die_in_answer(host: Any, die: Callable[[], object]) -> None:
    """Die after the second event of a request, with both on their way."""
    send, sent = host.send_event, []

    def send_event(kind: Any, body: Any, id_: str | None, at: Any) -> bool:
        full = bool(send(kind, body, id_, at))
        if id_ is not None:
            sent.append(id_)
        if len(sent) == 2:
            time.sleep(0.1)
            die()
        return full

    host.send_event = send_event


async def dies_in_answer(around: Around) -> None:
    die_in_answer(around.host, lambda: os._exit(around.code))


async def killed_in_answer(around: Around) -> None:
    kill = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
    die_in_answer(around.host, lambda: os.kill(os.getpid(), kill))


def answer_with(host: Any, handler: Callable[[Any, Call], Any]) -> None:
    """Serve every request by this handler."""
    serve = host._serve

    def served(call: Call, kind: RequestKind[Any, Any], method: Any, params: Any) -> None:
        serve(call, kind, handler, params)

    host._serve = served


async def hangs_in_answer(around: Around) -> None:
    async def hang(params: Any, call: Call) -> None:
        await asyncio.to_thread(time.sleep, FOR_EVER)

    answer_with(around.host, hang)


async def blocks_in_answer(around: Around) -> None:
    answer_with(around.host, lambda params, call: time.sleep(FOR_EVER))


async def none(around: Around) -> None:
    return None


FAULTS: dict[str, Callable[[Around], Coroutine[Any, Any, None]]] = {
    fault.__name__: fault
    for fault in (
        none,
        dies_at_start,
        fails_at_start,
        hangs_at_start,
        blocks_at_start,
        dies_in_answer,
        killed_in_answer,
        hangs_in_answer,
        blocks_in_answer,
        ignores_all,
        grandchild,
        prints,
        floods_stderr,
        endless_stderr,
        endless_stdout,
        babbles,
    )
}
BEFORE = ("silent", "dies_before_hello")


def first(path: str) -> bool:
    """True for the one process that makes this file."""
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(prog="tests.support.engines")
    parser.add_argument("fault", choices=[*BEFORE, *FAULTS])
    parser.add_argument("--engine", default="echo")
    parser.add_argument("--config", help="run alone, with this configuration (JSON)")
    parser.add_argument("--supervised", action="store_true", help="the default; for its likeness")
    parser.add_argument("--code", type=int, default=9)
    parser.add_argument("--hold", type=float, default=30.0)
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--once", help="a file: the fault is only for whoever makes it first")
    args = parser.parse_args()
    if args.once is not None and not first(args.once):
        args.fault = "none"
    if args.fault == "silent":
        time.sleep(FOR_EVER)
    if args.fault == "dies_before_hello":
        print("scripted to die", file=sys.stderr, flush=True)
        os._exit(args.code)
    wire = claim_stdout()
    logline.configure(args.engine)
    cls = scripted(load(args.engine), args.fault, wire, args)
    config = None
    if args.config is not None:
        import msgspec

        config = msgspec.json.decode(args.config, type=cls.Config)
    run_module.leave(run(cls, wire, config, supervised=config is None))


if __name__ == "__main__":
    main()
