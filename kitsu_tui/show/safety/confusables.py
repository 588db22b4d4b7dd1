"""Characters that pass for a Latin letter: one character in, one lower-case character out.

Small on purpose: what people use to slip a word past a filter (Unicode Technical Standard 39 has
the whole list). Full width, bold, circled and the like are NFKC's work and not in here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_LOOKALIKES = {
    "a": "аӕαɑᴀ∀ⱥ",
    "b": "вьβʙƅɓƀ",
    "c": "сϲᴄ¢ƈ©ȼ",
    "d": "ԁɗđᴅð",
    "e": "еєэεɛᴇ€ǝ∃ɇ",
    "f": "ғƒꜰſẝ",
    "g": "ɡԍɢǥɠ",
    "h": "нһʜħɦ",
    "i": "іıɪιɩ¡ɨ",
    "j": "јʝᴊɉ",
    "k": "кκᴋƙ",
    "l": "ӏʟłƚɭ",
    "m": "мᴍɱ",
    "n": "пηɴŋɲո",
    "o": "оοσᴏøөօ",
    "p": "рρᴘƥ",
    "q": "ԛգɋ",
    "r": "гʀɾɼ®ɍ",
    "s": "ѕꜱʂ§ș",
    "t": "тτᴛŧƭ",
    "u": "υսᴜʋцµ",
    "v": "νѵᴠ√",
    "w": "ѡԝωᴡшщ",
    "x": "хχ×",
    "y": "уүγʏɏ",
    "z": "ᴢƶȥ",
}
_CACHE_LIMIT = 20_000


def _single(char: str) -> str:
    """The folded form of one character, itself one character, so that offsets stay true."""
    low = char.lower()
    if len(low) != 1:
        low = low[0]
    found = _EXACT.get(low)
    if found:
        return found
    base = unicodedata.normalize("NFD", low)[0]
    return _EXACT.get(base, base)


def _build() -> dict[str, str]:
    table: dict[str, str] = {}
    for latin, others in _LOOKALIKES.items():
        for other in others:
            if not other.isascii():
                table[other] = latin
    for index in range(26):
        letter = chr(ord("a") + index)
        table[chr(0x1F1E6 + index)] = letter  # regional indicators, the letters of flags
        for start in (0x1F130, 0x1F150, 0x1F170):  # squared, negative circled, negative squared
            table[chr(start + index)] = letter
    return table


_EXACT: Mapping[str, str] = _build()


class _Folding(dict[int, str]):
    """For str.translate: fills itself as characters are met, up to a bound."""

    def __missing__(self, code: int) -> str:
        folded = _single(chr(code))
        if len(self) < _CACHE_LIMIT:
            self[code] = folded
        return folded


_folding = _Folding()


def fold(text: str) -> str:
    """Lower case, without accents, lookalikes as the Latin letters that they pass for.

    The answer has exactly as many characters as `text`: an offset in one is an offset in the other.
    """
    return text.lower() if text.isascii() else text.translate(_folding)
