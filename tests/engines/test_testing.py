"""The shipped test kit."""

from __future__ import annotations

import pytest

from engines.harness import Call, Refused
from engines.testing import Nothing, lab, scripted
from engines.wire import echo
from engines.wire.peer import RequestFailed


async def test_a_scripted_engine_answers_counts_and_refuses_like_a_real_one() -> None:
    def say(params: echo.Echo, call: Call) -> echo.Echoed:
        if params.text == "no":
            raise Refused("refused", "not that word")
        return echo.Echoed(text=params.text.upper())

    async def count(params: echo.Count, call: Call) -> echo.Counted:
        await call.send(echo.NUMBER, echo.Number(value=7))
        return echo.Counted(sent=1)

    engine = scripted("parrot", {echo.ECHO: say, echo.COUNT: count})
    async with lab(engine, Nothing()) as bench:
        answer = await bench.peer.request(echo.ECHO, echo.Echo(text="hi"))
        assert answer.text == "HI"
        with pytest.raises(RequestFailed, match="not that word"):
            await bench.peer.request(echo.ECHO, echo.Echo(text="no"))
        asked = bench.peer.open(echo.COUNT, echo.Count(n=1), credit=1)
        assert [event async for event in asked.events(5)] == [echo.Number(value=7)]
        assert (await asked.result(5)).sent == 1
