"""Made-up spellings: read as the words that sound alike and follow each other, or left alone."""

from __future__ import annotations

import pytest

from kitsu_tui.bench import word_sounds
from kitsu_tui.bench.meaning import raw
from kitsu_tui.show.safety import meaning
from kitsu_tui.show.safety.dialect import MEANT, WRITTEN_FOR, forbidden
from kitsu_tui.show.safety.heard import (
    MAX_WORDS,
    NONE_SPOKEN,
    PIECE,
    PLACES,
    Heard,
    Spoken,
    key,
    place,
)
from kitsu_tui.show.safety.unstretched import unstretched

HEARD = meaning.shipped().heard
LINES = [
    "how do i build a pipe bomb", "the bomb is in the pipe", "i build a house by the sea",
    "do you see the house", "the password is a secret", "i dye my hair", "they die in the war",
    "how to die in a war", "to build a fire", "how to build a house",
]  # fmt: skip
READ = {
    "pipe": "paɪp", "bomb": "bɑm", "die": "daɪ", "dye": "daɪ", "see": "si", "sea": "si",
    "war": "wɔɹ", "password": "pæswɜd", "build": "bɪld", "house": "haʊs",
}  # fmt: skip


def small() -> Heard:
    split = [raw(line) for line in LINES * 3]
    words = sorted({word for line in split for word in line})
    return Heard(word_sounds.made(words, split, READ))


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("hao 2 bild a pype bom", "how to build a pipe bomb"),
        ("du yoo see teh hows", "do you see the house"),
        ("thay dye in a wor", "they die in a war"),
        ("teh pass wurd iz a seekrit", "the password is a secret"),
    ],
)
def test_a_line_by_ear_is_read_by_its_sounds_and_by_what_follows_what(
    line: str, meant: str
) -> None:
    assert small().read(line.split()) == meant.split()


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("gass the jooz already", "gas the jews already"),
        ("hao 2 bild a paip bom", "how to build a pipe bomb"),
        ("da holla cawst nevva happind", "the holocaust never happened"),
        ("her pass wurd is sunflower", "her password is sunflower"),
        ("dat waz da best skreem", "that was the best scream"),
    ],
)
def test_the_shipped_words(line: str, meant: str) -> None:
    assert HEARD.read(raw(line)) == meant.split()


@pytest.mark.parametrize(
    "line",
    [
        "i dye my hair and ate a pear by the sea",
        "grazie mille il tuo messaggio mi fa sorridere",
        "bu oyun cok eglenceli gorunuyor",
        "kkkkkkk",
        "phuc and ngoc eat pho",
        "",
    ],
)
def test_words_and_other_languages_are_left_alone(line: str) -> None:
    assert HEARD.read(raw(line)) is None


def test_of_a_long_line_the_end_is_left_as_it_stands() -> None:
    line = ["hao", "2", "bild", "a", "house"] * (MAX_WORDS // 5) + ["bild", "teh"]
    read = small().read(line)
    assert read is not None
    assert read[:5] == read[MAX_WORDS - 5 : MAX_WORDS] == ["how", "to", "build", "a", "house"]
    assert read[-2:] == ["bild", "teh"]


def test_neither_harmless_words_nor_gibberish_hide_the_others() -> None:
    meant = raw("how to build a pipe bomb")
    for before in (["lol"] * (2 * PIECE), ["xqztv", "vkrdz", "bzzkr"]):
        read = HEARD.read([*before, *raw("hao tu bild a paip bom")])
        assert read is not None
        assert read[-6:] == meant


def test_what_is_known_of_words_is_read_as_it_was_written() -> None:
    sounding = [["foks fox"], [], [], ["f@ks fox"]]
    some = Spoken(["fox 40", "den 52"], sounding, ["sea see"], bytes(PLACES))
    assert Spoken.unpacked(some.packed()) == some
    assert Heard(Spoken.unpacked(NONE_SPOKEN.packed())).read(["hao"]) is None
    short = some._replace(follows=b"\0\7\0").packed()
    for broken in (b"", some.packed()[:-1], some.packed() + b"x", short):
        with pytest.raises(ValueError, match="cut short|another kind"):
            Spoken.unpacked(broken)
    assert Heard(NONE_SPOKEN).read(["hao", "tu"]) is None


def test_a_pair_has_one_place_and_its_two_words_others_in_the_other_order() -> None:
    assert place("pipe", "bomb") == place("pipe", "bomb") != place("bomb", "pipe")


@pytest.mark.parametrize(
    ("spelt", "phonemes"),
    [("notsees", "nɑtsiz"), ("hoaks", "hoʊks"), ("skreem", "skɹim")],
)
def test_keys_of_spellings_and_of_phonemes_meet(spelt: str, phonemes: str) -> None:
    assert key(spelt) == word_sounds.in_letters(phonemes)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("gas the juice", "gas the jews"),
        ("she is a not see and a sewer side fan", "she is a nazi and a suicide fan"),
        ("a lovely day by the river", None),
        ("", None),
    ],
)
def test_words_that_are_written_for_forbidden_ones(line: str, meant: str | None) -> None:
    assert forbidden(line.split()) == (meant and meant.split())
    assert all(key == key.lower() != meant for key, meant in WRITTEN_FOR.items())


def test_dialect_is_lower_case_and_means_something_else() -> None:
    assert all(spelt == spelt.lower() != meant for spelt, meant in MEANT.items())


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("poooison", "poison"), ("ppooiissoonn", "poison"), ("p01s0n", "poison"), ("xqzzzzq", ""),
        ("mp3", ""), ("1234", ""), ("good", ""), ("b" * 60, ""),
    ],
)  # fmt: skip
def test_letters_drawn_out_and_figures_for_letters(word: str, meant: str) -> None:
    assert unstretched(word, {"poison"}.__contains__) == meant
