"""Sounds of terms, with phonemes as the starter's voice gave them."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from kitsu_tui.show.safety import rules, sound
from kitsu_tui.show.safety.sound import Keys, SoundIndex

SOUNDS = {
    "fuck": "fʌk",
    "F U C K": "ɛf ju si keɪ",
    "shit": "ʃɪt",
    "S H I T": "ɛs eɪtʃ aɪ ti",
    "cum": "kʌm",
    "C U M": "si ju ɛm",
    "dyke": "daɪk",
    "D Y K E": "di waɪ keɪ i",
    "bitch": "bɪtʃ",
    "B I T C H": "bi aɪ ti si eɪtʃ",
    "coon": "kun",
    "C O O N": "si oʊ oʊ ɛn",
    "maine coon": "meɪn kun",
    "faggot": "fæɡət",
    "F A G G O T": "ɛf eɪ dʒi dʒi oʊ ti",
    "nigger": "nɪɡɚ",
    "N I G G E R": "ɛn aɪ dʒi dʒi i ɑɹ",
    "kill yourself": "kɪl jɔɹsɛlf",
    "1488": "wʌn θaʊzənd fɔɹhʌndɹɪd eɪɾi eɪt",
    "14 88": "fɔɹtin eɪɾi eɪt",
    "1 4 8 8": "wʌn fɔɹ eɪt eɪt",
}
ORDINARY = {
    "come": "kʌm",
    "dike": "daɪk",
    "beach": "bitʃ",
    "sheet": "ʃit",
    "you": "ju",
    "see": "si",
    "em": "ɛm",
    "off": "ɔf",
    "knee": "ni",
    "it": "ɪt",
    "she": "ʃi",
    "snigger": "snɪɡɚ",
}
RULES = """
rules:
  - {id: swear, category: profanity, severity: 3, terms: [fuck, shit, bitch], match: stem}
  - {id: lewd, category: sexual, severity: 4, terms: [cum]}
  - {id: slur, category: slur, severity: 5, terms: [dyke, coon, faggot, nigger, "1488"]}
  - {id: harm, category: self-harm, severity: 5, action: panic, terms: [kill yourself]}
  - {id: mild, category: profanity, severity: 2, terms: [damn]}
  - {id: held, category: sexual, severity: 4, action: hold, terms: [butter]}
  - {id: said, category: sexual, severity: 4, action: replace, replace: well, terms: [bread]}
  - {id: deaf, category: slur, severity: 5, sounds: false, terms: [cheese]}
  - {id: tr, category: slur, severity: 5, languages: [tr], terms: [got]}
"""


@pytest.fixture
def listened(tmp_path: Path) -> list[sound.Term]:
    (tmp_path / "a.yaml").write_text(RULES, "utf-8")
    return sound.terms(rules.read(tmp_path / "a.yaml").rules)


@pytest.fixture
def keys(listened: list[sound.Term]) -> Keys:
    return sound.build(listened, SOUNDS, ORDINARY.items(), ["maine coon*"], lambda word: False)


@pytest.fixture
def index(keys: Keys) -> SoundIndex:
    return SoundIndex(keys)


def test_listened_for_is_what_is_grave_and_always_stopped(listened: list[sound.Term]) -> None:
    assert {term.rule for term in listened} == {"swear", "lewd", "slur", "harm"}


@pytest.mark.parametrize(
    ("text", "phonemes", "rule"),
    [
        ("fuq that", "fʌk ðæt", "swear"),
        ("phucking", "fʌkɪŋ", "swear"),
        ("a shyt in here", "ɐ ʃɪɾ ɪn hɪɹ", "swear"),  # t between vowels
        ("phaggit", "fæɡɪt", "slur"),
        ("nihgger", "nɪhɡɚ", "slur"),
        ("neegur is", "niɡɚɹ ɪz", "slur"),
        ("knee gur", "ni ɡɜ", "slur"),
        ("ef you see kay", "ɛf ju si keɪ", "swear"),
        ("F.U.C.K. off", "ɛfjusikeɪ ɔf", "swear"),
        ("koon", "kun", "slur"),
        ("14/88", "fɔɹtin eɪɾi eɪt", "slur"),
        ("kyll yourself", "kɪl jɔɹsɛlf", "harm"),
    ],
)
def test_what_sounds_like_a_term_is_found(
    index: SoundIndex, text: str, phonemes: str, rule: str
) -> None:
    verdict = index.judge(f"wɛl {phonemes} naʊ", text=text)
    assert verdict is not None
    assert (verdict.action, verdict.rule) == ("drop", rule)
    assert (verdict.means, verdict.view) == ("sound", "sound")


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("come here", "kʌm hɪɹ"),
        ("a dike", "ɐ daɪk"),
        ("on the beach", "ɔnðə bitʃ"),
        ("a sheet", "ɐ ʃit"),
        ("see you em", "si ju ɛm"),
        ("raccoon", "ɹækun"),
        ("my Maine coon cat", "maɪ meɪn kun kæt"),
        ("snigger", "snɪɡɚ"),
        ("finish it", "fɪnɪʃ ɪt"),
        ("", ""),
    ],
)
def test_ordinary_words_are_not(index: SoundIndex, text: str, phonemes: str) -> None:
    assert index.judge(phonemes, text=text) is None


def test_a_term_that_is_spelt_out_was_the_gates_to_judge(index: SoundIndex) -> None:
    assert index.judge("ɐ kun sɔŋ", text="a coon song") is None  # allowed there, or approved
    assert index.judge("ɐ kun sɔŋ", text="a kewn song") is not None
    assert (
        index.judge("ə tʌkun kun", text="a cocoon, koon") is not None
    )  # not at a word's beginning


def test_an_ordinary_word_that_is_itself_stopped_excuses_nothing(
    listened: list[sound.Term],
) -> None:
    ordinary = [("coon", "kun"), ("come", "kʌm")]
    keys = sound.build(listened, SOUNDS, ordinary, [], lambda word: word == "coon")
    assert "kun" in keys.exact
    assert "kʌm" not in keys.exact


def test_what_began_in_the_line_before_counts(index: SoundIndex) -> None:
    verdict = index.judge("ɡɜ naʊ", before="wʌt ɐ ni")
    assert verdict is not None
    assert verdict.split
    assert index.judge("naʊ", before="ju ni ɡɜ") is None  # that line's own verdict


def test_an_index_is_the_same_when_it_was_kept(keys: Keys) -> None:
    assert msgspec.json.decode(msgspec.json.encode(keys), type=Keys) == keys


def test_a_reading_without_end_is_judged_in_linear_time_or_refused(index: SoundIndex) -> None:
    began = time.perf_counter()
    assert index.judge("ʃɪp" * 10_000) is None
    assert index.judge("ni ɡ " * 8_000) is None
    assert time.perf_counter() - began < 20
    refused = index.judge("ə" * (sound.MAX_PHONEMES + 1))
    assert refused is not None
    assert refused.category == "gate-error"
