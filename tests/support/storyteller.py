"""A `policy` that tells a story without an end: `STORY` again and again, `TIMES` times.

    engines: {policy: {command: [PYTHON, REPO/tests/support/storyteller.py]}}

For tests in which she has to speak for as long as the test wants: it interrupts her.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != here.parent]
    sys.path.insert(0, str(here.parents[2]))

from engines.harness import Call, Engine, claim_stdout, handles, run
from engines.harness.run import leave
from engines.wire import logline, policy

STORY = (
    "Once upon a time a little fox lived at the edge of a very dark forest.",
    "Every evening she climbed the hill and sang for the moon.",
    "One night a travelling band stopped to listen to her song.",
    "They gave her a red scarf and a lantern made of glass.",
    "From that day on the whole valley came to hear her.",
)
TIMES = 10
HASH = "0123456789abcdef"
"""What it says of the prompt."""


class Storyteller(Engine[policy.Config]):
    """Tells the story whatever it is asked."""

    name = "policy"
    Config = policy.Config

    @handles(policy.RESPOND)
    async def respond(self, params: policy.Respond, call: Call) -> policy.Reply:
        await call.send(policy.BEGUN, policy.Begun(model="storyteller", prompt_hash=HASH))
        for index, text in enumerate(STORY * TIMES):
            await call.send(policy.TOKEN, policy.Token(text=text))
            await call.send(policy.SENTENCE, policy.Sentence(index=index, text=text))
            await asyncio.sleep(0.01)
        return policy.Reply(text=" ".join(STORY * TIMES), mood="happy", actions=[], status="ok")

    @handles(policy.WARM)
    async def warm(self, params: policy.Prompt, call: Call) -> policy.Warmed:
        return policy.Warmed(prompt_tokens=1, latency_ms=1.0)


def main() -> None:
    """Serve a show."""
    wire = claim_stdout()
    logline.configure("policy")
    leave(run(Storyteller, wire, None, supervised=True))


if __name__ == "__main__":
    main()
