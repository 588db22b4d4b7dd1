"""How the words sound that the model of meanings knows: what it takes made-up spellings for.

A spelling by ear ("notsis", "eksikyooted") is written as its writer says the word, so beside the
key of how a word is written each has one of how the starter's voice reads it.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from kitsu_tui.bench.readings import reader
from kitsu_tui.show import readings
from kitsu_tui.show.safety import ordinary
from kitsu_tui.show.safety.heard import (
    BEGIN,
    COSTS,
    END,
    MOST,
    PLACES,
    STEPS,
    Spoken,
    key,
    keys,
    place,
    spelled,
)

LEAST = 2
"""Lines in which a word stands that a made-up spelling may mean."""
LEAST_ODD = 4
"""The same of what is in no dictionary; half of the lines have to be unsafe."""
LEAST_PAIRS = 2
"""Times that one word follows another, to be kept."""
PAIRED = 0.6
"""Of how likely a word is, the part that the word before it says."""
_LETTERS = (
    ("tʃ", "C"), ("dʒ", "j"), ("ju", "JU"), ("j", "J"), ("aɪɚ", "YR"), ("aʊ", "W"), ("eɪ", "A"),
    ("aɪ", "Y"), ("oʊ", "o"), ("ɔɪ", "oi"), ("u", "W"), ("ɑ", "o"), ("ɔ", "o"), ("ɜ", "ur"),
    ("ɚ", "R"), ("ʃ", "S"), ("ʒ", "S"), ("θ", "T"), ("ð", "T"), ("ŋ", "ng"), ("ɹ", "r"),
    ("ɡ", "g"), ("ɪ", "i"), ("ᵻ", "i"), ("ʌ", "u"), ("ə", "u"), ("ɐ", "u"), ("æ", "a"),
    ("ɛ", "e"), ("ʊ", "W"), ("ɾ", "t"), ("ʔ", "t"), ("z", "s"), ("ɬ", "l"), ("x", "k"),
)  # fmt: skip
"""Phonemes (IPA as espeak writes them) as the letters of `phonetic.sound`."""
_RUN = re.compile(r"(.)\1+")
_NOT_LETTERS = re.compile(r"[^A-Za-z]")


def in_letters(phonemes: str) -> str:
    """The key of a word that is read so; see phonetic.py."""
    phonemes = phonemes.replace("dʒ", "‡")
    for some, letters in _LETTERS:
        phonemes = phonemes.replace(some, letters)
    phonemes = phonemes.replace("‡", "j")
    return _RUN.sub(r"\1", _NOT_LETTERS.sub("", phonemes))


def spoken(split: Sequence[Sequence[str]], unsafe: Sequence[bool]) -> Spoken:
    """What lines in words (not all of them unsafe) say, and how the starter's voice reads these."""
    known = words(split, unsafe)
    return made(known, split, asyncio.run(_read(known)))


def words(split: Sequence[Sequence[str]], unsafe: Sequence[bool]) -> list[str]:
    """Those that a made-up spelling may stand for, the most usual first: of the dictionary, and of
    what else there is that which makes lines unsafe."""
    bad: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for text, is_bad in zip(split, unsafe, strict=True):
        some = set(text)
        every.update(some)
        if is_bad:
            bad.update(some)
    return [
        word
        for word, count in sorted(every.items(), key=lambda one: (-one[1], one[0]))
        if word.isascii() and word.isalpha()
        if (count >= LEAST if ordinary.is_word(word) else LEAST_ODD <= count <= 2 * bad[word])
    ]


def made(known: Sequence[str], split: Sequence[Sequence[str]], read: Mapping[str, str]) -> Spoken:
    """The same for the model, where `read` has the phonemes of the words."""
    single = Counter(word for text in split for word in (*text, END))
    both = Counter(pair for text in split for pair in pairwise((BEGIN, *text, END)))
    single[BEGIN] = len(split)
    size = single.total()
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for word in known:
        if read.get(word):
            alike[read[word]].append(word)
    rest = {word: (1 - PAIRED) * single[word] / size for word in {*known, END}}
    follows = bytearray(PLACES)
    for (first, second), count in both.items():
        if count >= LEAST_PAIRS and second in rest and (first in rest or first == BEGIN):
            chance = PAIRED * count / single[first] + rest[second]
            follows[place(first, second)] = _steps(chance)
    return Spoken(
        [f"{word} {_steps(rest[word])}" for word in known],
        _sounding(known, read),
        [" ".join(words) for words in alike.values() if len(words) > 1],
        bytes(follows),
    )


def _steps(chance: float) -> int:
    return max(1, min(255, round(-math.log(chance) * STEPS)))


def _sounding(known: Sequence[str], read: Mapping[str, str]) -> list[list[str]]:
    """The words of each key, by each way to compare."""
    found: list[dict[str, list[str]]] = [{} for _ in COSTS]
    for word in filter(spelled, known):
        for heard in filter(None, {key(word): None, in_letters(read.get(word, "")): None}):
            for way, (by, some) in enumerate(zip(found, keys(heard), strict=True)):
                words = by.setdefault(some, [])
                if len(heard) > way and len(words) < MOST and word not in words:
                    words.append(word)
    return [[f"{some} {' '.join(words)}" for some, words in by.items() if words] for by in found]


async def _read(words: list[str]) -> dict[str, str]:
    async with reader() as (ask, _):
        return await readings.words(ask, words, readings.shipped().read)
