"""The host pane: figures, the last minutes, GPUs that are there, missing or failing."""

import msgspec
import pytest

from engines.wire import show
from engines.wire.metrics import Gpu, GpuProcess, HostFigures
from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.panes.host import host
from kitsu_tui.console.trends import Trends
from tests.console.conftest import console, text_of, until
from tests.support.scripted_show import START, ScriptedShow

G = 10**9
GPU = Gpu(
    index=0,
    name="NVIDIA GeForce RTX 4070",
    utilisation=41,
    encoder=12,
    memory_used=8 * G,
    memory_total=12 * G,
    temperature=61,
    power=143.5,
    power_limit=200,
    fan=38,
    processes=[GpuProcess(pid=5, memory=3 * G), GpuProcess(pid=7, memory=2 * G)],
)
FIGURES = HostFigures(
    cpu=34,
    cores=[30, 99, 3, 4],
    memory_used=12 * G,
    memory_total=25 * G,
    load=0.92,
    disk_free=34 * G,
    disk_total=270 * G,
    received=12_000,
    sent=700_000,
    gpu_detail="no NVIDIA driver",
)
OWN = show.ShowFigures(cpu=3, memory=58_000_000, lag_p50_ms=0.2, lag_p99_ms=7, samples=900)


def text(line: Line) -> str:
    return "".join(text for text, _ in line).replace("\u00a0", " ")


def lines(figures: HostFigures, width: int, trends: Trends | None = None) -> list[Line]:
    made = host(figures, OWN, trends or Trends(), START + 60, width, {5: "policy"})
    assert all(width_of(line) <= width for line in made)
    return made


def drawn(figures: HostFigures, width: int = 80, trends: Trends | None = None) -> str:
    return "\n".join(map(text, lines(figures, width, trends)))


def changed(**changes: object) -> HostFigures:
    return msgspec.structs.replace(FIGURES, **changes)


def test_no_gpu_is_calm() -> None:
    last = lines(FIGURES, 80)[-1]
    assert last == (("no GPU: no NVIDIA driver", "dim"),)
    styles = {style for line in lines(FIGURES, 80) for _, style in line}
    assert not styles & {"warn", "bad"}


@pytest.mark.parametrize("width", range(34, 201, 17))
def test_every_figure_is_there_at_every_width(width: int) -> None:
    shown = drawn(changed(gpus=[GPU, msgspec.structs.replace(GPU, index=1, name="T4")]), width)
    shown = " ".join(shown.split())
    assert "…" not in shown
    for words in ("34 %", "12.0 GB of 25.0 GB", "disk free 34.0 GB of 270 GB", "GPU 1 T4"):
        assert words in shown
    for words in ("in 12.0 kB/s, out 700 kB/s", "41 %", "8.0 GB of 12.0 GB", "61 °C"):
        assert words in shown
    for words in ("the show 3 % 58.0 MB late p99 7 ms",):
        assert words in shown
    for words in ("144 of 200 W", "fan 38 %", "policy 3.0 GB,", "1 other 2.0 GB"):
        assert words in shown


def test_what_runs_full_is_marked_also_without_colour() -> None:
    assert "!" not in drawn(FIGURES)
    shown = drawn(changed(cpu=97, memory_used=22 * G, disk_free=G))
    assert "97 %!" in shown
    assert "88 %!" in shown
    assert "! disk free 1.0 GB" in shown


def test_a_show_that_stood_still_says_so() -> None:
    def told(own: show.ShowFigures) -> str:
        return "\n".join(map(text, host(FIGURES, own, Trends(), START, 80, {})))

    assert "stood still" not in told(OWN)
    assert "! stood still 2 times" in told(msgspec.structs.replace(OWN, stalls=2))
    assert "the show" not in told(show.ShowFigures())


def test_a_gpu_that_fails_says_so_and_the_other_goes_on() -> None:
    lost = Gpu(index=1, name="T4", detail="GPU is lost")
    detail = "the NVIDIA driver fails: GPU 1: GPU is lost"
    shown = drawn(changed(gpus=[GPU, lost], gpu_detail=detail, gpu_failed=True))
    assert shown.endswith("GPU 1  T4\n✗ GPU is lost")
    assert "41 %" in shown
    gone = changed(gpu_detail="the NVIDIA driver fails: Driver Not Loaded", gpu_failed=True)
    assert drawn(gone).endswith("✗ the NVIDIA driver fails: Driver Not Loaded")


def test_a_gpu_gives_what_it_gives() -> None:
    shown = drawn(changed(gpus=[Gpu(index=0, name="\x1b[31mx")]))
    assert "GPU 0  ␛[31mx\nits driver gives no figures" in shown
    hidden = msgspec.structs.replace(GPU, processes=[GpuProcess(pid=5), GpuProcess(pid=8)])
    assert "held by policy ?, 1 other ?" in drawn(changed(gpus=[hidden]))


@pytest.mark.parametrize("width", [51, 64, 100])
def test_the_last_minutes_stand_in_one_column(width: int) -> None:
    trends = Trends()
    for second in range(60):
        cpu = 100 if second >= 30 else 0
        event = show.Host(figures=changed(cpu=cpu))
        trends.take(show.Told(n=second, t=START + second, event=event))
    shown = drawn(FIGURES, width, trends).splitlines()
    assert shown[0].endswith("▁▁▁▁▁▁██████")
    assert shown[2].endswith("▄" * 12)
    assert len(shown[0]) == len(shown[2]) == width
    assert "█" not in drawn(FIGURES, 36, trends).splitlines()[0]


async def test_figures_that_come_no_more_are_called_old(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("h")
        await until(pilot, lambda: "no NVIDIA driver" in text_of(app))
        assert "old figures" not in text_of(app)
        scripted.tell(show.EngineChanged(engine="metrics", state="unresponsive", pid=4004))
        await until(pilot, lambda: "old figures: metrics is unresponsive" in text_of(app))
