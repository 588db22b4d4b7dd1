"""GPU figures through the real pynvml, on a driver library of our own."""

import threading

import pynvml
import pytest

from engines.metrics.gpu import ABSENT_AGAIN_S, LAST_AGAIN_S, Gpus, Look
from engines.metrics.watch import HANGS_AFTER_S, GpuWatch
from engines.testing import Clock
from engines.wire.metrics import PROCESSES_TOLD, GpuProcess
from tests.fakes.nvml import Card, Driver, install


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A driver with one card."""
    made = Driver(cards=[Card()])
    install(monkeypatch, made)
    return made


def test_the_double_refuses_what_the_reference_says_is_refused(driver: Driver) -> None:
    with pytest.raises(pynvml.NVMLError) as refused:
        pynvml.nvmlDeviceGetCount()
    assert refused.value.value == pynvml.NVML_ERROR_UNINITIALIZED
    pynvml.nvmlInit()
    with pytest.raises(pynvml.NVMLError) as refused:
        pynvml.nvmlDeviceGetHandleByIndex(1)
    assert refused.value.value == pynvml.NVML_ERROR_INVALID_ARGUMENT
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    assert pynvml.nvmlDeviceGetName(handle) == driver.cards[0].name
    with pytest.raises(pynvml.NVMLError):
        pynvml.nvmlDeviceGetTemperature(handle, 7)
    pynvml.nvmlShutdown()
    with pytest.raises(pynvml.NVMLError):
        pynvml.nvmlDeviceGetName(handle)
    pynvml.nvmlInit()
    with pytest.raises(pynvml.NVMLError) as refused:
        pynvml.nvmlDeviceGetName(handle)
    assert refused.value.value == pynvml.NVML_ERROR_INVALID_ARGUMENT


def test_every_figure_of_every_card(driver: Driver) -> None:
    driver.cards.append(Card(name="Tesla T4", fan=None, encoder=None, utilisation=0))
    driver.cards[0].compute = {11: 2_000, 12: None}
    driver.cards[0].graphics = {11: 2_000, 13: 9_000}
    first, second = Gpus().look().gpus
    assert (first.index, first.name) == (0, "NVIDIA GeForce RTX 4070")
    assert (first.utilisation, first.encoder, first.temperature, first.fan) == (41, 12, 61, 38)
    assert (first.memory_used, first.memory_total) == (3 * 10**9, 12 * 10**9)
    assert (first.power, first.power_limit) == (143.5, 200)
    assert first.processes == [
        GpuProcess(pid=13, memory=9_000),
        GpuProcess(pid=11, memory=2_000),
        GpuProcess(pid=12, memory=None),
    ]
    assert (second.index, second.name, second.fan, second.encoder) == (1, "Tesla T4", None, None)
    assert second.utilisation == 0
    assert second.detail == ""


def test_the_processes_that_are_told_are_bounded(driver: Driver) -> None:
    driver.cards[0].compute = {pid: pid * 10 for pid in range(1, 50)}
    [gpu] = Gpus().look().gpus
    assert [p.pid for p in gpu.processes] == list(range(49, 49 - PROCESSES_TOLD, -1))


def test_no_driver_is_calm_and_one_that_comes_later_is_found(driver: Driver) -> None:
    driver.init_error = pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
    clock = Clock()
    gpus = Gpus(clock)
    seen = gpus.look()
    assert (seen.gpus, seen.detail, seen.failed) == ((), "no NVIDIA driver", False)
    driver.init_error = pynvml.NVML_SUCCESS
    assert gpus.look() == seen
    clock.advance(ABSENT_AGAIN_S)
    assert len(gpus.look().gpus) == 1


def test_the_real_library_is_missing_here_or_works() -> None:
    seen = Gpus().look()
    assert seen.gpus or seen.detail


def test_a_driver_without_cards_is_calm(driver: Driver) -> None:
    driver.cards.clear()
    seen = Gpus().look()
    assert (seen.detail, seen.failed) == ("no NVIDIA GPU", False)


def test_a_card_that_is_lost_is_told_and_opened_again_and_the_other_goes_on(
    driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "metrics.gpu")
    driver.cards.append(Card(name="second"))
    clock = Clock()
    gpus = Gpus(clock)
    assert not gpus.look().failed
    driver.cards[0].lost = pynvml.NVML_ERROR_GPU_IS_LOST
    seen = gpus.look()
    assert seen.failed
    assert seen.detail == "the NVIDIA driver fails: GPU 0: GPU is lost"
    assert [gpu.detail for gpu in seen.gpus] == ["GPU is lost", ""]
    assert driver.inits == 0  # closed
    opened = driver.opened
    waits = []
    for _ in range(9):
        started = clock.now
        while driver.opened == opened:
            clock.advance(0.5)
            seen = gpus.look()
        opened = driver.opened
        assert seen.gpus[1].utilisation == 41
        waits.append(clock.now - started)
    assert waits == [1, 2, 4, 8, 16, 32, LAST_AGAIN_S, LAST_AGAIN_S, LAST_AGAIN_S]
    driver.cards[0].lost = pynvml.NVML_SUCCESS
    clock.advance(LAST_AGAIN_S)
    seen = gpus.look()
    assert (seen.failed, seen.detail, seen.gpus[0].utilisation) == (False, "", 41)
    words = [record.getMessage() for record in caplog.records]
    assert words == [
        "the NVIDIA driver fails: GPU 0: GPU is lost; it is opened again in 1 s",
        "the GPUs give figures again",
    ]
    # A later failure begins with the short wait.
    driver.cards[0].lost = pynvml.NVML_ERROR_UNKNOWN
    gpus.look()
    driver.cards[0].lost = pynvml.NVML_SUCCESS
    clock.advance(1)
    assert not gpus.look().failed


def test_a_driver_that_is_unloaded_in_mid_show_is_a_failure_and_not_calm(driver: Driver) -> None:
    clock = Clock()
    gpus = Gpus(clock)
    gpus.look()
    driver.cards[0].lost = driver.init_error = pynvml.NVML_ERROR_DRIVER_NOT_LOADED
    gpus.look()
    clock.advance(60)
    seen = gpus.look()
    assert seen.failed
    assert seen.detail == "the NVIDIA driver fails: Driver Not Loaded"
    assert seen.gpus == ()


def test_a_figure_that_fails_by_itself_is_left_out(driver: Driver) -> None:
    driver.cards[0] = Card(memory=None, temperature=None, power=None)
    seen = Gpus().look()
    assert not seen.failed
    assert seen.gpus[0].memory_used is None
    assert seen.gpus[0].power is None
    assert seen.gpus[0].utilisation == 41


def test_a_driver_that_hangs_is_told_and_holds_up_nothing(driver: Driver) -> None:
    clock = Clock()
    hold, held = threading.Event(), threading.Event()

    def hang() -> None:
        held.set()
        hold.wait(60)

    watch = GpuWatch(0.01, Gpus(clock), clock)
    driver.hang = hang
    watch.start()
    assert held.wait(20)
    assert not watch.latest().failed
    clock.advance(HANGS_AFTER_S + 1)
    assert watch.latest().failed
    assert watch.latest().detail == "the NVIDIA driver does not answer"
    hold.set()
    watch.stop()
    assert not watch._thread.is_alive()
    assert driver.inits == 0
    assert len(watch.latest().gpus) == 1


def test_another_interval_holds_at_once_and_figures_of_the_old_one_are_no_failure(
    driver: Driver,
) -> None:
    clock = Clock()
    looks: list[threading.Event] = [threading.Event(), threading.Event()]

    class Watched(Gpus):
        def look(self) -> Look:
            found = super().look()
            next(event for event in looks if not event.is_set()).set()
            return found

    watch = GpuWatch(60, Watched(clock), clock)
    watch.start()
    try:
        assert looks[0].wait(10)
        clock.advance(50)
        watch.every(0.2)
        assert not watch.latest().failed
        assert looks[1].wait(10)
        looks.append(threading.Event())
        assert looks[2].wait(10)
    finally:
        looks += [threading.Event() for _ in range(50)]
        watch.stop()
