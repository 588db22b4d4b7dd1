"""Everything that judges a text before it may be heard or thought about: the gate first, then
further checks, each of which can only make the verdict stricter. Fails closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from typing import Literal, NamedTuple

from msgspec.structs import replace

from engines.wire.lines import Ruled
from kitsu_tui.config.schema import Safety
from kitsu_tui.show.safety import RANK, SAID, Gate, Keeper, Side, Verdict, failed, worst
from kitsu_tui.show.safety.verdict import NO_GATE
from kitsu_tui.show.worker import Worker

log = logging.getLogger("show.judge")

Check = Callable[[str, str], Verdict | None]
"""A text and its context in; None: nothing against it."""
Opinion = Callable[[str, Side, str, Verdict], Awaitable[Verdict | None]]
"""A second opinion: the text, the side it comes from, what it answers, the verdict so far."""
Alert = Callable[[Literal["info", "warning", "error"], str], None]

QUICK_S = 0.002
"""A verdict is waited for on the spot for so long: most take a tenth of it, and one that had to go
back through the loop would wait for all else that the loop has to do."""
HUNG = 4
"""Threads that may hang; with so many nothing is judged any more until there are other rules."""
OPINION_MORE_S = 0.25
"""A second opinion keeps its time itself; after so much more it is not waited for."""


class Judgement(NamedTuple):
    """The verdict that counts, and all that led to it."""

    verdict: Verdict
    ruled: list[Ruled]
    faults: list[tuple[str, str]]
    """What could not judge, and why."""
    worked: list[str]
    """What could."""


class Judge:
    """What may be said, and what is let in.

    Args:
        keeper: has the gate in force.
        late_s: a verdict that takes longer counts as drop.
        worker: where it is judged; a thread of its own by default.

    Attributes:
        opinion: asked for a second opinion, where there is one.
        said: to be called with what is on air.
        alert: tells the operator of a gate or check that fails: once, until it works again.
    """

    def __init__(self, keeper: Keeper, late_s: float, worker: Executor | None = None) -> None:
        self.keeper = keeper
        self.late_s = late_s
        self.output_checks: list[Check] = []
        self.input_checks: list[Check] = []
        self.opinion: Opinion | None = None
        self.opinion_s = 0.8
        self.opinion_late: Literal["gate", "drop"] = "gate"
        self.alert: Alert = lambda level, text: None
        self.said: Callable[[str], None] = lambda text: None
        self._own = worker is None
        self._worker: Executor = worker or Worker("gate")
        self._hung: list[Future[Judgement]] = []
        self._closed: Gate | None = None
        """The gate under which too many threads hung."""
        self._broken: set[str] = set()

    def use(self, safety: Safety) -> None:
        """Go by a profile's limits."""
        self.late_s = safety.late_ms / 1000
        self.opinion_s, self.opinion_late = safety.opinion_ms / 1000, safety.opinion_late

    async def incoming(self, text: str) -> Verdict:
        """Judge what was said to her."""
        return (await self.weigh(text, "", "input")).verdict

    async def sentence(self, text: str, context: str) -> Verdict:
        """Judge what she is about to say; `context` is the end of what she said before."""
        return (await self.weigh(text, context, "output")).verdict

    async def weigh(self, text: str, context: str, side: Side) -> Judgement:
        """Judge, and tell what each means said."""
        gate = self.keeper.gate  # this one, for the whole of the text
        if self._closed is not None:
            if self._closed is gate:
                return _nothing("closed: too many verdicts hung")
            self._closed, self._hung = None, []
            log.warning("the safety gate judges again, by other rules")
        future = self._worker.submit(self._all, gate, text, context, side)
        try:
            try:
                found = future.result(QUICK_S)
            except TimeoutError:
                async with asyncio.timeout(self.late_s):
                    found = await asyncio.wrap_future(future)
        except TimeoutError:
            self._late(future, gate)
            return _nothing("late")
        except asyncio.CancelledError:
            asker = asyncio.current_task()
            if not future.cancelled() or (asker is not None and asker.cancelling()):
                raise
            return _nothing("late")  # it waited behind one that hangs: its asker goes on
        except Exception as error:  # a full queue, a thread that cannot be begun
            found = _nothing(type(error).__name__)
            found.faults.append(("gate", type(error).__name__))
        else:
            self._broken.discard("late")
        self._note(found)
        return found

    async def second(self, text: str, side: Side, context: str, verdict: Verdict) -> Verdict | None:
        """A second opinion on what the gate let through; None: nothing against it, or none came
        and the gate's verdict holds then. Never longer than its time.
        """
        if self.opinion is None:
            return None
        why = "late"
        try:
            async with asyncio.timeout(self.opinion_s + OPINION_MORE_S):
                found = await self.opinion(text, side, context, verdict)
            self._broken.discard("opinion")
            return found
        except TimeoutError:
            pass
        except Exception as error:
            why = type(error).__name__
        if "opinion" not in self._broken:
            self._broken.add("opinion")
            then = "is not said" if self.opinion_late == "drop" else "goes by the gate alone"
            self._tell("warning", f"there is no second opinion ({why}): what waits for one {then}")
        return failed(why, "opinion") if self.opinion_late == "drop" else None

    def _all(self, gate: Gate | None, text: str, context: str, side: Side) -> Judgement:
        """Runs in a thread."""
        faults: list[tuple[str, str]] = []
        worked: list[str] = []
        verdict = _by(gate, text, context, side, faults)
        if gate is not None and not faults:
            worked.append("gate")
        ruled = [verdict.ruled()]
        for check in self.output_checks if side == "output" else self.input_checks:
            if RANK[verdict.action] >= RANK["drop"]:
                break
            name = getattr(check, "__qualname__", type(check).__name__)
            try:
                found = check(verdict.text if verdict.action in SAID else text, context)
                worked.append(name)
            except Exception as error:
                faults.append((name, type(error).__name__))
                found = failed(type(error).__name__)
            if found is not None:
                ruled.append(found.ruled())
                verdict = _both(verdict, found)
                if found.action in SAID and found.action != "allow":
                    # Other words than the gate has seen: what was cut may have closed up.
                    again = _by(gate, verdict.text, context, side, faults)
                    if RANK[again.action] > RANK[verdict.action]:
                        ruled.append(again.ruled())
                        verdict = again
        return Judgement(verdict, ruled, faults, worked)

    # -- what fails --------------------------------------------------------------------------

    def _late(self, future: Future[Judgement], gate: Gate | None) -> None:
        log.error("a verdict took more than %g s: nothing is said", self.late_s)
        if "late" not in self._broken:
            self._broken.add("late")
            self._tell("error", f"the safety gate took more than {self.late_s:g} s: not said")
        if future.cancel() or not self._own:
            return  # it only waited behind another
        # That thread is left behind: the next text must not wait for it as well.
        if isinstance(self._worker, Worker):
            self._worker.leave()
        self._worker = Worker("gate")
        self._hung = [one for one in (*self._hung, future) if not one.done()]
        if len(self._hung) >= HUNG:
            self._closed = gate
            self._tell(
                "error",
                f"{HUNG} verdicts of the safety gate hang: she stays silent until the rules are "
                "changed or the show is started anew",
            )

    def fails(self, name: str, why: str) -> None:
        """Something that judges has failed: tell it once, until it works again."""
        if name not in self._broken:
            self._broken.add(name)
            what = "the safety gate" if name == "gate" else f"a safety check ({name})"
            self._tell("error", f"{what} fails ({why}): nothing is said until it works again")

    def works(self, name: str) -> None:
        """It has judged."""
        self._broken.discard(name)

    def _note(self, found: Judgement) -> None:
        for name, why in found.faults:
            self.fails(name, why)
        self._broken -= set(found.worked)

    def _tell(self, level: Literal["warning", "error"], text: str) -> None:
        log.log(logging.ERROR if level == "error" else logging.WARNING, "%s", text)
        self.alert(level, text)


def _by(
    gate: Gate | None, text: str, context: str, side: Side, faults: list[tuple[str, str]]
) -> Verdict:
    if gate is None:
        return failed(NO_GATE)
    try:
        if side == "input":
            return gate.check_input(text, context=context)
        return gate.check(text, context=context)
    except Exception as error:
        # Its type alone: the message of an error may quote what must not be read anywhere.
        faults.append(("gate", type(error).__name__))
        return failed(type(error).__name__)


def _both(verdict: Verdict, found: Verdict) -> Verdict:
    """The stricter one, with the higher risk; a check was given what the verdict says already."""
    one = worst([verdict, found])
    if found.action in SAID and found.action != "allow" and verdict.action in SAID:
        one = replace(one, text=found.text)
    return replace(one, risk=max(verdict.risk, found.risk))


def _nothing(why: str) -> Judgement:
    verdict = failed(why)
    return Judgement(verdict, [verdict.ruled()], [], [])
