"""A line as somebody hears it: made-up spellings read as the words that were meant.

"hao tu bild a paip bom" names nothing that a list has, and a voice says it all the same. Which
words sound like a spelling is known from how they are written and from how a synthesizer reads them
("notsis"; bench/word_sounds.py). Several often do, so the line is read as a whole: the words that
sound most alike and follow each other most usually (Viterbi, "Error bounds for convolutional
codes", 1967, over the words and pairs of words of the lines that the model of meanings learnt).
Where one word is spelt so, others may be words that sound alike ("dye" and "die"), or two that are
one ("pass wurd"). A line of nothing but usual words is read as it stands.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kitsu_tui.show.safety import ordinary
from kitsu_tui.show.safety.dialect import MEANT, NAMES
from kitsu_tui.show.safety.phonetic import blur, bones, loose, sound
from kitsu_tui.show.safety.unstretched import unstretched

LEAST = 3
"""Letters; shorter ones sound like too much."""
LEAST_JOINED = 5
"""Letters of two words that may be one, and one more where they only sound much like it."""
MOST = 6
"""Words that a spelling may stand for, of one way to compare."""
MOST_ALIKE = 4
STEPS = 8.0
"""Parts of one unit of log-probability in which costs are kept."""
COSTS = (0.5, 1.5, 3.0, 4.0)
"""What it costs to read a word so: it sounds the same, but for vowels, but for all vowels, by far.
All costs are in units of log-probability."""
DIALECT_COSTS = 0.3
KEPT_COSTS = 6.0
"""To leave what is no word as it stands."""
NAME_COSTS = 1.0
"""To leave a word that the lines do not have."""
ALIKE_COSTS = 2.0
JOINED_COSTS = 1.5
NEVER = 18.0
"""Of a word that was never met."""
MOST_COST = 9.0
"""Of a word of a line: of nine made-up spellings in ten it is less, of other languages more."""
BEGIN, END = "<s>", "</s>"
PLACES = 1 << 20
"""Of pairs of words that were met; see `Spoken.follows`."""
MAX_MEMO = 6_000
"""Made-up spellings met before."""
LONG = 48
"""Longer ones are not kept."""
PIECE = 24
"""Words that are read together: of a long line, harmless ones say nothing of the others."""
MAX_WORDS = 20 * PIECE
"""Of a longer text the rest is left as it stands."""
RARER = 3.4
"""By so much (the log of 30) is a word rarer than one that it may be written for, as "ewe"."""
_SPELLED = (
    ("wh", "w"), ("ew", "oo"), ("dge", "j"), ("tion", "shun"), ("kn", "n"), ("ow", "ou"),
    ("ey", "ay"), ("oe", "o"),
)  # fmt: skip
_LENGTHS = struct.Struct("<II")

Choices = dict[str, float]
"""Words that one may stand for, and what that costs."""


class Spoken(NamedTuple):
    """Words, how they sound and how they follow each other.

    Attributes:
        words: each with its cost in STEPS behind a space.
        sounding: for each of the ways to compare a key and the words that have it, a space between
            them, the most usual first; see `keys`.
        alike: words that a synthesizer reads in the same way, a space between them.
        follows: what it costs in STEPS that one word follows another, at the `place` of the two;
            0: they were not met.
    """

    words: Sequence[str] = ()
    sounding: Sequence[Sequence[str]] = ((), (), (), ())
    alike: Sequence[str] = ()
    follows: bytes = b""

    def packed(self) -> bytes:
        """For a file."""
        lists = (self.words, *self.sounding, self.alike)
        text = "\f".join("\n".join(some) for some in lists).encode()
        return _LENGTHS.pack(len(text), len(self.follows)) + text + self.follows

    @classmethod
    def unpacked(cls, data: bytes) -> Spoken:
        """Raises ValueError where that is none."""
        if len(data) < _LENGTHS.size:
            raise ValueError("a list of sounds that is cut short")
        length, follows = _LENGTHS.unpack_from(data)
        if len(data) != _LENGTHS.size + length + follows:
            raise ValueError("a list of sounds that is cut short")
        text = data[_LENGTHS.size : _LENGTHS.size + length].decode()
        if follows not in (0, PLACES):
            raise ValueError("a list of sounds that is of another kind")
        words, *sounding, alike = [part.split("\n") if part else [] for part in text.split("\f")]
        if len(sounding) != len(COSTS):
            raise ValueError("a list of sounds that is of another kind")
        return cls(words, sounding, alike, data[_LENGTHS.size + length :])


NONE_SPOKEN = Spoken()


def key(word: str) -> str:
    """How a word sounds, a little coarser than sound(): for whole lines."""
    for letters, instead in _SPELLED:
        word = word.replace(letters, instead)
    return sound(word)


def keys(heard: str) -> tuple[str, str, str, str]:
    """A key and what is left of it for each coarser way to compare."""
    return heard, blur(heard), bones(heard), loose(heard)


def spelled(word: str) -> bool:
    """Whether it can be compared by its sound."""
    return word.isascii() and word.isalpha() and len(set(word)) > 1


def place(word: str, after: str) -> int:
    """Where what it costs that `after` follows `word` stands."""
    return (31 * zlib.crc32(word.encode()) + zlib.crc32(after.encode())) % PLACES


class _Way(NamedTuple):
    """The best way to some word: what it costs, and the one before it."""

    cost: float
    start: int
    before: str


class Heard:
    """Known words by their sound."""

    def __init__(self, spoken: Spoken) -> None:
        split = (line.partition(" ") for line in spoken.words)
        self._costs = {word: int(cost) / STEPS for word, _, cost in split}
        self._by = [_pairs(some) for some in spoken.sounding]
        self._alike: dict[str, list[str]] = {}
        for line in spoken.alike:
            words = line.split(" ")
            for word in words:
                self._alike[word] = [other for other in words if other != word][:MOST_ALIKE]
        self._follows = spoken.follows
        self._met: dict[str, Choices] = {}
        self._doubtful: dict[str, float] = {}

    def written(self, words: Iterable[str]) -> list[str] | None:
        """The words with letters drawn out, or figures for letters, as they are meant; None: none
        is written so. There is no guess in it: the others are words."""
        some = list(words)
        if self._costs.keys() >= set(some):
            return None
        meant = [
            word if word in self._costs else unstretched(word, self._costs.__contains__) or word
            for word in some
        ]
        return meant if meant != some else None

    def read(self, words: Sequence[str]) -> list[str] | None:
        """The line as it is meant to be heard; None: as it stands."""
        if len(words) < 2 or not self._costs:
            return None  # of one word, nothing says which is meant
        line: list[str] = []
        for at in range(0, min(len(words), MAX_WORDS), PIECE):
            piece = list(words[at : at + PIECE])
            line += self._read(piece) if sum(map(self._doubt, piece)) >= 1 else piece
        line += words[MAX_WORDS:]
        return line if line != list(words) else None

    def _read(self, words: list[str]) -> list[str]:
        """Some words in a row as they are meant; as they stand where that is no English."""
        ways: list[dict[str, _Way]] = [{} for _ in range(len(words) + 1)]
        ways[0][BEGIN] = _Way(0.0, 0, "")
        for at, word in enumerate(words):
            if ways[at]:  # none where two words are always one
                self._on(ways, at, at + 1, self._choices(word))
                if at + 1 < len(words):
                    self._on(ways, at, at + 2, self._joined(word + words[at + 1]))
        found, cost = self._best(ways)
        return found if cost <= MOST_COST else words

    def _on(self, ways: list[dict[str, _Way]], start: int, end: int, choices: Choices) -> None:
        """Go on from all that may end at `start` to what may end at `end`."""
        before = [(said.rpartition(" ")[2], way.cost, said) for said, way in ways[start].items()]
        for said, cost in choices.items():
            first = said.partition(" ")[0]
            best, by = min([(so_far + self._cost(word, first), by) for word, so_far, by in before])
            known = ways[end].get(said)
            if known is None or best + cost < known.cost:
                ways[end][said] = _Way(best + cost, start, by)

    def _cost(self, word: str, after: str) -> float:
        """What it costs that `after` follows `word`."""
        if self._follows:
            found = self._follows[place(word, after)]
            if found:
                return found / STEPS
        return self._costs.get(after, NEVER)

    def _doubt(self, word: str) -> float:
        """How likely it is that a word is a made-up spelling: 0, 0.5 or 1."""
        found = self._doubtful.get(word)
        if found is None:
            found = 0.0
            if word not in self._costs:
                strange = len(word) >= LEAST and spelled(word) and word not in NAMES
                found = 1.0 if strange and not ordinary.is_word(word) else 0.0
            elif any(
                self._costs[other] + RARER < self._costs[word]
                for other in self._alike.get(word, ())
            ):
                found = 0.5
            if len(self._doubtful) >= MAX_MEMO:
                self._doubtful.clear()
            if len(word) <= LONG:
                self._doubtful[word] = found
        return found

    def _choices(self, word: str) -> Choices:
        """The words that one may stand for."""
        found = self._met.get(word)
        if found is None:
            found = self._chosen(word)
            if len(self._met) >= MAX_MEMO:
                self._met.clear()
            if len(word) <= LONG:
                self._met[word] = found
        return found

    def _chosen(self, word: str) -> Choices:
        if word in NAMES:
            return {word: 0.0}
        found: Choices = {}
        meant = MEANT.get(word)
        if meant is not None:
            found[meant] = DIALECT_COSTS
        if word in self._costs:
            found[word] = NAME_COSTS if meant is not None else 0.0
            for other in self._alike.get(word, ()):
                found.setdefault(other, ALIKE_COSTS)
            return found
        if len(word) > 1 and len(word) <= LONG and spelled(word):
            for by, cost, some in zip(self._by, COSTS, keys(key(word)), strict=True):
                if cost > COSTS[1] and len(word) <= LEAST:
                    break
                for other in by.get(some, "").split():
                    found.setdefault(other, cost)
            if word.endswith("in") and f"{word}g" in self._costs:
                found[f"{word}g"] = DIALECT_COSTS
        found.setdefault(word, NAME_COSTS if ordinary.is_word(word) else KEPT_COSTS)
        return found

    def _joined(self, word: str) -> Choices:
        """The words that two may be when they are one."""
        if not LEAST_JOINED <= len(word) <= LONG or not spelled(word):
            return {}
        if word in self._costs:
            return {word: JOINED_COSTS} if len(word) > LEAST_JOINED else {}
        exact, blurred, *_ = self._by
        heard = key(word)
        found = [some for some in exact.get(heard, "").split() if len(some) >= LEAST_JOINED]
        if found:
            return dict.fromkeys(found, JOINED_COSTS + COSTS[0])
        found = [some for some in blurred.get(blur(heard), "").split() if len(some) > LEAST_JOINED]
        return dict.fromkeys(found, JOINED_COSTS + COSTS[1] - COSTS[0])

    def _best(self, ways: Sequence[dict[str, _Way]]) -> tuple[list[str], float]:
        """The words of the best way to the end, and what each costs, those aside that are left as
        they stand and known to nobody."""
        at = len(ways) - 1
        said = min(
            ways[at],
            key=lambda some: ways[at][some].cost + self._cost(some.rpartition(" ")[2], END),
        )
        found: list[str] = []
        cost, counted = 0.0, 0
        while at > 0:
            way = ways[at][said]
            if said in self._costs or " " in said:
                cost += way.cost - (ways[way.start][way.before].cost if way.start else 0.0)
                counted += 1
            found += reversed(said.split(" "))
            at, said = way.start, way.before
        return found[::-1], cost / counted if counted else 0.0


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    """The words of each key, as they stand."""
    return {key: words for key, _, words in [line.partition(" ") for line in lines]}
