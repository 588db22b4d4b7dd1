"""The smallest engine that takes part in panic, as a process: what it shows stands in a file.

    python -m tests.support.surface_engine FILE

FILE holds `{"scene": ..., "muted": ...}` and outlives the engine. It says that it is `echo`: an
engine of any name joins by what it names in its hello.
"""

import json
import sys
from pathlib import Path
from typing import Any

from engines.harness import Call, Engine, claim_stdout, handles, run
from engines.wire import echo, surface

FILE = Path(sys.argv[1])
PANICKED = {"scene": "BRB", "muted": True}


class ShowsAFile(Engine[echo.Config]):
    """Serves panic and resume."""

    name = "echo"
    Config = echo.Config
    capabilities = (surface.CAPABILITY,)
    events = surface.EVENTS

    before: Any = None
    """For a resume that was asked before the show has heard of it."""

    @handles(surface.PANIC)
    async def panic(self, params: surface.Panic, call: Call) -> surface.Reached:
        """Show what panic wants."""
        self.before = params.before or self.before
        if self.before is None:
            self.before = json.loads(FILE.read_text())
            body = surface.Before(epoch=params.epoch, before=self.before)
            await call.send(surface.BEFORE, body)
        return _show(params.epoch, PANICKED)

    @handles(surface.RESUME)
    async def resume(self, params: surface.Resume, call: Call) -> surface.Reached:
        """Show what stood before."""
        before, self.before = params.before or self.before, None
        return _show(params.epoch, before or {})


def _show(epoch: int, wanted: dict[str, Any]) -> surface.Reached:
    fresh = FILE.with_suffix(".new")
    fresh.write_text(json.dumps(json.loads(FILE.read_text()) | wanted))
    fresh.replace(FILE)
    steps = [surface.Step(name=name, ms=1.0) for name in PANICKED]
    return surface.Reached(epoch=epoch, steps=steps)


if __name__ == "__main__":
    sys.exit(run(ShowsAFile, claim_stdout(), None, supervised=True))
