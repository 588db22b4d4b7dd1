"""Characters that pass for a Latin letter: one character in, one lower-case character out.

Four sources, the surest first: what people use in chat (below), the list of Unicode Technical
Standard 39 (data/lookalikes.txt), the letter without its accents, and the letter's own name: a
"Latin small letter f with middle tilde" is an f. Full width, bold, circled and the like are
NFKC's work and seldom come this far.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

LOOKALIKES = Path(__file__).parent / "data" / "lookalikes.txt"

# Beside the usual ones: what generators of fancy letters make of Thai, Hebrew, Han and Georgian.
_CHAT = {
    "a": "аӕαɑᴀ∀ⱥΛДдᐃคａล₳卂ል♬ɐ@ªäⒶ🅰△",
    "b": "вьβʙƅɓƀбъ๒乃₿฿ც♭🅱ßв",
    "c": "сϲᴄ¢ƈ©ȼς匚☾ↄɔ₵ℂ⊂",
    "d": "ԁɗđᴅð๔∂ժძÐ",
    "e": "еєэεɛᴇ€ǝ∃ɇ乇ξΣé℮ɘ⋴ቿ€эЄ",
    "f": "ғƒꜰẝ千ŧ₣ʄɟϝቻ",
    "g": "ɡԍɢǥɠƃ₲ﻮງ",
    "h": "нһʜħɦђ卄♄ɥዘ",
    "i": "іıɪιɩ¡ɨเ丨ᴉﺃї",
    "j": "јʝᴊɉןנ丿ɾյ",
    "k": "ĸкκᴋƙҝ₭ʞҡ",
    "l": "ꓲӏʟłƚɭㄥ↳ﺎﾚ£",
    "m": "мᴍɱ๓爪₥ﾶოጠ",
    "n": "пηɴŋɲոภ几₦иийղՌñπ∩",
    "o": "оοσᴏøөօ๏ㄖφΦ⊙◯○●⭕ÖθΘ☉♡",
    "p": "ƿрρᴘƥק卩₱₽þÞ🅿",
    "q": "ԛգɋợφ",
    "r": "гʀɾɼ®ɍя尺Гɹ₹ཞ",
    "s": "ѕꜱʂ§șร丂₴Ƨƨ💲",
    "t": "тτᴛŧƭՇㄒ₮✝†ʇ✞ƚ☨⊤",
    "u": "υսᴜʋцµμยㄩմน∪ひ",
    "v": "νѵᴠ√∨ʌᐯ۷",
    "w": "ѡԝωᴡшщฬ山₩ʍѿψ山ພ",
    "x": "хχ×乂ж✕✖❌א╳",
    "y": "уүγʏɏץㄚ¥ʎчყυ",
    "z": "ᴢƶȥ乙ʐζჳ",
}
_BRAILLE = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵"
_NAMED = re.compile(
    r"\bLATIN (?:CAPITAL |SMALL |LETTER |SUBSCRIPT |SMALL CAPITAL |TURNED |REVERSED |INVERTED "
    r"|SIDEWAYS |OPEN |CLOSED |LONG |SCRIPT |BLACKLETTER |INSULAR |BARRED )*([A-Z])(?: |$)"
)
_CACHE_LIMIT = 20_000


def _build() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in LOOKALIKES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            table.update(dict.fromkeys(line[2:], line[0]))
    for latin, others in reversed(_CHAT.items()):
        table.update({other: latin for other in others if not other.isascii()})
    for index in range(26):
        letter = chr(ord("a") + index)
        table[_BRAILLE[index]] = letter
        table[chr(0x1F1E6 + index)] = letter  # regional indicators, the letters of flags
        for start in (0x1F130, 0x1F150, 0x1F170):  # squared, negative circled, negative squared
            table[chr(start + index)] = letter
    return table


_EXACT: Mapping[str, str] = _build()


def _single(char: str) -> str:
    """The folded form of one character, itself one character, so that offsets stay true."""
    found = _EXACT.get(char)
    if found:
        return found
    low = char.lower()[:1]
    if low.isascii():
        return low
    parts = unicodedata.normalize("NFD", low)
    # Only accents go: a Hangul syllable is no consonant with something on it.
    base = parts[0] if all(map(unicodedata.combining, parts[1:])) else low
    if base.isascii():
        return base
    found = _EXACT.get(low) or _EXACT.get(base)
    if found is None and (named := _NAMED.search(unicodedata.name(low, ""))):
        found = named.group(1).lower()
    return found or base


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


_UPSIDE_DOWN = {
    "ɐ": "a", "ɔ": "c", "ǝ": "e", "ɟ": "f", "ƃ": "g", "ɓ": "g", "ɥ": "h", "ᴉ": "i", "ı": "i",
    "ɾ": "j", "ʞ": "k", "ן": "l", "ꞁ": "l", "ɯ": "m", "ɹ": "r", "ʇ": "t", "ʌ": "v", "ʍ": "w",
    "ʎ": "y",
}  # fmt: skip
_TURNED = str.maketrans(
    _UPSIDE_DOWN | {"n": "u", "u": "n", "p": "d", "d": "p", "b": "q", "q": "b", "m": "w", "w": "m"}
)
_TURNED_HINT = re.compile(f"[{''.join(set(_UPSIDE_DOWN) - {chr(0x131)})}]")


def turned(text: str) -> str | None:
    """A text written upside down, as it reads when the page is turned; None when it is not."""
    if text.isascii() or not _TURNED_HINT.search(text):
        return None
    return text.lower().translate(_TURNED)[::-1]
