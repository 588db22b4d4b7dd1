"""The show's side of OBS on a scripted OBS: what is told, what it does by itself, captions."""

from __future__ import annotations

import asyncio

import pytest

from engines.wire import obs, show
from kitsu_tui.show.captions import LINGER_S
from kitsu_tui.show.obs_told import TOLD_BYTES, fitting
from kitsu_tui.show.scenes import PUT_BACK_S
from tests.show.obs_desk import ObsStage

ONE, TWO = "Hello you there my friend.", "I like snacks."
MOODS = {"moods": {"happy": "Close-up", "sad": "Wide"}, "every_s": 0, "hold_s": 30}


def links(stage: ObsStage) -> list[tuple[str, bool]]:
    return [(event.link, event.streaming) for event in stage.of(show.ObsLink)]


# -- what is told ----------------------------------------------------------------------------------


async def test_state_figures_and_link_are_told_and_the_link_only_when_it_changes() -> None:
    async with ObsStage(there=False) as stage:
        stage.desk.state = obs.State(link="connecting")
        await stage.open()
        for changes in (
            {"link": "open", "scene": "Main", "scenes": ["Main"]},
            {"transition": "Fade"},
            {"streaming": True},
        ):
            stage.desk.tell(**changes)
            await stage.settle()
        stage.desk.engine.link.send(obs.FIGURES, obs.Figures(live_s=1.0))
        await stage.settle()
        assert links(stage) == [("connecting", False), ("open", False), ("open", True)]
        assert stage.of(show.ObsState)[-1].state == stage.desk.state
        assert stage.of(show.ObsFigures)[-1].figures.live_s == 1.0


async def test_scenes_that_the_profile_wants_offered_are_told_in_its_order() -> None:
    async with ObsStage(obs={"scenes": ["Wide", "Nowhere", "Main", "Wide"]}) as stage:
        assert stage.of(show.ObsState)[-1].offers == ["Wide", "Main"]
        stage.scenes.use(ObsStage().profile)
        assert stage.of(show.ObsState)[-1].offers == []


async def test_words_on_a_link_that_is_as_it_was_are_told_seldom() -> None:
    async with ObsStage(there=False) as stage:
        stage.desk.state = obs.State(link="closed", detail="try 0")
        await stage.open()
        for n in range(1, 40):
            stage.desk.tell(detail=f"try {n}")
            await stage.advance(1.0)
        assert [event.detail for event in stage.of(show.ObsLink)] == ["try 0", "try 31"]


async def test_an_engine_that_dies_leaves_no_obs_that_looks_alive() -> None:
    async with ObsStage() as stage:
        assert stage.scenes.why_not() == ""
        await stage.die()
        assert stage.scenes.state is None
        assert links(stage) == [("open", False), ("closed", False)]
        assert "obs is backoff" in stage.scenes.why_not()
        await stage.open()
        assert links(stage)[-1] == ("open", False)
        assert [c[0] for c in stage.changes()] == ["Main"]  # it has not changed


async def test_a_scene_is_told_with_who_asked_for_it_and_why() -> None:
    async with ObsStage() as stage:
        task = asyncio.ensure_future(stage.scenes.choose("Game", "ana"))
        await stage.settle()
        assert task.result().detail == "scene Game"
        await stage.by_hand("Wide")
        assert stage.changes() == [("Main", "", "as found"), ("Game", "ana", ""), ("Wide", "", "")]
        befores = [event.before for event in stage.of(show.SceneChanged)]
        assert befores == ["", "Main", "Game"]


async def test_a_scene_that_comes_at_the_end_of_a_transition_is_still_theirs() -> None:
    async with ObsStage() as stage:
        stage.desk.fade = True
        for scene, by in (("Game", "ana"), ("Wide", "bob")):
            await stage.scenes.choose(scene, by)
        await stage.advance(15.0)
        await stage.by_hand("Wide")  # three switches in a fade give one event
        assert stage.changes()[-1] == ("Wide", "bob", "")
        await stage.by_hand("Game")
        assert stage.changes()[-1] == ("Game", "", "")


async def test_while_its_own_transition_goes_on_nothing_else_is_asked_for() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.desk.fade = True
        await stage.speak(ONE)
        await stage.speak(ONE, mood="sad")
        assert stage.desk.scenes() == ["Close-up"]
        await stage.by_hand("Close-up")
        assert stage.changes()[-1] == ("Close-up", "profile", "mood happy")
        assert stage.desk.scenes() == ["Close-up", "Wide"]
        await stage.advance(25.0)  # its end is never told
        await stage.speak(ONE, mood="sad")
        assert stage.desk.scenes() == ["Close-up", "Wide", "Wide"]
        await stage.by_hand("Wide")


async def test_what_was_asked_for_long_ago_is_not_theirs_any_more() -> None:
    async with ObsStage() as stage:
        task = asyncio.ensure_future(stage.scenes.choose("Main", "ana"))  # it is there already
        await stage.settle()
        assert task.done()
        await stage.advance(3.0)
        await stage.by_hand("Game")
        await stage.by_hand("Main")
        assert stage.changes()[-1] == ("Main", "", "")


async def test_a_request_that_failed_makes_nobody_the_author() -> None:
    async with ObsStage() as stage:
        stage.desk.refuse = ("refused", "OBS says no")
        assert await stage.refused(stage.scenes.choose("Game", "ana")) == "OBS says no"
        await stage.by_hand("Game")
        assert stage.changes()[-1] == ("Game", "", "")


@pytest.mark.parametrize("by", ["ana", "drill:ana"])
async def test_panic_and_resume_are_told_as_such_and_hold_nothing(by: str) -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.told.append(show.Panicked(by=by, epoch=2))
        stage.desk.tell(scene="BRB", panicked=True)
        await stage.settle()
        stage.told.append(show.Resumed(by=by, epoch=3))
        stage.desk.tell(scene="Main", panicked=False)
        await stage.settle()
        drill = by.startswith("drill:")
        whys = ("drill", "drill") if drill else ("panic", "resumed")
        assert stage.changes()[1:] == [("BRB", by, whys[0]), ("Main", by, whys[1])]
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["Close-up"]


async def test_a_panic_scene_that_obs_tells_of_after_the_resume_is_nobodys_choice() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.told.append(show.Panicked(by="drill:ana", epoch=2))
        stage.desk.tell(panicked=True)
        stage.told.append(show.Resumed(by="drill:ana", epoch=3))
        stage.desk.tell(panicked=False)
        await stage.settle()
        await stage.by_hand("BRB")
        await stage.by_hand("Main")
        assert stage.changes()[1:] == [
            ("BRB", "drill:ana", "drill"),
            ("Main", "drill:ana", "drill"),
        ]
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["Close-up"]


async def test_an_obs_that_was_started_anew_has_not_been_changed_by_hand() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.desk.tell(link="closed")
        await stage.settle()
        stage.desk.tell(link="open", scene="Game")
        await stage.settle()
        assert stage.changes()[-1] == ("Game", "", "as found")
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["Close-up"]


async def test_an_obs_that_comes_back_after_a_resume_was_not_put_back_by_it() -> None:
    async with ObsStage() as stage:
        stage.told.append(show.Panicked(by="ana", epoch=2))
        stage.told.append(show.Resumed(by="ana", epoch=3))
        stage.desk.tell(link="closed")
        await stage.settle()
        stage.desk.tell(link="open", scene="Game")
        await stage.settle()
        assert stage.changes()[-1] == ("Game", "", "as found")
        await stage.by_hand("Wide")
        await stage.by_hand("Main")
        assert stage.changes()[-1] == ("Main", "", "")


def test_what_is_told_of_obs_is_bounded() -> None:
    names = [f"{n}" * 60 for n in range(500)]
    state = obs.State(
        link="open",
        scenes=names,
        inputs=[obs.Input(name=name, text="x" * 5000) for name in names],
        filters=[obs.Filter(source=name, name=name, on=True) for name in names],
        items=[obs.Item(scene=name, source=name, on=True) for name in names],
    )
    told = fitting(state)
    assert len(obs.STATE.encode(told)) <= TOLD_BYTES
    assert told.scenes == names
    assert fitting(told) is told


# -- by itself -------------------------------------------------------------------------------------


async def test_her_mood_brings_a_scene_while_she_still_speaks() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        await stage.typed("hi")
        await stage.answer(ONE, TWO)  # happy
        assert stage.desk.scenes() == []
        await stage.play(200)
        assert stage.desk.scenes() == ["Close-up"]
        assert stage.changes()[-1] == ("Close-up", "profile", "mood happy")
        await stage.play(5000)


async def test_what_is_not_spoken_aloud_brings_none() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        await stage.typed("hi", play=False)
        await stage.answer(ONE)
        await stage.play(2000)
        assert stage.desk.scenes() == []


async def test_a_mood_that_an_operator_holds_brings_its_scene_at_once() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.told.append(show.PersonaState(name="Kitsu", preset="calm", mood="sad", by="ana"))
        await stage.settle()
        assert stage.changes()[-1] == ("Wide", "profile", "mood sad, held")
        await stage.speak(ONE, mood="happy")
        assert stage.desk.scenes() == ["Wide"]


async def test_speaking_and_quiet() -> None:
    events = {"events": {"speaking": "Close-up", "quiet": "Wide"}, "every_s": 0, "quiet_s": 5}
    async with ObsStage(scenes=events) as stage:
        await stage.speak(ONE, TWO)
        assert stage.desk.scenes() == ["Close-up"]
        await stage.advance(4.0)
        assert stage.desk.scenes() == ["Close-up"]
        await stage.advance(1.5)
        assert stage.desk.scenes() == ["Close-up", "Wide"]
        assert stage.changes()[-1] == ("Wide", "profile", "she is quiet")


async def test_interrupted_she_is_quiet_too() -> None:
    events = {"events": {"quiet": "Wide"}, "quiet_s": 5}
    async with ObsStage(scenes=events) as stage:
        await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(200)
        stage.director.interrupt()
        await stage.advance(6.0)
        assert stage.desk.scenes() == ["Wide"]


async def test_nothing_by_itself_after_a_change_by_hand_here_or_in_obs() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        await stage.by_hand("Game")
        await stage.speak(ONE)
        assert stage.desk.scenes() == []
        await stage.advance(30.0)
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["Close-up"]
        task = asyncio.ensure_future(stage.scenes.choose("BRB", "ana"))
        await stage.speak(ONE, mood="sad")
        assert task.done()
        assert stage.desk.scenes() == ["Close-up", "BRB"]


async def test_nothing_by_itself_while_panicked_or_while_obs_holds_one() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.latch.panicked = True
        stage.scenes.policy.held("sad")
        stage.told.append(show.PersonaState(name="Kitsu", preset="calm", mood="happy"))
        await stage.advance(5.0)
        assert stage.desk.scenes() == []
        stage.latch.panicked = False
        stage.desk.tell(panicked=True)
        await stage.settle()
        stage.told.append(show.PersonaState(name="Kitsu", preset="calm", mood="sad"))
        await stage.advance(5.0)
        assert stage.desk.scenes() == []


async def test_a_change_that_fails_is_one_alert_until_it_works_again() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.desk.refuse = ("refused", "OBS says no")
        for _ in range(4):
            await stage.speak(ONE)
        assert stage.alerts() == ["scene 'Close-up' (mood happy): OBS says no"]
        stage.desk.refuse = None
        await stage.speak(ONE)
        await stage.by_hand("Main")
        await stage.advance(31.0)
        stage.desk.refuse = ("refused", "OBS says no")
        await stage.speak(ONE)
        assert len(stage.alerts()) == 2


async def test_a_scene_of_panic_that_was_renamed_in_obs_is_an_alert() -> None:
    async with ObsStage() as stage:
        assert stage.alerts() == []
        there = [name for name in stage.desk.state.scenes if name != "BRB"]
        stage.desk.tell(scenes=[*there, "BRBs"])
        await stage.settle()
        words = "OBS has no scene 'BRB' (did you mean BRBs?), which the profile names"
        assert stage.alerts() == [f"{words} for panic (obs.brb_scene)"]


async def test_scenes_that_obs_does_not_have_are_told_once_and_never_asked_for() -> None:
    scenes = {"moods": {"happy": "close-up"}, "events": {"quiet": "Wide"}, "quiet_s": 60}
    async with ObsStage(scenes=scenes) as stage:
        words = "OBS has no scene 'close-up' (did you mean Close-up?), which the profile names"
        assert stage.alerts() == [f"{words} for mood happy"]
        await stage.speak(ONE)
        stage.desk.tell(transition="Fade")
        await stage.settle()
        assert (stage.desk.scenes(), len(stage.alerts())) == ([], 1)
        stage.desk.tell(scenes=[*stage.desk.state.scenes, "close-up"])
        await stage.settle()
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["close-up"]


async def test_the_show_s_beginning_waits_for_obs() -> None:
    async with ObsStage(there=False, scenes={"events": {"started": "Wide"}}) as stage:
        stage.told.append(
            show.ShowStarted(profile="x", live=False, pid=1, version="1", epoch=1, engines=[])
        )
        await stage.advance(20.0)
        await stage.open()
        await stage.settle()
        assert stage.changes()[-1] == ("Wide", "profile", "the show began")


async def test_the_show_s_end_brings_its_scene_whatever_is_held_and_waits_no_longer() -> None:
    scenes = {"events": {"stopping": "Wide"}}
    async with ObsStage(scenes=scenes, obs={"caption": "Words"}) as stage:
        await stage.by_hand("Game")
        await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(200)
        stage.desk.gate.clear()
        task = asyncio.ensure_future(stage.scenes.stopping())
        await stage.advance(1.0)
        assert task.done()
        assert stage.desk.scenes() == ["Wide"]
        assert stage.desk.texts()[-1] == ""


@pytest.mark.parametrize(
    ("told", "scene"),
    [
        (None, "Wide"),
        (show.PutBack(epoch=3, surfaces={"obs.scene": 12.0}), ""),
        (show.PutBack(epoch=3, surfaces={"obs.scene": None, "obs.mutes": 2.0}), "Wide"),
        (show.PutBack(epoch=3, why={"obs": "OBS is closed"}), ""),
        (show.PutBack(epoch=3, surfaces={"avatar": 2.0}), "Wide"),
    ],
)
async def test_a_resume_that_put_nothing_back_brings_its_scene(
    told: show.PutBack | None, scene: str
) -> None:
    async with ObsStage(scenes={"events": {"resumed": "Wide"}}) as stage:
        stage.told.append(show.Panicked(by="ana", epoch=2))
        stage.told.append(show.Resumed(by="ana", epoch=3))
        if told is not None:
            stage.told.append(told)
        await stage.advance(PUT_BACK_S + 1)
        stage.told.append(show.PutBack(epoch=3, surfaces={"obs.scene": None}))  # told again
        await stage.settle()
        assert stage.desk.scenes() == ([scene] if scene else [])


async def test_the_brb_scene_is_brought_by_a_cut_and_stands() -> None:
    scenes = MOODS | {"events": {"operator_back": "Main"}}
    async with ObsStage(scenes=scenes) as stage:
        task = asyncio.ensure_future(stage.scenes.bring_brb("operator gone"))
        await stage.settle()
        assert task.result() == "scene BRB"
        assert stage.desk.asked == [obs.SetScene(scene="BRB", cut=True)]
        assert stage.changes()[-1] == ("BRB", "operator gone", "")
        await stage.advance(100.0)
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["BRB"]
        assert stage.scenes.standing
        stage.told.append(show.OperatorBack(by="ana", gone_s=3.0))
        await stage.settle()
        assert stage.changes()[-1] == ("Main", "profile", "an operator is back")


async def test_a_brb_scene_that_was_never_brought_holds_nothing_once_they_are_back() -> None:
    async with ObsStage(scenes=MOODS) as stage:
        stage.desk.refuse = ("late", "no answer")
        await stage.refused(stage.scenes.bring_brb("operator gone"))
        stage.told.append(show.OperatorBack(by="ana", gone_s=3.0))
        stage.desk.refuse = None
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["BRB", "Close-up"]


async def test_another_profile_is_gone_by_from_then_on() -> None:
    async with ObsStage(scenes=MOODS, obs={"caption": "Words"}) as stage:
        other = ObsStage(scenes={"moods": {"happy": "Game"}}, obs={"caption": "Other"})
        stage.scenes.use(other.profile)
        await stage.speak(ONE)
        assert stage.desk.scenes() == ["Game"]
        inputs = [c.input for c in stage.desk.asked if isinstance(c, obs.SetText)]
        assert inputs == ["Words", "Other", "Other"]


# -- captions --------------------------------------------------------------------------------------


async def test_captions_are_what_she_says_when_it_is_heard_and_go_a_little_later() -> None:
    async with ObsStage(obs={"caption": "Words"}) as stage:
        assert stage.desk.texts() == [""]  # what an earlier show left there goes
        await stage.typed("hi")
        await stage.answer(ONE, TWO)
        assert stage.desk.texts() == [""]
        await stage.play(200)
        assert stage.desk.texts() == ["", ONE]
        await stage.play(1200)
        assert stage.desk.texts() == ["", ONE, TWO]
        await stage.play(800)
        assert stage.desk.texts()[-1] == TWO
        await stage.advance(LINGER_S)
        assert stage.desk.texts() == ["", ONE, TWO, ""]


@pytest.mark.parametrize("how", ["interrupt", "panic", "skip"])
async def test_captions_go_at_once_when_she_is_cut(how: str) -> None:
    async with ObsStage(obs={"caption": "Words"}) as stage:
        await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(200)
        if how == "interrupt":
            stage.director.interrupt()
        elif how == "skip":
            stage.director.skip()
        else:
            await stage.press()
        await stage.settle()
        assert stage.desk.texts() == ["", ONE, ""]


async def test_what_panic_refused_is_cleared_after_the_resume() -> None:
    async with ObsStage(obs={"caption": "Words"}) as stage:
        await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(200)
        stage.desk.refuse = ("panic", "it is held")
        await stage.press()
        stage.desk.refuse = None
        asked = len(stage.desk.texts())
        task = asyncio.ensure_future(stage.panic.resume("ana"))
        await stage.advance(3.0)
        assert task.done()
        assert stage.desk.texts()[asked:] == [""]
        assert stage.alerts() == []


async def test_a_slow_obs_holds_nothing_up_and_gets_the_newest() -> None:
    async with ObsStage(obs={"caption": "Words"}) as stage:
        await stage.settle()
        stage.desk.gate.clear()
        await stage.speak(ONE, TWO)
        assert [event.status for event in stage.of(show.Aired)] == ["played", "played"]
        assert stage.desk.texts() == ["", ONE]  # one is under way, no more
        stage.desk.gate.set()
        await stage.settle()
        assert stage.desk.texts()[:3] == ["", ONE, TWO]


async def test_captions_that_cannot_be_shown_are_one_alert_and_come_when_obs_is_back() -> None:
    async with ObsStage(obs={"caption": "Words"}) as stage:
        stage.desk.refuse = ("unknown-name", "OBS has no input 'Words'")
        await stage.speak(ONE, TWO)
        await stage.speak(ONE)
        assert stage.alerts() == ["captions: OBS has no input 'Words'"]
        stage.desk.refuse = None
        await stage.typed("hi")
        await stage.answer(ONE)
        stage.desk.tell(link="closed")
        await stage.play(200)
        asked = len(stage.desk.texts())
        stage.desk.tell(link="open")
        await stage.settle()
        assert stage.desk.texts()[asked:] == [ONE]
        await stage.play(2000)


async def test_without_a_text_source_nothing_is_asked() -> None:
    async with ObsStage() as stage:
        await stage.speak(ONE)
        assert stage.desk.asked == []
