"""What a line means as a whole, where no single word of it is bad.

"How could I put something in her drink" holds nothing that a list may forbid. A linear model over
words, pairs of words and kinds of words, trained on lines written by hand (bench/meaning.py), says
how likely a moderator would stop a line, and of what kind it is. It is one more means beside the
rules, never instead of them: a rule with the key `meaning:` names the kind that it counts for.

It needs some microseconds a word and no package: the weights are bytes, found by hashed place
(Weinberger et al., "Feature hashing for large scale multitask learning", 2009). Kinds of words
are clusters of word vectors, so that words which the lines never had count like their neighbours.
"""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from operator import xor
from pathlib import Path
from typing import Any, NamedTuple

from kitsu_tui.show.safety.aliases import ALIASES
from kitsu_tui.show.safety.heard import NONE_SPOKEN, Heard, Spoken

DATA = Path(__file__).parent / "data" / "meaning.bin"
MAGIC = b"kitsu-meaning-7\n"
BITS = 20
"""Pairs share this many places, as a power of two."""
MASK = (1 << BITS) - 1
WINDOW = 28
"""Words scored as one line; of a longer text the worst window counts."""
STEP = 14
PART, PART_STEP = 8, 3
"""So many words in a row are scored by themselves as well: a line says less the more harmless words
stand round what is bad in it, and "thank you for the stream" behind it is quickly written."""
PART_LESS = 1.5
"""Log-odds that such a part counts less than a line: it was cut out of what it belongs to."""
PAIRS = ("next", "over")
"""A word with the one after it, and with the one after that."""
NEAR = 6
"""A word also counts with each of so many after it, both by their stems and in either order."""
STEM = 5
"""Letters of a word's stem."""
GRAM, GRAM_MASK = 4, (1 << 17) - 1
"""Letters in a row, of which a word is made up as well: what is known of a word never met."""
BEGIN, END = "<s>", "</s>"
KINDS = (
    "self-harm", "drugs", "weapons", "crime", "hate", "violence", "harassment", "sexual",
    "profanity", "private", "injection",
)  # fmt: skip
NOTHING = -20.0
"""The score of no words."""
MAX_ENTRIES = 20_000
"""Words kept ready."""
MAX_PAIRED = 8_000
"""Rows of three words kept ready: what the rows of a line, and lines alike, have in common."""
LONG = 48
"""Of longer words nothing is kept."""
_HEAD = struct.Struct("<IIIIfffff")
_APART = range(1, NEAR + 1)


def place(text: str) -> int:
    """A fixed place for a text, MASK at most; the same in every run and on every machine."""
    return zlib.crc32(text.encode()) & MASK


class Entry(NamedTuple):
    """What is known of a word, ready for use.

    Attributes:
        weight: what it says by itself.
        left: its places as the first of a pair, for each of PAIRS; then those of its cluster.
        right: the same as the second.
        stem: the place of its stem, for those near it.
    """

    weight: float
    left: tuple[int, ...]
    right: tuple[int, ...]
    stem: int


def normal(words: Iterable[str]) -> list[str]:
    """Words as the model knows them: short forms written out, a number by its length."""
    return [
        f"#{min(len(word), 9)}" if word.isdigit() else ALIASES.get(word, word) for word in words
    ]


def entry(word: str, cluster: int, weight: float = 0.0) -> Entry:
    """A word's own places; `cluster` under 0: it has none.

    A word is left of another as itself and as its cluster, likewise right: three of the four
    combinations count, all but cluster with cluster.
    """
    kind = f"c{cluster}" if cluster >= 0 else f"u{word}"
    return Entry(
        weight,
        tuple(place(f"l{pair}{name}") for pair in PAIRS for name in (word, kind)),
        tuple(_turned(f"r{pair}{name}") for pair in PAIRS for name in (word, kind)),
        place(f"s{word[:STEM]}"),
    )


def _turned(text: str) -> int:
    """Another place: those of two texts and of the same in the other order would be one, as the
    sums of bits that `crc32` is made of are the same."""
    return (place(text) * 40503 + 1) & MASK


UNKNOWN = entry("<?>", -1)
"""Any word that is not in the list."""


def pairs(entries: Sequence[Entry]) -> list[int]:
    """The places of all pairs in a line: six for each word and the two ends."""
    found: list[int] = []
    last = len(entries)
    for at in range(last - 1):
        first = entries[at].left
        second = entries[at + 1].right
        found += (first[0] ^ second[0], first[0] ^ second[1], first[1] ^ second[0])
        if at + 2 < last:
            second = entries[at + 2].right
            found += (first[2] ^ second[2], first[2] ^ second[3], first[3] ^ second[2])
    return found


def near(entries: Sequence[Entry]) -> list[int]:
    """The places of all that stand near each other, the two ends with them."""
    stems = [entry.stem for entry in entries]
    return [place for apart in range(1, NEAR + 1) for place in map(xor, stems, stems[apart:])]


def grams(word: str) -> list[int]:
    """The places of the letters in a row that a word is made up of."""
    some = f" {word} "
    return [
        zlib.crc32(some[at : at + GRAM].encode()) & GRAM_MASK for at in range(len(some) - GRAM + 1)
    ]


def scale(words: int) -> float:
    """What a line's sum is multiplied with, so that long ones do not count for more."""
    return 1.0 / math.sqrt(6 * words + 40)


def _windows(words: list[str], size: int, step: int) -> list[list[str]]:
    """So many words in a row, from every few words on; the last are in the last one."""
    last = max(0, len(words) - size)
    return [words[at : at + size] for at in (*range(0, last, step), last)]


class Meaning:
    """The model, ready to ask.

    Attributes:
        heard: what made-up spellings sound like.
    """

    def __init__(self, data: bytes) -> None:
        """Raises ValueError where `data` is no model of this format."""
        if not data.startswith(MAGIC):
            raise ValueError("not a model of meanings, or of another version")
        try:
            body = zlib.decompress(data[len(MAGIC) :])
        except zlib.error as error:
            raise ValueError(f"a broken model of meanings: {error}") from None
        if len(body) < _HEAD.size:
            raise ValueError("a model of meanings that is cut short")
        count, size, heard, clusters, *steps = _HEAD.unpack_from(body)
        self._word_step, self._pair_step, self._near_step, self._gram_step, self._bias = map(
            float, steps
        )
        at = _HEAD.size
        listed = body[at : at + size].decode().split("\n")
        self._places = {word: number for number, word in enumerate(listed)}
        at += size
        self.heard = Heard(Spoken.unpacked(body[at : at + heard]))
        at += heard
        self._clusters = array("H", body[at : at + 2 * count])
        at += 2 * count
        self._words = array("b", body[at : at + count])
        at += count
        self._pairs = array("b", body[at : at + MASK + 1])
        at += MASK + 1
        self._near = array("b", body[at : at + MASK + 1])
        at += MASK + 1
        self._grams = array("b", body[at : at + GRAM_MASK + 1])
        at += GRAM_MASK + 1
        self._kinds = array("b", body[at : at + len(KINDS) * (count + 1)])
        if len(self._kinds) != len(KINDS) * (count + 1) or len(self._places) != count:
            raise ValueError("a model of meanings that is cut short")
        self._none = clusters
        self._entries: dict[str, Entry] = {}
        self._weights: dict[str, float] = {}
        self._stems: dict[str, int] = {}
        self._paired: dict[tuple[str, str, str], int] = {}
        """What the pairs of a word with the next two weigh."""
        self._ends = (entry(BEGIN, -1), entry(END, -1))
        self._end_stems()

    def score(self, words: Iterable[str]) -> float:
        """The log of the odds that a moderator would stop a line of these words (folded, without
        punctuation); of a long one that of its worst part, see WINDOW and PART. No words: very low.
        """
        some = list(words)
        if not some:
            return NOTHING
        found = max(map(self._score, _windows(some, WINDOW, STEP)))
        if len(some) <= PART:
            return found
        return max(found, max(map(self._score, _windows(some, PART, PART_STEP))) - PART_LESS)

    def kind(self, words: Iterable[str]) -> str:
        """Of what kind a line is that is to be stopped: one of KINDS."""
        size = len(KINDS)
        sums = self._kinds[:size].tolist()
        for word in set(normal(words)):
            at = self._places.get(word)
            if at is not None:
                row = self._kinds[size * (at + 1) : size * (at + 2)]
                sums = [total + more for total, more in zip(sums, row, strict=True)]
        return KINDS[sums.index(max(sums))]

    def telling(self, words: Iterable[str], most: int = 3) -> list[str]:
        """The words without which a line would read best, in their order: for a person's eyes."""
        some = list(words)[: 2 * WINDOW]
        whole = self.score(some)
        lost = [whole - self.score(some[:at] + some[at + 1 :]) for at in range(len(some))]
        chosen = sorted(range(len(some)), key=lambda at: -lost[at])[:most]
        return [some[at] for at in sorted(chosen) if lost[at] > 0]

    def clusters(self) -> dict[str, int]:
        """Words and the clusters they belong to; a word that is in none is left out."""
        return {
            word: self._clusters[at]
            for word, at in self._places.items()
            if self._clusters[at] != self._none
        }

    def _score(self, words: list[str]) -> float:
        row = (BEGIN, *words, END, "")
        threes = list(zip(row, row[1:], row[2:], strict=False))
        paired: list[Any] = list(map(self._paired.get, threes))
        if None in paired:
            self._pair(words, threes, paired)
        weights: list[Any] = list(map(self._weights.get, words))
        if None in weights:
            weights = [self._entry(word).weight for word in words]
        stems: list[Any] = list(map(self._stems.get, row[:-1]))
        if None in stems:
            first, last = self._ends
            stems = [first.stem, *(self._entry(word).stem for word in words), last.stem]
        of = self._near.__getitem__
        close = sum([sum(map(of, map(xor, stems, stems[apart:]))) for apart in _APART])
        found: float = sum(paired) * self._pair_step + sum(weights) + close * self._near_step
        return found * scale(len(words)) + self._bias

    def _end_stems(self) -> None:
        first, last = self._ends
        self._stems.update({BEGIN: first.stem, END: last.stem})

    def _pair(
        self, words: list[str], threes: list[tuple[str, str, str]], paired: list[int | None]
    ) -> None:
        """Fill in what is not known of what the pairs of each word with the next two weigh."""
        if len(self._paired) >= MAX_PAIRED:
            self._paired.clear()
        weights = self._pairs
        first, last = self._ends
        row = [first, *map(self._entry, words), last]
        for at, three in enumerate(threes):
            if paired[at] is not None:
                continue
            a0, a1, a2, a3 = row[at].left
            b0, b1, _, _ = row[at + 1].right
            found = weights[a0 ^ b0] + weights[a0 ^ b1] + weights[a1 ^ b0]
            if at + 2 < len(row):
                _, _, b2, b3 = row[at + 2].right
                found += weights[a2 ^ b2] + weights[a2 ^ b3] + weights[a3 ^ b2]
            paired[at] = found
            if len("".join(three)) <= LONG:
                self._paired[three] = found

    def _entry(self, word: str) -> Entry:
        found = self._entries.get(word)
        if found is not None:
            return found
        (known,) = normal((word,))
        at = self._places.get(known)
        if at is None:
            total = sum([self._grams[place] for place in grams(known[:LONG])])
            unknown = UNKNOWN._replace(stem=place(f"s{known[:STEM]}"))
            found = unknown._replace(weight=total * self._gram_step)
        else:
            cluster = self._clusters[at]
            weight = self._words[at] * self._word_step
            found = entry(known, -1 if cluster == self._none else cluster, weight)
        if len(self._entries) >= MAX_ENTRIES:
            self._entries.clear()
            self._weights.clear()
            self._stems.clear()
            self._end_stems()
        if len(word) <= LONG:
            self._entries[word] = found
            self._weights[word] = found.weight
            self._stems[word] = found.stem
        return found


def packed(
    words: Sequence[str],
    clusters: Sequence[int],
    weights: Sequence[int],
    pair_weights: Sequence[int],
    near_weights: Sequence[int],
    gram_weights: Sequence[int],
    kinds: Sequence[int],
    *,
    spoken: Spoken = NONE_SPOKEN,
    steps: tuple[float, float, float, float],
    bias: float,
) -> bytes:
    """The file of a model: what `Meaning` reads.

    `words` in the order of all else; `clusters` -1 for none; `weights`, those of pairs, of words
    near each other and of letters in a row (at each place), from -127 to 127, times `steps` of
    each; `kinds` (for no word, then for each, one for each of KINDS) likewise. `spoken`: see
    Heard.
    """
    listed, sounds = "\n".join(words).encode(), spoken.packed()
    none = max(clusters, default=0) + 1
    body = _HEAD.pack(len(words), len(listed), len(sounds), none, *steps, bias)
    body += listed + sounds
    body += array("H", [none if cluster < 0 else cluster for cluster in clusters]).tobytes()
    for some in (weights, pair_weights, near_weights, gram_weights, kinds):
        body += array("b", some).tobytes()
    return MAGIC + zlib.compress(body, 9)


@cache
def shipped() -> Meaning:
    """The model that comes with Kitsu; read once, some 100 ms."""
    return Meaning(DATA.read_bytes())
