"""Whether an engine gets on with what it was asked."""

from __future__ import annotations

import pytest

from engines.testing import Clock
from engines.wire import asr, audio, common, policy, tts
from engines.wire.envelope import Event, Failure, Request, Response
from engines.wire.message import EventKind, RequestKind
from kitsu_tui.show.progress import BRIEF_S, KINDS, Progress

LIMIT_S = 12.0


class Engine:
    """One connection, seen from the show, with a clock that the test moves."""

    def __init__(self, limit: float = LIMIT_S) -> None:
        self.clock = Clock()
        self.progress = Progress(limit)
        self.said = 0

    def ask(self, kind: RequestKind, credit: int | None = None) -> str:  # type: ignore[type-arg]
        """Send a request; returns its id."""
        self.said += 1
        id_ = str(self.said)
        self.progress.sent(Request(id=id_, name=kind.name, credit=credit), self.clock())
        return id_

    def feed(self, id_: str, kind: EventKind, body: object | None = None) -> None:  # type: ignore[type-arg]
        """Send an event of a request."""
        data = kind.encode(body) if body is not None else b"{}"
        self.progress.sent(Event(name=kind.name, id=id_, data=data), self.clock())  # type: ignore[arg-type]

    def hear(self, id_: str, kind: EventKind) -> None:  # type: ignore[type-arg]
        """Get an event of a request."""
        self.progress.came(Event(name=kind.name, id=id_), self.clock())

    def answer(self, id_: str, code: str = "") -> None:
        """Get a request's response."""
        error = Failure(code=code, message="") if code else None
        self.progress.came(Response(id=id_, ok=not code, error=error), self.clock())

    def after(self, seconds: float) -> str:
        """What is said of it after this time."""
        return self.progress.overdue(self.clock.advance(seconds))


def test_a_request_without_a_sign_is_overdue_and_named() -> None:
    engine = Engine()
    engine.ask(tts.SPEAK)
    assert engine.after(LIMIT_S - 0.1) == ""
    assert engine.after(0.1) == "no progress on tts.speak for 12 s"


def test_nothing_asked_is_nothing_owed() -> None:
    engine = Engine()
    assert engine.after(1e6) == ""
    engine.answer(engine.ask(tts.SPEAK))
    assert engine.after(1e6) == ""


def test_a_sign_counts_from_anew_and_for_every_request() -> None:
    engine = Engine()
    first, second = engine.ask(tts.SPEAK), engine.ask(tts.SPEAK)
    for _ in range(20):
        assert engine.after(LIMIT_S - 1) == ""
        engine.hear(first, tts.AUDIO)
    engine.answer(first)
    assert engine.after(LIMIT_S - 1) == ""
    assert "tts.speak" in engine.after(1)
    engine.answer(second)
    assert engine.after(0) == ""


@pytest.mark.parametrize(
    "kind", [audio.PLAY, audio.FEED, audio.LIST, policy.WARM], ids=lambda kind: kind.name
)
def test_what_may_wait_for_the_world_owes_nothing(kind: RequestKind) -> None:  # type: ignore[type-arg]
    engine = Engine()
    engine.ask(kind)
    assert engine.after(1e6) == ""


def test_a_silence_that_is_not_confirmed_is_overdue() -> None:
    engine = Engine()
    engine.ask(audio.SILENCE)
    assert "audio.silence" in engine.after(LIMIT_S)


def test_an_utterance_owes_nothing_while_somebody_speaks() -> None:
    engine = Engine()
    id_ = engine.ask(asr.TRANSCRIBE)
    for _ in range(60):
        engine.feed(id_, asr.PCM)
        assert engine.after(1.0) == ""
    engine.feed(id_, asr.END)
    assert engine.after(LIMIT_S - 0.1) == ""
    assert "asr.transcribe" in engine.after(0.1)


def test_behind_a_sentence_that_is_held_another_may_wait_for_as_long() -> None:
    engine = Engine()
    held = engine.ask(tts.SPEAK, credit=2)
    for _ in range(2):
        engine.hear(held, tts.AUDIO)
    behind = engine.ask(tts.SPEAK, credit=2)
    assert engine.after(600) == "", "an operator holds the first"
    engine.feed(held, common.CREDIT, common.Credit(n=2))
    assert engine.after(LIMIT_S - 0.1) == "", "both count from here on"
    assert "tts.speak" in engine.after(0.2)
    engine.answer(held)
    assert engine.after(LIMIT_S - 0.1) == ""
    engine.hear(behind, tts.AUDIO)
    assert engine.after(LIMIT_S - 0.1) == ""


def test_one_that_was_asked_before_it_owes_as_ever() -> None:
    engine = Engine()
    engine.ask(tts.SPEAK)
    held = engine.ask(tts.SPEAK, credit=1)
    engine.hear(held, tts.AUDIO)
    assert "tts.speak" in engine.after(LIMIT_S + 0.1)


def test_without_credit_it_waits_for_us() -> None:
    engine = Engine()
    id_ = engine.ask(tts.SPEAK, credit=2)
    engine.hear(id_, tts.AUDIO)
    engine.hear(id_, tts.AUDIO)
    assert engine.after(1e6) == ""
    engine.feed(id_, common.CREDIT, common.Credit(n=1))
    assert engine.after(LIMIT_S - 0.1) == "", "counted from the credit on"
    assert engine.after(0.1) != ""
    engine.hear(id_, tts.AUDIO)
    assert engine.after(1e6) == "", "used up again"


def test_what_callers_gave_up_is_remembered_until_the_next_sign() -> None:
    """Callers lose patience first, and a harness answers a cancelled request for a stuck thread."""
    engine = Engine()
    first = engine.ask(tts.SPEAK)
    assert engine.after(8) == ""
    engine.answer(first, "cancelled")
    assert engine.after(3600) == "", "idle time is not waiting"
    second = engine.ask(tts.SPEAK)
    assert engine.after(3.9) == ""
    assert engine.after(0.1) == "no progress on tts.speak for 12 s"
    engine.hear(second, tts.AUDIO)
    assert engine.after(11) == ""


def test_two_that_wait_at_the_same_time_are_not_counted_twice() -> None:
    engine = Engine()
    both = engine.ask(tts.SPEAK), engine.ask(tts.SPEAK)
    engine.after(8)
    for id_ in both:
        engine.answer(id_, "cancelled")
    engine.ask(tts.SPEAK)
    assert engine.after(3.9) == ""
    assert engine.after(0.1) != ""


def test_being_interrupted_all_evening_is_no_fault() -> None:
    engine = Engine()
    for _ in range(500):
        id_ = engine.ask(policy.RESPOND)
        assert engine.after(BRIEF_S - 0.5) == ""
        engine.answer(id_, "cancelled")


def test_an_error_that_a_stuck_model_is_given_up_with_is_no_sign() -> None:
    engine = Engine(22)
    id_ = engine.ask(policy.RESPOND)
    assert engine.after(20) == ""
    engine.hear(id_, policy.RETRY)
    assert engine.after(1) == ""
    engine.answer(id_)  # status error: no token for 20 s
    engine.ask(policy.RESPOND)
    assert engine.after(0.9) == ""
    assert engine.after(0.1) == "no progress on policy.respond for 22 s"


def test_when_we_stood_still_or_it_loads_it_is_excused() -> None:
    engine = Engine()
    engine.ask(tts.SPEAK)
    engine.clock.advance(3600)
    engine.progress.excuse(engine.clock())
    assert engine.after(LIMIT_S - 0.1) == ""
    assert engine.after(0.1) != ""


def test_no_limit_is_no_limit() -> None:
    engine = Engine(0)
    engine.ask(tts.SPEAK)
    assert engine.after(1e6) == ""


def test_frames_of_nobody_are_no_trouble() -> None:
    engine = Engine()
    engine.answer("never asked")
    engine.hear("never asked", tts.AUDIO)
    engine.feed("never asked", asr.END)
    assert engine.progress._debts == {}


def test_every_model_owes_progress() -> None:
    assert {"asr.transcribe", "policy.respond", "tts.speak"} <= set(KINDS)
