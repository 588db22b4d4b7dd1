"""Sends back what it gets. Copy this folder to begin an engine of your own.

What to notice: the bodies live in `engines/wire/echo.py`, where both ends read them; `say` answers
at once from the loop; `count` takes its time, so it is a coroutine, and the harness waits for
credit in `call.send`, cancels it, and answers for it whatever happens.
"""

from __future__ import annotations

import asyncio

from engines.harness import Call, Engine, handles
from engines.wire import echo


class EchoEngine(Engine[echo.Config]):
    """Serves `echo.say` and `echo.count`."""

    name = "echo"
    Config = echo.Config

    @handles(echo.ECHO)
    def say(self, params: echo.Echo, call: Call) -> echo.Echoed:
        """Send the text back."""
        return echo.Echoed(text=self.config.prefix + params.text)

    @handles(echo.COUNT)
    async def count(self, params: echo.Count, call: Call) -> echo.Counted:
        """Send `n` numbers, as fast as the asker takes them."""
        for value in range(params.n):
            if params.pause_ms:
                await asyncio.sleep(params.pause_ms / 1000)
            await call.send(echo.NUMBER, echo.Number(value=value))
        return echo.Counted(sent=params.n)
