"""Shows that do not come up, that hang at start, and that are ended by two at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec import Struct

from engines.wire import control
from engines.wire.message import RequestKind
from kitsu_tui.cli import show as show_cli
from kitsu_tui.client import RequestFailed, connect
from tests.conftest import Sandbox
from tests.e2e.test_faults import faulty, profile
from tests.support.show import KITSU, QUIET, ROOT, RealShow

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a FIFO")
def test_a_show_that_hangs_at_start_is_ended_and_its_place_is_free(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text(QUIET)
    sandbox.state.mkdir(mode=0o700)
    hole = sandbox.state / "children.json"
    os.mkfifo(hole)  # whoever reads it waits for ever, SIGTERM or not
    monkeypatch.setattr(show_cli, "START_S", 3.0)
    monkeypatch.setattr(show_cli, "LEAVE_S", 0.5)
    with pytest.raises(SystemExit) as left:
        show_cli._detach(str(quiet))
    assert left.value.code == 1
    assert "did not answer within" in capsys.readouterr().err
    mine = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
    assert mine == []


def test_the_next_show_may_start_as_soon_as_stop_has_come_back(place: RealShow) -> None:
    first = place.start(QUIET)
    place.kitsu("stop")
    assert place.gone(0.2), "its process has ended when the command says so"
    assert place.start(QUIET) != first


def test_two_who_stop_at_once_both_succeed(place: RealShow) -> None:
    place.start(profile(faulty("ignores_all")))
    place.wait_engine("echo", "ready", 30)
    began = time.monotonic()
    stops = [
        subprocess.Popen(
            [*KITSU, "stop"], env=place.environ, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [(stop.wait(40), stop.communicate()[1]) for stop in stops]
    assert said == [(0, ""), (0, "")]
    assert time.monotonic() - began < 15
    assert place.gone()


async def test_while_the_show_stops_nothing_begins(
    place: RealShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart then started the engine again, which held up the end until it was killed."""
    place.start(profile(faulty("ignores_all")))
    place.wait_engine("echo", "ready", 30)
    for name, value in place.environ.items():
        monkeypatch.setenv(name, value)
    refused: list[tuple[RequestKind[Any, Any], Struct]] = [
        (control.RESTART, control.OneEngine(engine="echo", by="me")),
        (control.START, control.OneEngine(engine="echo", by="me")),
        (control.SAY, control.Say(text="hello", by="me")),
    ]
    async with connect() as client:
        await client.ask(control.STOP, control.Ask(by="me"))
        for kind, params in refused:
            with pytest.raises(RequestFailed, match="the show is stopping"):
                await client.ask(kind, params)
        # What does not leave may still be ended at once.
        await client.ask(control.KILL, control.OneEngine(engine="echo", by="me"))
    assert place.gone()
    states = [event["state"] for event in place.journal() if event["kind"] == "engine"]
    assert states[-2:] == ["stopping", "stopped"]


def test_a_second_start_leaves_the_words_of_the_first_alone(place: RealShow) -> None:
    place.start(QUIET)
    before = (place.logs / "show.stderr").read_bytes()
    assert before
    second = place.kitsu("run", "--detach", check=False)
    assert second.returncode == 3
    assert "running already" in second.stderr
    assert (place.logs / "show.stderr").read_bytes().startswith(before)


def test_talk_says_so_when_the_show_ends_meanwhile(place: RealShow) -> None:
    on = faulty("hangs_in_answer", engine="policy")
    place.start(profile(on, "conversation: {answer_timeout_s: 60}"))
    place.wait_ready("policy")
    talk = subprocess.Popen(
        [*KITSU, "talk", "--text", "hi", "--no-tts", "--json"],
        env=place.environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    place.wait(lambda s: s["turns"], 30, "a turn")
    place.kitsu("stop")
    out, err = talk.communicate(timeout=30)
    assert "Traceback" not in err
    if out:
        assert json.loads(out)["status"] in ("stopped", "error", "interrupted")
    else:
        assert len(err.splitlines()) == 1, err
