"""What the show tells: numbered, journalled, pictured, sent on."""

from __future__ import annotations

import msgspec

from engines.wire import control, show
from engines.wire.codec import encode
from engines.wire.envelope import MAX_LINE, Event
from engines.wire.logline import LogLine, Masker
from kitsu_tui.show.bus import (
    LOG_BACKLOG,
    LOG_BACKLOG_CHARS,
    LOGS_A_FLUSH,
    LOGS_A_FLUSH_CHARS,
    Bus,
    log_batches,
)


class Sink:
    """A watcher that keeps what it gets."""

    def __init__(self, wants_logs: bool = True) -> None:
        self.wants_logs = wants_logs
        self.events: list[tuple[show.Told, bool]] = []
        self.batches: list[show.Logs] = []

    def told(self, data: msgspec.Raw, *, fleeting: bool) -> None:
        self.events.append((show.TOLD.decode(data), fleeting))

    def logs(self, data: msgspec.Raw) -> None:
        # As it goes out: a line must not be over the limit.
        assert len(encode(Event(name=show.LOGS.name, data=data, id="w" * 20))) <= MAX_LINE
        self.batches.append(show.LOGS.decode(data))

    @property
    def lines(self) -> list[str]:
        return [line.message for batch in self.batches for line in batch.lines]


def line(message: str) -> LogLine:
    return LogLine(ts="2026-01-01T00:00:00.000Z", service="tts", level="info", message=message)


MUTED = show.Muted(mic=True, voice=False, by="cli:me")
LEVELS = show.Levels(mic_db=-30, out_db=-60, hearing=False, speaking=False)


def test_events_are_numbered_pictured_journalled_and_sent() -> None:
    journal: list[show.Told] = []
    bus, sink = Bus(journal.append), Sink()
    bus.attach(sink)
    bus.tell(MUTED)
    bus.tell(show.Alert(level="warning", text="oh"))
    assert [told.n for told in journal] == [1, 2]
    assert [(told.n, told.event) for told, _ in sink.events] == [(t.n, t.event) for t in journal]
    assert bus.state.mic_muted is True
    snapshot = control.SNAPSHOT.decode(bus.snapshot())
    assert snapshot.state["mic_muted"] is True


def test_what_is_fleeting_is_numbered_and_sent_but_not_journalled() -> None:
    journal: list[show.Told] = []
    bus, sink = Bus(journal.append), Sink()
    bus.attach(sink)
    fleeting: list[show.ShowEvent] = [
        LEVELS,
        show.EngineFigures(engine="tts"),
        show.Delta(turn=1, rev=0, text="a"),
    ]
    for event in [*fleeting, MUTED]:
        bus.tell(event)
    assert [told.n for told in journal] == [4]
    assert [(told.n, passing) for told, passing in sink.events] == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
    ]


def test_hooks_hear_everything_until_they_are_undone() -> None:
    bus = Bus(lambda told: None)
    heard: list[show.ShowEvent] = []
    undo = bus.hook(heard.append)
    bus.tell(MUTED)
    undo()
    bus.tell(MUTED)
    assert heard == [MUTED]


def test_one_that_detached_hears_no_more_and_may_detach_again() -> None:
    bus, sink = Bus(lambda told: None), Sink()
    bus.attach(sink)
    bus.detach(sink)
    bus.detach(sink)
    bus.tell(MUTED)
    assert sink.events == []


def test_logs_go_in_batches_to_those_who_want_them() -> None:
    bus, wants, not_these = Bus(lambda told: None), Sink(), Sink(wants_logs=False)
    bus.attach(wants)
    bus.attach(not_these)
    bus.log_lines([line("a"), line("b")])
    bus.log_lines([line("c")])
    assert wants.batches == []
    bus.flush_logs()
    bus.flush_logs()
    assert [batch.dropped for batch in wants.batches] == [0]
    assert wants.lines == ["a", "b", "c"]
    assert not_these.batches == []


def test_too_many_at_once_are_counted_and_the_backlog_has_them() -> None:
    bus, sink = Bus(lambda told: None), Sink()
    bus.attach(sink)
    for n in range(LOGS_A_FLUSH + 500):
        bus.log_lines([line(str(n))])
    bus.flush_logs()
    assert len(sink.lines) == LOGS_A_FLUSH
    assert sum(batch.dropped for batch in sink.batches) == 500
    bus.log_lines([line("after")])
    bus.flush_logs()
    assert sink.lines[-1] == "after"
    assert sink.batches[-1].dropped == 0
    kept = [entry.message for raw in bus.backlog(3) for entry in show.LOGS.decode(raw).lines]
    assert kept == [str(LOGS_A_FLUSH + 498), str(LOGS_A_FLUSH + 499), "after"]
    assert bus.backlog(0) == []


def test_a_batch_larger_than_a_flush_keeps_its_newest_lines() -> None:
    bus, sink = Bus(lambda told: None), Sink()
    bus.attach(sink)
    bus.log_lines([line(str(n)) for n in range(LOGS_A_FLUSH + 2)])
    bus.flush_logs()
    assert (sink.lines[0], sink.lines[-1]) == ("2", str(LOGS_A_FLUSH + 1))
    assert sum(batch.dropped for batch in sink.batches) == 2


def test_long_lines_are_bounded_by_their_length_and_the_rest_is_counted() -> None:
    bus, sink = Bus(lambda told: None), Sink()
    bus.attach(sink)
    bus.log_lines([line("x" * 64_000)] * 200)
    bus.flush_logs()
    kept = len(sink.lines)
    assert kept == LOGS_A_FLUSH_CHARS // 64_000
    assert sum(batch.dropped for batch in sink.batches) == 200 - kept
    bus.log_lines([line("later")])
    bus.flush_logs()
    assert sink.lines[-1] == "later"


def test_the_backlog_is_bounded() -> None:
    bus = Bus(lambda told: None)
    bus.log_lines([line(str(n)) for n in range(LOG_BACKLOG + 10)])
    lines = [entry for raw in bus.backlog(10**6) for entry in show.LOGS.decode(raw).lines]
    assert len(lines) == LOG_BACKLOG
    assert lines[0].message == "10"


def test_batches_stay_under_the_limit_of_a_line_whatever_is_in_them() -> None:
    for message in ("\x01" * 16_000, "\U0001f98a" * 16_000, '"\\' * 8_000, "x" * 65_000):
        lines = [line(message) for _ in range(60)]
        batches = log_batches(lines, 7)
        for raw in batches:
            assert len(encode(Event(name=show.LOGS.name, data=raw, id="w" * 20))) <= MAX_LINE
        decoded = [show.LOGS.decode(raw) for raw in batches]
        assert sum(len(batch.lines) for batch in decoded) == 60
        assert sum(batch.dropped for batch in decoded) == 7


def test_a_hook_that_tells_is_not_overtaken_and_one_that_fails_stops_nobody() -> None:
    bus, sink = Bus(lambda told: None), Sink()
    bus.attach(sink)

    def fail(event: show.ShowEvent) -> None:
        raise RuntimeError("a hook's own fault")

    def follow(event: show.ShowEvent) -> None:
        if isinstance(event, show.Muted):
            bus.tell(show.Alert(level="info", text="muted"))

    bus.hook(fail)
    bus.hook(follow)
    bus.tell(MUTED)
    assert [told.n for told, _ in sink.events] == [1, 2]
    assert bus.state.n == 2


def test_long_lines_do_not_fill_the_memory() -> None:
    bus = Bus(lambda told: None)
    for _ in range(40):
        bus.log_lines([line("x" * 16_000)] * 100)
    kept = sum(len(found.message) for found in bus._log)
    assert 0 < kept <= LOG_BACKLOG_CHARS
    for _ in range(30):
        bus.log_lines([line("short")] * 1000)
    assert len(bus._log) == LOG_BACKLOG
    assert bus._log_chars == sum(len(found.message) for found in bus._log)


def test_words_of_any_length_leave_room_for_a_picture() -> None:
    bus = Bus(lambda told: None)
    for _ in range(300):  # each of these takes six bytes
        bus.tell(show.Marked(by="\x01" * 200, text="\x01" * 500))
    data = bus.snapshot()
    assert len(encode(Event(name=control.SNAPSHOT.name, data=data, id="w" * 20))) <= MAX_LINE
    assert control.SNAPSHOT.decode(data).state["incidents"]


def test_a_name_that_is_no_utf8_is_told_written_out() -> None:
    journal: list[show.Told] = []
    bus, sink = Bus(journal.append), Sink()
    heard: list[show.ShowEvent] = []
    bus.attach(sink)
    bus.hook(heard.append)
    bus.tell(show.Alert(level="error", text="no folder /tmp/\udcff"))
    told = show.Alert(level="error", text="no folder /tmp/\\udcff")
    assert [t.event for t in journal] == [t.event for t, _ in sink.events] == heard == [told]
    assert control.SNAPSHOT.decode(bus.snapshot()).state["alerts"][0]["text"] == told.text


def test_who_attaches_gets_every_line_once_and_who_is_there_too() -> None:
    bus, there, late = Bus(lambda told: None), Sink(), Sink()
    bus.attach(there)
    bus.log_lines([line("one"), line("two")])
    for raw in bus.backlog(100):
        late.logs(raw)
    bus.attach(late)
    bus.log_lines([line("three")])
    bus.flush_logs()
    assert late.lines == there.lines == ["one", "two", "three"]


def test_no_secret_is_told_to_anybody() -> None:
    """An engine said one in its last words, and consoles were told it."""
    journal: list[show.Told] = []
    mask = Masker({"MY_TOKEN": 'hunter"22'})
    bus, sink = Bus(journal.append, mask), Sink()
    bus.attach(sink)
    mask.learn({"ENGINE_SECRET": "of-the-profile"})
    words = ['no entry with hunter"22', "nor with of-the-profile"]
    bus.tell(show.EngineChanged(engine="tts", state="failed", detail=words[0], last_words=words))
    told = show.EngineChanged(
        engine="tts",
        state="failed",
        detail="no entry with ***",
        last_words=["no entry with ***", "nor with ***"],
    )
    assert [t.event for t in journal] == [t.event for t, _ in sink.events] == [told]
    assert b"hunter" not in bytes(bus.snapshot())


def test_a_secret_that_is_a_word_of_ours_breaks_nothing() -> None:
    words = {"A_KEY": "policy", "B_KEY": "degraded", "C_KEY": "engine", "D_KEY": "000000"}
    bus = Bus(lambda told: None, Masker(words))
    told = show.EngineChanged(
        engine="policy", state="degraded", detail="policy is slow", pid=1000000
    )
    bus.tell(told)
    view = bus.state.engines["policy"]
    assert (view.state, view.detail, view.pid) == ("degraded", "*** is slow", 1000000)
