"""Between the gate and the air: what waits, what is decided, what is heard when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engines.wire import control, show, tts
from kitsu_tui.config.schema import Safety
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.line_verbs import decide, set_review
from kitsu_tui.show.safety import Gate, Side, Verdict
from kitsu_tui.show.turn import SpokenLine
from tests.show.cast import sound
from tests.show.stage import GATE, Stage, rule

ONE, TWO, THREE = "Hello you there my friend.", "I like snacks.", "And also naps."


def held_rule(term: str = "murky") -> Gate:
    """A gate whose rule for a word says hold."""
    return Gate([*GATE.rules, replace(rule(term, "drop", "allow"), action="hold")])


def safety(stage: Stage, **keys: Any) -> None:
    """Other limits."""
    stage.scene.desk.use(msgspec.convert(keys, Safety))


def wish(**keys: Any) -> control.Line:
    """What an operator asks."""
    return control.Line(**keys)


async def done(stage: Stage, what: str, **keys: Any) -> str:
    """Ask as an operator, and let it happen."""
    ask = wish(what=what, **({"by": "op"} | keys))
    task = asyncio.create_task(decide(stage.scene.desk, ask))
    await stage.advance(0.01)
    while not task.done():
        await stage.advance(0.2)
    return task.result()


def decided(stage: Stage) -> list[tuple[int, str, str, str]]:
    return [(e.seq, e.what, e.by, e.why) for e in stage.of(show.LineDecided)]


def waits(stage: Stage) -> list[tuple[int, str]]:
    return [(e.seq, e.why) for e in stage.of(show.LineWaits)]


# -- what a rule holds -----------------------------------------------------------------------------


async def test_a_line_that_a_rule_holds_is_not_even_made_until_somebody_lets_it_go() -> None:
    async with Stage() as stage:
        stage.gate.gate = held_rule()
        turn = await stage.typed("hi")
        await stage.answer("A murky thing.", TWO)
        await stage.play(3000)
        assert not stage.throat.asked
        assert not stage.speaker.heard
        told = stage.of(show.LineWaits)[0]
        assert (told.why, told.then, told.rule, told.text) == (
            "rule",
            "drop",
            "no-murky",
            "A murky thing.",
        )
        assert await done(stage, "air") == "line 0 of turn 1 goes on air"
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound("A murky thing.") + sound(TWO)
        assert decided(stage) == [(0, "air", "op", "approved")]
        origin = stage.of(show.Provenance)[0]
        assert (origin.approved_by, origin.ruled[0].action) == ("op", "hold")
        assert stage.done(turn).status == "ok"


async def test_nobody_decides_and_it_is_dropped_and_the_next_is_said() -> None:
    async with Stage() as stage:
        stage.gate.gate = held_rule()
        turn = await stage.typed("hi")
        await stage.answer("A murky thing.", TWO)
        await stage.advance(19.9)
        assert not stage.throat.asked
        await stage.advance(0.2)
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(TWO)
        assert decided(stage) == [(0, "drop", "", "time")]
        assert [(v.seq, v.action, v.means, v.category) for v in turn.verdicts[1:]] == [
            (0, "hold", "gate", "test"),
            (1, "allow", "gate", ""),
            (0, "drop", "desk", "time"),
        ]
        assert [event.seq for event in stage.of(show.Aired)] == [1]
        assert stage.done(turn).answer == TWO
        assert stage.history.messages()[1].text == TWO


async def test_when_all_that_was_held_is_dropped_the_turn_was_blocked() -> None:
    async with Stage() as stage:
        stage.gate.gate = held_rule()
        turn = await stage.typed("hi")
        await stage.answer("A murky thing.", "Another murky one.")
        await done(stage, "drop")
        await done(stage, "drop", turn=1, seq=1)
        await stage.advance(1)
        assert stage.done(turn).status == "blocked"
        assert stage.done(turn).detail == "none of 2 lines was said: dropped by op"
        assert not stage.throat.asked
        assert len(stage.history) == 0


async def test_what_is_not_spoken_is_not_held_either_it_is_dropped() -> None:
    async with Stage() as stage:
        stage.gate.gate = held_rule()
        turn = await stage.typed("hi", play=False)
        await stage.answer("A murky thing.", TWO)
        assert stage.done(turn).answer == TWO


# -- review ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("then", "heard"), [("drop", b""), ("air", sound(ONE))])
async def test_in_review_a_line_waits_its_time_and_then_what_the_profile_says(
    then: str, heard: bytes
) -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=5, review_then=then)
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await stage.advance(4.9)
        assert not stage.throat.asked
        await stage.advance(0.2)
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == heard
        assert decided(stage) == [(0, then, "", "time")]
        assert stage.done(turn).status == ("ok" if heard else "blocked")
        why = "" if heard else "her line was not said: nobody decided in time"
        assert stage.done(turn).detail == why


async def test_the_time_of_a_line_begins_when_no_other_waits_before_it() -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=5)
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        ends = [(e.seq, e.until > 0) for e in stage.of(show.LineWaits)]
        assert ends == [(0, True), (1, False), (2, False)]
        await stage.advance(4.5)
        await done(stage, "air")
        assert [(e.seq, e.until > 0) for e in stage.of(show.LineWaits)[3:]] == [(1, True)]
        await stage.advance(4.5)
        assert [seq for seq, *_ in decided(stage)] == [0], "the second has time for itself"
        await done(stage, "drop", turn=1, seq=1)
        await stage.advance(4.5)
        assert len(decided(stage)) == 2
        await stage.advance(1)
        await stage.play(2000)
        assert decided(stage)[2] == (2, "drop", "", "time")
        assert stage.speaker.pcm(turn.number) == sound(ONE)


async def test_about_a_row_nobody_decides_and_it_ends_one_line_after_the_other() -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=5)
        stage.gate.gate = held_rule()
        turn = await stage.typed("hi")
        await stage.answer(ONE, "A murky thing.", THREE)
        for count in range(4):
            assert len(decided(stage)) == count
            await stage.advance(20.1 if count == 1 else 5.1)
        assert not stage.scene.desk.lines
        assert stage.done(turn).status == "blocked"


async def test_what_waits_behind_a_line_has_its_time_when_that_is_held_and_let_go() -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=5, hold_s=30)
        await stage.typed("hi")
        await stage.answer(ONE, TWO)
        await done(stage, "hold", turn=1, seq=0)
        await stage.advance(20)
        assert not decided(stage)
        await done(stage, "air", turn=1, seq=0)
        await stage.advance(4.5)
        assert [seq for seq, *_ in decided(stage)] == [0]
        await stage.advance(1)
        assert [seq for seq, *_ in decided(stage)] == [0, 1]


async def test_when_an_answer_is_over_none_of_its_row_comes_up() -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=5)
        await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        told = len(stage.of(show.LineWaits))
        stage.director.interrupt()
        await stage.advance(20)
        assert len(stage.of(show.LineWaits)) == told


async def test_review_that_begins_takes_back_what_is_not_on_air_and_not_what_is() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(200)
        assert [line.at.seq for line in stage.speaker.lines] == [0, 1]
        task = asyncio.create_task(
            set_review(stage.scene.desk, control.Review(on=True, wait_s=9, by="op"))
        )
        await stage.play(3000)
        assert task.result() == "review is on: what nobody decides within 9 s is dropped"
        assert stage.of(show.ReviewMode)[-1] == show.ReviewMode(
            on=True, wait_s=9, then="drop", by="op"
        )
        assert stage.speaker.pcm(turn.number) == sound(ONE)
        assert waits(stage) == [(1, "review"), (2, "review")]
        await done(stage, "air")
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)
        off = await set_review(stage.scene.desk, control.Review(on=False, by="op"))
        assert off.endswith("1 from before still waits")
        await stage.advance(9)
        assert stage.done(turn).status == "ok"


async def test_another_profile_keeps_the_operators_review_unless_it_brings_its_own() -> None:
    async with Stage() as stage:
        await set_review(stage.scene.desk, control.Review(by="op"))
        safety(stage, hold_s=5)
        assert stage.scene.desk.review.by == "op"
        safety(stage, review_s=7)
        assert [(e.on, e.wait_s) for e in stage.of(show.ReviewMode)] == [(True, 20), (False, 7)]


@pytest.mark.parametrize("wait_s", [0, -1, 601, float("nan"), float("inf")])
async def test_a_review_time_that_is_no_good_is_refused(wait_s: float) -> None:
    async with Stage() as stage:
        with pytest.raises(Refusal, match="expected 1 to 600"):
            await set_review(stage.scene.desk, control.Review(wait_s=wait_s))


# -- an operator -----------------------------------------------------------------------------------


async def test_a_line_in_the_loudspeakers_queue_is_dropped_and_never_heard() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(200)
        assert [line.at.seq for line in stage.speaker.lines] == [0, 1], "it is queued there"
        assert await done(stage, "drop") == "line 1 of turn 1 dropped"
        await stage.play(4000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)
        assert [event.seq for event in stage.of(show.Airing)] == [0, 2]
        assert [event.seq for event in stage.of(show.Aired)] == [0, 2]
        verdict = turn.verdicts[-1]
        assert (verdict.seq, verdict.action, verdict.means, verdict.by) == (
            1,
            "drop",
            "operator",
            "op",
        )
        assert stage.done(turn).answer == f"{ONE} {THREE}"


async def test_a_queued_line_that_is_held_is_not_heard_before_it_is_let_go_and_order_is_kept() -> (
    None
):
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(200)
        assert "is held for 20 s" in await done(stage, "hold")
        await stage.play(5000)
        assert stage.speaker.pcm(turn.number) == sound(ONE)
        assert waits(stage) == [(1, "operator")]
        await done(stage, "air", turn=1, seq=1)
        await stage.play(4000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO) + sound(THREE)
        assert [event.status for event in stage.of(show.Aired)] == ["played"] * 3


async def test_what_an_operator_holds_and_forgets_is_dropped() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(200)
        await done(stage, "hold")
        await stage.play(25_000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)
        assert decided(stage) == [(1, "drop", "", "time")]


async def test_in_review_what_the_profile_says_needs_no_approval_and_can_be_held() -> None:
    async with Stage(refusal="I did not hear that!") as stage:
        await set_review(stage.scene.desk, control.Review(on=True, by="op"))
        turn = await stage.typed("say grommit")
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound("I did not hear that!")
        stage.throat.auto = False
        other = await stage.typed("say grommit")
        assert "is held for 20 s" in await done(stage, "hold")
        stage.throat.auto = True
        await stage.play(3000)
        assert not stage.speaker.pcm(other.number)


async def test_who_holds_a_line_may_hold_it_longer_and_nobody_else() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(200)
        await done(stage, "hold")
        await stage.play(15_000)
        await done(stage, "hold", turn=1, seq=1)
        with pytest.raises(Refusal, match="is held already by op"):
            await done(stage, "hold", turn=1, seq=1, by="another")
        await stage.play(15_000)
        assert decided(stage) == []
        await stage.play(10_000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)


async def test_what_is_unsafe_over_three_lines_is_heard_of_none() -> None:
    async with Stage() as stage:
        stage.gate.gate = Gate([*GATE.rules, rule("you really smell", "drop", "allow")])
        turn = await stage.typed("hi")
        await stage.answer(ONE, "I mean you.", "Really.", "Smell that.", TWO)
        await stage.play(8000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)
        assert sorted(decided(stage)) == [(1, "drop", "", "split"), (2, "drop", "", "split")]


async def test_the_first_line_is_held_while_it_is_made() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE, TWO)
        await done(stage, "hold")
        stage.throat.asked[0].make()
        stage.throat.asked[0].finish()
        stage.throat.asked[1].make()
        stage.throat.asked[1].finish()
        await stage.play(2000)
        assert not stage.speaker.lines, "the sound is made, and nobody has it"
        await done(stage, "air")
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)


async def test_another_text_is_said_in_its_place() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO, THREE)
        await stage.play(200)
        assert await done(stage, "replace", text="I eat weed.") == (
            "line 1 of turn 1 replaced, as 'I eat flower.'"
        )
        await stage.play(5000)
        said = "I eat flower."
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(said) + sound(THREE)
        origin = stage.of(show.Provenance)[1]
        assert (origin.text, origin.written, origin.words, origin.approved_by) == (
            said,
            TWO,
            "operator",
            "op",
        )
        assert origin.ruled[0].action == "replace"
        assert stage.done(turn).answer == f"{ONE} {said} {THREE}"
        event = stage.of(show.LineDecided)[-1]
        assert (event.what, event.text, event.by) == ("replace", said, "op")


async def test_a_text_that_the_gate_stops_replaces_nothing_and_the_rule_is_named() -> None:
    async with Stage() as stage:
        safety(stage, review=True)
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        with pytest.raises(Refusal, match="no-grommit"):
            await done(stage, "replace", text="You grommit.")
        await done(stage, "replace", text=THREE)
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound(THREE)


async def test_a_line_on_air_is_not_dropped_but_skipped() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(200)
        for what, keys in (("drop", {}), ("hold", {}), ("replace", {"text": "No."}), ("air", {})):
            with pytest.raises(Refusal, match="on air: skip ends it"):
                await done(stage, what, turn=1, seq=0, **keys)
            with pytest.raises(Refusal, match="no line is to come"):
                await done(stage, what, **keys)
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(ONE)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ({"what": "drop"}, "no line of hers is to come now"),
        ({"what": "drop", "turn": 9, "seq": 2}, "no line 2 of turn 9"),
        ({"what": "replace"}, "replace takes the text"),
        ({"what": "drop", "text": "x"}, "drop takes no text"),
    ],
)
async def test_what_cannot_be_is_refused_and_says_why(ask: dict[str, Any], why: str) -> None:
    async with Stage() as stage:
        with pytest.raises(Refusal, match=why):
            await decide(stage.scene.desk, control.Line(**ask))


async def test_two_operators_at_once_the_first_counts_and_the_second_is_told_who() -> None:
    async with Stage() as stage:
        safety(stage, review=True)
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO)
        both = [
            asyncio.create_task(decide(stage.scene.desk, wish(what=what, turn=1, by=by)))
            for what, by in (("drop", "ann"), ("air", "bob"))
        ]
        both += [
            asyncio.create_task(
                decide(stage.scene.desk, wish(what=what, turn=1, seq=1, by=by, text=text))
            )
            for what, by, text in (("replace", "ann", THREE), ("drop", "bob", ""))
        ]
        await stage.play(3000)
        found = [task.exception() or task.result() for task in both]
        assert str(found[1]) == "line 0 of turn 1 was dropped already by ann"
        assert [isinstance(one, Refusal) for one in found] == [False, True, False, False]
        fates = [(seq, what, by) for seq, what, by, _ in decided(stage)]
        assert fates == [(0, "drop", "ann"), (1, "replace", "ann"), (1, "drop", "bob")]
        assert not stage.speaker.pcm(turn.number)


async def test_a_decision_for_an_earlier_revision_is_refused() -> None:
    async with Stage() as stage:
        safety(stage, review=True)
        await stage.typed("hi")
        await stage.answer(ONE)
        with pytest.raises(Refusal, match="thought anew"):
            await done(stage, "air", turn=1, seq=0, rev=3)


# -- doubt -----------------------------------------------------------------------------------------


def doubtful(stage: Stage, risk: float) -> None:
    def check(text: str, context: str) -> Verdict | None:
        return Verdict(action="allow", text=text, risk=risk, means="gate")

    stage.scene.judge.output_checks.append(check)


@pytest.mark.parametrize(("risk", "ms"), [(0.0, 0), (0.29, 0), (0.5, 300), (1.0, 600)])
async def test_the_first_line_waits_by_its_risk_and_is_made_meanwhile(risk: float, ms: int) -> None:
    async with Stage() as stage:
        doubtful(stage, risk)
        turn = await stage.typed("hi")
        began = stage.now
        stage.mind.asked[-1].say(ONE, TWO)
        stage.mind.asked[-1].finish()
        await stage.settle()
        assert stage.throat.asked, "it is made"
        while not stage.speaker.lines:
            await stage.advance(0.01)
        assert round((stage.now - began) * 1000) == pytest.approx(ms, abs=11)
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)
        assert waits(stage) == ([(0, "risk")] if ms else [])
        assert decided(stage) == ([(0, "air", "", "time")] if ms else [])


async def test_a_doubtful_line_is_dropped_in_its_moment() -> None:
    async with Stage() as stage:
        doubtful(stage, 0.9)
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await done(stage, "drop")
        await stage.play(2000)
        assert not stage.speaker.heard
        assert stage.done(turn).status == "blocked"


# -- a second opinion ------------------------------------------------------------------------------


def opinion(found: Verdict | None, after: float) -> Callable[..., Any]:
    async def opine(text: str, side: Side, context: str, verdict: Verdict) -> Verdict | None:
        if side == "input":
            return None
        await asyncio.sleep(after)
        return found

    return opine


NO = Verdict(action="drop", category="S10", rule="guard", means="opinion")


@pytest.mark.parametrize("after", [0.0, 0.3])
async def test_an_unsafe_opinion_drops_the_line_before_it_is_heard(after: float) -> None:
    async with Stage() as stage:
        stage.scene.judge.opinion = opinion(NO, after)
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(2000)
        assert not stage.speaker.heard
        assert stage.done(turn).status == "blocked"
        assert decided(stage) == [(0, "drop", "", "opinion")]
        assert [(v.means, v.category, v.rule) for v in turn.verdicts[2:]] == [
            ("opinion", "S10", "guard")
        ]


async def test_a_safe_opinion_lets_it_go_and_stands_in_its_provenance() -> None:
    async with Stage() as stage:
        yes = Verdict(action="allow", means="opinion")
        stage.scene.judge.opinion = opinion(yes, 0.3)
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await stage.advance(0.2)
        assert stage.throat.asked, "it is made meanwhile"
        assert not stage.speaker.lines
        assert waits(stage) == [(0, "opinion")]
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(ONE)
        assert [one.means for one in stage.of(show.Provenance)[0].ruled] == ["gate", "opinion"]


@pytest.mark.parametrize("late", ["gate", "drop"])
async def test_an_opinion_that_hangs_is_not_waited_for_for_ever(late: Any) -> None:
    async with Stage() as stage:
        stage.scene.judge.opinion = opinion(NO, 1e6)
        stage.scene.judge.opinion_late = late
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO)
        await stage.advance(1.0)
        assert not stage.speaker.lines
        await stage.play(5000)
        said = sound(ONE) + sound(TWO) if late == "gate" else b""
        assert stage.speaker.pcm(turn.number) == said
        assert stage.done(turn).status == ("ok" if said else "blocked")


async def test_an_operator_does_not_wait_for_the_second_opinion() -> None:
    async with Stage() as stage:
        stage.scene.judge.opinion = opinion(None, 0.5)
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await done(stage, "air")
        await stage.play(300)
        assert stage.speaker.pcm(turn.number)


# -- what begins in one line and ends in the next --------------------------------------------------


async def test_a_word_over_two_lines_takes_back_the_one_before() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, "And now grom", "mit for all.", THREE)
        await stage.play(5000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)
        assert decided(stage) == [(1, "drop", "", "split")]
        assert stage.of(show.LineDecided)[0].ruled is not None
        assert stage.done(turn).answer == f"{ONE} {THREE}"


async def test_one_that_is_on_air_by_then_is_cut() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[-1].say("Hello to you and grom")
        await stage.play(300)
        await stage.answer("mit for all.")
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound("Hello to you and grom")[: 300 * 16]
        assert decided(stage) == [(0, "drop", "", "split")]
        assert [event.status for event in stage.of(show.Aired)] == ["cut"]


async def test_a_word_over_two_turns_is_not_said() -> None:
    async with Stage() as stage:
        await stage.typed("hi")
        await stage.answer("And now grom")
        await stage.play(2000)
        turn = await stage.typed("go on")
        await stage.answer("mit for all.", THREE)
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound(THREE)


async def test_what_closes_up_when_a_line_is_dropped_is_judged_anew() -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=60)
        turn = await stage.typed("hi")
        await stage.answer("And now grom", "Wait.", "mit for all.", THREE)
        await done(stage, "drop", turn=1, seq=1)
        for seq in (0, 3):
            await done(stage, "air", turn=1, seq=seq)
        await stage.play(4000)
        assert stage.speaker.pcm(turn.number) == sound("And now grom") + sound(THREE)
        assert (2, "drop", "", "split") in decided(stage)


CUT = "And now grom is a word that she never came to the end of."
"""Thirteen words of 200 ms: after the third comes 600 ms."""


async def test_a_word_that_ends_a_line_where_it_was_cut_is_not_gone_on_with() -> None:
    async with Stage() as stage:
        first = await stage.typed("hi")
        await stage.answer(CUT)
        await stage.play(620)
        stage.director.interrupt()
        await stage.play(500)
        assert stage.done(first).answer.startswith("And now")
        second = await stage.typed("go on")
        await stage.answer("mit for all.", THREE)
        await stage.play(3000)
        assert stage.speaker.pcm(second.number) == sound(THREE)


async def test_what_was_never_heard_of_a_line_is_no_beginning_of_the_next() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[-1].say("Here is a long line that she is stopped in, so of grom")
        await stage.play(620)
        stage.director.skip()
        await stage.play(500)
        await stage.answer("mit for all.")
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number).endswith(sound("mit for all."))


async def test_a_line_that_waits_is_judged_anew_when_the_one_before_it_is_skipped() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(CUT, "mit for all.", THREE)
        await stage.play(620)
        stage.director.skip()
        await stage.play(5000)
        heard = stage.speaker.pcm(turn.number)
        assert heard.endswith(sound(THREE))
        assert len(heard) < 1.2 * len(sound("And now grom")) + len(sound(THREE))
        assert (1, "drop", "", "split") in decided(stage)


async def test_what_was_dropped_on_air_counts_as_far_as_it_was_heard() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[-1].say("Hello to you and grom")
        await stage.play(960)
        stage.mind.asked[-1].say("mit for all.")
        await stage.play(1000)
        await stage.answer("Mit once more.", THREE)
        await stage.play(3000)
        heard = sound("Hello to you and grom")[: 960 * 16]
        assert stage.speaker.pcm(turn.number) == heard + sound(THREE)


async def test_a_line_that_fails_unheard_stands_between_no_others() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer("And now grom", "Wait.", "mit for all.", THREE)
        said = [0]
        for _ in range(6):
            for saying in stage.throat.asked[said[0] :]:
                if saying.text == "Wait.":
                    saying.fail()
                else:
                    saying.make()
                    saying.finish()
                said[0] += 1
            await stage.play(1000)
        assert stage.speaker.pcm(turn.number) == sound("And now grom") + sound(THREE)


# -- how it is pronounced --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["drop", "hold", "throw", "allow", "none"])
async def test_how_it_is_read_is_judged_before_audio_has_any_of_it(how: Any) -> None:
    async def reading(read: tts.Reading, line: SpokenLine) -> Verdict | None:
        if how == "throw":
            raise ValueError(read.text)
        if how == "none":
            return None
        return Verdict(action=how, category="sounds", rule="r", means="sound")

    async with Stage() as stage:
        stage.scene.reading = reading
        stage.throat.auto = False
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        saying = stage.throat.asked[0]

        async def read() -> None:
            await saying.call.send(tts.READING, tts.Reading(text=ONE, phonemes="h"))

        saying.tell(read)
        saying.make()
        saying.finish()
        await stage.play(2000)
        said = how in ("allow", "none")
        assert bool(stage.speaker.lines) is said
        assert stage.speaker.pcm(turn.number) == (sound(ONE) if said else b"")
        if how in ("drop", "throw"):
            assert decided(stage) == [(0, "drop", "", "sound")]
            assert turn.verdicts[-1].means == "sound"
            assert stage.done(turn).status == "blocked"
        if how == "hold":
            assert waits(stage) == [(0, "rule")]
            await done(stage, "drop")


# -- nothing waits any more ------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["panic", "interrupt", "stop"])
async def test_panic_interrupt_and_stop_clear_the_desk_at_once(end: str) -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=600, review_then="air")
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO)
        press = asyncio.create_task(stage.panic.press("test")) if end == "panic" else None
        if press is not None:
            await stage.settle()
        elif end == "interrupt":
            stage.director.interrupt()
        else:
            stage.panic.raise_epoch("the show ends")
            stage.director.fall_silent("stopped")
        assert not stage.scene.desk.lines, "at once"
        await stage.advance(3.0)
        assert press is None or press.done()
        assert stage.done(turn).status != "ok"
        await stage.advance(700)
        assert not stage.throat.asked


async def test_a_guess_waits_silently_and_is_told_once_it_counts() -> None:
    async with Stage() as stage:
        safety(stage, review=True, review_s=5)
        voice = await stage.voice()
        voice.pause()
        await stage.settle()
        stage.ear.asked[-1].guess("tell me a story")
        await stage.settle()
        await stage.answer(ONE)
        await stage.advance(6)
        assert not waits(stage), "the speaker may go on"
        await stage.close(voice, "tell me a story")
        assert waits(stage) == [(0, "review")]
        await stage.advance(4.9)
        assert not decided(stage)
        await done(stage, "air")
        await stage.play(2000)
        assert stage.speaker.pcm(1) == sound(ONE)


async def test_a_new_revision_takes_what_waits_with_it() -> None:
    async with Stage() as stage:
        safety(stage, review=True)
        voice = await stage.voice()
        voice.pause()
        await stage.settle()
        stage.ear.asked[-1].guess("tell me a story")
        await stage.settle()
        await stage.answer(ONE)
        voice.resume()
        await stage.advance(1)
        assert not stage.scene.desk.lines
        await stage.close(voice, "tell me a story about dogs")
        await stage.answer(TWO)
        await done(stage, "air")
        await stage.play(2000)
        assert stage.speaker.order() == [(1, 1)]
        assert stage.speaker.pcm(1, 1) == sound(TWO)


async def test_a_tts_that_dies_while_a_line_is_held_makes_it_again() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE)
        await done(stage, "hold")
        stage.throat.asked[0].make(2)
        await stage.settle()
        await stage.kill("tts")
        stage.throat.auto = True
        await stage.advance(1)
        await stage.start("tts")
        await stage.advance(5)
        await done(stage, "air")
        await stage.play(3000)
        assert stage.speaker.pcm(turn.number) == sound(ONE)


# -- a rule that panics ----------------------------------------------------------------------------


async def test_a_rule_that_says_panic_panics_in_its_name() -> None:
    async with Stage() as stage:
        pressed: list[str] = []
        stage.scene.panic = pressed.append

        def check(text: str, context: str) -> Verdict | None:
            return Verdict(action="panic", category="worst", rule="r9") if "Red" in text else None

        stage.scene.judge.output_checks.append(check)
        turn = await stage.typed("hi")
        await stage.answer(ONE, "Red alert.")
        await stage.play(3000)
        assert pressed == ["gate: r9"]
        assert stage.speaker.pcm(turn.number) == sound(ONE)


async def test_an_opinion_about_what_was_said_to_her_changes_nothing_of_the_gates_words() -> None:
    async with Stage() as stage:

        async def opine(text: str, side: Side, context: str, verdict: Verdict) -> Verdict | None:
            unsafe = side == "input" and "bomb" in text
            return NO if unsafe else Verdict(action="allow", means="opinion")

        stage.scene.judge.opinion = opine
        await stage.typed("do you smoke weed")
        assert stage.mind.asked[0].params.text == "do you smoke flower"
        await stage.answer(ONE)
        await stage.play(3000)
        turn = await stage.typed("build a bomb")
        await stage.play(3000)
        assert stage.done(turn).status == "blocked"
        assert len(stage.mind.asked) == 1
