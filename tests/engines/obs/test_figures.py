import pytest

from engines.obs.figures import FiguresLook
from engines.testing import Clock


def test_bitrate_is_what_was_sent_between_two_looks() -> None:
    clock = Clock()
    look = FiguresLook(clock)

    def stream(sent: int, *, live: bool = True) -> float | None:
        status = {"outputActive": live, "outputBytes": sent, "outputDuration": 2500}
        return look.figures({}, status, {}, 1.0).bitrate_kbps

    assert stream(1_000_000) is None
    clock.advance(2)
    assert stream(2_500_000) == 6000.0
    clock.advance(2)
    assert stream(100) is None  # it began anew: bytes are counted anew
    clock.advance(2)
    assert stream(0, live=False) is None
    clock.advance(2)
    assert stream(1_000_000) is None


def test_figures_of_obs_and_what_it_leaves_out() -> None:
    figures = FiguresLook(Clock()).figures(
        {"activeFps": 29.97002997, "cpuUsage": 3.14159, "renderSkippedFrames": 4},
        {
            "outputActive": True,
            "outputDuration": 90_500,
            "outputSkippedFrames": 7,
            "outputTotalFrames": 2700,
            "outputCongestion": 1.5,
        },
        {"outputActive": False, "outputDuration": 10},
        0.456,
    )
    assert (figures.live_s, figures.record_s) == (90.5, None)
    assert (figures.dropped, figures.frames, figures.lagged) == (7, 2700, 4)
    assert (figures.fps, figures.cpu, figures.congestion) == (29.97, 3.1, 1.0)
    empty = FiguresLook(Clock()).figures({}, {}, {}, 0)
    assert (empty.live_s, empty.bitrate_kbps, empty.fps) == (None, None, 0)
    assert empty.ping_ms == pytest.approx(0)
