"""The player against a device that is moved by hand: blocks of 20 ms at 8 kHz."""

from __future__ import annotations

import numpy as np
import pytest

from engines.audio.player import MAX_SENTENCES, Busy, Player
from engines.audio.sentence import Sentence
from engines.audio.vad import Samples
from engines.testing import Clock
from engines.wire.envelope import At, Cancel

RATE = 8000
BLOCK = 160
CHUNK = 800  # 100 ms, the longest on the wire


class Desk:
    """A player, a clock, and everything that was handed to the device."""

    def __init__(self, rate: int = RATE) -> None:
        self.clock = Clock()
        self.news = 0
        self.player = Player(rate, self._news)
        self.played: list[Samples] = []

    def _news(self) -> None:
        self.news += 1

    def blocks(self, n: int = 1, *, heard: bool = True) -> Samples:
        """Hand `n` blocks to the device and return them."""
        made = []
        for _ in range(n):
            self.clock.advance(0.02)
            made.append(self.player.render(BLOCK, self.clock.ns(), heard=heard).copy())
        self.played += made
        return np.concatenate(made)

    def say(
        self, samples: Samples | list[int], *, at: At | None = None, hold: bool = False
    ) -> Sentence:
        """A whole short sentence."""
        sentence = self.player.add(self.player.rate, at, hold=hold)
        self.player.feed(sentence, np.asarray(samples, np.int16), last=True)
        return sentence


def ramp(n: int, start: int = 1000) -> Samples:
    return np.arange(start, start + n, dtype=np.int16)


def test_every_sample_is_handed_over_once_and_in_order() -> None:
    desk = Desk()
    source = ramp(3 * CHUNK + 37)
    sentence = desk.player.add(RATE)
    for at in range(0, len(source), CHUNK):
        desk.player.feed(sentence, source[at : at + CHUNK], last=at + CHUNK >= len(source))
    played = desk.blocks(20)
    assert np.array_equal(played[: len(source)], source)
    assert not played[len(source) :].any()
    assert sentence.status == "played"
    assert sentence.heard(RATE) == len(source)


def test_sentences_play_in_the_order_of_request_without_a_gap() -> None:
    desk = Desk()
    first = desk.player.add(RATE)
    second = desk.player.add(RATE)
    desk.player.feed(second, ramp(100, 5000), last=True)  # is there first
    assert not desk.blocks(2).any()
    desk.player.feed(first, ramp(250, 1000), last=True)
    played = desk.blocks(3)
    assert np.array_equal(played[:350], np.concatenate((ramp(250, 1000), ramp(100, 5000))))
    assert first.status == second.status == "played"


@pytest.mark.parametrize(
    ("cancel", "status"),
    [
        (Cancel(scope="sentence", at=At(turn=3, seq=1)), "cut"),
        (Cancel(scope="turn", at=At(turn=3)), "cut"),
        (Cancel(scope="rev", at=At(turn=3, rev=1)), "stale"),
        (Cancel(scope="epoch", at=At(epoch=1)), "stale"),
    ],
)
def test_a_cancellation_is_silence_from_the_next_block_on(cancel: Cancel, status: str) -> None:
    desk = Desk()
    sentence = desk.say(ramp(3000), at=At(turn=3, seq=1))
    desk.blocks(4)
    desk.player.cancel(cancel)
    assert not desk.blocks(5).any()
    assert sentence.status == status
    assert sentence.heard(RATE) == 4 * BLOCK
    assert desk.news > 0


def test_a_cancelled_sentence_gives_way_to_the_next() -> None:
    desk = Desk()
    desk.say(ramp(3000), at=At(turn=3, seq=0))
    other = desk.say(ramp(100, 7000), at=At(turn=3, seq=1))
    desk.blocks(1)
    desk.player.cancel(Cancel(scope="sentence", at=At(turn=3, seq=0)))
    assert np.array_equal(desk.blocks(1)[:100], ramp(100, 7000))
    assert other.status == "played"


def test_what_is_stale_is_never_queued_and_a_newer_epoch_drops_what_is() -> None:
    desk = Desk()
    old = desk.say(ramp(3000), at=At(turn=1))
    new = desk.player.add(RATE, At(turn=2, epoch=4))
    assert old.status == "stale"
    assert new.status is None
    late = desk.player.add(RATE, At(turn=9, epoch=3))
    assert late.status == "stale"
    desk.player.feed(late, ramp(100), last=True)
    assert not desk.blocks(3).any()


def test_silence_drops_everything() -> None:
    desk = Desk()
    sentences = [desk.say(ramp(1000)) for _ in range(3)]
    desk.blocks(2)
    loud = desk.clock.ns()
    desk.player.silence()
    assert not desk.blocks(30).any()
    assert [s.status for s in sentences] == ["cut"] * 3
    assert [s.heard(RATE) for s in sentences] == [2 * BLOCK, 0, 0]
    assert desk.player.last_loud_ns == loud


def test_audible_is_the_first_sample_that_is_not_silent() -> None:
    desk = Desk()
    quiet = np.full(5 * BLOCK, 32, np.int16)  # -60 dBFS
    sentence = desk.say(np.concatenate((quiet, [-33], quiet)))
    desk.blocks(5)
    assert sentence.audible_ns == 0
    desk.blocks(1)
    assert sentence.audible_ns == desk.clock.ns()
    at = sentence.audible_ns
    desk.blocks(2)
    assert sentence.audible_ns == at
    assert desk.player.last_loud_ns == at


def test_held_sentences_wait_for_their_turn_and_revision() -> None:
    desk = Desk()
    held = desk.say(ramp(100), at=At(turn=5, rev=1), hold=True)
    desk.player.release(5, 0)
    assert not desk.blocks(3).any()
    desk.player.release(5, 1)
    assert desk.blocks(1).any()
    assert held.status == "played"
    late = desk.say(ramp(100), at=At(turn=5, rev=1, seq=1), hold=True)  # asked before the release
    desk.blocks(1)
    assert late.status == "played"


def test_a_held_sentence_keeps_back_its_own_turn_only() -> None:
    desk = Desk()
    desk.say(ramp(50, 100), at=At(turn=5, seq=0), hold=True)
    desk.say(ramp(50, 200), at=At(turn=5, seq=1))
    desk.say(ramp(50, 300), at=At(turn=6, seq=0))
    assert np.array_equal(desk.blocks(1)[:60], [*ramp(50, 300), *[0] * 10])
    desk.player.release(5, 0)
    assert np.array_equal(desk.blocks(1)[:100], [*ramp(50, 100), *ramp(50, 200)])


def test_a_pause_stands_still_and_goes_on_at_the_same_sample() -> None:
    desk = Desk()
    sentence = desk.say(ramp(800))
    first = desk.blocks(2)
    desk.player.pause(True)
    assert not desk.blocks(50).any()
    assert sentence.heard(RATE) == 2 * BLOCK
    desk.player.pause(False)
    assert np.array_equal(np.concatenate((first, desk.blocks(3))), ramp(800))


def test_a_muted_voice_goes_by_in_real_time_and_is_not_heard() -> None:
    desk = Desk()
    sentence = desk.say(ramp(800))
    desk.blocks(1)
    desk.player.voice_muted = True
    assert not desk.blocks(3).any()
    assert not sentence.over
    assert not desk.blocks(1).any()
    assert sentence.status == "muted"
    assert sentence.heard(RATE) == BLOCK


def test_a_sentence_that_is_muted_throughout_was_never_audible() -> None:
    desk = Desk()
    sentence = desk.say(ramp(800))
    desk.blocks(5, heard=False)  # as while the device is gone
    assert (sentence.status, sentence.audible_ns, sentence.heard(RATE)) == ("muted", 0, 0)
    assert desk.player.last_loud_ns == 0


def test_a_feed_that_stalls_is_silence_and_never_a_burst() -> None:
    desk = Desk()
    sentence = desk.player.add(RATE)
    desk.player.feed(sentence, ramp(200))
    played = desk.blocks(10)
    assert np.array_equal(played[:200], ramp(200))
    assert not played[200:].any()
    assert desk.player.underruns == 1
    assert not sentence.over
    desk.player.feed(sentence, ramp(320, 5000), last=True)
    assert np.array_equal(desk.blocks(2), ramp(320, 5000))
    assert sentence.status == "played"


def test_a_sentence_that_is_never_fed_is_given_up() -> None:
    desk = Desk()
    sentence = desk.player.add(RATE)
    after = desk.say(ramp(100))
    desk.blocks(499)
    assert not sentence.over
    desk.blocks(2)
    assert sentence.status == "cut"
    assert sentence.failed == ("timeout", "no sound came for 10 s")
    assert after.status == "played"


def test_credit_never_lets_more_than_half_a_second_wait() -> None:
    desk = Desk()
    rng = np.random.default_rng(2)
    sentences = [desk.player.add(RATE) for _ in range(4)]
    room = dict.fromkeys(sentences, 0)
    left = dict.fromkeys(sentences, 40)
    worst = 0.0
    for _ in range(2000):
        for sentence, n in desk.player.credits():
            room[sentence] += n
        ready = [s for s in sentences if room[s] and left[s]]
        for sentence in ready:
            if rng.random() < 0.7:
                room[sentence] -= 1
                left[sentence] -= 1
                size = int(rng.integers(160, CHUNK + 1))
                desk.player.feed(sentence, ramp(size), last=not left[sentence])
        worst = max(worst, desk.player.unplayed_ms())
        desk.blocks(1)
    assert worst <= 500
    assert worst > 250
    assert [s.status for s in sentences] == ["played"] * 4
    assert desk.player.idle


def test_the_next_sentence_has_sound_before_the_first_ends() -> None:
    desk = Desk()
    first, second = desk.player.add(RATE), desk.player.add(RATE)
    given = dict.fromkeys((first, second), 0)
    for _ in range(200):
        for sentence, n in desk.player.credits():
            given[sentence] += n
            for _ in range(n):
                if not sentence.ended:
                    last = sentence.fed >= 15 * CHUNK
                    desk.player.feed(sentence, ramp(CHUNK), last=last)
        desk.blocks(1)
    assert first.status == second.status == "played"
    assert desk.player.underruns == 0
    loud = np.concatenate(desk.played) != 0
    assert loud[: int(np.count_nonzero(loud))].all()  # not one silent sample in between


def test_feeding_beyond_the_credit_is_refused() -> None:
    desk = Desk()
    sentence = desk.player.add(RATE)
    for _ in range(6):
        desk.player.feed(sentence, ramp(CHUNK))
    with pytest.raises(Busy, match="at most 500 ms may wait"):
        desk.player.feed(sentence, ramp(CHUNK))


def test_there_is_a_bound_on_sentences() -> None:
    desk = Desk()
    for _ in range(MAX_SENTENCES):
        desk.player.add(RATE)
    with pytest.raises(Busy, match="64 sentences"):
        desk.player.add(RATE)


def test_a_dropped_sentence_is_cut_and_dropping_again_changes_nothing() -> None:
    desk = Desk()
    sentence = desk.say(ramp(800))
    desk.blocks(1)
    desk.player.drop(sentence)
    desk.player.drop(sentence, ("busy", "too late"))
    assert not desk.blocks(2).any()
    assert (sentence.status, sentence.failed) == ("cut", None)


def test_what_was_heard_is_counted_at_the_rate_of_the_request() -> None:
    desk = Desk(rate=48000)
    sentence = desk.player.add(22050)
    desk.player.feed(sentence, ramp(2205))
    desk.player.feed(sentence, ramp(2205))
    for _ in range(5):
        desk.player.render(960, desk.clock.ns())
    desk.player.drop(sentence)
    assert sentence.heard(48000) == 5 * 960 * 22050 // 48000
    whole = desk.player.add(22050)
    desk.player.feed(whole, ramp(1001), last=True)
    desk.player.render(4800, desk.clock.ns())
    assert (whole.status, whole.heard(48000)) == ("played", 1001)


def test_a_device_may_come_back_with_another_rate() -> None:
    desk = Desk(rate=48000)
    sentence = desk.player.add(16000)
    tone = (np.sin(np.arange(1600) * 0.3) * 9000).astype(np.int16)
    desk.player.feed(sentence, tone)
    desk.player.render(2400, desk.clock.ns())
    desk.player.set_rate(16000)
    desk.player.feed(sentence, tone, last=True)
    rest = desk.player.render(3000, desk.clock.ns())
    assert sentence.status == "played"
    assert sentence.heard(16000) == 3200
    assert np.abs(rest[50:700].astype(int) - tone[850:1500]).max() < 200


def test_what_is_held_leaves_room_for_the_sentence_whose_turn_comes() -> None:
    desk = Desk()
    desk.player.pause(True)  # nothing becomes current

    def feed_what_is_granted() -> dict[Sentence, float]:
        given: dict[Sentence, float] = {}
        for _ in range(10):
            for sentence, n in desk.player.credits():
                for _ in range(n):
                    desk.player.feed(sentence, ramp(CHUNK))
                    given[sentence] = given.get(sentence, 0) + 100
        return given

    held = desk.player.add(RATE, At(turn=1), hold=True)
    assert feed_what_is_granted() == {held: 200}
    other = desk.player.add(RATE, At(turn=2))
    assert feed_what_is_granted() == {other: 200}
    desk.player.cancel(Cancel(scope="turn", at=At(turn=1)))
    assert feed_what_is_granted() == {other: 200}
    late = desk.player.add(RATE, At(turn=3))
    assert feed_what_is_granted() == {}
    desk.player.cancel(Cancel(scope="turn", at=At(turn=2)))
    assert feed_what_is_granted() == {late: 400}


def test_whose_turn_it_is_gets_a_chunk_even_when_the_share_is_used_up() -> None:
    desk = Desk()
    desk.player.pause(True)
    first = desk.player.add(RATE, At(turn=1), hold=True)
    for turn in (2, 3):
        sentence = desk.player.add(RATE, At(turn=turn))
        for _ in range(2):
            desk.player.feed(sentence, ramp(CHUNK))
    assert desk.player.credits() == []
    desk.player.release(1, 0)
    assert desk.player.credits() == [(first, 1)]
    assert desk.player.credits() == []


def test_the_last_sound_is_timed_by_its_hand_over_and_silence_is_none() -> None:
    desk = Desk()
    desk.say(ramp(BLOCK))
    desk.blocks()
    rendered = desk.player.last_loud_ns
    assert rendered == desk.clock.ns()
    desk.player.handed(rendered + 3_000_000)
    assert desk.player.last_loud_ns == rendered + 3_000_000
    desk.blocks()
    desk.player.handed(desk.clock.ns() + 1)
    assert desk.player.last_loud_ns == rendered + 3_000_000
