"""What other files allow must not undo what an operator blocks."""

from __future__ import annotations

from collections.abc import Iterable

from kitsu_tui.show.safety import normal
from kitsu_tui.show.safety.rule import Rule

MOST_WORDS = 8


def unblocked(allow: Iterable[str], own: Iterable[Rule]) -> list[str]:
    """The allowed words and phrases in which no term of the operator's own rules lies."""
    terms = {term for rule in own for term in (*rule.terms, *rule.phrases)}
    if not terms:
        return list(allow)
    return [text for text in allow if not _blocked(text, terms)]


def _blocked(text: str, terms: set[str]) -> bool:
    plain = normal.term(text)
    words = plain.split()
    for first in range(len(words)):
        for last in range(first + 1, min(len(words), first + MOST_WORDS) + 1):
            if " ".join(words[first:last]) in terms:
                return True
    # "blue tit*" allows "blue tits" as well.
    return text.rstrip().endswith("*") and any(term.startswith(plain) for term in terms)
