"""The metrics engine in this process, and its looks at the host."""

from typing import Any, NamedTuple

import psutil
import pynvml
import pytest

from engines.metrics import host
from engines.metrics.engine import MetricsEngine
from engines.testing import Clock, lab
from engines.wire import common, metrics
from tests.fakes.nvml import Card, Driver, install


async def test_it_tells_and_is_degraded_while_a_gpu_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(cards=[Card()])
    install(monkeypatch, driver)
    async with lab(MetricsEngine, metrics.Config(interval_s=0.2)) as bench:

        async def until(seen: Any) -> metrics.HostFigures:
            count = 1
            while not seen(figures := await bench.wait_event(metrics.HOST, count)):
                count += 1
            return figures

        figures = await until(lambda figures: figures.gpus)
        assert figures.gpus[0].utilisation == 41
        assert figures.memory_total > figures.memory_used > 0
        assert figures.disk_total >= figures.disk_free > 0
        assert len(figures.cores) == psutil.cpu_count()
        driver.cards[0].lost = pynvml.NVML_ERROR_GPU_IS_LOST
        figures = await until(lambda figures: figures.gpu_failed)
        assert figures.gpu_detail == "the NVIDIA driver fails: GPU 0: GPU is lost"
        assert bench.events(common.STATUS)[-1].state == "degraded"
        driver.cards[0].lost = pynvml.NVML_SUCCESS
        count = len(bench.events(metrics.HOST))
        while (await bench.wait_event(metrics.HOST, count)).gpu_failed:
            count += 1
        assert bench.events(common.STATUS)[-1].state == "ready"
    assert driver.inits == 0


class Counted(NamedTuple):
    bytes_recv: int
    bytes_sent: int


def test_network_rates_leave_the_loopback_out_and_survive_a_card_that_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cards = {"lo": Counted(0, 0), "eth0": Counted(1000, 500), "wlan0": Counted(10_000, 0)}
    monkeypatch.setattr(psutil, "net_io_counters", lambda pernic: cards)
    clock = Clock()
    look = host.HostLook(clock)
    cards |= {"lo": Counted(10**9, 10**9), "eth0": Counted(3000, 1500)}
    clock.advance(2)
    figures = look.look()
    assert (figures.received, figures.sent) == (1000, 500)
    del cards["wlan0"]
    clock.advance(2)
    assert look.look().received == 0
    cards.clear()
    clock.advance(2)
    figures = look.look()
    assert (figures.received, figures.sent) == (None, None)


async def test_another_interval_does_not_wait_for_the_old_one() -> None:
    async with lab(MetricsEngine, metrics.Config(interval_s=60)) as bench:
        asked = common.Configure(config={"interval_s": 0.2})
        await bench.peer.request(common.CONFIGURE, asked)
        await bench.wait_event(metrics.HOST, 2)
