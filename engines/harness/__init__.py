"""What makes a class an engine: `Engine`, `handles`, `Call`, and `run`.

An engine subclasses `Engine`, names the requests that it serves with `@handles`, and is run by
`kitsu engine NAME`. The harness does the rest: it keeps stdout for the wire alone, says hello
before anything heavy loads, answers pings, decodes and checks bodies, drops what is stale, cancels,
and sees that every request gets exactly one response.
"""

from engines.harness.call import Call, Cancelled
from engines.harness.engine import Engine, handles
from engines.harness.errors import ConfigError, Missing, Refused
from engines.harness.host import Host
from engines.harness.run import run
from engines.harness.stdio import claim_stdout

__all__ = [
    "Call",
    "Cancelled",
    "ConfigError",
    "Engine",
    "Host",
    "Missing",
    "Refused",
    "claim_stdout",
    "handles",
    "run",
]
