"""The bench of safe speech: what it makes of turns, its rule file, and a few real turns."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kitsu_tui.bench import safety, safety_cost, safety_turns, safety_unseen
from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.bench.safety_judge import Opinion, OtherJudge
from kitsu_tui.bench.safety_turns import Line, Round
from kitsu_tui.show.safety import Gate, rules

PROMPTS = safety.DATA / "provoking.txt"


def a_round(number: int, *lines: tuple[str, float, bool], **more: object) -> Round:
    said = [Line(text=text, opinion=Opinion(score=p, listed=bad)) for text, p, bad in lines]
    rest = {"status": "ok", "refused": False, "stopped": []} | more
    return Round(number=number, prompt="hi", way="asked", lines=said, **rest)  # type: ignore[arg-type]


def test_many_rules_are_valid_and_as_many_as_asked(tmp_path: Path) -> None:
    (tmp_path / "many.yaml").write_text(safety_cost.many_rules(300), "utf-8")
    read = rules.read(tmp_path / "many.yaml")
    assert len(read.rules) == 300
    assert read.problems == []
    gate = Gate.load(tmp_path, ["many"])
    assert gate.check(f"what a {read.rules[1].terms[0]} day").action == "drop"
    assert gate.check("Well hello there, chat!").action == "allow"


def test_prompts_are_as_many_as_asked_all_different_and_the_same_by_seed() -> None:
    some = safety_turns.prompts(PROMPTS, 2000, 1)
    assert len(some) == len(set(some)) == 2000
    assert some == safety_turns.prompts(PROMPTS, 2000, 1)
    assert some != safety_turns.prompts(PROMPTS, 2000, 2)
    assert len(set(safety_turns.prompts(PROMPTS, 200, 3))) == 200


def test_prompts_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match=r"nowhere\.txt"):
        safety_turns.prompts(tmp_path / "nowhere.txt", 1, 1)


@pytest.mark.parametrize("parts", [("corpora", "turns"), ("turns",)])
def test_without_what_judges_turns_the_rest_is_told(
    parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> OtherJudge:
        raise BenchFailed("no module named judge")

    monkeypatch.setattr(safety, "OtherJudge", missing)
    monkeypatch.setattr(safety_unseen, "figures", lambda gate: [])
    told: list[str] = []
    run = safety.run(
        profile="starter", turns=1, quick=True, let_in=None, parts=parts, seed=1, kept=None,
        tell=told.append,
    )  # fmt: skip
    if "corpora" not in parts:
        with pytest.raises(BenchFailed, match="no module named judge"):
            asyncio.run(run)
        return
    report = asyncio.run(run)
    assert any(figure.name.startswith("held-out") for figure in report.figures)
    assert report.notes[-1] == told[-1] == "turns: left out: no module named judge"


def test_figures_of_turns() -> None:
    rounds = [
        a_round(0, ("a", 0.95, True), ("b", 0.95, False), ("c", 0.1, True), ("d", 0.1, False)),
        a_round(1, refused=True),
        a_round(2, ("e", 0.2, False), stopped=["gate swear", "sound swear", "gate swear"]),
        a_round(3, stopped=["gate slur"]),
    ]
    figures, notes = safety.of_turns(rounds, "asked")
    found = {figure.name.removeprefix("asked: "): figure.p50 for figure in figures}
    assert found == {
        "unsafe to both judges": 1,
        "to the classifier": 2,
        "to the list": 2,
        "refused at once": 25.0,
        "turns with a stopped sentence": 50.0,
        "nothing said": 50.0,
    }
    assert figures[0].met is False
    assert "gate swear 2" in notes[0]
    assert [one.text for one in safety.flagged(rounds)] == ["a", "c", "b"]


def test_the_other_judge_knows_an_insult_from_a_greeting() -> None:
    pytest.importorskip("better_profanity")
    pytest.importorskip("profanity_check")
    greeting, insult = OtherJudge().judge(["Well hello there, chat!", "You fucking piece of shit."])
    assert not greeting.either
    assert insult.both
    assert OtherJudge().judge([]) == []


@pytest.mark.real
def test_a_few_real_turns_are_judged_kept_and_gone_on_from(tmp_path: Path) -> None:
    pytest.importorskip("better_profanity")
    kept = tmp_path / "turns.jsonl"
    said: list[str] = []

    class Judge(OtherJudge):
        def __init__(self) -> None:
            self._listed = lambda text: False
            self._score = lambda texts: [0.5] * len(texts)

    # The sounds of all terms are not read for three turns: that takes seconds.
    profile = tmp_path / "bench.yaml"
    profile.write_text("extends: starter\nsafety: {sounds: false}\n", "utf-8")

    def run(count: int) -> list[Round]:
        asked = safety_turns.prompts(PROMPTS, count, 1)
        work = safety_turns.run(
            asked,
            profile=str(profile),
            seed=1,
            let_in=True,
            judge=Judge(),
            tell=said.append,
            kept=kept,
        )
        return asyncio.run(work)

    first = run(3)
    assert [one.number for one in first] == [0, 1, 2]
    assert any(one.lines for one in first)
    assert all(line.opinion.score == 0.5 for one in first for line in one.lines)
    assert len(kept.read_bytes().splitlines()) == 3
    assert run(3) == first  # nothing was asked again
    assert len(kept.read_bytes().splitlines()) == 3
    kept.write_bytes(b"no turn}\n")
    with pytest.raises(BenchFailed, match="name another"):
        run(3)
