"""Words spelled out by the names of their letters: "eff you see kay", "kilo yankee sierra"."""

from __future__ import annotations

from collections.abc import Iterator

_NAMES = {
    "a": "ay eh alpha alfa", "b": "bee be bravo", "c": "see sea cee charlie", "d": "dee delta",
    "e": "ee echo", "f": "eff ef foxtrot", "g": "gee jee golf", "h": "aitch haitch aych hotel",
    "i": "eye aye india", "j": "jay juliet juliett", "k": "kay kilo", "l": "el ell lima",
    "m": "em mike", "n": "en november", "o": "oh owe oscar", "p": "pee pea papa",
    "q": "queue cue kew quebec", "r": "are ar arr romeo", "s": "ess es sierra",
    "t": "tee tea tango", "u": "you yu yew uniform", "v": "vee victor", "w": "whiskey whisky",
    "x": "ex eks xray", "y": "why wye yankee", "z": "zee zed zulu",
}  # fmt: skip
LETTER = {name: letter for letter, names in _NAMES.items() for name in names.split()}
ALL = frozenset(LETTER) | frozenset("abcdefghijklmnopqrstuvwxyz")


def runs(words: list[str]) -> Iterator[tuple[str, int, int]]:
    """Three or more names of letters in a row: what they spell, the first and behind the last.

    A row of bare letters is the business of another view; one name must be among them.
    """
    begin = 0
    while begin < len(words):
        end = begin
        while end < len(words) and words[end] in ALL:
            end += 1
        if end - begin >= 3 and any(len(word) > 1 for word in words[begin:end]):
            yield "".join(LETTER.get(word, word) for word in words[begin:end]), begin, end
        begin = end + 1
