"""Mouth shapes from phonemes: IPA as espeak writes it, to the eleven names of the wire.

The groups follow the usual reduction of English phonemes to visemes (ISO/IEC 14496-2 face
animation, table of viseme_select), folded onto the shapes that Live2D models commonly have.
"""

# The letters of IPA are meant.

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engines.wire.tts import Viseme

_GROUPS: tuple[tuple[str, float, str], ...] = (
    ("aa", 1.0, "aɑæʌɐɒɶ"),
    ("ee", 0.9, "ieyjøœɘ"),
    ("ih", 0.7, "ɪɛəɜɚɝᵻɨεɞ"),
    ("ih", 0.4, "kgɡŋhxɣqcɟɲʔχʁħɦçʝ"),
    ("oh", 1.0, "oɔɵɤ"),
    ("ou", 1.0, "uʊwʉɯʍ"),
    ("ou", 0.5, "ɹrɻʀɾɽ"),
    ("bmp", 1.0, "bmpβɓ"),
    ("fv", 1.0, "fvɱɸʋ"),
    ("l", 0.7, "lɫɭʎʟntdɳʈɖ"),
    ("sz", 0.8, "szʃʒʂʐɕʑʦ"),
    ("th", 0.8, "θð"),
)
SHAPES: dict[str, tuple[str, float]] = {
    char: (name, weight) for name, weight, chars in _GROUPS for char in chars
}
REST = ("rest", 1.0)

_BEFORE = frozenset("ˈˌ")
"""Belong to the phoneme behind them."""
_WITH = frozenset("ːˑ˞ʰʲʷˤ̧̩̯̪̺̻̝̃̊ ")
"""Lengthen or colour the phoneme before them; a gap between words does not close the mouth."""
_MARKS = frozenset(",.;:!?^$—…\"'()-")
MARK_MS = 60.0
"""A pause at a mark closes the mouth when it is at least this long."""


def from_phonemes(timed: Iterable[tuple[str, float]], start_ms: float = 0.0) -> list[Viseme]:
    """Visemes of phonemes with their lengths in ms, the first beginning at `start_ms`."""
    out: list[Viseme] = []
    at = start_ms
    begin: float | None = None  # of a stress mark that waits for its vowel
    for phoneme, length in timed:
        here, at = at, at + length
        if phoneme in _BEFORE:
            begin = here if begin is None else begin
            continue
        shape = _shape(phoneme, length)
        if shape is None:
            continue
        start, begin = (here if begin is None else begin), None
        if out and out[-1].name == shape[0]:
            if shape[1] > out[-1].weight:
                out[-1] = Viseme(out[-1].start_ms, *shape)
            continue
        out.append(Viseme(round(start, 1), *shape))
    return out


def spread(phonemes: Sequence[str], total_ms: float, start_ms: float = 0.0) -> list[Viseme]:
    """Visemes for a voice that gives no timings: every phoneme as long as the next."""
    each = total_ms / max(1, len(phonemes))
    return from_phonemes([(phoneme, each) for phoneme in phonemes], start_ms)


def _shape(phoneme: str, length: float) -> tuple[str, float] | None:
    for char in phoneme:  # a merged vowel ("aɪ") opens like its first part
        if char in SHAPES:
            return SHAPES[char]
    if phoneme in ("^", "$") or (phoneme in _MARKS and length >= MARK_MS):
        return REST
    return None
