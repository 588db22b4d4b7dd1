"""One rule as the gate holds it, and what is wrong with a file of them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engines.wire.lines import Action
from kitsu_tui.show.safety.compiled import Pattern

Match = Literal["word", "stem", "inside"]
VIEWS = (
    "joined", "leet", "spaced", "squeezed", "masked", "repeats", "reversed", "swapped", "sound",
    "spelled", "pig-latin", "camel",
)  # fmt: skip
"""The ways of reading that a rule may do without."""


class SafetyError(Exception):
    """There is no gate to hold: nothing may be said. The message is for the operator."""


class Problem(Struct, frozen=True):
    """Something in a rule file that could not be used as it stands."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        rule = f" (rule {self.rule})" if self.rule else ""
        return f"{self.file}:{self.line}{rule}: {self.message}"


class Rule(Struct, frozen=True, kw_only=True, gc=False):
    """One rule: its terms are normalised."""

    id: str
    category: str
    severity: int
    action: Action
    input: Action
    match: Match
    squeeze: bool
    replace: str
    terms: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    file: str
    line: int
    phrases: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    allow: tuple[str, ...] = ()
    meaning: str = ""
    above: float = 0.0
    soft: bool = False

    def on(self, side: Literal["input", "output"]) -> Action:
        """What it does about what is said to her, or about what she says."""
        return self.input if side == "input" else self.action


def spoken_as(rule: Rule) -> list[Pattern]:
    """A rule's phrases, to be looked for in a row of words."""
    end = "" if rule.match == "stem" else " "
    return [Pattern.of(f" (?:{phrase}){end}") for phrase in rule.phrases]
