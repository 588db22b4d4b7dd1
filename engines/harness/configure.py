"""Takes over what may change in a configuration while the engine runs: `engine.configure`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from engines.harness.errors import ConfigError, Missing, Refused
from engines.wire.common import Configure
from engines.wire.live import LIVE, differing, marked

if TYPE_CHECKING:
    from engines.harness.engine import Engine

BAD = "bad-request"


async def configure(engine: Engine[Any], asked: Configure) -> None:
    """Check a whole new configuration and hand it to the engine. One at a time.

    Raises:
        Refused: as `bad-request`: a key is wrong, differs without being live, or names what the
            engine cannot do. It then goes on as it was.
    """
    try:
        config = msgspec.convert(asked.config, engine.Config)
    except msgspec.ValidationError as err:
        raise Refused(BAD, f"config: {err}") from None
    async with engine.configuring:
        changed = differing(engine.config, config)
        live = marked(engine.Config, LIVE)
        if fixed := sorted(changed - live):
            known = ", ".join(sorted(live)) or "none"
            raise Refused(
                BAD,
                f"config: {', '.join(fixed)}: cannot change while {engine.name} runs, start it "
                f"anew; what can: {known}",
            )
        if not changed:
            return
        try:
            await engine.reconfigure(config)
        except (ConfigError, Missing) as err:
            raise Refused(BAD, str(err)) from None
