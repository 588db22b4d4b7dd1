"""What happened between the turns: said once, in words, whatever told it."""

import pytest

from engines.wire import show
from kitsu_tui.model.reduce import NOTES_KEPT
from kitsu_tui.model.state import ShowState
from tests.model.test_reduce import play, started


def notes(*events: show.ShowEvent) -> list[str]:
    picture = play([started(), *events])
    return [f"{note.text} · {note.by}" if note.by else note.text for note in picture.notes][1:]


def engine(state: show.EngineState, **more: object) -> show.EngineChanged:
    return show.EngineChanged(engine="tts", state=state, **more)  # type: ignore[arg-type]


def test_the_beginning_and_the_end() -> None:
    stopping = show.ShowStopping(by="ana", reason="asked")
    picture = play([started(live=True), stopping])
    assert [note.text for note in picture.notes] == [
        "the show begins: starter, LIVE, kitsu 0",
        "the show ends: asked",
    ]
    assert [note.n for note in picture.notes] == [1, 2]


def test_review_and_the_blocklist_are_told_once() -> None:
    on = show.ReviewMode(on=True, wait_s=20, then="drop", by="ana")
    assert notes(
        show.ReviewMode(on=False),
        on,
        on,
        show.ReviewMode(on=True, wait_s=2.5, then="air", by="ana"),
        show.ReviewMode(on=False, by="bob"),
        show.Blocked(added=["wasabi"], count=1, by="ana"),
        show.Blocked(removed=["wasabi"], by="ana"),
        show.Blocked(count=3),
    ) == [
        "review: each line waits 20 s for approval, then is dropped · ana",
        "review: each line waits 2.5 s for approval, then is said · ana",
        "review is over · bob",
        "blocked: wasabi · ana",
        "no longer blocked: wasabi · ana",
    ]


def test_a_panic_is_one_note_with_what_became_of_it() -> None:
    surfaces: dict[str, float | None] = {"audio": 4.4, "obs": None}
    told = notes(
        show.Panicked(by="ana", epoch=2),
        show.Panicked(by="ana", epoch=2, surfaces=surfaces, done=True),
        show.Resumed(by="bob", epoch=3),
        show.Panicked(by="bob", epoch=4),
    )
    assert told == [
        "PANIC: audio 4 ms, obs FAILED · ana",
        "on the air again · bob",
        "PANIC · bob",
    ]
    assert notes(show.Panicked(by="ana", epoch=2, done=True)) == ["PANIC is still latched · ana"]


def test_surfaces_that_wait_are_reached_later_and_put_back() -> None:
    surfaces: dict[str, float | None] = {"audio": 4.4}
    waits = {"obs": "obs is starting"}
    told = notes(
        show.Panicked(by="ana", epoch=2),
        show.Panicked(
            by="ana", epoch=2, surfaces=surfaces, done=True, waits=["obs"], why=dict(waits)
        ),
        show.PanicReached(epoch=2, why={"obs.scene": "OBS is closed"}),
        show.PanicReached(epoch=2, surfaces={"obs.scene": 12.2, "obs.filter": None}),
        show.Resumed(by="bob", epoch=3),
        show.PutBack(epoch=3, surfaces={"obs.scene": 20.6}),
        show.PutBack(epoch=3, surfaces={"obs.scene": None}, why={"obs.mutes": "OBS is closed"}),
    )
    assert told == [
        "PANIC: audio 4 ms, obs WAITS · ana",
        "panic reached later: obs.scene 12 ms, obs.filter FAILED",
        "on the air again · bob",
        "put back: obs.scene 21 ms",
        "put back: obs.scene FAILED, obs.mutes WAITS",
    ]


def test_a_drill_is_no_panic() -> None:
    by = "drill:ana"
    surfaces: dict[str, float | None] = {"audio": 4.4}
    drill = show.Drilled(by="ana", ok=False, surfaces={"obs.scene": None}, why={"obs.scene": "no"})
    told = notes(
        show.Panicked(by=by, epoch=2),
        show.Panicked(by=by, epoch=2, surfaces=surfaces, done=True),
        show.Resumed(by=by, epoch=3),
        show.Drilled(by="ana", ok=True),
        drill,
        show.Drilled(by="ana", ok=False, why={"drill": "bob pressed panic meanwhile"}),
        show.Drilled(by="ana", ok=True, earlier=True),
    )
    assert told == [
        "panic rehearsed: audio 4 ms · drill:ana",
        "drill: all reached, all put back · ana",
        "drill FAILED: obs.scene (no) · ana",
        "drill FAILED: bob pressed panic meanwhile · ana",
    ]
    still = notes(show.Panicked(by=by, epoch=2, done=True))
    assert still == ["a drill's panic is still latched · drill:ana"]


def test_an_engine_s_death_is_told_once_and_its_coming_back() -> None:
    assert notes(
        engine("starting"),
        engine("ready", pid=1),
        engine("backoff", exit="killed by signal 9", detail="starts again in 2 s"),
        engine("backoff", exit="killed by signal 9", detail="starts again in 2 s"),
        engine("starting", restarts=1),
        engine("ready", restarts=1),
        engine("ready", restarts=1),
        engine("unresponsive", restarts=1),
        engine("off", by="ana"),
    ) == [
        "tts died: killed by signal 9; starts again in 2 s",
        "tts ready again",
        "tts does not answer",
        "tts off · ana",
    ]


def test_marks_mutes_and_who_asked() -> None:
    assert notes(
        show.Muted(mic=False, voice=False, by="profile"),
        show.Muted(mic=True, voice=False, by="ana"),
        show.Muted(mic=True, voice=False, by="ana"),
        show.Marked(by="ana"),
        show.Marked(by="ana", text="here"),
        show.Acted(name="interrupt", by="bob", detail="turn 2 ended"),
        show.Acted(name="interrupt", by="bob", ok=False, detail="nothing"),
        show.Acted(name="say", by="bob"),
        show.DeviceState(state="lost", input="", output="", detail="unplugged"),
        show.GateState(rules=38),
        show.GateState(rules=0, error="no file"),
        show.PersonaState(name="Kitsu", preset="calm"),
        show.PersonaState(name="Kitsu", preset="calm", mood="sad", by="ana"),
    ) == [
        "microphone muted, voice open · ana",
        "microphone muted, voice open · ana",
        "marked · ana",
        "here · ana",
        "interrupt: turn 2 ended · bob",
        "sound device lost: unplugged",
        "no safety rules in force: no file",
        "she is calm, held sad · ana",
    ]


def test_notes_are_bounded() -> None:
    picture = play([show.Marked(by="ana", text=f"{n}") for n in range(NOTES_KEPT + 7)])
    assert [note.text for note in picture.notes] == [f"{n}" for n in range(7, NOTES_KEPT + 7)]


@pytest.mark.parametrize("action", ["drop", "replace"])
def test_a_verdict_on_what_was_said_is_kept_whole(action: show.Action) -> None:
    picture: ShowState = play([show.TurnStarted(turn=1, source="chat", who="x", text="rude")])
    verdict = show.Judged(
        turn=1,
        rev=0,
        seq=-1,
        action=action,
        text="rude",
        spoken="",
        category="slur",
        rule="list",
        view="folded",
        ms=0.2,
    )
    (turn,) = play([verdict], picture).turns
    assert turn.entry is not None
    assert (turn.entry.action, turn.entry.rule, turn.entry.view) == (action, "list", "folded")
    assert turn.stopped == "slur"


def test_the_stage_is_told_in_short_words_and_once() -> None:
    closed = show.ObsLink(link="closed", detail="nobody listens at ws://127.0.0.1:4455")
    told = notes(
        show.ObsLink(link="connecting"),
        closed,
        show.ObsLink(link="closed", detail="tried again"),
        show.ObsLink(link="open"),
        show.ObsLink(link="open", streaming=True, recording=True),
        show.ObsLink(link="open"),
        show.ObsLink(link="hung", streaming=True, recording=True),
        show.SceneChanged(scene="Main", why="as found"),
        show.SceneChanged(scene="Close-up", before="Main", by="profile", why="mood happy"),
        show.SceneChanged(scene="Game", before="Close-up"),
        show.SceneChanged(scene="BRB", before="Game", by="cli:ana"),
    )
    assert told == [
        "OBS: closed",
        "OBS is connected; it neither streams nor records",
        "OBS streams and records",
        "OBS is connected; it neither streams nor records",
        "OBS: does not answer",
        "scene Main (as found)",
        "scene Close-up (mood happy) · profile",
        "scene Game (in OBS)",
        "scene BRB · cli:ana",
    ]


def test_an_operator_who_goes_and_comes_is_told_with_what_was_done() -> None:
    gone = show.OperatorGone(since=90.0, why="no console", did="brb")
    told = notes(
        gone,
        show.OperatorGone(since=90.0, why="no console", did="brb", detail="scene BRB"),
        show.OperatorBack(by="ana", gone_s=150.0),
        show.OperatorGone(since=90.0, why="no key for 20 min", did="panic"),
    )
    assert told == [
        "nobody is there, no console: the BRB scene",
        "an operator is there again, after 2 min · ana",
        "nobody is there, no key for 20 min: PANIC",
    ]
