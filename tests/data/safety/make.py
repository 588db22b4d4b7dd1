"""Writes unsafe.jsonl from bases.txt and disguised.txt: the same file whenever it is run.

Each base line is taken plain and in some of the disguises; where a disguise sits, how thick it is
and whether two are mixed is drawn from the base line itself.

    python tests/data/safety/make.py
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
EACH = 5
"""Disguises drawn for each base line, besides the plain one."""
BEFORE = [
    "lol ",
    "chat, ",
    "bro ",
    "ok so ",
    "honestly ",
    "um, ",
    "hey streamer, ",
    "no but ",
    "say ",
]
AFTER = [" lmao", " haha", ", chat", "!", "!!", "...", " :)", " fr", " again", " XD", ", ok?"]

LOOKALIKE = {
    "a": "аɑα", "b": "Ьƅ", "c": "сϲ", "d": "ԁ", "e": "еҽ", "f": "ƒ", "g": "ɡց", "h": "һհ",
    "i": "іιɩ", "j": "јϳ", "k": "κк", "l": "ӏⅼ", "m": "м", "n": "ոп", "o": "оοօ", "p": "рρ",
    "q": "ԛ", "r": "гᴦ", "s": "ѕꜱ", "t": "тτ", "u": "սυ", "v": "νѵ", "w": "ԝѡ", "x": "хχ",
    "y": "уү", "z": "ᴢ",
}  # fmt: skip
LEET = {
    "a": "4@", "b": "8", "e": "3", "g": "69", "i": "1!", "l": "1|", "o": "0", "s": "5$", "t": "7+",
    "z": "2",
}  # fmt: skip
SOUNDS = [
    ("ck", "k"), ("ck", "kk"), ("fu", "phu"), ("fa", "pha"), ("fu", "foo"), ("ph", "f"),
    ("ee", "ea"), ("er", "ur"), ("it", "yt"), ("it", "eet"), ("cu", "ku"), ("co", "ko"),
    ("ca", "ka"), ("ss", "zz"), ("or", "awr"), ("igg", "ygg"), ("ore", "oar"), ("ey", "ee"),
    ("ny", "nee"), ("ty", "tee"), ("igh", "y"), ("x", "ks"), ("you", "yoo"), ("ie", "ee"),
]  # fmt: skip
MARKS = "\u0300\u0301\u0302\u0303\u0308\u0323\u0331\u0332\u0335\u0336\u0337\u0338\u034f\u0361"
HIDDEN = "\u200b\u200c\u200d\u2060\u00ad\ufeff\u200e"
TAGS = [("<b>", "</b>"), ("<i>", "</i>"), ("<span class='x'>", "</span>"), ("**", "**"), ("_", "_")]

ALPHABETS = [
    (0xFF41, 0xFF21), (0x1D41A, 0x1D400), (0x1D622, 0x1D608), (0x1D68A, 0x1D670),
    (0x24D0, 0x24B6), (0x1D5EE, 0x1D5D4), (0x1D4EA, 0x1D4D0),
]  # fmt: skip
"""Where other alphabets begin: small letters, capitals."""

Draw = random.Random


def each(term: str, draw: Draw, share: float, change: Callable[[str], str]) -> str:
    """`change` for about this share of the letters, for one at least."""
    places = [at for at, char in enumerate(term) if char.isalnum() and change(char) != char]
    if not places:
        return term
    chosen = {at for at in places if draw.random() < share} or {draw.choice(places)}
    return "".join(change(char) if at in chosen else char for at, char in enumerate(term))


def words(term: str, change: Callable[[str], str]) -> str:
    return " ".join(change(word) for word in term.split(" "))


def case(term: str, draw: Draw) -> str:
    if draw.random() < 0.3:
        return term.upper()
    return "".join(draw.choice((char.upper(), char)) for char in term)


def width(term: str, draw: Draw) -> str:
    low, high = draw.choice(ALPHABETS)

    def wide(char: str) -> str:
        if not char.isascii() or not char.isalpha():
            return char
        first = low if char.islower() else high
        return chr(first + ord(char.lower()) - ord("a"))

    return each(term, draw, draw.choice((0.5, 1.0)), wide)


def confusables(term: str, draw: Draw) -> str:
    share = draw.choice((0.2, 0.5, 0.9))
    return each(term, draw, share, lambda char: draw.choice(LOOKALIKE.get(char, char)))


def scripts(term: str, draw: Draw) -> str:
    other = draw.choice((width, marks))
    return words(
        term, lambda word: other(word, draw) if draw.random() < 0.5 else confusables(word, draw)
    )


def leet(term: str, draw: Draw) -> str:
    share = draw.choice((0.4, 0.7, 1.0))
    return each(term, draw, share, lambda char: draw.choice(LEET.get(char, char)))


def hidden(term: str, draw: Draw) -> str:
    return each(term, draw, draw.choice((0.2, 0.6)), lambda char: char + draw.choice(HIDDEN))


def marks(term: str, draw: Draw) -> str:
    share, thick = draw.choice((0.3, 1.0)), draw.randint(1, 3)
    return each(
        term, draw, share, lambda char: char + "".join(draw.choice(MARKS) for _ in range(thick))
    )


def spacing(term: str, draw: Draw) -> str:
    gap = " " * draw.choice((1, 1, 1, 2))
    between = draw.choice((gap, gap * 3)) if " " in term else gap
    read = between.join(gap.join(word) for word in term.split(" "))
    return read.upper() if draw.random() < 0.3 else read


def punctuation(term: str, draw: Draw) -> str:
    sign = draw.choice(".-_*~,/|:+'^")

    def cut(word: str) -> str:
        if len(word) < 3 or draw.random() < 0.6:
            return sign.join(word)
        at = draw.randrange(1, len(word))
        return word[:at] + sign + word[at:]

    return words(term, cut) if sign != "'" else words(term, "-".join)


def repeats(term: str, draw: Draw) -> str:
    share = draw.choice((0.2, 0.4, 1.0))
    return each(
        term, draw, share, lambda char: char * draw.randint(3, 7) if char.isalpha() else char
    )


def phonetic(term: str, draw: Draw) -> str:
    fits = [(old, new) for old, new in SOUNDS if old in term]
    if not fits:
        return term
    for old, new in draw.sample(fits, min(len(fits), draw.randint(1, 2))):
        term = term.replace(old, new, 1)
    return term


def backwards(term: str, draw: Draw) -> str:
    if draw.random() < 0.5:
        return term[::-1]
    return words(term, lambda word: word[::-1] if len(word) > 3 else word)


def markup(term: str, draw: Draw) -> str:
    begin, end = draw.choice(TAGS)
    at = draw.randrange(1, len(term))
    if draw.random() < 0.5:
        return f"{begin}{term[:at]}{end}{term[at:]}"
    return f"{term[:at]}{begin}{end}{term[at:]}" if begin[0] == "<" else f"{begin}{term}{end}"


def masked(term: str, draw: Draw) -> str:
    sign = draw.choice("***#-")

    def strike(word: str) -> str:
        vowels = [at for at, char in enumerate(word) if char in "aeiou" and at > 0]
        if len(word) < 4 or not vowels:
            return word
        at = draw.choice(vowels)
        more = 1 if draw.random() < 0.7 or len(word) < 6 else 2
        return word[:at] + sign * more + word[at + more :]

    return words(term, strike)


def split(term: str, draw: Draw) -> str:
    longest = max(term.split(" "), key=len)
    if len(longest) < 5:
        return term
    at = draw.randrange(2, len(longest) - 1)
    return term.replace(longest, f"{longest[:at]} {longest[at:]}", 1)


PAIRS = [
    (leet, hidden), (leet, case), (confusables, marks), (confusables, punctuation),
    (repeats, case), (leet, punctuation), (hidden, spacing), (case, marks), (repeats, leet),
]  # fmt: skip


def mixed(term: str, draw: Draw) -> str:
    first, second = draw.choice(PAIRS)
    return second(first(term, draw), draw)


KINDS: dict[str, Callable[[str, Draw], str]] = {
    "case": case,
    "width": width,
    "confusables": confusables,
    "scripts": scripts,
    "leet": leet,
    "zero-width": hidden,
    "marks": marks,
    "spacing": spacing,
    "punctuation": punctuation,
    "repeats": repeats,
    "phonetic": phonetic,
    "reversed": backwards,
    "markup": markup,
    "masked": masked,
    "split": split,
    "mixed": mixed,
}


def rows(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("|", 3) for line in lines if line and not line.startswith("#")]


def main() -> None:
    out: list[dict[str, str]] = []
    for category, group, term, line in rows("bases.txt"):
        draw = random.Random(f"{term}/{line}")
        kinds = draw.sample(sorted(KINDS), len(KINDS))
        taken = 0
        for kind in ["plain", *kinds]:
            read = term if kind == "plain" else KINDS[kind](term, draw)
            if kind != "plain" and read == term:
                continue
            text = line.replace(term, read, 1) if term in line else f"{read}. {line}"
            if kind != "plain" and draw.random() < 0.35:
                text = draw.choice(BEFORE) + text
            if kind != "plain" and draw.random() < 0.35:
                text += draw.choice(AFTER)
            out.append(
                {"kind": kind, "category": category, "class": group, "base": line, "text": text}
            )
            taken += kind != "plain"
            if taken == EACH:
                break
    for kind, category, group, line in rows("disguised.txt"):
        out.append({"kind": kind, "category": category, "class": group, "base": line, "text": line})
    text = "".join(json.dumps(row) + "\n" for row in out)
    (HERE / "unsafe.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
