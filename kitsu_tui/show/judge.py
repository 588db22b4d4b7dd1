"""Everything that judges a text before it may be heard or thought about: the gate first, then
further checks, each of which can only make the verdict stricter. Fails closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

from kitsu_tui.show.safety import RANK, SAID, Keeper, Side, Verdict, failed, guarded, worst

log = logging.getLogger("show.judge")

Check = Callable[[str, str], Verdict | None]
"""A text and its context in; None: nothing against it."""


class Judge:
    """What may be said, and what is let in.

    Args:
        keeper: has the gate in force.
        late_s: a verdict that takes longer counts as drop.
        worker: where it is judged; a thread of its own by default.
    """

    def __init__(self, keeper: Keeper, late_s: float, worker: Executor | None = None) -> None:
        self.keeper = keeper
        self.late_s = late_s
        self.output_checks: list[Check] = []
        self.input_checks: list[Check] = []
        self._worker = worker or ThreadPoolExecutor(1, "gate")

    async def incoming(self, text: str) -> Verdict:
        """Judge what was said to her."""
        return await self._judge(text, "", "input")

    async def sentence(self, text: str, context: str) -> Verdict:
        """Judge what she is about to say; `context` is the end of what she said before."""
        return await self._judge(text, context, "output")

    async def _judge(self, text: str, context: str, side: Side) -> Verdict:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.late_s):
                return await loop.run_in_executor(self._worker, self._all, text, context, side)
        except TimeoutError:
            log.error("a verdict took more than %g s: nothing is said", self.late_s)
            return failed("late")

    def _all(self, text: str, context: str, side: Side) -> Verdict:
        """Runs in a thread."""
        found = [guarded(self.keeper.gate, text, context, side=side)]
        checks = self.output_checks if side == "output" else self.input_checks
        for check in checks:
            if RANK[found[0].action] >= RANK["drop"]:
                break
            try:
                verdict = check(found[0].text if found[0].action in SAID else text, context)
            except Exception as error:
                log.exception("a check failed")
                verdict = failed(f"{type(error).__name__}: {error}")
            if verdict is not None:
                found = [worst([*found, verdict])]
        return found[0]
