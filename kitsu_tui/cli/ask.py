"""Asking a running show from a command: connect, ask, print, exit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from msgspec import Struct

from engines.wire.message import RequestKind
from kitsu_tui.cli.tell import warn

if TYPE_CHECKING:
    from kitsu_tui.model.state import ShowState

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)
T = TypeVar("T")

NO_TEXT = "found bytes that are no text, expected UTF-8"
EXIT_FAILED = 1
EXIT_NO_SHOW = 3


def actor() -> str:
    """Who asks, for the journal."""
    import getpass

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user on this machine
        user = "unknown"
    return f"cli:{user}"[:200].encode("utf-8", "replace").decode()


def run(verb: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `work`; what goes wrong becomes one line on stderr and an exit code."""
    from kitsu_tui.client import NoShow, RequestFailed
    from kitsu_tui.config import ConfigError

    try:
        return asyncio.run(work())
    except NoShow as err:
        fail(verb, str(err), EXIT_NO_SHOW)
    except RequestFailed as err:
        fail(verb, err.detail, EXIT_FAILED)
    except ConfigError as err:
        fail(verb, str(err), 2)
    except (ConnectionError, OSError) as err:
        fail(verb, f"the connection to the show broke: {err}", EXIT_NO_SHOW)
    except UnicodeEncodeError:
        fail(verb, NO_TEXT, 2)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def fail(verb: str, message: str, code: int) -> NoReturn:
    """One line on stderr, and out."""
    warn(f"kitsu {verb}: {message}")
    raise SystemExit(code)


def ask(verb: str, kind: RequestKind[P, R], params: P, timeout: float = 10.0) -> R:
    """Ask the running show one thing."""

    async def work() -> R:
        from kitsu_tui.client import connect

        async with connect() as show:
            return await show.ask(kind, params, timeout)

    return run(verb, work)


def picture(verb: str) -> ShowState:
    """The whole picture of the running show."""
    import msgspec

    from engines.wire import control
    from kitsu_tui.model.state import ShowState

    snapshot = ask(verb, control.STATUS, control.Ask(by=actor()))
    return msgspec.convert(snapshot.state, ShowState)
