"""Word error rate: how far what was heard is from what was said.

Both texts are normalised first, so that only words count: lower case, no punctuation, numbers and
contractions spelt one way, British spelling as American.
"""

from __future__ import annotations

import re
import unicodedata

SPELLINGS = {
    "favourite": "favorite",
    "favourites": "favorites",
    "colour": "color",
    "colours": "colors",
    "humour": "humor",
    "neighbour": "neighbor",
    "neighbours": "neighbors",
    "honour": "honor",
    "centre": "center",
    "theatre": "theater",
    "grey": "gray",
    "realise": "realize",
    "recognise": "recognize",
    "apologise": "apologize",
    "travelling": "traveling",
    "programme": "program",
    "ok": "okay",
}
CONTRACTIONS = {
    "can't": "cannot",
    "won't": "will not",
    "i'm": "i am",
    "let's": "let us",
    "it's": "it is",
    "that's": "that is",
    "what's": "what is",
    "there's": "there is",
    "he's": "he is",
    "she's": "she is",
    "gonna": "going to",
    "wanna": "want to",
}
ENDINGS = (
    ("n't", " not"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("'d", " would"),
)
# fmt: off
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
# fmt: on
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def normalised(text: str) -> list[str]:
    """The words of `text` in one spelling.

    >>> normalised("What's your favourite snack, at 21?")
    ['what', 'is', 'your', 'favorite', 'snack', 'at', 'twenty', 'one']
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    words: list[str] = []
    for word in re.findall(r"[\w']+", text):
        words.extend(_word(word.strip("'")).split())
    return [SPELLINGS.get(word, word) for word in words]


def _word(word: str) -> str:
    if word in CONTRACTIONS:
        return CONTRACTIONS[word]
    for ending, meant in ENDINGS:
        if word.endswith(ending):
            return word[: -len(ending)] + meant
    if word.isascii() and word.isdigit() and len(word) <= 2:
        value = int(word)
        if value < len(NUMBERS):
            return NUMBERS[value]
        tens, ones = divmod(value, 10)
        return TENS[tens - 2] + (f" {NUMBERS[ones]}" if ones else "")
    return word.replace("'", "")


def errors(said: str, heard: str) -> tuple[int, int]:
    """Word errors (insertions, deletions and replacements) and the number of words said."""
    reference, words = normalised(said), normalised(heard)
    row = list(range(len(words) + 1))
    for index, wanted in enumerate(reference, 1):
        diagonal, row[0] = row[0], index
        for place, word in enumerate(words, 1):
            above = row[place]
            row[place] = min(above + 1, row[place - 1] + 1, diagonal + (word != wanted))
            diagonal = above
    return row[-1], len(reference)


def wer(said: str, heard: str) -> float:
    """Errors for each word said, 0 when all is right; may be above 1.

    With nothing said it is 0 when nothing was heard and else 1.
    """
    wrong, words = errors(said, heard)
    if not words:
        return float(bool(wrong))
    return wrong / words
