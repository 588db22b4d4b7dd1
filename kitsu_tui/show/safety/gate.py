"""The gate: what may be said, sentence by sentence, before any voice has it. Fails closed.

A gate never changes; a reload makes another one (see keeper.py), so a sentence is judged by one
set of rules. A second opinion stands behind `guarded`, never in its place.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from engines.wire.lines import Action
from kitsu_tui.show.safety import normal, rules
from kitsu_tui.show.safety.confusables import fold
from kitsu_tui.show.safety.match import Hit, Index
from kitsu_tui.show.safety.rules import Problem, Rule, SafetyError
from kitsu_tui.show.safety.verdict import RANK, SAID, Side, Verdict, failed

MAX_TEXT = 100_000
"""Characters in one text; more is no sentence and is dropped."""
MAX_HITS = 64
"""Hits taken from one text; at the bound it is dropped, so the rest need not be known."""


class Gate:
    """Rules, ready to judge with.

    Attributes:
        rules: the valid ones.
        problems: what in the files could not be used; the rest holds.
    """

    def __init__(
        self, rules: Iterable[Rule], allow: Iterable[str] = (), problems: Iterable[Problem] = ()
    ) -> None:
        self.rules = tuple(rules)
        self.problems = tuple(problems)
        if not self.rules:
            raise SafetyError("a gate without rules: nothing may be said")
        self._index = Index(self.rules, allow)

    @classmethod
    def load(
        cls, folder: Path, files: list[str] | None = None, blocklist: Path | None = None
    ) -> Gate:
        """Read rule files: those named (`.yaml` may be left out), else every one in `folder`.

        SafetyError, naming file and line, when a named file cannot be read or holds nothing
        valid, or when no valid rule is left. What else is wrong stands in `problems`.
        """
        if files is None:
            paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
        else:
            paths = [
                folder / (name if name.endswith(".yaml") else f"{name}.yaml") for name in files
            ]
        if not paths:
            raise SafetyError(f"{folder}: no rule file (*.yaml) here: nothing may be said")
        read = [rules.read(path) for path in paths]
        if blocklist is not None and blocklist.exists():
            read.append(rules.read(blocklist))
        found = [rule for one in read for rule in one.rules]
        problems = [problem for one in read for problem in one.problems]
        if not found:
            why = "".join(f"\n  {problem}" for problem in problems[:20])
            raise SafetyError(f"{folder}: no valid rule is left: nothing may be said{why}")
        return cls(found, [text for one in read for text in one.allow], problems)

    def check(self, text: str, *, context: str = "") -> Verdict:
        """Judge what she is about to say. `context` is the end of what she said before."""
        return self._timed(text, context, "output")

    def check_input(self, text: str, *, context: str = "") -> Verdict:
        """Judge what was said to her, by the rules' `input` actions."""
        return self._timed(text, context, "input")

    def _timed(self, text: str, context: str, side: Side) -> Verdict:
        began = time.perf_counter()
        if len(text) > MAX_TEXT:
            verdict = failed(f"text of {len(text)} characters")
        else:
            verdict = self._judge_all(text, context, side)
        ms = (time.perf_counter() - began) * 1000
        return verdict.timed(ms)

    def _judge_all(self, text: str, context: str, side: Side) -> Verdict:
        base = normal.clean(text)
        before = normal.clean(normal.tail(context))
        worst = self._judge(text, base, before, side)
        bare = normal.untagged(base)
        if bare is not None and RANK[worst.action] < RANK["drop"]:
            without = self._judge(bare, bare, before, side, prefix="markup+")
            if RANK[without.action] >= max(1, RANK[worst.action]):
                return without
        return worst

    def _judge(self, text: str, base: str, before: str, side: Side, prefix: str = "") -> Verdict:
        hits = self._hits(base, before, side)
        if not hits:
            return Verdict(action="allow", text=text)
        worst = max(hits, key=lambda hit: (RANK[_action(hit.rule, side)], hit.rule.severity))
        action = _action(worst.rule, side)
        said = ""
        if action in SAID and len(hits) < MAX_HITS:
            said = _replaced(base, hits)
            if self._hits(said, before, side):
                said = ""  # what stands in is no better
        if action == "hold":
            said = text
        return Verdict(
            action=action if said or RANK[action] > RANK["drop"] else "drop",
            category=worst.rule.category,
            rule=worst.rule.id,
            view=prefix + worst.view,
            text=said,
            term=worst.term,
            severity=worst.rule.severity,
            risk=worst.rule.severity / 5,
            split=any(hit.span[0] < 0 for hit in hits),
        )

    def _hits(self, base: str, before: str, side: Side) -> list[Hit]:
        """Hits that reach into `base`, their spans counted from its beginning."""
        if not base.strip():
            return []
        head = f"{before} " if before else ""
        found = list(islice(self._search(head + base, len(head), side), MAX_HITS))
        if before and before[-1].isalnum() and base[0].isalnum():
            # Perhaps one word went over the boundary without a space.
            edge = len(before)
            glued = (hit for hit in self._search(before + base, edge, side) if hit.span[0] < 0)
            found += islice(glued, MAX_HITS)
        return found

    def _search(self, whole: str, edge: int, side: Side) -> Iterator[Hit]:
        allowed: list[tuple[int, int]] | None = None
        low = fold(whole)
        for hit in self._raw(whole, low):
            start, end = hit.span
            if end <= edge or _action(hit.rule, side) == "allow":
                continue
            if allowed is None:
                allowed = self._index.allowed(low)
            holder = bisect_right(allowed, (start, len(whole) + 1)) - 1
            if holder >= 0 and end <= allowed[holder][1]:
                continue
            yield Hit(hit.rule, hit.view, (start - edge, end - edge), hit.term)

    def _raw(self, whole: str, low: str) -> Iterator[Hit]:
        for view in normal.views(whole):
            yield from self._index.in_view(view)
        yield from self._index.in_squeezed(low)
        yield from self._index.in_masked(low)
        yield from self._index.in_text(whole)


def guarded(gate: Gate | None, text: str, context: str = "", *, side: Side = "output") -> Verdict:
    """Judge, and drop whatever cannot be judged: no gate, no rules, any error in it."""
    if gate is None:
        return failed("no gate")
    try:
        if side == "input":
            return gate.check_input(text, context=context)
        return gate.check(text, context=context)
    except Exception as error:
        return failed(f"{type(error).__name__}: {error}")


def _action(rule: Rule, side: Side) -> Action:
    return rule.input if side == "input" else rule.action


def _replaced(base: str, hits: list[Hit]) -> str:
    """`base` with each hit's span as its rule says it; overlapping spans become one."""
    pieces: list[str] = []
    at = 0
    for hit in sorted(hits, key=lambda hit: (max(0, hit.span[0]), -hit.span[1])):
        start, end = max(0, hit.span[0]), hit.span[1]
        if start < at:
            continue
        stand_in = hit.rule.replace
        if base[start].isupper():
            stand_in = stand_in[:1].upper() + stand_in[1:]
        pieces += [base[at:start], stand_in]
        at = end
    return "".join(pieces) + base[at:]
