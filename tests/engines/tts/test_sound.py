from __future__ import annotations

from array import array

import pytest

from engines.tts.sound import Slicer, Trimmer, audible

RATE = 1000  # a sample is a millisecond


def quiet(ms: int) -> bytes:
    return array("h", [20] * ms).tobytes()


def loud(ms: int) -> bytes:
    return array("h", [3000] * ms).tobytes()


def test_audible() -> None:
    assert audible(loud(1))
    assert audible(array("h", [-3000]).tobytes())
    assert not audible(quiet(50))
    assert not audible(b"")


def test_silence_at_the_edges_is_cut_and_inside_is_kept() -> None:
    trimmer = Trimmer(RATE, lead_ms=5)
    out = trimmer.feed(quiet(60) + loud(20) + quiet(40))
    out += trimmer.feed(quiet(30))
    out += trimmer.feed(loud(10) + quiet(200))
    out += trimmer.end(tail_ms=120)
    assert out == quiet(5) + loud(20) + quiet(70) + loud(10) + quiet(120)
    assert trimmer.dropped == 55
    assert trimmer.given == len(out) // 2


def test_silence_is_held_back_until_it_is_known_to_lie_inside() -> None:
    trimmer = Trimmer(RATE, lead_ms=5)
    assert trimmer.feed(quiet(100)) == b""
    assert not trimmer.begun
    assert trimmer.feed(quiet(50) + loud(20) + quiet(40)) == quiet(5) + loud(20)
    assert trimmer.begun


def test_the_end_keeps_what_the_visemes_need() -> None:
    trimmer = Trimmer(RATE, lead_ms=0)
    trimmer.feed(quiet(50) + loud(50) + quiet(200))
    trimmer.end(tail_ms=10, at_least=180)
    assert trimmer.dropped + trimmer.given == 180


def test_only_silence_gives_nothing_but_the_tail() -> None:
    trimmer = Trimmer(RATE, lead_ms=5)
    assert trimmer.feed(quiet(300)) == b""
    assert trimmer.end(tail_ms=0) == b""


@pytest.mark.parametrize("sizes", [[7, 7, 7, 300], [20], [100], [101], [119, 1], [3], [1000]])
def test_events_are_20_to_100_ms_and_lose_nothing(sizes: list[int]) -> None:
    slicer = Slicer(RATE)
    out: list[bytes] = []
    for size in sizes:
        out += slicer.feed(loud(size))
    out += slicer.end()
    assert all(20 <= len(part) // 2 <= 100 for part in out)
    whole = b"".join(out)
    assert whole[: 2 * sum(sizes)] == loud(sum(sizes))
    assert not any(whole[2 * sum(sizes) :])
