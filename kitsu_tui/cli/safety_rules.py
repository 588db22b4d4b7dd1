"""What rules there are, for `kitsu safety rules`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kitsu_tui.cli.safety import RuleCount, RulesReport
from kitsu_tui.show import blocklist
from kitsu_tui.show.safety import Keeper
from kitsu_tui.show.safety.keeper import REMEDY

if TYPE_CHECKING:
    from kitsu_tui.config import Loaded


def keeper_of(loaded: Loaded) -> Keeper:
    """The rules of a profile, not loaded yet."""
    return Keeper(
        *loaded.safety_rules(), loaded.blocklist(), loaded.languages(), loaded.rules_read()
    )


def report(loaded: Loaded) -> RulesReport:
    """Load them and count."""
    keeper = keeper_of(loaded)
    began = time.perf_counter()
    keeper.refresh(force=True)
    load_ms = (time.perf_counter() - began) * 1000
    gate = keeper.gate
    rules = gate.rules if gate is not None else ()
    counts: dict[tuple[str, str, str], RuleCount] = {}
    for rule in rules:
        key = (rule.category, rule.action, rule.input)
        old = counts.get(key)
        size = len(rule.terms) + len(rule.phrases) + len(rule.patterns)
        counts[key] = RuleCount(
            category=rule.category,
            action=rule.action,
            input=rule.input,
            rules=1 + (old.rules if old else 0),
            terms=size + (old.terms if old else 0),
        )
    return RulesReport(
        profile=loaded.name,
        folder=str(loaded.safety_folder()),
        files=loaded.safety_files(),
        blocklist=str(loaded.blocklist()),
        blocked=blocklist.count(loaded.blocklist()),
        rules=len(rules),
        load_ms=round(load_ms, 1),
        counts=sorted(counts.values(), key=lambda count: (count.category, count.action)),
        problems=[str(problem) for problem in gate.problems] if gate is not None else [],
        error=keeper.error,
    )


def words(found: RulesReport) -> str:
    """For people."""
    lines = [f"profile {found.profile}: {found.rules} rules, read in {found.load_ms:.0f} ms"]
    lines += [f"files: {', '.join(found.files)} (in {found.folder})"]
    lines += [f"your blocklist: {found.blocked} ({found.blocklist})", ""]
    wide = max((len(count.category) for count in found.counts), default=8)
    head = f"{'category':{wide}}  {'said by her':11}  {'said to her':11}  rules  terms"
    lines += [head] if found.counts else []
    lines += [
        f"{count.category:{wide}}  {count.action:11}  {count.input:11}  "
        f"{count.rules:5}  {count.terms:5}"
        for count in found.counts
    ]
    if found.problems:
        lines += ["", f"could not be used ({len(found.problems)}); the rest holds:"]
        lines += [f"  {problem}" for problem in found.problems]
    if found.error:
        lines += ["", f"she stays silent: {found.error}", f"what to do: {REMEDY}"]
    return "\n".join(lines)
