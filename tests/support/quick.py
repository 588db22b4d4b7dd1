"""A real show that is asked on its socket: a command takes half a second, a question here none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kitsu_tui.config import endpoint
from tests.support.show import RealShow

ASK_S = 30.0


class QuickShow(RealShow):
    """A show's place, asked without a command where it is asked again and again."""

    def ask(self, name: str, **data: Any) -> dict[str, Any]:
        """Ask one thing, such as `show.panic`; the response's data."""
        request = {"type": "request", "id": "1", "name": name, "data": {"by": "tester"} | data}
        with endpoint.connect_now(self.environ, ASK_S) as link:
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as lines:
                for line in lines:
                    if b'"type":"response"' in line:
                        said: dict[str, Any] = json.loads(line)
                        assert said["ok"], said
                        found: dict[str, Any] = said["data"]
                        return found
        raise AssertionError(f"{name}: the show hung up")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("show.status")["state"]
        return found


@contextmanager
def quick_show(folder: Path) -> Iterator[QuickShow]:
    """A place for a show, cleared away afterwards."""
    show = QuickShow(folder)
    try:
        yield show
    finally:
        show.end()
