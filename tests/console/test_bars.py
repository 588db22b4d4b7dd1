"""What the rows in sight say of a show: the truth, once, and the state before all else."""

import re

import pytest

from engines.wire import show
from kitsu_tui.console import bars
from kitsu_tui.console.actions import ACTIONS, DEFAULT_KEYS
from kitsu_tui.console.lines import Line, cells, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.turn_lines import turn_lines
from kitsu_tui.model.reduce import reduce
from tests.support.scripted_show import START, script

READY = show.EngineChanged(engine="tts", state="ready", pid=9)
NULL = show.DeviceState(state="null", input="", output="")
VOICE_MUTED = show.Muted(mic=False, voice=True, by="x")


def made(*more: show.ShowEvent, live: bool = False) -> Link:
    link = Link(by="console:ana@test", clock=lambda: START)
    for event in [*script(live=live), READY, *more]:
        reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=event))
    link.state.operators = ["console:ana@pts/1", "console:bob@pts/7 (reads)"]
    link.phase = "attached"
    return link


def text(line: Line) -> str:
    return "".join(text for text, _ in line)


def status(link: Link, width: int = 120) -> str:
    line = bars.status(link, START + 60, width)
    assert width_of(line) <= width
    return text(line)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (show.GateState(rules=0, error="no file"), "NO SAFETY RULES"),
        (NULL, "NO SOUND DEVICE"),
        (show.DeviceState(state="lost", input="", output=""), "SOUND DEVICE LOST"),
        (show.EngineChanged(engine="policy", state="failed"), "NOT READY: policy failed"),
        (show.EngineChanged(engine="asr", state="backoff"), "ON AIR │ DEAF: asr backoff"),
        (show.Panicked(by="x", epoch=9), "PANIC: off the air"),
    ],
)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_why_she_is_not_heard_or_deaf_stands_in_the_status(
    event: show.ShowEvent, words: str, width: int
) -> None:
    assert "ON AIR" in status(made(live=True), width)
    shown = status(made(event, live=True), width)
    assert words in shown
    assert ("ON AIR" in shown) is ("ON AIR" in words)


def test_an_engine_that_is_off_makes_nobody_deaf_and_a_reason_stands_once() -> None:
    assert "DEAF" not in status(made(show.EngineChanged(engine="asr", state="off")))
    shown = status(made(show.EngineChanged(engine="audio", state="failed")))
    assert "NOT READY: audio failed" in shown
    assert "DEAF" not in shown
    assert status(made(VOICE_MUTED)).casefold().count("voice muted") == 1
    failed = show.EngineChanged(engine="tts", state="failed")
    assert "NOT READY: tts failed │ mic open │ voice MUTED" in status(made(VOICE_MUTED, failed))


def test_the_operators_give_way_to_the_state() -> None:
    backoff = show.EngineChanged(engine="policy", state="unresponsive")
    assert "2 operators" in status(made(backoff), 80)
    shown = status(made(backoff), 44)
    assert "NOT READY: policy unresponsive" in shown
    assert "operator" not in shown


EVERYTHING: list[show.ShowEvent] = [
    show.EngineChanged(engine="policy", state="unresponsive", pid=3),
    show.EngineChanged(engine="asr", state="unresponsive", pid=4),
    show.Alert(level="error", text="x", about="tts"),
    show.Alert(level="info", text="y"),
    show.Marked(by="x"),
    show.PersonaState(name="Kitsu", preset="cozy", mood="happy"),
    show.Muted(mic=True, voice=True, by="x"),
]
PANIC = show.Panicked(
    by="console:bob@pts/7", epoch=4, surfaces={"audio": 4.0, "policy": 11.0, "obs": None}, done=True
)


SAID = (
    *("PAUSED", "drawing is PAUSED", "!2", "2 alerts", "DEAF", "asr unresponsive"),
    *("NOT READY: policy unresponsive", "mic MUTED", "voice MUTED", "scene Starting soon"),
    *("mood happy (held)", "preset cozy", "1 mark", "2 operators (1 reads)"),
    *("ana@pts/1, bob@pts/7 (reads)", "up 66 min"),
)


@pytest.mark.parametrize("live", [True, False])
def test_what_matters_most_survives_whole_at_every_width(live: bool) -> None:
    link = made(*EVERYTHING, live=live)
    there: dict[str, int] = {}
    for width in range(40, 261):
        line = bars.status(link, START + 4000, width, paused=True, scene="Starting soon")
        assert width_of(line) <= width
        shown = text(line)
        assert "…" not in shown
        assert ("LIVE" if live else "rehearsal") in shown
        assert "policy unresponsive" in shown
        for words in SAID:
            if words in shown:
                there.setdefault(words, width)
    assert there["PAUSED"] <= (40 if live else 43)
    assert there["!2"] <= 50
    assert there["DEAF"] <= 57
    assert there["mic MUTED"] <= 69
    assert there["NOT READY: policy unresponsive"] <= 100
    assert len(there) == 16, "something has no room at any width"


def test_a_mood_is_her_own_or_held() -> None:
    assert "│ mood happy │" in status(made(), 200)
    held = show.PersonaState(name="Kitsu", preset="", mood="sad")
    assert "│ mood sad (held) " in status(made(held), 200)


def test_live_is_said_in_words_and_signs_and_not_of_a_show_that_has_gone() -> None:
    link = made(live=True)
    for width in (40, 80, 120):
        shown = status(link, width)
        assert " ● LIVE ● " in shown
        assert bars_of_tape(shown) >= 3
        assert bars_of_tape(status(made(), width)) == 0
    link.phase = "gone"
    shown = status(link, 80)
    assert " LIVE when last seen │ NO SHOW" in shown
    assert bars_of_tape(shown) == bars_of_tape(status(link, 200)) == 0
    assert " LIVE? │ " in text(bars.status(link, START, 18))


def test_of_a_show_that_has_gone_nothing_is_said_that_may_have_changed() -> None:
    link = made(show.Muted(mic=True, voice=False, by="x"))
    assert "mic MUTED" in status(link, 200)
    assert "2 operators" in status(link, 200)
    link.phase = "gone"
    for words in ("mic", "voice", "mood", "preset", "operator"):
        assert words not in status(link, 200)


def test_a_console_that_only_reads_is_offered_nothing_else() -> None:
    link = made(PANIC)
    link.read_only = True
    assert "resumes" not in text(bars.banner(link, START, 200) or ())
    assert "obs FAILED" in text(bars.banner(link, START, 200) or ())
    for pane in ("transcript", "engines", "alerts"):
        shown = text(bars.footer(400, pane=pane, read_only=True))
        assert "PANIC" in shown
        assert "quit" in shown
        for action in ACTIONS:
            if action.acts and action.label:
                assert f" {action.label} " not in shown


def bars_of_tape(shown: str) -> int:
    return shown.count("╱")


def test_alerts_and_marks_are_counted_until_they_are_seen() -> None:
    link = made(show.Alert(level="warning", text="x"), show.Marked(by="x"), show.Marked(by="x"))
    assert "│ 1 alert │" in status(link, 200)
    assert "│ 2 marks " in status(link, 200)
    seen = show.Acknowledged(upto=link.state.n, by="x")
    reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=seen))
    assert "alert" not in status(link, 200)


def levels(link: Link, width: int) -> str:
    line = bars.levels(link.state, width)
    assert width_of(line) <= width
    return text(line)


TALKS = show.Levels(mic_db=-12, out_db=-3, hearing=True, speaking=True)
SILENT = show.Levels(mic_db=-100, out_db=-100, hearing=False, speaking=False)


@pytest.mark.parametrize("more", [(), (show.Muted(mic=True, voice=True, by="x"),), (NULL,)])
def test_the_levels_say_everything_at_every_width_and_nothing_moves(
    more: tuple[show.ShowEvent, ...],
) -> None:
    talks, silent = made(TALKS, *more), made(SILENT, *more)
    for width in range(40, 201):
        one, other = levels(talks, width), levels(silent, width)
        for shown in (one, other):
            assert "…" not in re.sub(r"M\w*…", "Mika", shown)
            assert "mic " in shown
            assert re.search(r"(to|hears|listens to) M", shown)
        assert "● hear" in one
        assert "▶ speak" in one
        assert "○" in other
        assert "· silent" in other
        for words in ("out ", "mic "):
            assert one.index(words) == other.index(words)
        assert one.index("▶") == other.index("· s")
        if more and isinstance(more[0], show.Muted):
            assert one.count("MUTED") == 2
        if NULL in more:
            assert "none" in one or "no sound device" in one


def test_to_whom_she_listens() -> None:
    link = made(SILENT)
    assert "listens to Mika (voice)" in levels(link, 120)
    done = show.TurnDone(turn=4, rev=0, status="ok", answer="")
    tell(link, done)
    assert "listens to nobody  " in levels(link, 120)
    tell(link, show.Muted(mic=True, voice=False, by="x"))
    assert "listens to nobody (mic muted)" in levels(link, 120)
    tell(link, show.TurnStarted(turn=5, source="chat", who="troll\x1b[2J", text="hi"))
    assert "listens to troll␛[2J (chat)" in levels(link, 120)
    tell(link, show.TurnDone(turn=5, rev=0, status="ok", answer=""))
    tell(link, show.TurnStarted(turn=6, source="operator", who="console:ana@pts/1", text="hi"))
    assert "listens to ana@pts/1 (typed)" in levels(link, 120)
    tell(link, PANIC)
    assert "listens to nobody (panic)" in levels(link, 120)


def test_who_speaks_before_a_turn_begins_is_who_spoke_last() -> None:
    link = made(show.TurnDone(turn=4, rev=0, status="ok", answer=""), TALKS)
    assert "listens to Mika (voice)" in levels(link, 120)


def tell(link: Link, event: show.ShowEvent) -> None:
    reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=event))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_banner_of_a_panic_says_what_failed_and_how_to_resume(width: int) -> None:
    line = bars.banner(made(PANIC), START, width)
    assert line is not None
    assert width_of(line) <= width
    assert text(line).startswith(" PANIC ")
    assert "o resumes │ obs FAILED" in text(line)
    assert "…" not in text(line)
    assert ("by bob@pts/7" in text(line)) is (width > 40)
    remapped = bars.banner(made(PANIC), START, width, {**DEFAULT_KEYS, "resume": ("f5",)})
    assert "F5 resumes" in text(remapped or ())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_panic_that_nobody_answers_is_said_before_all_else(width: int) -> None:
    assert bars.banner(made(), START, width, waiting=0.3) is None
    for link in (made(), made(PANIC)):
        line = bars.banner(link, START, width, waiting=3.2) or ()
        assert width_of(line) <= width
        assert "…" not in text(line)
        assert text(line).startswith(" PANIC")
        assert "no answer for 3 s" in text(line).lower()


@pytest.mark.parametrize("width", [40, 80])
def test_the_banner_without_a_show_says_what_to_do(width: int) -> None:
    link = made()
    link.phase, link.detail = "gone", "the show has ended"
    shown = text(bars.banner(link, START, width) or ())
    assert "start one with: kitsu run --detach" in shown or width == 40
    assert shown.startswith(" NO SHOW")


NAMES = [("transcript", "t", "Transcript"), ("alerts", "a", "Alerts"), ("logs", "l", "Logs")]


def test_tabs_count_what_waits_and_mark_what_is_new() -> None:
    wide = text(bars.tabs(NAMES, "transcript", {"logs"}, 80, {"alerts": 3}))
    assert wide == " [t Transcript]   a Alerts (3)    l Logs* "
    assert text(bars.tabs(NAMES, "alerts", set(), 24, {"alerts": 3})) == " t  [a Alerts (3)]  l "
    assert text(bars.tabs(NAMES, "alerts", set(), 16, {"alerts": 3})) == " t  [a(3)]  l "


def test_the_footer_leaves_out_whole_entries_and_knows_the_active_pane() -> None:
    for width in range(40, 200):
        shown = text(bars.footer(width, pane="alerts"))
        assert cells(shown) <= width
        assert "…" not in shown
        assert shown.startswith(" Ctrl+O F9 PANIC  ? help ")
    labelled = [action for action in ACTIONS if action.label]
    shown = text(bars.footer(400))
    for action in labelled:
        assert (f" {action.label} " in shown) or action.pane or action.engine
    # What is done to the selected engine stands there where engines are selected.
    of_engines = [action.label for action in labelled if action.engine]
    assert of_engines == ["restart", "start", "stop", "kill"]
    assert "restart" not in shown
    assert all(f" {label} " in text(bars.footer(80, pane="engines")) for label in of_engines)
    for pane in {action.pane for action in labelled if action.pane}:
        own = [action.label for action in labelled if action.pane == pane]
        assert all(f" {label} " in text(bars.footer(400, pane=pane)) for label in own)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_without_a_sound_device_the_levels_say_so_once(width: int) -> None:
    assert text(bars.levels(made(NULL).state, width)).count("no sound device") == 1
    assert "no sound device" not in text(bars.levels(made().state, width))
    lost = show.DeviceState(state="lost", input="", output="", detail="unplugged")
    assert "DEVICE LOST" in text(bars.levels(made(lost).state, width))


def test_what_was_under_way_when_the_show_went_does_not_look_alive() -> None:
    turn = made().state.turns[-1]
    assert "▶ Of foxes," in "".join(map(text, turn_lines(turn, 100)))
    seen = "".join(map(text, turn_lines(turn, 100, alive=False)))
    assert "▶" not in seen
    assert "Of foxes," in seen
    assert "[as last seen, unfinished]" in seen
    turn.sentences, turn.draft = [], ""
    assert "dream? [as last seen" in "".join(map(text, turn_lines(turn, 100, alive=False)))
    done = made().state.turns[0]
    assert turn_lines(done, 100, alive=False) == turn_lines(done, 100)
