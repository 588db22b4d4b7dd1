"""`kitsu panic`, by the shortest way: no typer, no asyncio, no msgspec. Somebody is waiting."""

from __future__ import annotations

import os

from kitsu_tui.cli.tell import tell, warn

TIMEOUT_S = 5.0


def panic() -> int:
    """Ask the show to panic; returns the exit code. 0: done, 1: not everything is reached (what
    failed and what waits is named), 3: no show runs.
    """
    _hurry()
    from kitsu_tui.config import endpoint, paths

    who = f"cli:{_user()}"
    line = '{"type":"request","id":"1","name":"show.panic","data":{"by":' + _quoted(who) + "}}\n"
    try:
        with endpoint.connect_now(os.environ, TIMEOUT_S) as link:
            link.sendall(line.encode())
            answer = _answer(link.makefile("rb"))
    except OSError as err:
        none = isinstance(err, FileNotFoundError | ConnectionRefusedError)
        ours = not isinstance(err, paths.PathError)
        why = "no show is running" if none else f"the show does not answer ({err})"
        why = why if ours else str(err)
        warn(f"kitsu panic: {why}")
        return 3
    import json

    said = json.loads(answer) if answer else {}
    if said.get("ok"):
        detail = said.get("data", {}).get("detail", "panic")
        tell(detail)
        return 1 if "NOT reached" in detail or "WAITS" in detail else 0
    error = said.get("error", {}).get("message", "the show hung up")
    warn(f"kitsu panic: {error}")
    return 1


def _hurry() -> None:
    """As `kitsu_tui.platform.set_urgent`, whose import costs more: half of the time to the silence
    is this process waiting for a core.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (OSError, AttributeError):
        pass  # not everybody may, nor everywhere


def _user() -> str:
    """As getpass.getuser, whose import costs more."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "unknown"


def _answer(lines: object) -> bytes:
    for line in lines:  # type: ignore[attr-defined]
        if b'"type":"response"' in line:
            return bytes(line)
    return b""


def _quoted(text: str) -> str:
    return '"' + "".join(c for c in text if c.isalnum() or c in ":-_.@")[:100] + '"'
