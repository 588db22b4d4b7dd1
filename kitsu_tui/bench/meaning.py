"""Trains the model of meanings anew: writes kitsu_tui/show/safety/data/meaning.bin.

To be run when lines were added to tests/data/safety/meaning: `python -m kitsu_tui.bench.meaning`,
five minutes. It is a logistic regression with a weight for each word, its first letters, letters
in a row, its cluster, each pair of words and each two that stand near each other (show/safety/
meaning.py), by liblinear (Fan et al., 2008). Clusters of words are taken from the model that is
there; `word_kinds.py` makes those.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from kitsu_tui.bench import meaning_lines, word_sounds
from kitsu_tui.bench.meaning_lines import Line
from kitsu_tui.cli.tell import tell
from kitsu_tui.show.safety import meaning, normal
from kitsu_tui.show.safety.confusables import fold
from kitsu_tui.show.safety.heard import NONE_SPOKEN, Spoken
from kitsu_tui.show.safety.meaning import GRAM_MASK, KINDS, MASK, STEM, Meaning

STRENGTH = 30.0
"""How closely the weights follow the lines (C of the regression); 10 to 100 measured alike."""
KIND_STRENGTH = 0.3
LEAST = 2
"""Lines that something must stand in to be learnt."""
SAME = {
    "eating-disorder": "self-harm", "challenge": "self-harm", "dangerous": "self-harm",
    "medical": "self-harm", "selfharm": "self-harm",
    "threat": "violence", "deathwish": "violence", "incitement": "violence", "cruelty": "violence",
    "harass": "harassment", "extremism": "hate", "extrem": "hate", "slur": "hate",
    "doxxing": "private", "leak": "injection", "hacking": "crime",
    "sex": "sexual", "minor": "sexual", "sexual-minors": "sexual", "prof": "profanity",
}  # fmt: skip
"""Kinds of the files that count as another."""
PADDED = 0.6
"""The share of lines learnt once more with an ordinary one before or behind them."""
REGRESSIONS = 3
"""Each with other lines padded; the mean of them errs less than any."""
Matrix = Any


def words(text: str) -> list[str]:
    """A line as the model is asked for it."""
    return meaning.normal(raw(text))


def raw(text: str) -> list[str]:
    """The words of a line as they are written."""
    return normal.WORD.findall(fold(normal.clean(text)))


class Places:
    """The columns of all that may have a weight: pairs, words near each other, letters in a row,
    then words, clusters and stems."""

    def __init__(self, vocabulary: Sequence[str], clusters: Mapping[str, int]) -> None:
        self.words = {word: at for at, word in enumerate(vocabulary)}
        self.clusters = clusters
        stems = sorted({word[:STEM] for word in vocabulary if len(word) >= STEM})
        self.near = MASK + 1
        self.grams = self.near + MASK + 1
        self._first = self.grams + GRAM_MASK + 1
        self._cluster = self._first + len(vocabulary)
        self._stem = self._cluster + max(clusters.values(), default=0) + 1
        self._stems = {stem: self._stem + at for at, stem in enumerate(stems)}
        self.size = self._stem + len(stems)
        self._entries = {word: meaning.entry(word, clusters.get(word, -1)) for word in vocabulary}
        self._ends = (meaning.entry(meaning.BEGIN, -1), meaning.entry(meaning.END, -1))

    def of_word(self, word: str) -> list[int]:
        """The columns of a word by itself."""
        found = [self.grams + place for place in meaning.grams(word[: meaning.LONG])]
        at = self.words.get(word)
        if at is None:
            return found
        found.append(self._first + at)
        if word in self.clusters:
            found.append(self._cluster + self.clusters[word])
        if len(word) >= STEM:
            found.append(self._stems[word[:STEM]])
        return found

    def of_line(self, line: Sequence[str]) -> list[int]:
        """The columns of a whole line; those that stand twice in it come twice."""
        first, last = self._ends
        entries = [first, *map(self._entry, line), last]
        near = [self.near + place for place in meaning.near(entries)]
        return [*meaning.pairs(entries), *near, *(at for word in line for at in self.of_word(word))]

    def _entry(self, word: str) -> meaning.Entry:
        found = self._entries.get(word)
        if found is None:
            found = meaning.UNKNOWN._replace(stem=meaning.entry(word, -1).stem)
        return found

    def matrix(self, lines: Sequence[Sequence[str]]) -> Matrix:
        """A row for each line."""
        columns, values, ends = [], [], [0]
        for line in lines:
            found = self.of_line(line)
            columns += found
            values += [meaning.scale(len(line))] * len(found)
            ends.append(len(columns))
        made = sparse.csr_matrix((values, columns, ends), shape=(len(lines), self.size))
        made.sum_duplicates()
        return made


def trained(
    lines: Sequence[Line],
    clusters: Mapping[str, int],
    spoken: Spoken = NONE_SPOKEN,
    strength: float = STRENGTH,
) -> bytes:
    """A model of `lines`, as the file has it. `clusters`: of all words that are known of."""
    split = [words(line.text) for line in lines]
    seen = Counter(word for line in split for word in set(line))
    vocabulary = sorted({*clusters, *(word for word, count in seen.items() if count >= LEAST)})
    places = Places(vocabulary, clusters)
    weights, bias = _weights(lines, split, places, strength)
    alone = np.array([weights[places.of_word(word)].sum() for word in vocabulary])
    pair_step, pair_weights = _bytes(weights[: places.near])
    near_step, near_weights = _bytes(weights[places.near : places.grams])
    gram_step, gram_weights = _bytes(weights[places.grams : places.grams + GRAM_MASK + 1])
    word_step, word_weights = _bytes(alone)
    bad = [
        (SAME.get(line.kind, line.kind), text)
        for line, text in zip(lines, split, strict=True)
        if SAME.get(line.kind, line.kind) in KINDS
    ]
    return meaning.packed(
        vocabulary,
        [clusters.get(word, -1) for word in vocabulary],
        word_weights,
        pair_weights,
        near_weights,
        gram_weights,
        _kinds(bad, vocabulary, clusters),
        spoken=spoken,
        steps=(word_step, pair_step, near_step, gram_step),
        bias=bias,
    )


def _weights(
    lines: Sequence[Line], split: Sequence[Sequence[str]], places: Places, strength: float
) -> tuple[Matrix, float]:
    """A weight for each column, and the constant: the mean of some regressions, each with other
    lines padded."""
    weights, bias = np.zeros(places.size), 0.0
    for seed in range(REGRESSIONS):
        more = padded(lines, seed)
        matrix = places.matrix([*split, *(words(line.text) for line in more)])
        unsafe = np.array([line.unsafe for line in (*lines, *more)])
        kept = np.flatnonzero(np.bincount(matrix.indices, minlength=places.size) >= LEAST)
        matrix = matrix[:, kept]
        tells = np.sqrt(np.abs(_ratio(matrix, unsafe)))
        model = LogisticRegression(C=strength, max_iter=400, solver="liblinear", random_state=0)
        model.fit(matrix @ sparse.diags(tells), unsafe)
        weights[kept] += model.coef_[0] * tells / REGRESSIONS
        bias += float(model.intercept_[0]) / REGRESSIONS
    return weights, bias


def padded(lines: Sequence[Line], seed: int) -> list[Line]:
    """Lines that are made up of two, one of them at least ordinary: harmless words round a bad one
    say nothing, and what a line is does not hang on how it begins or ends."""
    chance = random.Random(seed)  # noqa: S311
    ordinary = [line.text for line in lines if not line.unsafe]
    found = []
    for line in lines:
        if ordinary and chance.random() < PADDED:
            both = [line.text, chance.choice(ordinary)]
            chance.shuffle(both)
            found.append(structs.replace(line, text=" ".join(both)))
    return found


def _ratio(matrix: Matrix, unsafe: Matrix) -> Matrix:
    """The log of how much more often each column stands in unsafe lines than in others.

    With its root as the column's scale, what tells the two apart is learnt more freely than what
    stands in both alike (Wang and Manning, "Baselines and bigrams", 2012).
    """
    there = matrix > 0
    bad = np.asarray(there[unsafe].sum(axis=0)).ravel() + 1.0
    good = np.asarray(there[~unsafe].sum(axis=0)).ravel() + 1.0
    return np.log((bad / bad.sum()) / (good / good.sum()))


def _kinds(
    bad: Sequence[tuple[str, Sequence[str]]], vocabulary: Sequence[str], clusters: Mapping[str, int]
) -> list[int]:
    """What each word says about the kind of a line that is unsafe."""
    at = {word: place for place, word in enumerate(vocabulary)}
    size = len(vocabulary) + max(clusters.values(), default=0) + 1

    def places(word: str) -> list[int]:
        found = [at[word]] if word in at else []
        return [*found, len(vocabulary) + clusters[word]] if word in clusters else found

    columns, ends = [], [0]
    for _, text in bad:
        columns += [place for word in set(text) for place in places(word)]
        ends.append(len(columns))
    matrix = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(bad), size))
    matrix.sum_duplicates()
    model = LogisticRegression(C=KIND_STRENGTH, max_iter=400)
    model.fit(matrix, [KINDS.index(kind) for kind, _ in bad])
    table = np.zeros((len(vocabulary) + 1, len(KINDS)))
    table[0] = -1 - np.abs(model.intercept_).max() - np.abs(model.coef_).max()  # of kinds unseen
    table[0, model.classes_] = model.intercept_
    for word, place in at.items():
        table[place + 1, model.classes_] = model.coef_[:, places(word)].sum(axis=1)
    return _bytes(table.ravel())[1]


def _bytes(values: Matrix) -> tuple[float, list[int]]:
    """Values in steps from -127 to 127, and the step; the very largest are cut."""
    some = np.abs(values[values != 0])
    step = float(np.quantile(some, 0.9995)) / 127 if some.size else 1.0
    return step, np.clip(np.round(values / step), -127, 127).astype(int).tolist()


def main() -> None:
    """Write the file."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else meaning.DATA
    lines = meaning_lines.learnt()
    split = [raw(line.text) for line in lines]
    spoken = word_sounds.spoken(split, [line.unsafe for line in lines])
    data = trained(lines, Meaning(meaning.DATA.read_bytes()).clusters(), spoken)
    path.write_bytes(data)
    tell(f"{path}: {len(data)} bytes, of {len(lines)} lines")


if __name__ == "__main__":
    main()
