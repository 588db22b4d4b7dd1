"""Why nothing of an answer was said, in words for the operator. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engines.wire.control import Verdict
from kitsu_tui.show.safety.keeper import REMEDY
from kitsu_tui.show.safety.verdict import GATE_ERROR, NO_GATE, SAID

_WHY = {"time": "nobody decided in time", "repetition": "she has said it already"}


def why_stopped(verdicts: Iterable[Verdict]) -> str:
    """Why none of her lines was said; empty when there was none, or one was.

    Args:
        verdicts: of the turn, in order: of one line the last one counts.
    """
    last = {verdict.seq: verdict for verdict in verdicts if verdict.seq >= 0}
    if not last or any(verdict.action in SAID for verdict in last.values()):
        return ""
    many = len(last) > 1
    whys = Counter(map(why, last.values()))
    named = "; ".join(f"{count} of them: {one}" if many else one for one, count in whys.items())
    if len(whys) == 1:
        named = next(iter(whys))
    return f"{f'none of {len(last)} lines was' if many else 'her line was not'} said: {named}"


def why(verdict: Verdict) -> str:
    """Why a text was stopped."""
    if verdict.by:
        return f"dropped by {verdict.by}"
    if verdict.category == GATE_ERROR:
        if verdict.rule == NO_GATE:
            return f"there are no safety rules: {REMEDY}"
        return f"it could not be judged ({verdict.rule or 'no reason given'})"
    if verdict.action == "hold":
        return f"held by a rule, and nobody is asked where nothing is spoken ({verdict.rule})"
    found = _WHY.get(verdict.category)
    if found is not None:
        return found
    rule = f" ({verdict.rule})" if verdict.rule else ""
    if verdict.means == "desk":
        return (
            f"it does not go with what stands by it, or the rules changed: {verdict.category}{rule}"
        )
    return f"{verdict.means}: {verdict.category}{rule}"
