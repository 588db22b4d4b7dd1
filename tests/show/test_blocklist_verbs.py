"""The blocklist of a show on air: edited, told, and in force for lines that wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engines.wire import control, show
from engines.wire.lines import Ruled
from kitsu_tui.config.profile import ALWAYS
from kitsu_tui.show import blocklist, blocklist_verbs, rules_watch
from kitsu_tui.show.blocklist import Change
from kitsu_tui.show.blocklist_verbs import change, listed
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.judge import Judgement
from kitsu_tui.show.line import Line
from kitsu_tui.show.safety import Verdict
from tests.show.test_switch import Live
from tests.support.rig import until


class Answer:
    """The answer that lines belong to."""

    counts = True

    def __init__(self) -> None:
        self.told: list[show.ShowEvent] = []
        self.again: list[tuple[int, str]] = []

    def tell(self, event: show.ShowEvent) -> None:
        self.told.append(event)

    async def weigh(self, line: Line, text: str) -> Judgement:
        raise AssertionError

    async def pull_back(self, line: Line, *, remake: bool = False) -> bool:
        return True

    def stopped(self, line: Line, why: str, by: str, ruled: Ruled | None) -> None:
        pass

    def changed(self, line: Line) -> None:
        pass

    def judge_again(self, line: Line, why: str) -> None:
        self.again.append((line.seq, why))


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    found = Live(tmp_path)
    await found.start("one")
    await until(lambda: found.of(show.GateState))
    yield found
    await found.stop()


async def ask(live: Live, what: Any, text: str = "", **more: Any) -> control.Listed:
    return await change(live.running, control.Blocklist(what=what, text=text, by="cli:me", **more))


async def test_it_holds_at_once_and_is_told(live: Live) -> None:
    running = live.running
    assert (await running.judge.sentence("a glorp", "")).action == "allow"
    done = await ask(live, "add", "glorp")
    assert (done.texts, done.detail) == (["glorp"], "blocked from now on: glorp")
    assert (await running.judge.sentence("a gl0rp", "")).category == "blocked"
    assert (await running.judge.incoming("a glorp")).category == "blocked"
    told = live.of(show.Blocked)[-1]
    assert (told.added, told.removed, told.count, told.by) == (["glorp"], [], 1, "cli:me")
    acted = live.of(show.Acted)[-1]
    assert (acted.name, acted.args, acted.by, acted.ok) == (
        "blocklist",
        "add glorp",
        "cli:me",
        True,
    )
    assert live.state.blocked == 1
    assert live.of(show.GateState)[-1].blocked == 1
    assert (await ask(live, "list")).texts == ["glorp"]
    await ask(live, "remove", "GLORP")
    assert (await running.judge.sentence("a glorp", "")).action == "allow"
    assert live.of(show.Blocked)[-1].removed == ["glorp"]
    assert live.state.blocked == 0


async def test_what_is_refused_is_told_with_its_reason(live: Live) -> None:
    for what, text in (("add", "the"), ("add", "x"), ("remove", "nothing")):
        with pytest.raises(Refusal):
            await ask(live, what, text)
        assert not live.of(show.Acted)[-1].ok
    assert live.of(show.Blocked) == []
    await ask(live, "add", "the", force=True)
    assert live.state.blocked == 1


async def test_lines_that_are_not_on_air_are_dropped_and_others_stay(live: Live) -> None:
    desk, owner = live.running.stage.desk, Answer()
    lines = [
        Line(seq=n, text=text, owner=owner, turn=7, rev=1, verdict=Verdict(action="allow"))
        for n, text in enumerate(["A glorp.", "All is well.", "He is a gl-", "orp. Yes."])
    ]
    for line in lines:
        desk.admit(line, first=False)
    lines[0].audible_ns = 1  # on air: too late
    done = await ask(live, "add", "glorp")
    assert done.detail.endswith("; 1 line not on air dropped")
    assert [line.decided for line in lines] == ["", "", "", "drop"]
    event = next(e for e in owner.told if isinstance(e, show.LineDecided))
    assert (event.seq, event.what, event.by, event.why) == (3, "drop", "cli:me", "blocked")
    assert event.ruled is not None
    assert event.ruled.rule == blocklist.RULE
    lines[0].over = True


RULES = "rules: [{id: %s, category: c, severity: 4, action: drop, %s}]\n"


async def test_a_rule_file_that_changed_with_it_counts_for_what_waits_and_its_alert_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_watch, "EVERY_S", 600)
    folder = tmp_path / "rules"
    folder.mkdir()
    for name in (*ALWAYS, "family"):
        (folder / f"{name}.yaml").write_text(RULES % (name, f"terms: [unheard{name}]"))
    live = Live(tmp_path)
    await live.start("one", safety={"folder": str(folder)})
    base = folder / "base.yaml"
    whole = base.read_text()
    base.write_text(
        whole.replace("}]", "}, {id: bad, category: c, terms: [grommit], patterns: ['(']}]")
    )
    await live.running.rules.look()
    [alert] = live.state.alerts
    assert "base.yaml:1" in alert.text
    assert not alert.mended
    owner = Answer()
    line = Line(seq=0, text="A murky thing.", owner=owner, verdict=Verdict(action="allow"))
    live.running.stage.desk.admit(line, first=False)
    base.write_text(RULES % ("base", "terms: [murky]"))
    await ask(live, "add", "glorp")
    assert owner.again == [(0, "rules")], "another file changed than the list"
    [alert] = live.state.alerts
    assert alert.mended
    assert alert.acked_by
    base.write_text("rules: [")
    await live.running.rules.look()
    assert [one.mended for one in live.state.alerts] == [True, False]
    base.write_text(whole)
    await live.running.rules.look()
    assert all(one.mended for one in live.state.alerts)
    line.over = True
    await live.stop()


async def test_rules_that_cannot_be_read_are_no_silent_success(live: Live) -> None:
    live.running.gate._folder = live.folder / "gone"
    live.running.gate._stamp = None
    done = await ask(live, "add", "glorp")
    assert "not in force yet" in done.detail
    assert not live.of(show.Acted)[-1].ok


def test_an_answer_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocklist_verbs, "MOST_BYTES", 50)
    found = listed(Change(["x" * 20] * 9, "9 blocked"))
    assert (len(found.texts), found.detail) == (2, "9 blocked")
