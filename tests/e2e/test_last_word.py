"""The operator's last word on a real show: what is dropped or held, and what is then heard."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from kitsu_tui.bench.wer import wer
from kitsu_tui.config.models import ModelStore
from tests.e2e.test_talk import transcribed
from tests.support.quick import QuickShow, quick_show
from tests.support.show import ROOT
from tests.support.storyteller import HASH, STORY

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(120)]

PROFILE = f"""
extends: starter
audio: {{{{backend: 'null', output_file: '{{heard}}'}}}}
engines:
  policy: {{{{command: ['{sys.executable}', '{ROOT / "tests/support/storyteller.py"}']}}}}
  asr: {{{{enabled: false}}}}
  metrics: {{{{enabled: false}}}}
"""
RULE = """
rules:
  - {id: no-grommit, category: test, severity: 4, action: drop, terms: [grommit]}
"""


@pytest.fixture(scope="module")
def show(
    tmp_path_factory: pytest.TempPathFactory, starter_models: ModelStore
) -> Iterator[QuickShow]:
    """A show that writes down what is heard; she tells a story whatever she is asked."""
    with quick_show(tmp_path_factory.mktemp("last")) as found:
        found.state.mkdir(parents=True)
        (found.state / "blocklist.yaml").write_text(RULE)
        found.start(PROFILE.format(heard=found.folder / "heard.wav"))
        found.wait_ready("audio", "policy", "tts")
        yield found


def until(
    show: QuickShow, what: Callable[[dict[str, Any], list[dict[str, Any]]], Any], why: str
) -> dict[str, Any]:
    """The last turn, once it and its lines are as wanted."""
    end = time.monotonic() + 30
    turn: dict[str, Any] = {}
    while time.monotonic() < end:
        turn = show.status()["turns"][-1]
        if what(turn, turn["sentences"]):
            return turn
        time.sleep(0.02)
    raise AssertionError(f"{why}: {json.dumps(turn)[:3000]}")


def test_on_the_command_line_lines_are_listed_and_decided(show: QuickShow) -> None:
    on = json.loads(show.kitsu("review", "on", "--wait", "25", "--then", "drop", "--json").stdout)
    jsonschema.validate(on, json.loads(show.kitsu("schema", "review").stdout))
    assert (on["on"], on["wait_s"], on["then"]) == (True, 25, "drop")
    number = show.ask("show.say", text="Tell me a story.")["turn"]
    until(show, lambda turn, lines: len(lines) > 3, "lines wait")

    listed = json.loads(show.kitsu("line", "--json").stdout)
    jsonschema.validate(listed, json.loads(show.kitsu("schema", "line").stdout))
    first = listed["lines"][0]
    assert (first["turn"], first["seq"], first["waits"], first["text"]) == (
        number,
        0,
        "review",
        STORY[0],
    )
    refused = show.kitsu("line", "replace", "You gr0mmit.", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the gate stops that too: drop, test (no-grommit)" in refused.stderr
    name = f"{number}.0"
    assert show.kitsu("line", "drop", "--line", name).stdout == f"line 0 of turn {number} dropped\n"
    again = show.kitsu("line", "air", "--line", name, check=False)
    assert again.returncode == 1
    assert "was dropped already by cli:" in again.stderr
    assert "from before still wait" in show.kitsu("review", "off").stdout

    show.ask("show.interrupt")
    until(show, lambda turn, lines: turn["status"] == "interrupted", "an end")
    assert show.kitsu("line").stdout == "no line of hers is to come now\n"
    acted = [e["name"] for e in show.journal() if e["kind"] == "action"]
    assert acted == ["review", "say", "line drop", "review", "interrupt"]


def test_what_was_dropped_is_never_heard_and_what_was_held_is_heard_later(
    show: QuickShow,
) -> None:
    number = show.ask("show.say", text="Tell me a story.")["turn"]
    until(show, lambda turn, lines: lines and lines[0]["status"] == "airing", "it is on air")
    time.sleep(0.7)  # by then the next is made, and in the queue of the loudspeaker
    dropped = show.ask("show.line", what="drop", turn=number, seq=1)
    assert dropped["detail"] == f"line 1 of turn {number} dropped"
    time.sleep(0.7)  # and now the one after it
    held = show.ask("show.line", what="hold")
    assert held["detail"] == f"line 2 of turn {number} is held for 20 s, then dropped"
    until(show, lambda turn, lines: lines[0]["status"] == "played", "it is over")
    time.sleep(0.5)
    lines = show.status()["turns"][-1]["sentences"]
    assert [one["status"] for one in lines[:4]] == ["played", "", "", ""]
    assert (lines[2]["waits"], lines[2]["held_by"]) == ("operator", "tester")
    show.ask("show.line", what="air")
    until(show, lambda turn, lines: lines[2]["status"] == "played", "it is over")
    show.ask("show.interrupt")
    until(show, lambda turn, lines: turn["status"], "an end")

    told = [e for e in show.journal() if e.get("turn") == number]
    origins = [e for e in told if e["kind"] == "line.from" and e["seq"] < 3]
    assert [(e["seq"], e.get("approved_by", "")) for e in origins] == [(0, ""), (2, "tester")]
    assert {(e["model"], e["prompt_hash"], e["source"], e["who"]) for e in origins} == {
        ("storyteller", HASH, "operator", "tester")
    }
    assert [e["seq"] for e in told if e["kind"] == "turn.airing"][:2] == [0, 2]
    shown = show.kitsu("journal", "show").stdout
    assert f"line 3: storyteller, prompt {HASH}; gate allow; let go by tester" in shown
    assert "line 2: dropped by tester" in shown

    show.end()
    heard = transcribed(show, show.folder / "heard.wav").lower()
    assert "moon" not in heard, heard
    assert wer(f"{STORY[0]} {STORY[2]}", heard) <= 0.35, heard
