"""Puts words that mean alike into clusters, and these into the model of meanings.

    python -m kitsu_tui.bench.word_kinds MODEL.gguf WORDNET_FOLDER

Seldom to be run: with other words in data/words.txt.gz, or another source of vectors. A word that
is one token of the starter's language model has the vector that this model has for it; any other
one that of what it is derived from, else of its synonyms and of the words that WordNet explains it
with (Miller, "WordNet: a lexical database for English", 1995; its files `data.noun` and so on).
Needs the package `gguf`, which nothing else here does. Then train the model: bench/meaning.py.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from kitsu_tui.bench import meaning_lines, word_sounds
from kitsu_tui.bench.meaning import raw, trained
from kitsu_tui.cli.tell import tell
from kitsu_tui.show.safety import meaning, ordinary

CLUSTERS = 768
COMMON_DIRECTIONS = 3
"""The strongest directions, which all words share, are taken out (Mu and Viswanath, 2018)."""
SENSES = 3
"""Of a word in WordNet, the first ones count."""
_ENDINGS = (
    ("ies", "y"), ("es", "e"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""),
    ("ed", "e"), ("ers", "er"), ("er", ""), ("iest", "y"), ("ly", ""),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1(ing|ed|er)$")
_EMPTY_WORDS = """
    a an the of to in or and for with that is by on as at from who which be used having not one it
    its are this into any some especially usually being made other than
    """
_EMPTY = frozenset(_EMPTY_WORDS.split())
_WORD = re.compile(r"[a-z']+")
Vector = Any
Sense = tuple[list[str], list[str]]
"""The other words for it, and those that explain it."""


def stems(word: str) -> list[str]:
    """What a word may be derived from, itself first."""
    found = [word]
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            found.append(word[: -len(ending)] + instead)
    if _DOUBLED.search(word):
        found.append(_DOUBLED.sub(r"\1", word))
    return found


def model_vectors(path: Path) -> dict[str, Vector]:
    """A vector of length 1 for each lower-case word that is one token of a GGUF model."""
    # Only this script needs it.
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(path)
    tensor = next(one for one in reader.tensors if one.name == "token_embd.weight")
    table = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
    table -= table.mean(axis=0)
    shared = np.linalg.svd(table[:20_000], full_matrices=False)[2][:COMMON_DIRECTIONS]
    table -= table @ shared.T @ shared
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-9
    field = reader.fields["tokenizer.ggml.tokens"]
    tokens = [bytes(field.parts[at]).decode() for at in field.data]
    # U+0120 stands for the space before a word.
    return {
        token[1:]: table[at]
        for at, token in enumerate(tokens)
        if token.startswith("\u0120") and _WORD.fullmatch(token[1:])
    }


def senses(folder: Path) -> dict[str, list[Sense]]:
    """What WordNet tells of each word, the more usual first."""
    found: dict[str, list[Sense]] = defaultdict(list)
    for path in sorted(folder.glob("data.*")):
        for line in path.read_text(encoding="latin-1").splitlines():
            if line.startswith("  "):
                continue
            head, explained = line.split(" | ", 1)
            fields = head.split(" ")
            words = [fields[4 + 2 * at].lower().split("(")[0] for at in range(int(fields[3], 16))]
            text = _WORD.findall(explained.split('"')[0].lower())
            for word in words:
                others = [other for other in words if other != word]
                found[word].append((others, [one for one in text if one not in _EMPTY]))
    return found


def vector(
    word: str, known: Mapping[str, Vector], explained: Mapping[str, list[Sense]]
) -> Vector | None:
    """The vector of a word, of length 1; None: nothing is known of it."""
    for stem in stems(word):
        if stem in known and (stem == word or len(stem) > 3):
            return known[stem]
    for stem in stems(word):
        total = np.zeros(next(iter(known.values())).shape, np.float32)
        for rank, (others, text) in enumerate(explained.get(stem, ())[:SENSES], 1):
            for other in others:
                if other in known:
                    total += 2 / rank * known[other]
            of_text = [known[one] for one in text if one in known]
            if of_text:
                total += 2 / rank * np.mean(of_text, axis=0)
        length = np.linalg.norm(total)
        if length:
            return total / length
    return None


def clusters(words: Iterable[str], model: Path, wordnet: Path) -> dict[str, int]:
    """The cluster of each word of which enough is known."""
    known, explained = model_vectors(model), senses(wordnet)
    vectors = {word: vector(word, known, explained) for word in sorted({*words, *known})}
    names = [word for word, found in vectors.items() if found is not None]
    grouped = MiniBatchKMeans(CLUSTERS, random_state=1, n_init=1, batch_size=8192, max_iter=40)
    grouped.fit(np.array([vectors[name] for name in names]))
    return dict(zip(names, grouped.labels_.tolist(), strict=True))


def main() -> None:
    """Write the model with new clusters."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    lines = meaning_lines.learnt()
    found = clusters(ordinary.words(), Path(sys.argv[1]), Path(sys.argv[2]))
    split = [raw(line.text) for line in lines]
    spoken = word_sounds.spoken(split, [line.unsafe for line in lines])
    meaning.DATA.write_bytes(trained(lines, found, spoken))
    tell(f"{meaning.DATA}: {len(found)} words in {CLUSTERS} clusters")


if __name__ == "__main__":
    main()
