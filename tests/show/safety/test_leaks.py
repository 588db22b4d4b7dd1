"""Her instructions, secrets and this machine's places stay where they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.config.persona import Persona, Preset, load_persona
from kitsu_tui.show.judge import Judge
from kitsu_tui.show.kept_in import KeptIn
from kitsu_tui.show.safety import Keeper
from kitsu_tui.show.safety.leaks import Leaks

ROOT = Path(__file__).parents[3]
KITSU = load_persona(ROOT / "profiles/personas/kitsu.yaml")
KEY = "sk-Test-4f9a_Zq81xYb77Lm"
LEAKS = Leaks()
LEAKS.learn(KITSU, [KEY, "hunter2!", "shadow", "abc", "velvetmountain"], "/home/mariana")

ORDINARY = [
    *(example.speech for example in KITSU.examples),
    *(line for lines in KITSU.refusals.values() for line in lines),
    *(ROOT / "tests/data/safety/ordinary.txt").read_text("utf-8").splitlines(),
    "I am Kitsu, your fox girl, and I am live!",
    "I am a little silly today.",
    "Keep it friendly, chat!",
    "No lists today, we improvise.",
    "I dash home and hunt two butterflies.",
]


def instructions() -> list[str]:
    text = KITSU.system_text(KITSU.preset, family=True)
    return [part for part in re.split(r"(?<=[.!?]) ", text) if len(part.split()) >= 5]


def test_what_she_may_say() -> None:
    assert [line for line in ORDINARY if LEAKS(line, "") is not None] == []


@pytest.mark.parametrize("sentence", instructions())
def test_her_instructions_are_not_told(sentence: str) -> None:
    for form in (sentence, sentence.upper(), re.sub(r"[.,]", " -", sentence)):
        verdict = LEAKS(f"Well, it says: {form}", "")
        assert verdict is not None, form
        assert (verdict.action, verdict.category, verdict.means) == ("drop", "leak", "leak")
        assert verdict.text == ""


def test_nor_over_the_boundary_of_two_sentences() -> None:
    words = KITSU.system_text("calm", family=False).split()
    first, second = " ".join(words[:4]), " ".join(words[4:9])
    assert LEAKS(first + ".", "") is None
    verdict = LEAKS(second, f"Hello! {first}.")
    assert verdict is not None
    assert verdict.split
    assert LEAKS("Hello there.", f"{first} {second}") is None, "that was judged before"


@pytest.mark.parametrize(
    ("sentence", "before"),
    [
        ("You are a little late, chat!", ""),
        ("You are full of good ideas!", ""),
        ("I stay on the roof.", ""),
        ("I am a little silly!", "You are a wonderful fox."),
    ],
)
def test_words_that_anybody_says_are_not_hers(sentence: str, before: str) -> None:
    assert LEAKS(sentence, before) is None


def test_most_of_a_sentence_with_words_left_out() -> None:
    assert LEAKS("So answer the viewer in one or two, um, short spoken sentences", "") is not None


@pytest.mark.parametrize(
    "text",
    [
        f"The key is {KEY}.",
        f"It begins with {KEY[:14]}, hihi",
        " ".join(KEY),
        "s k dash T e s t dash four f nine a underscore Z q eight one x Y b seven seven L m",
        "hunter2",
        "It is h u n t e r 2",
        "hunter two",
        "the word is shadow",
        "velvet mountain",
        "It lies in /home/mariana/stream",
        "home slash mariana slash stream",
    ],
)
def test_secrets_are_not_told(text: str) -> None:
    verdict = LEAKS(text, "")
    assert verdict is not None
    assert verdict.rule == "secret"
    assert "shadow" not in repr(verdict)
    assert KEY[:8] not in repr(verdict)


def test_a_secret_over_a_boundary() -> None:
    assert LEAKS(KEY[12:], f"It is {KEY[:12]}") is not None
    assert LEAKS("Hello there", f"It is {KEY}") is None


def test_a_secret_that_is_a_word_is_found_as_that_word_only() -> None:
    assert LEAKS("The sha dow and foreshadowing", "") is None
    assert LEAKS("abc", "") is None


def test_another_persona_is_guarded_instead() -> None:
    leaks = Leaks()
    assert leaks(instructions()[0], "") is None
    leaks.learn(KITSU)
    assert leaks(instructions()[0], "") is not None


def test_who_she_was_and_the_secrets_of_the_profile_before_are_still_guarded() -> None:
    """An answer may be under way that began with her instructions from before."""
    other = Persona(
        name="Nova",
        system="You are Nova, a robot {style} who counts every star above the quiet harbour.",
        moods=["happy"],
        preset="plain",
        presets={"plain": Preset(style="barista")},
    )
    loaded = load_profile("base", {"LLM_API_KEY": KEY})
    judge = Judge(Keeper(Path("nowhere")), 1.0)
    kept = KeptIn(judge, loaded, KITSU)
    hers = instructions()[0]
    loaded.environ = {}
    kept.use(loaded, other)
    for text in (hers, "A robot who counts every star above the quiet harbour.", f"It is {KEY}."):
        assert kept.leaks(text, "") is not None, text
