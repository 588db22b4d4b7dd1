"""The safety gate: every sentence passes it before a voice has it."""

from kitsu_tui.show.safety.gate import Gate, guarded
from kitsu_tui.show.safety.keeper import Keeper
from kitsu_tui.show.safety.rule import Problem, Rule, SafetyError
from kitsu_tui.show.safety.verdict import GATE_ERROR, RANK, SAID, Side, Verdict, failed, worst

__all__ = [
    "GATE_ERROR",
    "RANK",
    "SAID",
    "Gate",
    "Keeper",
    "Problem",
    "Rule",
    "SafetyError",
    "Side",
    "Verdict",
    "failed",
    "guarded",
    "worst",
]
