"""The gate: what may be said, sentence by sentence, before any voice has it. Fails closed.

A gate never changes; a reload makes another one (see keeper.py), so a sentence is judged by one
set of rules. A second opinion stands behind `guarded`, never in its place.
"""

from __future__ import annotations

import gc
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from kitsu_tui.show.safety import decode, normal, odd, rules, warm
from kitsu_tui.show.safety.confusables import fold
from kitsu_tui.show.safety.kept import Kept
from kitsu_tui.show.safety.match import Hit, Index, outermost
from kitsu_tui.show.safety.normal import Span
from kitsu_tui.show.safety.row import Row
from kitsu_tui.show.safety.rule import Problem, Rule, SafetyError
from kitsu_tui.show.safety.unblocked import unblocked
from kitsu_tui.show.safety.verdict import NO_GATE, RANK, SAID, Side, Verdict, failed
from kitsu_tui.show.safety.weighed import MAX_HITS, NEAR_ALLOWED, Weigh, in_english

MAX_TEXT = 100_000
"""Characters in one text; more is no sentence and is dropped."""
NEAR_RULE = 0.1
"""Times severity: the risk of a text that a rule with the action `allow` on both sides names."""
_DISGUISED = frozenset(("leet", "masked", "spaced", "repeats", "joined"))


class Gate:
    """Rules, ready to judge with.

    Args:
        own: further rules, the operator's: with others of these the rest need not be made again.
        own_allow: what of `allow` is the operator's: this counts for what a text means, too; the
            rest is there for how words are spelt.
        past: a gate made before, from which is taken what is the same.

    Attributes:
        rules: the valid ones.
        problems: what in the files could not be used; the rest holds.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        allow: Iterable[str] = (),
        problems: Iterable[Problem] = (),
        *,
        own: Iterable[Rule] = (),
        own_allow: Iterable[str] = (),
        past: Gate | None = None,
    ) -> None:
        base, some = tuple(rules), tuple(own)
        self.rules = (*base, *some)
        self.allow = tuple(allow)
        self.problems = tuple(problems)
        if not self.rules:
            raise SafetyError("a gate without rules: nothing may be said")
        before: Index | None = past._index if past is not None else None
        self._index: Index = Index(base, self.allow, some, before)
        self._weigh = Weigh(self.rules, self._index, some, own_allow)
        if self._weigh.problem:
            raise SafetyError(self._weigh.problem)

    @classmethod
    def load(
        cls,
        folder: Path,
        files: list[str] | None = None,
        blocklist: Path | None = None,
        languages: Sequence[str] | None = None,
        *,
        kept: Kept | None = None,
        past: Gate | None = None,
    ) -> Gate:
        """Read rule files: those named (`.yaml` may be left out), else every one in `folder`.

        `blocklist` is one more that may be missing or broken (a problem then). `languages`: rules
        for other languages are left out; none: all hold. `kept` has files that were read before,
        and takes these in; `past`: see above.

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
        with _collector_paused():
            gate = cls._load(folder, paths, blocklist, languages, kept or Kept(), past)
            gate._warm()
            return gate

    def complete(self) -> None:
        """Make ahead what a first hit would make, in the thread that calls; verdicts do not wait.

        A show has the time for it, a command that tries a line has not.
        """
        for _ in self._index.complete():
            time.sleep(0)  # others want the interpreter as well

    def _warm(self) -> None:
        """Make what is made at first use; a fault there shows at the first verdict."""
        for line in warm.LINES:
            guarded(self, line)

    @classmethod
    def _load(
        cls,
        folder: Path,
        paths: list[Path],
        blocklist: Path | None,
        languages: Sequence[str] | None,
        kept: Kept,
        past: Gate | None,
    ) -> Gate:
        read = [kept.read(path) for path in paths]
        allow = [text for one in read for text in one.allow]
        problems = [problem for one in read for problem in one.problems]
        spoken = None if not languages else {code[:2].lower() for code in languages}
        found = [rule for one in read for rule in one.rules if _holds(rule, spoken)]
        some: list[Rule] = []
        own_allow: list[str] = []
        if blocklist is not None:
            own = rules.read_extra(blocklist)
            allow = [*unblocked(allow, own.rules), *own.allow]
            own_allow = own.allow
            problems += own.problems
            some = [rule for rule in own.rules if _holds(rule, spoken)]
        if not found and not some:
            why = "".join(f"\n  {problem}" for problem in problems[:20])
            raise SafetyError(f"{folder}: no valid rule is left: nothing may be said{why}")
        return cls(found, allow, problems, own=some, own_allow=own_allow, past=past)

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
        for name, other in decode.alternatives(base):
            if RANK[worst.action] >= RANK["drop"]:
                break
            said = normal.clean(other)
            found = self._judge(said, said, before, side, prefix=f"{name}+")
            if RANK[found.action] >= max(1, RANK[worst.action]):
                worst = found
        if worst.action == "allow" and not text.isascii():
            return replace(worst, risk=max(worst.risk, odd.risk(text, base)))
        return worst

    def _judge(self, text: str, base: str, before: str, side: Side, prefix: str = "") -> Verdict:
        english = in_english(text)
        hits, near = self._hits(base, before, side, english)
        if not hits:
            return Verdict(action="allow", text=text, risk=near)
        worst = max(hits, key=lambda hit: (RANK[hit.rule.on(side)], hit.rule.severity))
        action = worst.rule.on(side)
        said = ""
        if action in SAID and len(hits) < MAX_HITS:
            said = _replaced(base, hits)
            if self._hits(said, before, side, english)[0]:
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

    def _hits(self, base: str, before: str, side: Side, english: bool) -> tuple[list[Hit], float]:
        """Hits that reach into `base`, their spans counted from its beginning, and how near the
        text comes where nothing counts."""
        if not base.strip():
            return [], 0.0
        whole = f"{before} {base}" if before else base
        edge = len(whole) - len(base)
        low = fold(whole)
        found: list[Hit] = []
        near = 0.0
        allowed: dict[int, list[Span]] = {}
        rows: list[Row] = []
        for hit in self._index.search(whole, low, side, rows):
            start, end = hit.span
            if end <= edge:
                continue
            rule = hit.rule
            if rule.on(side) == "allow":
                # A rule of the other side says nothing about this one.
                if rule.action == rule.input == "allow":
                    near = max(near, rule.severity * NEAR_RULE)
                continue
            spans = allowed.get(id(rule))
            if spans is None:
                spans = allowed[id(rule)] = outermost(self._index.allowed(low, rule))
            holder = bisect_right(spans, (start, len(whole) + 1)) - 1
            if holder >= 0 and end <= spans[holder][1]:
                if hit.view in _DISGUISED:
                    near = max(near, NEAR_ALLOWED)
                continue
            found.append(Hit(rule, hit.view, (start - edge, end - edge), hit.term))
            if len(found) >= MAX_HITS:
                break
        if self._weigh.asked:
            near = max(near, self._weigh(found, rows, low, edge, side, aloud=english))
        return found, near


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Thousands of rules are a million small objects, none of them garbage: a third of the time
    that loading takes would go into looking at them again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def guarded(gate: Gate | None, text: str, context: str = "", *, side: Side = "output") -> Verdict:
    """Judge, and drop whatever cannot be judged: no gate, no rules, any error in it."""
    if gate is None:
        return failed(NO_GATE)
    try:
        if side == "input":
            return gate.check_input(text, context=context)
        return gate.check(text, context=context)
    except Exception as error:
        return failed(f"{type(error).__name__}: {error}")


def _holds(rule: Rule, spoken: set[str] | None) -> bool:
    return spoken is None or not rule.languages or not spoken.isdisjoint(rule.languages)


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
