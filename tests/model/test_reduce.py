"""The reducer: each event does what it says, and a replay gives the same picture."""

import copy

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engines.wire import obs, show
from engines.wire.metrics import HostFigures
from kitsu_tui.model.reduce import CHANGES_KEPT, reduce
from kitsu_tui.model.state import ShowState
from kitsu_tui.model.turns import TURNS_KEPT

ENGINES = ("audio", "policy", "tts")


def play(events: list[show.ShowEvent], into: ShowState | None = None) -> ShowState:
    picture = into or ShowState()
    for event in events:
        reduce(picture, show.Told(n=picture.n + 1, t=100.0 + picture.n, event=event))
    return picture


def started(**changes: object) -> show.ShowStarted:
    event = show.ShowStarted(
        profile="starter", live=False, pid=1, version="0", epoch=1, engines=list(ENGINES)
    )
    return msgspec.structs.replace(event, **changes)


def ready() -> list[show.ShowEvent]:
    return [show.EngineChanged(engine=name, state="ready", pid=9) for name in ENGINES]


def judged(seq: int, text: str, rev: int = 0, **more: object) -> show.Judged:
    event = show.Judged(turn=1, rev=rev, seq=seq, action="allow", text=text, spoken=text)
    return msgspec.structs.replace(event, **more)


def turn() -> show.TurnStarted:
    return show.TurnStarted(turn=1, source="voice", who="Mika")


def test_a_show_begins_with_its_engines_waiting() -> None:
    picture = play([started()])
    assert list(picture.engines) == list(ENGINES)
    assert {view.state for view in picture.engines.values()} == {"waiting"}
    assert not picture.on_air


def test_on_air_needs_all_three_rules_a_device_no_panic_and_a_voice() -> None:
    begun = [started(), *ready(), show.GateState(rules=38)]

    def why(*more: show.ShowEvent) -> str:
        picture = play([*begun, *more])
        assert picture.on_air is (not picture.why_unheard())
        return picture.why_unheard()

    assert why() == ""
    assert why(show.EngineChanged(engine="tts", state="degraded", pid=9)) == ""
    assert why(show.EngineChanged(engine="tts", state="backoff")) == "tts backoff"
    assert why(show.Muted(mic=False, voice=True, by="x")) == "voice muted"
    assert why(show.GateState(rules=0, error="no file")) == "no safety rules"
    assert why(show.DeviceState(state="open", input="a", output="b")) == ""
    assert why(show.DeviceState(state="null", input="", output="")) == "no sound device"
    assert why(show.DeviceState(state="lost", input="", output="")) == "sound device lost"
    assert why(show.Panicked(by="x", epoch=2)) == "panic"
    assert why(show.Panicked(by="x", epoch=2), show.Resumed(by="x", epoch=3)) == ""


def test_deaf_is_who_cannot_hear_and_is_meant_to() -> None:
    begun = [started(), *ready()]
    assert play(begun).why_deaf() == ""
    backoff = show.EngineChanged(engine="asr", state="backoff")
    assert play([*begun, backoff]).why_deaf() == "asr backoff"
    off = show.EngineChanged(engine="asr", state="off")
    assert play([*begun, off]).why_deaf() == ""
    assert play([*begun, show.Muted(mic=True, voice=False, by="x")]).why_deaf() == (
        "microphone muted"
    )


def test_the_time_of_a_state_is_that_of_its_first_event() -> None:
    picture = play([started(), *ready(), show.EngineChanged(engine="audio", state="ready", pid=9)])
    assert picture.engines["audio"].since == 101.0


def test_an_engine_s_history_is_short_and_a_start_is_one_change() -> None:
    asked = show.EngineChanged(engine="tts", state="starting", by="ana")
    loading = show.EngineChanged(engine="tts", state="loading", pid=9)
    up = show.EngineChanged(engine="tts", state="ready", pid=9, exit="killed by signal 9")
    died = show.EngineChanged(engine="tts", state="backoff", exit="killed by signal 9")
    picture = play([started(), asked, loading, up, up, died])
    said = [(c.t, c.state, c.why, c.by) for c in picture.engines["tts"].history]
    assert said == [(103.0, "ready", "", "ana"), (105.0, "backoff", "killed by signal 9", "")]
    play([asked, loading, died] * 5, picture)
    history = picture.engines["tts"].history
    assert len(history) == CHANGES_KEPT
    assert [c.state for c in history[-3:]] == ["backoff", "loading", "backoff"]


def test_a_dead_engine_uses_nothing_and_late_figures_of_it_are_dropped() -> None:
    figures = show.EngineFigures(engine="tts", cpu=50, memory=1000, queue=3, ping_ms=1)
    picture = play([started(), *ready(), figures])
    assert picture.engines["tts"].cpu == 50
    died = show.EngineChanged(engine="tts", state="backoff", restarts=1, last_words=["oh"])
    play([died, figures], picture)
    view = picture.engines["tts"]
    assert (view.cpu, view.memory, view.queue, view.ping_ms) == (0, 0, 0, 0)
    play([show.EngineChanged(engine="tts", state="ready", pid=10, restarts=1)], picture)
    assert view.last_words == ["oh"]


def test_a_turn_grows_from_partials_to_an_answer() -> None:
    picture = play(
        [
            turn(),
            show.Heard(turn=1, rev=0, text="what", final=False),
            show.Heard(turn=1, rev=0, text="what time?", final=True),
            show.Delta(turn=1, rev=0, text="It is "),
            show.Delta(turn=1, rev=0, text="late."),
            judged(0, "It is late."),
            show.Airing(turn=1, rev=0, seq=0, text="It is late."),
            show.Aired(turn=1, rev=0, seq=0, status="cut", heard="It is", heard_ms=300),
            show.TurnDone(turn=1, rev=0, status="interrupted", answer="It is", mood="calm"),
        ]
    )
    view = picture.turns[0]
    assert (view.said, view.said_final) == ("what time?", True)
    assert [(s.text, s.status, s.heard) for s in view.sentences] == [
        ("It is late.", "cut", "It is")
    ]
    assert (view.status, view.answer, view.draft, picture.mood) == (
        "interrupted",
        "It is",
        "",
        "calm",
    )


def test_a_new_revision_takes_the_old_answer_back_and_the_old_one_cannot_return() -> None:
    old: list[show.ShowEvent] = [turn(), show.Delta(turn=1, rev=0, text="Yes"), judged(0, "Yes")]
    picture = play([*old, show.Heard(turn=1, rev=1, text="and more", final=False)])
    assert (picture.turns[0].draft, picture.turns[0].sentences) == ("", [])
    play([show.Delta(turn=1, rev=0, text="stale"), judged(1, "stale")], picture)
    assert (picture.turns[0].draft, picture.turns[0].sentences) == ("", [])


def test_a_verdict_on_what_was_said_to_her_is_not_a_sentence() -> None:
    picture = play([turn(), judged(-1, "rude", action="drop", category="baiting")])
    assert picture.turns[0].stopped == "baiting"
    assert picture.turns[0].sentences == []


def test_panic_keeps_its_first_moment_while_surfaces_come_in() -> None:
    first = show.Panicked(by="ana", epoch=4, surfaces={"audio": None})
    second = show.Panicked(by="ana", epoch=4, surfaces={"audio": 3.0}, done=True)
    picture = play([started(), first, second])
    assert (picture.panic.since, picture.panic.done) == (101.0, True)
    assert picture.panic.surfaces == {"audio": 3.0}
    assert picture.epoch == 4


def test_surfaces_that_were_reached_later_take_the_place_of_those_that_waited() -> None:
    pressed = show.Panicked(
        by="ana", epoch=4, surfaces={"audio": 3.0}, done=True, waits=["obs"], why={"obs": "down"}
    )
    closed = show.PanicReached(epoch=4, why={"obs.scene": "closed", "obs.mutes": "closed"})
    picture = play([started(), pressed, closed])
    assert picture.panic.waits == ["obs.scene", "obs.mutes"]
    assert picture.panic.why == {"obs.scene": "closed", "obs.mutes": "closed"}
    reached = show.PanicReached(epoch=4, surfaces={"obs.scene": 9.0}, why={"obs.mutes": "closed"})
    play([reached], picture)
    assert picture.panic.surfaces == {"audio": 3.0, "obs.scene": 9.0}
    assert (picture.panic.waits, picture.panic.why) == (["obs.mutes"], {"obs.mutes": "closed"})
    play([show.PanicReached(epoch=4, surfaces={"obs": None}, why={"obs": "no answer"})], picture)
    assert picture.panic.surfaces == {"audio": 3.0, "obs": None}
    assert (picture.panic.waits, picture.panic.why) == ([], {"obs": "no answer"})


def test_what_is_put_back_later_adds_to_what_was() -> None:
    resumed = show.Resumed(by="ana", epoch=5)
    first = show.PutBack(epoch=5, surfaces={"avatar": 3.0}, why={"obs": "down"})
    second = show.PutBack(epoch=5, surfaces={"obs.scene": 9.0})
    picture = play([started(), show.Panicked(by="x", epoch=4), resumed, first])
    assert (picture.panic.latched, picture.panic.waits) == (False, ["obs"])
    play([second], picture)
    assert picture.panic.surfaces == {"avatar": 3.0, "obs.scene": 9.0}
    assert picture.panic.waits == []
    play([show.Panicked(by="x", epoch=6), second], picture)
    assert picture.panic.surfaces == {}, "a new panic has begun meanwhile"


def test_events_of_turns_that_are_no_longer_kept_do_nothing() -> None:
    picture = ShowState()
    for number in range(1, TURNS_KEPT + 11):
        play([show.TurnStarted(turn=number, source="chat", who="x")], picture)
    assert len(picture.turns) == TURNS_KEPT
    assert picture.turn_count == TURNS_KEPT + 10
    before = copy.deepcopy(picture.turns)
    play([judged(0, "late"), show.TurnDone(turn=1, rev=0, status="ok", answer="")], picture)
    assert picture.turns == before


def waits(seq: int, text: str, rev: int = 0, **more: object) -> show.LineWaits:
    event = show.LineWaits(turn=1, rev=rev, seq=seq, text=text, why="review", until=120.0)
    return msgspec.structs.replace(event, **more)


def decided(seq: int, rev: int = 0, **more: object) -> show.LineDecided:
    event = show.LineDecided(turn=1, rev=rev, seq=seq, what="drop", by="bob", why="dropped")
    return msgspec.structs.replace(event, **more)


def test_a_line_waits_until_it_is_decided_on() -> None:
    picture = play([turn(), judged(0, "So."), judged(1, "Well."), waits(1, "Well.", risk=0.4)])
    assert [line.seq for _, line in picture.open_lines()] == [0, 1]
    ((_, line),) = picture.waiting_lines()
    assert (line.waits, line.until, line.since, line.risk) == ("review", 120.0, 103.0, 0.4)
    play([waits(1, "Well.", why="operator", by="bob", until=0)], picture)
    assert (line.waits, line.until, line.since, line.held_by) == ("operator", 0, 104.0, "bob")
    ruled = show.Ruled(means="sound", action="drop", category="slur", rule="s-1", view="phonetic")
    play([decided(1, ruled=ruled)], picture)
    assert (line.waits, line.held_by, line.decided, line.decided_by) == ("", "", "drop", "bob")
    assert (line.means, line.category, line.rule, line.view) == ("sound", "slur", "s-1", "phonetic")
    assert [line.seq for _, line in picture.open_lines()] == [0]
    play([waits(0, "So."), show.Airing(turn=1, rev=0, seq=0, text="So.")], picture)
    assert picture.open_lines() == picture.waiting_lines() == []
    assert picture.turns[0].sentences[0].waits == ""


def test_what_is_told_of_an_answer_that_was_let_go_is_of_no_line_of_the_new_one() -> None:
    events: list[show.ShowEvent] = [
        turn(),
        judged(0, "Old."),
        judged(0, "New.", rev=1),
        waits(0, "Old."),
        decided(0),
        show.Airing(turn=1, rev=0, seq=0, text="Old."),
        show.Aired(turn=1, rev=0, seq=0, status="stale", heard="", heard_ms=0),
        show.Provenance(turn=1, rev=0, seq=0, text="Old."),
    ]
    picture = play(events)
    ((_, line),) = picture.open_lines()
    assert (line.text, line.waits, line.decided, line.status, line.source) == (
        "New.",
        "",
        "",
        "",
        None,
    )


def test_a_gate_without_rules_has_an_error_whatever_it_says() -> None:
    assert play([show.GateState(rules=38)]).gate_error == ""
    assert play([show.GateState(rules=0)]).gate_error == "no rule is in force"
    picture = play([show.GateState(rules=3, error="x.yaml: bad", problems=2, blocked=4)])
    assert (picture.gate_error, picture.rule_problems, picture.blocked) == ("x.yaml: bad", 2, 4)
    assert play([show.Blocked(added=["a"], count=5)], picture).blocked == 5


def test_only_turns_that_became_audible_count_for_the_percentiles() -> None:
    silent = show.TurnDone(turn=1, rev=0, status="silent", answer="", marks_ms={"endpoint": 1.0})
    heard = show.TurnDone(turn=1, rev=0, status="ok", answer="a", marks_ms={"audible": 900.0})
    assert play([turn(), silent, heard]).marks == [{"audible": 900.0}]


_turns = st.integers(1, 4)
_revs = st.integers(0, 2)
_texts = st.text(max_size=12)
_events: st.SearchStrategy[show.ShowEvent] = st.one_of(
    st.builds(show.TurnStarted, turn=_turns, source=st.just("chat"), who=_texts, text=_texts),
    st.builds(show.Heard, turn=_turns, rev=_revs, text=_texts, final=st.booleans()),
    st.builds(show.Delta, turn=_turns, rev=_revs, text=_texts),
    st.builds(
        show.Judged,
        turn=_turns,
        rev=_revs,
        seq=st.integers(-1, 3),
        action=st.sampled_from(["allow", "replace", "drop"]),
        text=_texts,
    ),
    st.builds(show.Airing, turn=_turns, rev=_revs, seq=st.integers(0, 3), text=_texts),
    st.builds(
        show.Aired,
        turn=_turns,
        rev=_revs,
        seq=st.integers(0, 3),
        status=st.sampled_from(["played", "cut", "stale"]),
        heard=_texts,
        heard_ms=st.floats(0, 1e4),
    ),
    st.builds(
        show.TurnDone,
        turn=_turns,
        rev=_revs,
        status=st.sampled_from(["ok", "error", "panic"]),
        answer=_texts,
        mood=_texts,
        marks_ms=st.dictionaries(st.sampled_from(["audible", "endpoint"]), st.floats(0, 1e4)),
    ),
    st.builds(
        show.EngineChanged,
        engine=st.sampled_from(ENGINES),
        state=st.sampled_from(["ready", "backoff", "failed", "off"]),
        pid=st.integers(0, 3),
        restarts=st.integers(0, 9),
        last_words=st.lists(_texts, max_size=2),
    ),
    st.builds(show.EngineFigures, engine=st.sampled_from(ENGINES), cpu=st.floats(0, 100)),
    st.builds(show.Muted, mic=st.booleans(), voice=st.booleans(), by=_texts),
    st.builds(show.Panicked, by=_texts, epoch=st.integers(1, 9), done=st.booleans()),
    st.builds(show.Resumed, by=_texts, epoch=st.integers(1, 9)),
    st.builds(show.Operators, names=st.lists(_texts, max_size=3)),
    st.builds(show.Alert, level=st.sampled_from(["info", "error"]), text=_texts),
    st.builds(
        show.Host,
        figures=st.builds(
            HostFigures,
            cpu=st.floats(0, 100),
            cores=st.just([1.0]),
            memory_used=st.integers(0, 9),
            memory_total=st.integers(0, 9),
        ),
    ),
    st.builds(show.ShowStopping, by=_texts),
)


@given(st.lists(_events, max_size=40), st.data())
def test_attaching_in_the_middle_gives_the_same_picture_as_watching_from_the_start(
    events: list[show.ShowEvent], data: st.DataObject
) -> None:
    """What a console does: a snapshot over the wire, then the events after it."""
    at = data.draw(st.integers(0, len(events)))
    whole = play([started(), *events])
    snapshot = msgspec.json.encode(play([started(), *events[:at]]))
    late = play(events[at:], msgspec.json.decode(snapshot, type=ShowState))
    assert late == whole


@given(st.lists(_events, max_size=40))
def test_a_replay_of_the_written_events_gives_the_same_picture(
    events: list[show.ShowEvent],
) -> None:
    told = [
        show.Told(n=n, t=float(n), event=event) for n, event in enumerate([started(), *events], 1)
    ]
    live, replayed = ShowState(), ShowState()
    for one in told:
        reduce(live, one)
        reduce(replayed, show.TOLD.decode(show.TOLD.encode(one)))
    assert replayed == live


def test_an_acknowledgement_is_of_the_alerts_that_were_seen() -> None:
    """One that came while somebody pressed the key is not acknowledged with the others."""
    state = ShowState()
    for n, text in enumerate(["one", "two", "three"], 1):
        reduce(state, show.Told(n=n, t=n, event=show.Alert(level="error", text=text)))
    reduce(state, show.Told(n=4, t=4, event=show.Acknowledged(upto=2, by="me")))
    reduce(state, show.Told(n=5, t=5, event=show.Acknowledged(upto=3, by="her")))
    assert [alert.acked_by for alert in state.alerts] == ["me", "me", "her"]


def test_an_alert_whose_cause_is_gone_needs_nobody_to_see_it() -> None:
    state = ShowState()
    for n, text in enumerate(["one", "two", "one"], 1):
        reduce(state, show.Told(n=n, t=n, event=show.Alert(level="error", text=text)))
    reduce(state, show.Told(n=4, t=4, event=show.Acknowledged(upto=1, by="me")))
    reduce(state, show.Told(n=5, t=5, event=show.Mended(texts=["one"])))
    assert [(a.mended, a.acked_by) for a in state.alerts] == [
        (True, "me"),
        (False, ""),
        (True, "show"),
    ]


def test_obs_does_not_look_alive_when_nobody_tells_of_it() -> None:
    known = show.ObsState(state=obs.State(link="open", scene="Main", scenes=["Main"]))
    figures = show.ObsFigures(figures=obs.Figures(live_s=9.0))
    picture = play([started(), known, figures])
    assert picture.obs.figures is not None
    shut = play([show.ObsState(state=obs.State(link="closed", scene="Main"))], picture).obs
    assert shut.state is not None
    assert shut.state.scene == "Main"
    assert shut.figures is None
    ends: list[show.EngineState] = ["backoff", "off", "failed", "stopped"]
    for end in ends:
        play([known, figures, show.EngineChanged(engine="tts", state=end)], picture)
        assert picture.obs.state is not None
        gone = play([show.EngineChanged(engine="obs", state=end)], picture).obs
        assert gone.state is None
        assert gone.figures is None


def test_who_is_gone_is_so_since_it_was_told_first() -> None:
    gone = show.OperatorGone(since=90.0, why="no console", did="brb")
    picture = play([started(), gone])
    at = picture.operator.at
    play([show.OperatorGone(since=90.0, why="no console", did="nothing", detail="closed")], picture)
    assert (picture.operator.at, picture.operator.did) == (at, "nothing")
    play([show.OperatorBack(by="ana", gone_s=30.0), gone], picture)
    assert picture.operator.at > at
