"""Markup, words and sentences: the same for every way of splitting the same text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.policy.answer import Answer
from engines.policy.loops import repeated


def run(*pieces: str, whole: bool = True, limit: int = 50) -> Answer:
    answer = Answer(limit)
    said: list[str] = []
    words: list[str] = []
    for piece in pieces:
        new, sentences = answer.feed(piece)
        words += new
        said += sentences
    new, sentences = answer.finish(whole)
    assert said + sentences == answer.sentences
    return answer


def cut(text: str, **kwargs: bool) -> list[str]:
    return run(text, **kwargs).sentences


ALPHABET = st.sampled_from(
    ["Ooh", "!", " ", ".", ",", "...", "?", "<", ">", "</speech>", "<mood>", "*", "tail", "3.14",
     "Mr.", "—", "\n", "🦊", " a", " I", '"', ":3", "word ", "speech", "/", "|", "yes "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(ALPHABET, max_size=60).map("".join), st.data())
def test_any_split_gives_the_same(text: str, data: st.DataObject) -> None:
    points = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    edges = [0, *points, len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    assert run(*pieces).sentences == run(text).sentences == run(*text).sentences


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["I", "like", "mochi,", "and", "tea.", "Yes!", "Dr.", "3.14", "so?"]))
)
def test_sentences_joined_are_the_text(words: list[str]) -> None:
    answer = Answer(1000)
    spoken: list[str] = []
    for made in (answer.feed(" ".join(words)), answer.finish(True)):
        spoken += made[0]
    if not answer.why:
        assert " ".join(spoken) == " ".join(words) == answer.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I love it!</speech><mood>happy</mood>", ["I love it!"]),
        ("<speech>I love it!</speech>", ["I love it!"]),
        ("I love it!</spe", ["I love it!"]),
        ("I love it!<mood>happy", ["I love it!"]),
        ("I love it!<|im_end|>\nuser", ["I love it!"]),
        ("I love it!\nUser: and you?", ["I love it!"]),
        ("\nI <b>love</b> it <3 so much!", ["I love it so much!"]),
        ("*wags tail* Hello **dear** chat! 🦊✨ :3", ["Hello dear chat!"]),
        ("Hi * there my friend!", ["Hi there my friend!"]),
        ("Two owls x_x _really_ UwU XD TwT see.", ["Two owls really see."]),
        ("</speech>", []),
        ("🦊 *wags* :3 <3 ^_^", []),
    ],
)
def test_markup_is_never_spoken(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ooh! I love mochi.", ["Ooh!", "I love mochi."]),
        ("Mochi is great, and I eat it.", ["Mochi is great,", "and I eat it."]),
        ("Oh, mochi is great.", ["Oh, mochi is great."]),
        ("Dr. Fox paid 3.14 coins. Wow!", ["Dr. Fox paid 3.14 coins.", "Wow!"]),
        ("Well... maybe it is. Yes?! No.", ["Well... maybe it is.", "Yes?!", "No."]),
        ("Hmm... Maybe it is.", ["Hmm...", "Maybe it is."]),
        ('"Stop!" he said. Then we ran.', ['"Stop!" he said.', "Then we ran."]),
        ("You, e.g. the fox, run.", ["You, e.g. the fox,", "run."]),
        (
            "I like to run around in the big forest because it is fun.",
            ["I like to run around in the big forest", "because it is fun."],
        ),
    ],
)
def test_cuts(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_short_rest_after_a_cut_joins_what_follows() -> None:
    assert cut("I like big foxes, truly. They run.") == ["I like big foxes,", "truly. They run."]


def test_later_sentences_are_bounded() -> None:
    text = "Hi! " + "and so we ran on ".strip() + " " + " ".join(f"w{n}" for n in range(60)) + "."
    pieces = cut(text)
    assert max(len(piece.split()) for piece in pieces) <= 25
    assert " ".join(pieces) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I love mochi. It is so sw", ["I love mochi."]),
        ("I love my mochi, because it tastes so sw", ["I love my mochi,", "because it tastes…"]),
        ("I love mochi because of the", ["I love mochi…"]),
        ("I love my mochi, be", ["I love my mochi,"]),
        ("I love mochi.", ["I love mochi."]),
        ("M", ["M…"]),
    ],
)
def test_a_torn_rest_is_not_said(text: str, expected: list[str]) -> None:
    assert cut(text, whole=False) == expected


def test_the_sentence_limit_ends_it() -> None:
    answer = run("I am here, yes. Two it is. Three it is. Four", limit=2, whole=False)
    # An opening clause counts with the sentence that it begins.
    assert answer.sentences == ["I am here,", "yes. Two it is.", "Three it is."]
    assert answer.why == "sentence limit"


def test_a_loop_ends_it() -> None:
    answer = run("Hi! " + "I like you so much " * 20)
    assert answer.why == "repeats itself"
    assert answer.text.count("so much") <= 1
    assert not repeated(["ha"] * 4)
    assert repeated(["ha"] * 5)
    assert repeated(list("abcdeabcde")) == 5
