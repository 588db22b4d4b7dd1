"""Marks and revisions of one exchange."""

from __future__ import annotations

from engines.wire import control
from engines.wire.envelope import At
from kitsu_tui.show.turn import SpokenLine, Turn


async def test_marks_count_from_the_end_of_speech_in_order_of_time() -> None:
    turn = Turn(7, "voice", "mic", epoch=2, zero_ns=5_000_000_000)
    turn.mark("audible", 5_800_000_000)
    turn.mark("endpoint", 5_300_000_000)
    turn.mark("asr_final", 5_250_040_000)
    assert turn.marks_ms() == {
        "speech_end": 0.0,
        "asr_final": 250.0,
        "endpoint": 300.0,
        "audible": 800.0,
    }
    assert list(turn.marks_ms()) == ["speech_end", "asr_final", "endpoint", "audible"]


async def test_the_first_mark_stays_and_none_is_none() -> None:
    turn = Turn(7, "voice", "mic", epoch=2, zero_ns=1)
    turn.mark("audible", 5_000_001)
    turn.mark("audible", 9_000_001)
    turn.mark("endpoint", 0)
    assert turn.marks_ms() == {"speech_end": 0.0, "audible": 5.0}


async def test_without_a_zero_there_are_no_marks() -> None:
    turn = Turn(7, "voice", "mic", epoch=2)
    turn.mark("audible", 5)
    assert turn.marks_ms() == {}


async def test_a_revision_voids_the_answer_and_keeps_what_was_heard() -> None:
    turn = Turn(7, "voice", "mic", epoch=2, zero_ns=1)
    for name in ("endpoint", "asr_final", "first_token", "first_sentence", "first_pcm", "audible"):
        turn.mark(name, 1_000_001)
    turn.lines.append(SpokenLine(0, "hello"))
    turn.verdicts.append(control.Verdict(seq=0, action="allow"))
    assert turn.at(3) == At(epoch=2, turn=7, rev=0, seq=3)
    turn.revise()
    assert turn.at(3) == At(epoch=2, turn=7, rev=1, seq=3)
    assert set(turn.marks_ms()) == {"speech_end", "endpoint", "asr_final"}
    assert turn.lines == []
    assert turn.verdicts == []
    assert not turn.done.done()


async def test_an_earlier_turn_joins_with_its_words_and_its_wishes() -> None:
    first = Turn(1, "voice", "mic", epoch=2, text="What is", play=False, preset="calm")
    second, third = (Turn(number, "voice", "mic", epoch=2) for number in (2, 3))
    second.join(first, first.text)
    assert second.whole("your name") == "What is your name"
    third.join(second, second.whole("your"))
    assert third.whole("name") == "What is your name"
    assert (third.play, third.preset) == (False, "calm")
    assert first.went_on is second
    assert second.went_on is third
