"""What is left when something breaks off in the midst: no line goes on air that nobody decided
about, and none waits for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.wire import control, show
from kitsu_tui.show.judge import Judge, Judgement
from kitsu_tui.show.line_verbs import decide, line
from kitsu_tui.show.safety import Gate, Keeper, Side, Verdict
from tests.show.cast import sound
from tests.show.stage import GATE, Stage, rule

ONE, TWO, THREE = "Hello you there my friend.", "I like snacks.", "And also naps."


async def test_a_dropped_line_is_not_thought_of_again_when_the_model_dies() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        thought = stage.mind.asked[-1]
        stage.throat.auto = False
        thought.say(ONE)
        await stage.settle()
        drop = asyncio.create_task(decide(stage.scene.desk, control.Line(what="drop", by="op")))
        await stage.advance(0.5)
        await drop
        stage.throat.auto = True
        await stage.kill("policy")
        await stage.advance(1)
        await stage.start("policy")
        await stage.advance(1)
        for again in stage.mind.asked[1:]:
            again.say(ONE)
            again.finish()
        await stage.play(3000)
        assert not stage.speaker.pcm(turn.number)
        assert stage.done(turn).status == "error"


async def test_of_an_answer_whose_first_line_is_dropped_the_rest_is_still_thought_of() -> None:
    """The cancelled sentence once was where the model's own request stood."""
    async with Stage() as stage:
        turn = await stage.typed("hi")
        thought = stage.mind.asked[-1]
        stage.throat.auto = False
        thought.say(ONE)
        await stage.settle()
        drop = asyncio.create_task(decide(stage.scene.desk, control.Line(what="drop", by="op")))
        await stage.advance(0.5)
        await drop
        stage.throat.auto = True
        thought.say(TWO)
        thought.finish()
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound(TWO)
        assert stage.done(turn).status == "ok"


async def test_whoever_holds_a_line_and_hangs_up_leaves_it_its_time() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO)
        await stage.play(100)
        asked = control.Line(what="hold", by="op", turn=1, seq=1)
        hold = asyncio.create_task(decide(stage.scene.desk, asked))
        await asyncio.sleep(0)
        hold.cancel()
        await stage.play(30_000)
        with contextlib.suppress(asyncio.CancelledError):
            await hold
        assert stage.speaker.pcm(turn.number) == sound(ONE)
        assert stage.done(turn).answer == ONE


async def test_lines_of_an_answer_that_fails_do_not_go_on_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        thought = stage.mind.asked[-1]
        thought.say(ONE, TWO)
        await stage.play(100)
        weigh = stage.scene.judge.weigh

        async def broken(text: str, *args: Any) -> Any:
            if text == THREE:
                raise RuntimeError("something that nobody thought of")
            return await weigh(text, *args)

        monkeypatch.setattr(stage.scene.judge, "weigh", broken)
        thought.say(THREE)
        await stage.settle()
        monkeypatch.undo()
        await stage.play(5000)
        assert stage.done(turn).status == "error"
        assert sound(TWO) not in stage.speaker.pcm(turn.number)
        assert not stage.scene.desk.lines


async def test_a_text_that_waited_behind_one_that_hangs_is_dropped_and_its_asker_goes_on() -> None:
    go = threading.Event()

    class Hangs:
        def check(self, text: str, *, context: str = "") -> Verdict:
            if text == "hang":
                go.wait(30)
            return Verdict(action="allow", text=text)

        check_input = check

    keeper = Keeper(Path("nowhere"))
    keeper.gate = Hangs()  # type: ignore[assignment]
    judge = Judge(keeper, 0.2)
    try:
        first = asyncio.create_task(judge.sentence("hang", ""))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(judge.sentence("hello", ""))
        await asyncio.wait({first, second}, timeout=5)
        assert (await first).rule == "late"
        assert not second.cancelled()
        assert second.result().action in ("drop", "allow")
    finally:
        go.set()


async def test_what_waits_is_judged_by_the_rules_that_hold_now() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(100)
        assert [line.seq for line in stage.scene.desk.lines if line.open] == [1, 2]
        stage.gate.gate = Gate([*GATE.rules, rule("snacks", "drop", "allow")])
        stage.scene.desk.rules_changed()
        await stage.play(6000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)
        drops = [(e.seq, e.why) for e in stage.of(show.LineDecided)]
        assert drops == [(1, "rules")]


@pytest.mark.parametrize("changes", ["lines", "rules"])
async def test_what_changes_while_a_sentence_is_judged_counts(
    changes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Stage() as stage:
        weigh, desk = stage.scene.judge.weigh, stage.scene.desk
        done: list[str] = []

        async def slow(text: str, context: str, side: Side) -> Judgement:
            found = await weigh(text, context, side)
            if text == "mit here." and not done:
                done.append(text)
                if changes == "lines":
                    desk.drop(desk.lines[-1], "op", "dropped")
                else:
                    stage.gate.gate = Gate([*GATE.rules, rule("mit", "drop", "allow")])
            return found

        monkeypatch.setattr(stage.scene.judge, "weigh", slow)
        await stage.typed("hi")
        await stage.answer("I see a grom", TWO, "mit here.")
        await stage.play(6000)
        assert done
        assert [e.action for e in stage.of(show.Judged)][-1] == "drop"


async def test_a_text_that_replaces_a_line_is_told_though_its_asker_hangs_up() -> None:
    async with Stage() as stage:
        running: Any = SimpleNamespace(
            stage=stage.scene,
            bus=SimpleNamespace(tell=stage.told.append),
            job=asyncio.create_task,
        )
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO)
        await stage.play(100)
        ask = control.Line(what="replace", by="op", turn=1, seq=1, text=THREE)
        asked = asyncio.create_task(line(running, ask))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.cancel()
        await stage.play(6000)
        assert asked.cancelled()
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)
        assert [(e.what, e.by) for e in stage.of(show.LineDecided)] == [("replace", "op")]
        assert [e.words for e in stage.of(show.Provenance)] == ["model", "operator"]


async def test_a_line_whose_second_judgement_breaks_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def breaks(text: str, side: Side, *_: object) -> Verdict | None:
        if side == "output":
            raise RuntimeError("nobody foresaw this")
        return None

    async with Stage() as stage:
        judge = stage.scene.judge
        judge.opinion = breaks
        monkeypatch.setattr(judge, "second", breaks)
        stage.throat.auto = False
        turn = await stage.typed("hi")
        stage.mind.asked[-1].say(ONE)
        await stage.settle()
        stage.throat.auto = True
        stage.mind.asked[-1].finish()
        await stage.play(3000)
        decided = [event for event in stage.told if isinstance(event, show.LineDecided)]
        assert [(event.what, event.why) for event in decided] == [("drop", "error")]
        assert not stage.speaker.pcm(turn.number)
