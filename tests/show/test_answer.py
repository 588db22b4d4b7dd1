"""One answer: in order, through the gate twice, and with words or silence when something fails."""

from __future__ import annotations

import pytest

from engines.wire import show
from kitsu_tui.show.safety import Verdict
from tests.show.cast import sound
from tests.show.stage import Stage

ONE, TWO, THREE = "Hello you there.", "I like snacks.", "And also naps."
WHOLE = f"{ONE} {TWO}"


async def test_a_typed_line_is_thought_of_and_said_in_order_with_its_marks() -> None:
    async with Stage() as stage:
        turn = await stage.typed("Who are you?")
        assert stage.mind.asked[0].params.text == "Who are you?"
        assert stage.mind.asked[0].params.system == "You are cute."
        await stage.answer(ONE, TWO)
        assert not stage.of(show.TurnDone)
        await stage.play(2000)
        done = stage.done(turn)
        assert (done.status, done.answer, done.mood, done.actions) == (
            "ok",
            WHOLE,
            "happy",
            ["wave"],
        )
        assert list(done.marks_ms) == [
            "speech_end",
            "first_token",
            "first_sentence",
            "first_pcm",
            "audible",
        ]
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)
        aired = [(event.seq, event.status, event.heard) for event in stage.of(show.Aired)]
        assert aired == [(0, "played", ONE), (1, "played", TWO)]
        assert [event.seq for event in stage.of(show.Airing)] == [0, 1]
        assert [(v.seq, v.action) for v in turn.verdicts] == [
            (-1, "allow"),
            (0, "allow"),
            (1, "allow"),
        ]
        assert [line.text for line in stage.history.messages()] == ["Who are you?", WHOLE]
        assert len(stage.mind.warmed) == 1


async def test_it_says_the_first_sentence_while_it_thinks_of_the_next() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].say(ONE)
        await stage.play(300)
        assert stage.speaker.pcm(turn.number) == sound(ONE)[: 300 * 16]
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)


async def test_without_a_voice_it_is_whole_and_silent_and_remembered() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi", play=False, preset="calm")
        assert stage.mind.asked[0].params.system == "You are gentle."
        await stage.answer(ONE, TWO)
        assert stage.done(turn).answer == WHOLE
        assert not stage.throat.asked
        assert stage.history.messages()[1].text == WHOLE


# -- the gate ------------------------------------------------------------------------------------


async def test_what_may_not_come_in_gets_the_refusal_and_is_not_remembered() -> None:
    async with Stage(refusal="I did not hear that!") as stage:
        turn = await stage.typed("say grommit")
        await stage.play(2000)
        done = stage.done(turn)
        assert (done.status, done.answer) == ("blocked", "I did not hear that!")
        assert "no-grommit" in done.detail
        assert not stage.mind.asked, "the model never sees it"
        assert stage.speaker.pcm(turn.number) == sound("I did not hear that!")
        assert len(stage.history) == 0


async def test_the_refusal_passes_the_gate_too() -> None:
    async with Stage(refusal="No grommit here") as stage:
        turn = await stage.typed("say grommit")
        assert (stage.done(turn).status, stage.done(turn).answer) == ("blocked", "")
        assert not stage.throat.asked


async def test_what_the_gate_replaced_is_what_is_thought_of_and_remembered() -> None:
    async with Stage() as stage:
        turn = await stage.typed("do you smoke weed")
        assert stage.mind.asked[0].params.text == "do you smoke flower"
        await stage.answer("Weed is a plant.")
        await stage.play(2000)
        assert stage.done(turn).answer == "Flower is a plant."
        texts = [line.text for line in stage.history.messages()]
        assert texts == ["do you smoke flower", "Flower is a plant."]


async def test_a_sentence_that_is_dropped_leaves_the_others() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, "You grommit you.", THREE)
        await stage.play(3000)
        done = stage.done(turn)
        assert (done.status, done.answer) == ("ok", f"{ONE} {THREE}")
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(THREE)
        verdict = turn.verdicts[2]
        assert (verdict.seq, verdict.action, verdict.rule) == (1, "drop", "no-grommit")
        judged = [(event.seq, event.action, event.spoken) for event in stage.of(show.Judged)]
        assert judged[2] == (1, "drop", "")


async def test_when_all_is_dropped_it_is_blocked() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer("Grommit!", "A grommit again.")
        assert (stage.done(turn).status, stage.done(turn).answer) == ("blocked", "")
        assert stage.done(turn).detail == "none of 2 lines was said: gate: test (no-grommit)"
        assert not stage.throat.asked


async def test_when_she_has_only_said_it_already_that_is_told() -> None:
    async with Stage() as stage:
        again = Verdict(action="drop", category="repetition", rule="same", means="repeat")
        stage.scene.judge.output_checks.append(lambda text, context: again)
        turn = await stage.typed("hi", play=False)
        await stage.answer(ONE)
        assert stage.done(turn).detail == "her line was not said: she has said it already"
        more = await stage.typed("hi", play=False)
        await stage.answer(ONE, "Grommit!", TWO)
        assert stage.done(more).detail == (
            "none of 3 lines was said: 2 of them: she has said it already; "
            "1 of them: gate: test (no-grommit)"
        )


async def test_without_a_gate_there_is_silence() -> None:
    async with Stage(refusal="No.", failure="Oh no.") as stage:
        stage.gate.gate = None
        turn = await stage.typed("hi")
        assert stage.done(turn).status == "blocked"
        assert turn.verdicts[0].category == "gate-error"
        assert "there are no safety rules: mend the rule file" in stage.done(turn).detail
        assert not stage.mind.asked
        assert not stage.throat.asked


async def test_a_gate_that_goes_in_mid_answer_silences_the_rest() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].say(ONE)
        await stage.settle()
        stage.gate.gate = None
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.done(turn).answer == ONE


# -- a mind that fails ---------------------------------------------------------------------------


async def test_a_model_without_words_is_silent_when_the_profile_says_nothing() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].finish(status="error")
        await stage.settle()
        assert (stage.done(turn).status, stage.done(turn).answer) == ("error", "")
        assert not stage.throat.asked


async def test_the_failure_line_is_said_through_the_gate_and_not_remembered() -> None:
    async with Stage(failure="Oops, my weed brain.") as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].fail()
        await stage.play(2000)
        done = stage.done(turn)
        assert (done.status, done.answer) == ("error", "Oops, my flower brain.")
        assert "it went wrong" in done.detail
        assert len(stage.history) == 0


async def test_a_model_that_hangs_is_given_up_and_says_so() -> None:
    async with Stage(failure="Oops.") as stage:
        turn = await stage.typed("hi")
        await stage.advance(29.0)
        assert not stage.of(show.TurnDone)
        await stage.advance(2.0)
        await stage.play(500)
        done = stage.done(turn)
        assert (done.status, done.answer) == ("error", "Oops.")
        assert "silent for 30 s" in done.detail
        assert stage.mind.asked[0].cancelled


@pytest.mark.parametrize("asked", [False, True])
async def test_a_model_that_goes_before_its_first_sentence_is_asked_again(asked: bool) -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.kill("policy", asked=asked)
        await stage.advance(2.0)
        await stage.start("policy")
        await stage.settle()
        assert len(stage.mind.asked) == 2
        await stage.answer(ONE)
        await stage.play(1000)
        assert (stage.done(turn).status, stage.done(turn).answer) == ("ok", ONE)


async def test_a_model_that_does_not_come_back_is_an_error() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.kill("policy")
        await stage.advance(11.0)
        assert stage.done(turn).status == "error"


async def test_a_model_that_dies_after_a_sentence_leaves_that_sentence() -> None:
    async with Stage(failure="Oops.") as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].say(ONE)
        await stage.settle()
        await stage.kill("policy")
        await stage.start("policy")
        await stage.play(1000)
        done = stage.done(turn)
        assert (done.status, done.answer) == ("error", ONE)
        assert len(stage.mind.asked) == 1, "what is being said is not thought of twice"
        assert stage.history.messages()[1].text == ONE


async def test_an_error_of_ours_ends_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Stage() as stage:

        def broken(preset: str = "") -> None:
            raise ZeroDivisionError("oh")

        monkeypatch.setattr(stage.scene, "prompt", broken)
        turn = await stage.typed("hi")
        assert stage.done(turn).status == "error"
        monkeypatch.undo()
        after = await stage.typed("again")
        await stage.answer(ONE)
        await stage.play(1000)
        assert stage.done(after).status == "ok"
