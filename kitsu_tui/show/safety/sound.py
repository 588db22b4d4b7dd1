"""Judges how a sentence is pronounced: what is spelt in no forbidden way may still sound so.

The index holds the sounds of grave terms, as the voice in use reads them; `sounds.py` of the show
has them read and keeps the index. Two forms are looked for, both from the beginning of a word:

    exact   phonemes as they are, so "sheet" is not its neighbour
    near    kindred vowels alike and the gaps between words gone ("knee gur"), to a word's end

A sound that ordinary words have as well ("come", "dike", "beach"), or that ordinary words make
together, is left out when the index is built. Looking costs time linear in the phonemes: from each
word on as far as the longest key reaches, by hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from string import ascii_lowercase

from msgspec import Struct

from kitsu_tui.show.safety.rule import Rule
from kitsu_tui.show.safety.verdict import Verdict, failed

VERSION = 1
"""Of what is done here: an index that another version built is built again."""
GRAVE = 3
"""Rules from this severity on are also listened for, unless they say `sounds: false`."""
MAX_TERMS = 30_000
MAX_PHONEMES = 40_000
"""In one sentence; more is none."""
LONGEST_ORDINARY = 9
"""Letters of the ordinary words that are asked for: longer ones sound like no term."""
MORE_ORDINARY = frozenset(("dict", "dicts", *ascii_lowercase))
"""In no dictionary: what programmers say, and letters."""
_LEAST = 3
"""Phonemes that a key has at least, and one that may go over words one more."""
_SPELT = range(3, 9)
"""Letters of terms that are also looked for spelt letter by letter."""
_PIECES = 3
"""Into so many ordinary words a near key may fall apart to be left out."""
_PHRASE = 5
"""Words of a term at most."""

_ALIKE = str.maketrans(
    {"ɾ": "t", "ʔ": "t", "ᵻ": "ɪ", "ɐ": "ə", "ɫ": "l", "g": "ɡ", "r": "ɹ", "ɬ": "l"}
)
_KINDRED = str.maketrans(
    {"i": "ɪ", "u": "ʊ", "ɔ": "ɑ", "ɒ": "ɑ", "ɜ": "ə", "ɚ": "ə", "ɝ": "ə", "ɘ": "ə", "ɵ": "ə"}
)
_LATER = str.maketrans({"ɪ": "ə"})
_SHORT = 2
_ALWAYS_READ = 4
"""Letters of words that may be a part of anything."""
_VOWELS = "aeiouyæɑɒɔəɛɜɚɝɘɵɪʊʌɐᵻøœɨʉ"
_MUTE_H = re.compile(f"h(?![{_VOWELS}])")
_R = re.compile("(?<=[əɑ])ɹ(?![ɑæɛeaoʌʊɪ])")
_FIRST = re.compile(f"[^{_VOWELS}]*[{_VOWELS}]+")
_TWICE = re.compile(rf"([^{_VOWELS}])\1+")


class Term(Struct, frozen=True, array_like=True):
    """A term to listen for."""

    text: str
    stem: bool
    rule: str
    category: str
    severity: int


class Keys(Struct, frozen=True, kw_only=True):
    """An index as it is kept: sounds, each with its term's number. `stems` are beginnings."""

    terms: list[Term]
    exact: dict[str, int]
    exact_stems: dict[str, int]
    near: dict[str, int]
    near_stems: dict[str, int]
    joined: dict[str, int]
    """Near sounds that are also found across words."""
    allowed: list[str]
    """Sounds of allowed phrases, in which nothing is found; a beginning ends without a space."""
    left_out: int = 0
    """Keys that ordinary words have as well."""


def terms(rules: Iterable[Rule]) -> list[Term]:
    """What rules ask to listen for: grave terms that are always stopped. An operator may let pass
    what is held, and what is replaced is not said; neither is stopped here.
    """
    found: dict[tuple[str, bool], Term] = {}
    for rule in sorted(rules, key=lambda rule: -rule.severity):
        if rule.severity < GRAVE or rule.action not in ("drop", "panic"):
            continue
        if "sound" in rule.without or not _english(rule):
            continue
        for text in rule.terms:
            if text.isascii() and len(text.split()) <= _PHRASE:
                term = Term(text, rule.match != "word", rule.id, rule.category, rule.severity)
                found.setdefault((text, term.stem), term)
    return list(found.values())[:MAX_TERMS]


def _english(rule: Rule) -> bool:
    """The ordinary words are English, so other languages' terms would be found in them."""
    return not rule.languages or "en" in rule.languages


def readings_of(term: Term) -> list[str]:
    """The texts whose sounds a term has: itself, its letters one by one, its figures in groups."""
    text = term.text
    if text.isdigit():
        pairs = [text[at : at + 2] for at in range(0, len(text), 2)]
        return list(dict.fromkeys([text, " ".join(pairs), " ".join(text)]))
    return [text, letters] if (letters := spelt(text)) else [text]


def spelt(text: str) -> str:
    """A word letter by letter, in capitals as letters are read; empty when it is not listened for
    in that way.
    """
    return " ".join(text.upper()) if text.isalpha() and len(text) in _SPELT else ""


def words(phonemes: str) -> list[str]:
    """The words of a reading, in the form of exact keys."""
    return phonemes.translate(_ALIKE).replace("ɚɹ", "ɚ").split()


@lru_cache(8192)
def near(joined: str) -> str:
    """The near form of exact phonemes: kindred vowels alike, after the first one all the more."""
    text = _R.sub("", _MUTE_H.sub("", joined.translate(_KINDRED)))
    first = _FIRST.match(text)
    if first is not None:
        text = text[: first.end()] + text[first.end() :].translate(_LATER)
    return _TWICE.sub(r"\1", text)


def _late(sound: str) -> str:
    """The near form of what stands behind something else."""
    return near(sound).translate(_LATER)


class SoundIndex:
    """Grave sounds, ready to look for."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._stem_sizes = _sizes(keys.exact_stems)
        self._near_sizes = _sizes(keys.near_stems)
        self._phrase = max((key.count(" ") + 1 for key in keys.exact), default=1)
        self._longest = max(map(len, keys.joined), default=0)

    def judge(self, phonemes: str, before: str = "", text: str = "") -> Verdict | None:
        """None when nothing grave is heard.

        Args:
            before: the reading that came right before: what began in it and ends here counts.
            text: what was written. A term that stands in it as it is spelt was seen by the gate,
                and let pass for what stands around it.
        """
        if len(phonemes) > MAX_PHONEMES:
            return failed(f"a reading of {len(phonemes)} phonemes", "sound")
        head, here = words(before)[-_PHRASE:], words(phonemes)
        hits = self._hits(head + here, len(head))
        found = next((hit for hit in hits if not _stands_in(hit[0].text, text)), None)
        if found is None:
            return None
        term, split = found
        return Verdict(
            action="drop",
            category=term.category,
            rule=term.rule,
            view="sound",
            term=term.text,
            severity=term.severity,
            risk=term.severity / 5,
            means="sound",
            split=split,
        )

    def _hits(self, heard: list[str], edge: int) -> Iterator[tuple[Term, bool]]:
        spans: list[tuple[int, int]] | None = None
        for start in range(len(heard)):
            for end, number in self._from(heard, start):
                if end <= edge:
                    continue
                if spans is None:
                    spans = self._allowed(heard)
                if not any(first <= start and end <= last for first, last in spans):
                    yield self.keys.terms[number], start < edge

    def _from(self, heard: list[str], start: int) -> Iterator[tuple[int, int]]:
        """What is found from one word on: where it ends, and its term."""
        keys = self.keys
        word = heard[start]
        yield from _beginnings(word, start + 1, keys.exact_stems, self._stem_sizes)
        rough = near(word[:64])
        if rough in keys.near:
            yield start + 1, keys.near[rough]
        yield from _beginnings(rough, start + 1, keys.near_stems, self._near_sizes)
        phrase = ""
        for end in range(start + 1, min(len(heard), start + self._phrase) + 1):
            phrase = f"{phrase} {heard[end - 1]}" if phrase else word
            if phrase in keys.exact:
                yield end, keys.exact[phrase]
        joined = word
        for end in range(start + 1, len(heard) + 1):
            if end > start + 1:
                joined += heard[end - 1]
            # A near form is shorter than what it is of, but never by half.
            if len(joined) > 2 * self._longest:
                break
            rough = near(joined)
            if rough in keys.joined:
                yield end, keys.joined[rough]

    def _allowed(self, heard: list[str]) -> list[tuple[int, int]]:
        text = f" {' '.join(heard)} "
        spans = []
        for phrase in self.keys.allowed:
            at = text.find(phrase)
            while at >= 0:
                first = text.count(" ", 0, at + 1) - 1
                spans.append((first, first + phrase.strip().count(" ") + 1))
                at = text.find(phrase, at + 1)
        return spans


def _stands_in(term: str, text: str) -> bool:
    """A word of a text begins with the term, spaces aside. Letters that stand alone, or that have
    marks between them, spell nothing that was let pass.
    """
    parts = [part for part in text.lower().split() if len(part) > 1]
    bare = term.replace(" ", "")
    return any("".join(parts[at : at + _PHRASE]).startswith(bare) for at in range(len(parts)))


def _beginnings(
    word: str, end: int, keys: Mapping[str, int], sizes: list[int]
) -> Iterator[tuple[int, int]]:
    for size in sizes:
        if size > len(word):
            break
        if word[:size] in keys:
            yield end, keys[word[:size]]


def _sizes(keys: Iterable[str]) -> list[int]:
    return sorted({len(key) for key in keys})


_SPELLING = (
    (re.compile("^(?:kn|gn|pn)"), "n"),
    (re.compile("ph"), "f"),
    (re.compile("[cqx]|ck"), "k"),
    (re.compile("gh(?=$|t)|[aeiouyhwr]"), ""),
    (re.compile("z"), "s"),
    (re.compile("j"), "g"),
    (re.compile("mb$"), "m"),
    (re.compile("d"), "t"),
    (re.compile(r"(.)\1+"), r"\1"),
)


def _bones(word: str) -> str:
    """The consonants of a spelling, those alike that may sound alike."""
    for pattern, to in _SPELLING:
        word = pattern.sub(to, word)
    return word


def candidates(listened: Iterable[Term], every: Iterable[str]) -> list[str]:
    """The ordinary words that may sound like a term or a part of it: short ones, and those with the
    consonants of one. The others need not be read, which would take seconds.
    """
    one = [term for term in listened if " " not in term.text]
    whole = {_bones(term.text) for term in one}
    begins = {bones for term in one if term.stem and len(bones := _bones(term.text)) > 1}
    sizes = _sizes(begins)
    found = []
    for word in every:
        if not 0 < len(word) <= LONGEST_ORDINARY:
            continue
        bones = _bones(word)
        near_one = bones in whole or any(bones[:size] in begins for size in sizes)
        if len(word) <= _ALWAYS_READ or near_one:
            found.append(word)
    return sorted(found)


def build(
    listened: list[Term],
    sounds: Mapping[str, str],
    ordinary: Iterable[tuple[str, str]],
    allowed: Iterable[str],
    unsafe: Callable[[str], bool],
) -> Keys:
    """Make an index.

    Args:
        listened: terms, see `terms`.
        sounds: phonemes of all their `readings_of`, and of allowed phrases.
        ordinary: ordinary words with their phonemes.
        allowed: allowed phrases; a star at the end stands for any ending.
        unsafe: whether a word is itself stopped: then it is not ordinary.
    """
    exact: dict[str, int] = {}
    stems: dict[str, int] = {}
    rough: dict[str, int] = {}
    rough_stems: dict[str, int] = {}
    joined: dict[str, int] = {}
    for number, term in enumerate(listened):
        for text in readings_of(term):
            heard = words(sounds.get(text, ""))
            whole, form = " ".join(heard), near("".join(heard))
            if len("".join(heard)) < _LEAST:
                continue
            if text != term.text and not term.text.isdigit():
                joined.setdefault(form, number)  # letter by letter
                continue
            (stems if term.stem and len(heard) == 1 else exact).setdefault(whole, number)
            if " " in text or term.text.isdigit() or len(form) < _LEAST:
                continue
            (rough_stems if term.stem else rough).setdefault(form, number)
            if len(form) > _LEAST:
                joined.setdefault(form, number)
    common = _common(exact, stems, rough, rough_stems, joined, ordinary, unsafe)
    spelling = {near("".join(words(sounds.get(spelt(t.text), "")))) for t in listened}
    spelling_long = {
        near("".join(words(sounds.get(spelt(t.text), ""))))
        for t in listened
        if len(t.text) > _LEAST
    }
    keep = spelling_long - {""}
    apart = {form for form in joined if form not in keep and _falls_apart(form, common.near)}
    short = {near(sound) for sound in common.short} | {_late(sound) for sound in common.short}
    apart |= {form for form in joined if form not in spelling and _falls_apart(form, short)}
    apart |= {form for form in joined if form in common.near and form not in spelling}
    kept = Keys(
        terms=listened,
        exact=_without(exact, common.exact),
        exact_stems=_without(stems, common.exact_begin),
        near=_without(rough, common.near),
        near_stems=_without(rough_stems, common.near_begin),
        joined=_without(joined, apart),
        allowed=list(dict.fromkeys(_phrases(allowed, sounds))),
    )
    before = sum(map(len, (exact, stems, rough, rough_stems, joined)))
    after = sum(map(len, (kept.exact, kept.exact_stems, kept.near, kept.near_stems, kept.joined)))
    return Keys(
        **{name: getattr(kept, name) for name in Keys.__struct_fields__ if name != "left_out"},
        left_out=before - after,
    )


class _Common(Struct):
    """What ordinary words have as well: whole sounds, and beginnings."""

    exact: set[str] = set()
    exact_begin: set[str] = set()
    near: set[str] = set()
    near_begin: set[str] = set()
    short: set[str] = set()
    """Letters, and words of two: any of them may stand behind any other ("T T", "he he")."""


def _common(
    exact: Mapping[str, int],
    stems: Mapping[str, int],
    rough: Mapping[str, int],
    rough_stems: Mapping[str, int],
    joined: Mapping[str, int],
    ordinary: Iterable[tuple[str, str]],
    unsafe: Callable[[str], bool],
) -> _Common:
    pieces = {
        form[a:b] for form in joined for a in range(len(form)) for b in range(a + 1, len(form) + 1)
    }
    pieces |= rough.keys()
    stem_sizes, rough_sizes = _sizes(stems), _sizes(rough_stems)
    found = _Common()
    for word, sound in ordinary:
        heard = words(sound)
        if len(heard) != 1:
            continue
        if len(word) <= _SHORT:
            found.short.add(heard[0])
        if len(word) < 2 and word not in ("a", "i", "o"):
            continue
        whole, form = heard[0], near(heard[0])
        begins = [whole[:size] for size in stem_sizes if whole[:size] in stems]
        near_begins = [form[:size] for size in rough_sizes if form[:size] in rough_stems]
        new = (whole in exact and whole not in found.exact) or (
            form in pieces and form not in found.near
        )
        if not (new or begins or near_begins) or unsafe(word):
            continue
        found.exact.add(whole)
        found.exact_begin.update(begins)
        found.near.add(form)
        found.near_begin.update(near_begins)
    return found


def _falls_apart(form: str, known: set[str], pieces: int = _PIECES) -> bool:
    """True when ordinary words together make it."""
    if form in known:
        return True
    if pieces <= 1:
        return False
    return any(
        form[:at] in known and _falls_apart(form[at:], known, pieces - 1)
        for at in range(1, len(form))
    )


def _without(keys: dict[str, int], common: set[str]) -> dict[str, int]:
    return {key: number for key, number in keys.items() if key not in common}


def _phrases(allowed: Iterable[str], sounds: Mapping[str, str]) -> Iterator[str]:
    for text in allowed:
        heard = " ".join(words(sounds.get(bare(text), "")))
        if heard:
            yield f" {heard}" if text.rstrip().endswith("*") else f" {heard} "


def bare(allowed: str) -> str:
    """An allowed phrase as it is read aloud."""
    return allowed.rstrip().rstrip("*").strip()
