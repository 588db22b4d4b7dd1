"""Whether an engine that runs is well, look by look, with a clock that the test moves."""

from __future__ import annotations

from engines.testing import Clock
from engines.wire import common, tts
from engines.wire.envelope import Request
from engines.wire.show import EngineState
from engines.wire.stale import StaleFilter
from kitsu_tui.show.checkup import CLOGGED_S, Checkup, Finding
from kitsu_tui.show.link import FLOOD, Link

LOAD_S = 120.0
PROGRESS_S = 12.0


class Patient:
    """An engine that is looked at once a second; it answers pings while `answers` says so."""

    def __init__(self, *, ready: bool = True) -> None:
        self.clock = Clock()
        self.link = Link("tts", StaleFilter(0), {}, lambda status: None, PROGRESS_S)
        self.answers = True
        self.clogged = False
        self.ready = ready
        self.state: EngineState = "ready" if ready else "loading"
        self.checkup = Checkup(self.link, lambda: self.clogged, LOAD_S, self.clock())

    def ask(self) -> None:
        """It has something to do from now on."""
        self.link.progress.sent(Request(id="1", name=tts.SPEAK.name), self.clock())

    def called(self) -> str:
        """What it is called now."""
        return self.state

    def look(self, after: float = 1.0) -> Finding:
        """Look at it after some seconds, and do as is found."""
        now = self.clock.advance(after)
        found = self.checkup.look(now, self.state, ready=self.ready)
        if self.answers:
            self.link.health.pong(self.link.health._n, now)
        if found.state is not None:
            self.state = found.state
        elif found.as_it_says:
            self.state = "ready" if self.ready else "loading"
        return found

    def ends(self, within: int) -> tuple[int, str]:
        """After how many looks it is to be ended, and why."""
        for second in range(1, within + 1):
            if end := self.look().end:
                return second, end
        return 0, ""


async def test_one_that_is_well_is_left_alone() -> None:
    patient = Patient()
    assert patient.ends(300) == (0, "")
    assert patient.called() == "ready"


async def test_silence_has_a_name_and_then_an_end() -> None:
    patient = Patient()
    patient.answers = False
    for _ in range(6):
        patient.look()
    assert patient.called() == "unresponsive"
    patient.answers = True
    patient.look()
    patient.look()
    assert patient.called() == "ready"
    patient.answers = False
    second, why = patient.ends(40)
    assert why == "it stopped answering"
    assert 20 <= second <= 24


async def test_a_load_that_holds_its_loop_is_given_a_minute() -> None:
    """Once: as soon as it was called unresponsive, the shorter bound of a loaded one applied."""
    patient = Patient(ready=False)
    patient.answers = False
    assert patient.ends(100) == (61, "it stopped answering")
    assert patient.called() == "unresponsive"


async def test_a_loader_that_answers_pings_has_a_bound_too() -> None:
    patient = Patient(ready=False)
    assert patient.ends(200) == (121, "not ready within 120 s")
    patient = Patient()
    patient.look(500)
    patient.ready, patient.state = False, "loading"  # it loads another model
    patient.checkup.loads(patient.clock())
    assert patient.ends(200) == (121, "not ready within 120 s")


async def test_a_stuck_model_is_found_behind_pongs() -> None:
    patient = Patient()
    patient.ask()
    assert patient.ends(30) == (12, "no progress on tts.speak for 12 s")


async def test_a_loop_that_stands_still_is_judged_by_its_pings_alone() -> None:
    patient = Patient()
    patient.ask()
    patient.answers = False
    second, why = patient.ends(40)
    assert (why, second >= 20) == ("it stopped answering", True)


async def test_while_it_loads_nothing_is_owed() -> None:
    patient = Patient(ready=False)
    patient.ask()
    assert patient.ends(60) == (0, "")
    patient.ready, patient.state = True, "ready"
    assert patient.ends(30) == (12, "no progress on tts.speak for 12 s")


async def test_when_the_show_stood_still_nobody_else_is_blamed() -> None:
    patient = Patient()
    patient.ask()
    patient.answers = False
    patient.look()
    assert patient.look(3600) == Finding()


async def test_one_that_does_not_read_is_ended() -> None:
    patient = Patient()
    patient.clogged = True
    assert patient.look() == Finding()
    patient.clogged = False
    assert patient.look() == Finding()
    patient.clogged = True
    assert patient.ends(10) == (int(CLOGGED_S) + 2, "it does not read what it is sent")


async def test_a_flood_of_what_cannot_be_used_is_degraded_until_it_is_over() -> None:
    patient = Patient()
    patient.link.status = common.Status(state="ready")
    patient.link.trouble("rubbish", FLOOD)
    patient.link._bad_times.clear()
    patient.link._bad_times.extend([patient.clock()] * FLOOD)
    assert patient.look().state == "degraded"
    assert patient.look() == Finding()
    for _ in range(12):
        patient.look()
    assert patient.called() == "ready"


async def test_a_show_that_stood_still_takes_the_time_off_a_load() -> None:
    patient = Patient(ready=False)
    assert patient.ends(100) == (0, "")
    assert patient.look(3600) == Finding()
    assert patient.ends(200) == (21, "not ready within 120 s")


async def test_a_show_that_stood_still_has_sent_nothing_meanwhile() -> None:
    patient = Patient()
    patient.clogged = True
    assert patient.look() == Finding()
    assert patient.look(60) == Finding()
    assert patient.ends(10) == (int(CLOGGED_S) + 1, "it does not read what it is sent")
