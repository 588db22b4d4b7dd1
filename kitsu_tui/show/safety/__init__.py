"""The first safety gate: every sentence passes it before a voice has it."""

from kitsu_tui.show.safety.gate import GATE_ERROR, Gate, Verdict, guarded
from kitsu_tui.show.safety.keeper import Keeper
from kitsu_tui.show.safety.rules import Problem, Rule, SafetyError

__all__ = ["GATE_ERROR", "Gate", "Keeper", "Problem", "Rule", "SafetyError", "Verdict", "guarded"]
