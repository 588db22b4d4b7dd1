"""Second opinions: asked as the profile wishes, only ever stricter, never waited for in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from engines.harness import Call, Refused
from engines.testing import Bench, Nothing, lab, scripted
from engines.wire import guard
from engines.wire.envelope import Failure
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.config.schema import Safety
from kitsu_tui.show import opinion as module
from kitsu_tui.show.opinion import Opinions
from kitsu_tui.show.safety import Verdict

ALLOWED = Verdict(action="allow", text="x")
SAFETY = Safety(opinion="both", opinion_ms=100)


class Desk:
    """Stands for the supervisor: the real engine's lines, in memory, from a scripted guard.

    Attributes:
        answer: what it does with a question.
        ready: whether it can be asked at all.
    """

    def __init__(self) -> None:
        self.asked: list[guard.Ask] = []
        self.answer: Callable[[guard.Ask], guard.Opinion | None] = lambda ask: guard.Opinion(
            unsafe="bad" in ask.text, category="hate", score=0.9, model="m"
        )
        self.ready = True
        self.alerts: list[tuple[str, str]] = []
        self.cancelled = 0
        self.bench: Bench

    async def serve(self, ask: guard.Ask, call: Call) -> guard.Opinion:
        self.asked.append(ask)
        found = self.answer(ask)
        if found is None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        assert found is not None
        return found

    def is_ready(self, name: str) -> bool:
        assert name == "guard"
        return self.ready

    def why_not(self, name: str) -> str:
        return f"{name} is failed"

    def open(self, name: str, kind: Any, params: guard.Ask) -> Exchange[guard.Opinion]:
        if not self.is_ready(name):
            failure = Failure(code="gone", message=self.why_not(name), retry=True)
            raise RequestFailed(kind.name, failure)
        return self.bench.peer.open(kind, params)

    def alert(self, level: str, text: str) -> None:
        self.alerts.append((level, text))


@pytest.fixture
async def desk() -> Any:
    desk = Desk()
    async with lab(scripted("guard", {guard.ASK: desk.serve}), Nothing()) as bench:
        desk.bench = bench
        yield desk


def refuses(code: str, message: str = "no") -> Callable[[guard.Ask], guard.Opinion | None]:
    def answer(ask: guard.Ask) -> guard.Opinion | None:
        raise Refused(code, message)

    return answer


async def test_what_it_holds_against_a_text_is_a_drop_with_its_reason(desk: Desk) -> None:
    opinions = Opinions(desk, desk.alert, SAFETY)
    assert await opinions.opine("a good line", "output", "hi", ALLOWED) is None
    found = await opinions.opine("a bad line", "output", "hi", replace(ALLOWED, risk=0.2))
    assert found is not None
    assert (found.action, found.category, found.rule) == ("drop", "hate", "m")
    assert (found.means, found.view, found.risk) == ("opinion", "model", 0.9)
    assert desk.asked[-1] == guard.Ask(text="a bad line", side="output", context="hi")


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        ("never", []),
        ("output", ["o", "od"]),
        ("input", ["i"]),
        ("both", ["o", "od", "i"]),
        ("doubtful", ["od"]),
    ],
)
async def test_what_is_asked_about(desk: Desk, wish: Any, asked: list[str]) -> None:
    opinions = Opinions(desk, desk.alert, SAFETY)
    opine = opinions.use(replace(SAFETY, opinion=wish, risk_from=0.3))
    assert (opine is None) == (wish == "never")
    await opinions.opine("o", "output", "", ALLOWED)
    await opinions.opine("od", "output", "", replace(ALLOWED, risk=0.3))
    await opinions.opine("i", "input", "", replace(ALLOWED, risk=0.2))
    await opinions.opine("x", "output", "", replace(ALLOWED, action="drop", risk=1))
    assert [ask.text for ask in desk.asked] == asked


@pytest.mark.parametrize("late", ["gate", "drop"])
@pytest.mark.parametrize(
    "answer",
    [lambda ask: None, refuses("failed"), refuses("timeout")],
    ids=["hangs", "fails", "late"],
)
async def test_one_that_gives_none_costs_its_time_at_most_and_then_none(
    desk: Desk, late: Any, answer: Any
) -> None:
    desk.answer = answer
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_late=late, opinion_ms=20))
    for _ in range(5):
        async with asyncio.timeout(5):
            found = await opinions.opine("a line", "output", "", ALLOWED)
        if late == "gate":
            assert found is None
        else:
            assert found is not None
            assert (found.action, found.category) == ("drop", "gate-error")
    assert len(desk.asked) == module.PATIENCE, "a dead one is asked in the background only"
    assert len(desk.alerts) == 1
    assert desk.alerts[0][0] == "warning"
    opinions.close()


async def test_one_that_hangs_is_told_that_nobody_waits(desk: Desk) -> None:
    desk.answer = lambda ask: None
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_ms=20))
    await opinions.opine("a line", "output", "", ALLOWED)
    task = asyncio.create_task(opinions.opine("a line", "output", "", ALLOWED))
    while len(desk.asked) < 2:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while desk.cancelled < 2:
            await asyncio.sleep(0)


async def test_it_is_told_once_when_it_is_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", (0.001,))
    opinions = Opinions(desk, desk.alert, SAFETY)
    desk.ready = False
    assert await opinions.opine("a bad line", "output", "", ALLOWED) is None
    assert await opinions.opine("a bad line", "output", "", ALLOWED) is None
    assert [level for level, _ in desk.alerts] == ["warning"]
    assert "guard is failed" in desk.alerts[0][1]
    desk.answer, healthy = refuses("failed"), desk.answer
    desk.ready = True
    async with asyncio.timeout(5):
        while not desk.asked:
            await asyncio.sleep(0)
        desk.answer = healthy
        while len(desk.alerts) < 2:
            await asyncio.sleep(0.001)
    assert desk.alerts[1][0] == "info"
    found = await opinions.opine("a bad line", "output", "", ALLOWED)
    assert found is not None
    assert len(desk.alerts) == 2


async def test_where_nobody_is_there_the_first_text_tells_and_no_other_asks(desk: Desk) -> None:
    desk.answer = refuses("gone", "127.0.0.1 port 9: Connection refused")
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_ms=60_000))
    for _ in range(3):
        assert await opinions.opine("a line", "output", "", ALLOWED) is None
    assert len(desk.asked) == 1
    assert len(desk.alerts) == 1
    assert "Connection refused" in desk.alerts[0][1]
    opinions.close()


@pytest.mark.parametrize("late", ["gate", "drop"])
async def test_no_failure_of_whatever_kind_ends_the_asking(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, late: Any
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", (0.001,))
    whole, left = desk.open, [5]

    def broken(name: str, kind: Any, params: guard.Ask) -> Exchange[guard.Opinion]:
        if left[0]:
            left[0] -= 1
            raise KeyError(params.text)
        return whole(name, kind, params)

    monkeypatch.setattr(desk, "open", broken)
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_late=late, opinion_ms=2000))
    for _ in range(module.PATIENCE + 1):
        found = await opinions.opine("a good line", "output", "", ALLOWED)
        assert (found.action if found else "none") == {"gate": "none", "drop": "drop"}[late]
    async with asyncio.timeout(5):
        while len(desk.alerts) < 2:
            await asyncio.sleep(0.001)
    assert [level for level, _ in desk.alerts] == ["warning", "info"]
    assert "(KeyError)" in desk.alerts[0][1]
    assert await opinions.opine("a good line", "output", "", ALLOWED) is None


async def test_a_long_text_is_asked_about_in_pieces_and_no_text_is_too_long(desk: Desk) -> None:
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_ms=2000, opinion_late="drop"))
    found = await opinions.opine("x" * 9000 + " bad", "input", "", ALLOWED)
    assert found is not None
    assert found.means == "opinion"
    assert len(desk.asked) == 3
    found = await opinions.opine("x" * 100_000, "input", "", ALLOWED)
    assert found is not None
    assert found.category == "gate-error"
    assert len(desk.asked) == 3


async def test_what_one_piece_says_counts_when_another_has_no_answer(desk: Desk) -> None:
    healthy = desk.answer

    def answer(ask: guard.Ask) -> guard.Opinion | None:
        return healthy(ask) if "bad" in ask.text else None

    desk.answer = answer
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_ms=50))
    found = await opinions.opine("x" * 5000 + " bad", "output", "", ALLOWED)
    assert found is not None
    assert found.category == "hate"


async def test_so_many_at_once_and_no_more(desk: Desk) -> None:
    desk.answer = lambda ask: None
    opinions = Opinions(desk, desk.alert, replace(SAFETY, opinion_ms=50))
    await asyncio.gather(*(opinions.opine(f"line {n}", "output", "", ALLOWED) for n in range(30)))
    assert len(desk.asked) == module.AT_ONCE
    opinions.close()
