"""Words grown together, parted again: "killyourself", "k_i_l_l_y_o_u"."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kitsu_tui.show.safety import ordinary

_LEAST = 6
_LONGEST_WORD = 16


def parted(form: str, words: Mapping[str, bool], foreign: Collection[str] = ()) -> str:
    """The fewest words that letters are, one of the rules' among them; empty when they are none.

    Args:
        form: letters.
        words: of the rules; true for one that is a term by itself.
        foreign: those of `words` that are of other languages.
    """
    size = len(form)
    if size < _LEAST or not form.isascii() or not form.isalpha():
        return ""
    best: list[tuple[int, int] | None] = [(0, 0)] + [None] * size
    for end in range(1, size + 1):
        for begin in range(max(0, end - _LONGEST_WORD), end):
            before = best[begin]
            word = form[begin:end]
            if before is None or (len(word) < 3 and word not in ordinary.SHORT):
                continue
            if not ((word in words and word not in foreign) or ordinary.is_word(word)):
                continue
            there = best[end]
            # Of two ways with as many words, the one with the longest last word comes first.
            if there is None or before[0] + 1 < there[0]:
                best[end] = (before[0] + 1, begin)
    parts: list[str] = []
    at = size
    while at:
        step = best[at]
        if step is None:
            return ""
        parts.append(form[step[1] : at])
        at = step[1]
    if len(parts) < 2 or not any(part in words for part in parts):
        return ""
    return " ".join(reversed(parts))


def meant(row: str, words: Mapping[str, bool]) -> bool:
    """So many words that no name is made of them by chance: a single one may be a term then.

    "whatastupid..." is meant; "Helliconia" is no "hell i con ..." and "outcumbents" no word.
    """
    parts = row.split()
    least = 16 if "a" in parts or "i" in parts else 11
    return (
        len(parts) > 2
        and len(row) > least
        and not any(
            len(part) < 4 and part not in ordinary.SHORT and words.get(part) for part in parts
        )
    )
