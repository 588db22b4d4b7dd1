"""The judge: a gate that sleeps, throws or is not there, checks that only make it stricter."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kitsu_tui.show.judge import HUNG, Judge
from kitsu_tui.show.safety import Keeper, Side, Verdict
from kitsu_tui.show.worker import Worker
from tests.show.stage import GATE, AtOnce

LATE_S = 0.05


class Slow:
    """A gate that hangs over some texts until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def check(self, text: str, *, context: str = "") -> Verdict:
        self.asked.append(text)
        if "hang" in text:
            self.go.wait(30)
        if "throw" in text:
            raise ValueError(text)
        return Verdict(action="allow", text=text)

    def check_input(self, text: str, *, context: str = "") -> Verdict:
        return self.check(text)


@pytest.fixture
def slow() -> Iterator[Slow]:
    gate = Slow()
    yield gate
    gate.go.set()


def judge_by(gate: Any, late_s: float = LATE_S, *, own: bool = True) -> tuple[Judge, list[str]]:
    """A judge, and the alerts that it tells."""
    keeper = Keeper(Path("nowhere"))
    keeper.gate = gate
    judge = Judge(keeper, late_s, None if own else AtOnce())
    alerts: list[str] = []
    judge.alert = lambda level, text: alerts.append(f"{level}: {text}")
    return judge, alerts


async def says(judge: Judge, text: str) -> tuple[str, str]:
    verdict = await judge.sentence(text, "")
    return verdict.action, verdict.rule


async def test_a_verdict_that_is_late_is_drop_and_the_next_text_does_not_wait_for_it(
    slow: Slow,
) -> None:
    judge, alerts = judge_by(slow)
    assert await says(judge, "hang") == ("drop", "late")
    judge.late_s = 5.0
    assert await says(judge, "hello") == ("allow", "")
    assert len(alerts) == 1
    assert "took more than 0.05 s" in alerts[0]


async def test_after_so_many_hung_threads_it_stays_closed_until_the_rules_change(
    slow: Slow,
) -> None:
    judge, alerts = judge_by(slow)
    for _ in range(HUNG):
        assert await says(judge, "hang") == ("drop", "late")
    asked = len(slow.asked)
    action, rule = await says(judge, "hello")
    assert (action, rule) == ("drop", "closed: too many verdicts hung")
    assert (await judge.incoming("hello")).action == "drop"
    assert len(slow.asked) == asked, "no thread is begun any more"
    assert [text for text in alerts if "stays silent until the rules are changed" in text]
    judge.keeper.gate = GATE
    assert await says(judge, "hello") == ("allow", "")
    assert await says(judge, "You grommit.") == ("drop", "no-grommit")


async def test_threads_that_come_back_do_not_count_as_hung(slow: Slow) -> None:
    judge, _ = judge_by(slow)
    for _ in range(HUNG * 2):
        slow.go.clear()
        assert await says(judge, "hang") == ("drop", "late")
        left = judge._hung[-1]
        slow.go.set()
        while not left.done():
            await asyncio.sleep(0.001)
    assert (await says(judge, "hello"))[0] == "allow"


async def test_a_gate_that_throws_is_told_once_until_it_works_again_and_quotes_nothing(
    slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    judge, alerts = judge_by(slow)
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            assert await says(judge, "throw a secret") == ("drop", "ValueError")
    assert alerts == [
        "error: the safety gate fails (ValueError): nothing is said until it works again"
    ]
    assert "secret" not in caplog.text
    assert await says(judge, "hello") == ("allow", "")
    await says(judge, "throw")
    assert len(alerts) == 2


async def test_without_a_gate_nothing_is_said() -> None:
    judge, alerts = judge_by(None)
    assert await says(judge, "hello") == ("drop", "no gate")
    assert not alerts, "whoever lost it tells it"


async def test_a_reload_in_mid_sentence_leaves_that_sentence_to_one_gate() -> None:
    judge, _ = judge_by(GATE, own=False)

    def reload(text: str, context: str) -> Verdict | None:
        judge.keeper.gate = None
        return None

    judge.output_checks.append(reload)
    assert await says(judge, "hello") == ("allow", "")
    assert await says(judge, "hello") == ("drop", "no gate")


async def test_checks_make_it_stricter_and_never_milder() -> None:
    judge, _ = judge_by(GATE, own=False)
    found: list[Verdict | None] = [None]
    judge.output_checks.append(lambda text, context: found[0])
    assert await says(judge, "hello") == ("allow", "")
    found[0] = Verdict(action="hold", rule="leak", means="leak", text="hello")
    judgement = await judge.weigh("hello", "", "output")
    assert (judgement.verdict.action, judgement.verdict.means) == ("hold", "leak")
    assert [one.means for one in judgement.ruled] == ["gate", "leak"]
    assert await says(judge, "a grommit") == ("drop", "no-grommit")
    found[0] = Verdict(action="allow", text="nothing of the sort", risk=0.7)
    verdict = await judge.sentence("I eat weed.", "")
    assert (verdict.action, verdict.text, verdict.risk) == ("replace", "I eat flower.", 0.7)


async def test_what_two_means_change_is_changed_by_both() -> None:
    judge, _ = judge_by(GATE, own=False)
    judge.output_checks.append(
        lambda text, context: Verdict(action="sanitise", text=text.replace("you", "yon"))
    )
    assert (await judge.sentence("I eat weed with you.", "")).text == "I eat flower with yon."


async def test_a_check_that_throws_drops_and_is_named_once() -> None:
    judge, alerts = judge_by(GATE, own=False)

    def leaks(text: str, context: str) -> Verdict | None:
        raise RuntimeError(text)

    judge.output_checks.append(leaks)
    assert await says(judge, "hello") == ("drop", "RuntimeError")
    assert await says(judge, "hello") == ("drop", "RuntimeError")
    assert (await judge.incoming("hello")).action == "allow", "it is for what she says"
    assert len(alerts) == 1
    assert "leaks) fails (RuntimeError)" in alerts[0]


@pytest.mark.parametrize("late", ["gate", "drop"])
@pytest.mark.parametrize("how", ["hang", "throw"])
async def test_a_second_opinion_that_fails_leaves_it_to_the_gate_or_drops(
    late: Any, how: str
) -> None:
    judge, alerts = judge_by(GATE, own=False)
    judge.opinion_s, judge.opinion_late = -0.24, late

    async def opine(text: str, side: Side, context: str, verdict: Verdict) -> Verdict | None:
        if how == "throw":
            raise ConnectionError(text)
        await asyncio.sleep(30)
        return None

    judge.opinion = opine
    for _ in range(2):
        found = await judge.second("x", "output", "", Verdict(action="allow", text="x"))
        assert (found.action if found else None) == (None if late == "gate" else "drop")
    assert len(alerts) == 1
    assert ("late" if how == "hang" else "ConnectionError") in alerts[0]


async def test_a_thread_that_is_left_takes_nothing_more_and_ends() -> None:
    worker, go, done = Worker("test"), threading.Event(), threading.Event()
    first = worker.submit(go.wait, 30)
    second = worker.submit(done.set)
    while not first.running():
        await asyncio.sleep(0.001)
    worker.leave()
    go.set()
    thread = worker._thread
    assert thread is not None
    thread.join(5)
    assert not thread.is_alive()
    assert thread.daemon, "one that hangs must not keep a show from ending"
    assert second.cancelled()
    assert not done.is_set()


async def test_what_a_check_changed_meets_the_gate_again() -> None:
    judge, _ = judge_by(GATE, own=False)

    def closes_up(text: str, context: str) -> Verdict | None:
        return Verdict(action="replace", text=text.replace(" and ", ""), means="repeat")

    judge.output_checks = [closes_up]
    assert (await judge.sentence("black and white", "")).action == "replace"
    verdict = await judge.sentence("grom and mit", "")
    assert (verdict.action, verdict.means, verdict.rule) == ("drop", "gate", "no-grommit")
