"""Watches over the gate's rules: takes changed files over, and tells what is in force."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from engines.wire import show
from kitsu_tui.show import blocklist
from kitsu_tui.show.safety import Keeper
from kitsu_tui.show.safety.keeper import REMEDY

if TYPE_CHECKING:
    from kitsu_tui.show.main import Running

log = logging.getLogger("show.rules")

EVERY_S = 1.0
TOLD = 5
"""Problems of one reading that are told one by one."""


class RulesWatch:
    """The files of the gate in force, looked at again and again."""

    def __init__(self, running: Running) -> None:
        self._show = running
        self._told: list[str] = []
        """Alerts whose cause is still there."""
        self._error = ""
        self._one = asyncio.Lock()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if await self.look():
                    self._show.stage.desk.rules_changed()
            except Exception:  # what is in force stays so
                log.exception("the rules cannot be looked at")

    async def look(self) -> bool:
        """Take over what has changed, and tell of it; True when another gate is in force. The
        files are read in a thread."""
        async with self._one:  # of two readings the later one may be done first
            keeper = self._show.gate  # another profile may bring another one meanwhile
            changed = await asyncio.to_thread(keeper.refresh)
            if changed or keeper.error != self._error:
                await self.tell(keeper)
            return changed

    async def tell(self, keeper: Keeper) -> None:
        """Tell of the gate that is in force."""
        gate, error = keeper.gate, keeper.error
        blocked = await asyncio.to_thread(blocklist.count, self._show.loaded.blocklist())
        problems = gate.problems if gate is not None else ()
        told = {f"safety rules: {problem}": "warning" for problem in problems[:TOLD]}
        if len(problems) > TOLD:
            more = len(problems) - TOLD
            told[f"safety rules: {more} more (kitsu safety rules)"] = "warning"
        if error:
            rest = "the rules from before hold" if gate else f"she stays silent: {REMEDY}"
            told[f"safety rules: {error}; {rest}"] = "warning" if gate else "error"
        self._error = error
        for text, level in told.items():
            if text not in self._told:
                self._show.alert("error" if level == "error" else "warning", text)
        if gone := [text for text in self._told if text not in told]:
            self._show.bus.tell(show.Mended(texts=gone))
        self._told = list(told)
        rules = len(gate.rules) if gate is not None else 0
        log.info("safety rules: %d in force", rules)
        self._show.bus.tell(
            show.GateState(rules=rules, error=error, problems=len(problems), blocked=blocked)
        )
