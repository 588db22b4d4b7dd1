"""The verbs of an operator, on a real show with one small engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from msgspec import Struct

from engines.wire import control
from engines.wire.message import RequestKind
from kitsu_tui.client import RequestFailed, connect
from tests.support.show import QUIET, RealShow, real_show

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealShow]:
    """A show with `echo` alone."""
    with real_show(tmp_path_factory.mktemp("verbs")) as place:
        place.start(QUIET + "  echo: {enabled: true}\n")
        place.wait_ready("echo")
        yield place


def test_an_engine_is_killed_stays_down_and_is_started(show: RealShow) -> None:
    pid = show.wait_ready("echo")["engines"]["echo"]["pid"]
    assert show.kitsu("kill", "echo").stdout == "echo: killed; start brings it back\n"
    view = show.wait_engine("echo", "stopped")
    assert "killed by cli:" in view["detail"]
    assert not psutil.pid_exists(pid)
    assert show.kitsu("start", "echo").stdout == "echo: starting\n"
    again = show.wait_ready("echo")["engines"]["echo"]
    assert again["pid"] not in (0, pid)
    assert show.kitsu("stop", "echo").stdout == "echo off\n"
    show.wait_engine("echo", "stopped")
    show.kitsu("start", "echo")
    show.wait_ready("echo")


def test_an_engine_that_is_none_is_refused_with_the_nearest(show: RealShow) -> None:
    for verb in ("kill", "start", "stop"):
        done = show.kitsu(verb, "eco", check=False)
        assert done.returncode == 1
        assert "no engine 'eco' (did you mean echo?)" in done.stderr


def test_persona_and_mood_are_listed_taken_and_let_go(show: RealShow) -> None:
    assert show.kitsu("persona").stdout == "Kitsu: *kawaii  chaotic  calm  hype\n"
    show.kitsu("persona", "calm")
    assert "*calm" in show.kitsu("persona").stdout
    done = show.kitsu("persona", "clam", check=False)
    assert (done.returncode, "did you mean calm?" in done.stderr) == (1, True)
    show.kitsu("mood", "sleepy")
    state = show.status()
    assert state["persona"]["mood"] == "sleepy"
    assert "(held)" in show.kitsu("mood").stdout
    assert "did you mean happy?" in show.kitsu("mood", "hapy", check=False).stderr
    show.kitsu("mood", "--own")
    assert "(her own)" in show.kitsu("mood").stdout


def test_a_mark_is_in_the_journal_with_its_words_and_who_made_it(show: RealShow) -> None:
    show.kitsu("mark", "an odd\x1b[2J noise")
    state = show.wait(lambda s: s["incidents"])
    assert state["incidents"][-1]["text"] == "an odd\x1b[2J noise"
    marks = [event for event in show.journal() if event["kind"] == "mark"]
    assert marks[-1]["by"].startswith("cli:")
    assert "limit 500" in show.kitsu("mark", "x" * 501, check=False).stderr


def test_alerts_are_acknowledged_once_and_for_everybody(show: RealShow) -> None:
    show.wait_ready("echo")
    psutil.Process(show.engine("echo")["pid"]).kill()
    state = show.wait(lambda s: any(not a["acked_by"] for a in s["alerts"]))
    waiting = sum(1 for alert in state["alerts"] if not alert["acked_by"])
    assert show.kitsu("acknowledge").stdout == f"{waiting} acknowledged\n"
    assert show.kitsu("acknowledge").stdout == "0 acknowledged\n"
    assert all(a["acked_by"].startswith("cli:") for a in show.status()["alerts"])
    show.wait_ready("echo")


def test_skip_with_nothing_on_air_says_so(show: RealShow) -> None:
    assert show.kitsu("skip").stdout == "nothing is on air\n"


async def test_a_connection_that_only_reads_may_panic_and_no_more(
    show: RealShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in show.environ.items():
        monkeypatch.setenv(name, value)
    refused: list[tuple[RequestKind[Any, Any], Struct]] = [
        (control.RESTART, control.OneEngine(engine="echo", by="console:mod")),
        (control.RESUME, control.Resume(by="console:mod")),
        (control.STOP, control.Ask(by="console:mod")),
    ]
    async with connect() as client:
        watching = client.open(control.WATCH, control.Watch(by="console:mod", read_only=True))
        await client.ask(control.STATUS, control.Ask(by="console:mod"))
        for kind, params in refused:
            with pytest.raises(RequestFailed, match="only reads"):
                await client.ask(kind, params)
        state = show.wait(lambda s: s["operators"])
        assert state["operators"] == ["console:mod (reads)"]
        await client.ask(control.PANIC, control.Ask(by="console:mod"))
        watching.cancel("done")
    assert show.status()["panic"]["latched"]
    show.kitsu("resume")


def test_mutes_take_a_word_as_well(show: RealShow) -> None:
    assert show.kitsu("mute", "mic", "on").stdout == "mic muted\n"
    assert show.status()["mic_muted"]
    assert show.kitsu("mute", "mic", "off").stdout == "mic open\n"
    done = show.kitsu("mute", "mic", "of", check=False)
    assert (done.returncode, "expected on (muted) or off" in done.stderr) == (2, True)
