"""What guards answer: what is understood, and what is no opinion."""

from __future__ import annotations

from typing import Any

import pytest

from engines.guard.answers import Nonsense, chat, moderations


@pytest.mark.parametrize(
    ("said", "unsafe", "category"),
    [
        ("safe", False, ""),
        ("\n\nsafe\n", False, ""),
        ("unsafe\nS10", True, "hate"),
        ("\n\nunsafe\nS1,S12", True, "violent crimes, sexual content"),
        ("unsafe\nS99", True, "S99"),
        ("unsafe", True, ""),
        ("Safety: Safe\nCategories: None", False, ""),
        ("Safety: Unsafe\nCategories: Violent\nRefusal: No", True, "violent"),
        ("Safety: Controversial\nCategories: PII", False, ""),
    ],
)
def test_what_a_guard_model_writes(said: str, unsafe: bool, category: str) -> None:
    told = chat(said, "llama-guard3:1b", 0.8)
    assert (told.unsafe, told.category) == (unsafe, category)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Safe travels!",
        "safe to say that I hate you",
        "This is safe.",
        "unsafe at any speed",
        "unsafe\nS1\nbut not really",
        "not unsafe",
        "I cannot help with that.",
        "Yes",
        "No",
        "Safety: Perhaps",
    ],
)
def test_anything_else_is_no_opinion(said: str) -> None:
    with pytest.raises(Nonsense):
        chat(said, "llama-guard3:1b", 0.8)


def test_yes_means_harm_to_those_models_only_that_are_asked_so() -> None:
    assert chat("Yes", "granite3-guardian:2b", 0.8).unsafe
    assert not chat("No\n<confidence> High </confidence>", "granite3-guardian:2b", 0.8).unsafe
    assert chat("yes.", "shieldgemma:2b", 0.8).unsafe
    with pytest.raises(Nonsense):
        chat("Yes, of course I can", "shieldgemma:2b", 0.8)


def test_what_is_controversial_is_unsafe_from_the_threshold_on() -> None:
    assert chat("Safety: Controversial\nCategories: PII", "qwen3guard", 0.4).unsafe


def result(**fields: Any) -> dict[str, Any]:
    return {"results": [{"flagged": False, "category_scores": {"hate": 0.3}} | fields]}


def test_moderations_by_flag_and_by_score() -> None:
    assert not moderations(result(), 0.8).unsafe
    told = moderations(result(flagged=True, categories={"hate": True, "violence": False}), 0.8)
    assert (told.unsafe, told.category, told.score) == (True, "hate", 0.3)
    told = moderations(result(category_scores={"hate": 0.1, "violence": 0.85}), 0.8)
    assert (told.unsafe, told.category, told.score) == (True, "violence", 0.85)
    assert moderations({"results": [{"flagged": True}]}, 0.8).unsafe


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"results": []},
        {"results": [{}]},
        {"results": [{"flagged": "no"}]},
        result(category_scores=[0.1]),
        result(category_scores={"hate": "0.1"}),
        result(category_scores={"hate": -1}),
        result(category_scores={"hate": True}),
    ],
)
def test_moderations_of_another_form_are_no_opinion(answer: Any) -> None:
    with pytest.raises(Nonsense):
        moderations(answer, 0.8)
