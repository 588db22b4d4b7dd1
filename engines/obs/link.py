"""The thread that owns the link to OBS: connects, does what is wanted, keeps what is known."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from msgspec.structs import replace

from engines.harness import Refused
from engines.obs.backoff import Backoff
from engines.obs.client import Address, Client, Denied, Fault
from engines.obs.figures import FiguresLook
from engines.obs.panic import Applying, Resuming, Stood, waiting
from engines.obs.reading import read_all, read_stale
from engines.obs.session import NOT_READY, Mail, Session
from engines.obs.tracking import Tracker
from engines.obs.wishes import Job, Jobs, Wish
from engines.wire import obs
from engines.wire.surface import Step

log = logging.getLogger("obs")

STATE_S = 0.1
"""Between two tellings of the state."""
SETTLE_S = 0.05
"""Events come in groups; lists are read anew when a group is over."""
STEP_S = 0.02
"""A change that waits for OBS looks again this often."""
IDLE_S = 5.0
NOT_FOUND = 600


class Told:
    """What the worker tells, from its thread; the engine overrides these."""

    def state(self, state: obs.State) -> None: ...

    def figures(self, figures: obs.Figures) -> None: ...

    def before(self, epoch: int, stood: Stood, adds: bool) -> None: ...

    def reached(self, epoch: int, steps: list[Step]) -> None: ...


class Worker:
    """See the module.

    Args:
        told: hears of everything.
        clock: of the tries to connect; seconds, monotonic.
    """

    def __init__(
        self,
        config: obs.Config,
        address: Address,
        told: Told,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.jobs = Jobs()
        self._address = address
        self._told = told
        self._backoff = Backoff(clock)
        self._mail = Mail()
        self._session: Session | None = None
        self._known = Tracker()
        """Of the last link: what the state tells while there is none."""
        self._figures = FiguresLook()
        self._parked: list[Job] = []
        self._wish: Wish | None = None
        self._stood: Stood | None = None
        """What stood before a panic that was not put back yet."""
        self._link: obs.Link = "connecting"
        self._detail = f"connecting to {address}"
        self._retry_s = 0.0
        self._was_open = False
        self._sent: obs.State | None = None
        self._sent_at = self._figures_at = self._stale_at = 0.0
        self._fresh = True
        """Something may have changed since the state was told."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="obs", daemon=True)

    # -- from any thread ---------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 0.8) -> None:
        """End the link and the thread."""
        self._stopping = True
        self._mail.knock()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def post(
        self,
        urgency: int,
        make: Callable[[Session], Any],
        away: Callable[[], Any] | None = None,
    ) -> Future[Any]:
        """Have something done; see `Job`.

        Raises:
            Refused: too much waits.
        """
        job = self.jobs.put(urgency, make, time.monotonic() + self.config.request_s, away)
        self._mail.knock()
        return job.future

    def wish(self, wish: Wish) -> None:
        """Panic or resume: the newest holds."""
        last, self._wish = self._wish, wish
        if last is not None and last.future is not None:
            last.future.cancel()
        self._mail.knock()

    @property
    def held(self) -> Wish | None:
        """The panic or the resume that was asked for last."""
        return self._wish

    def reconfigure(self, config: obs.Config) -> None:
        """Take live keys over."""
        self.config = config
        self._fresh = True
        self._mail.knock()

    @property
    def why(self) -> str:
        """How the link is, in words."""
        return self._detail

    def state(self) -> obs.State:
        """What is known now."""
        session, wish = self._session, self._wish
        tracker = session.tracker if session is not None else self._known
        return tracker.state(
            self._link,
            self._detail,
            self._retry_s,
            panicked=wish is not None and not wish.resume,
            missing=tracker.missing(self.config) if session is not None else [],
        )

    # -- the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            try:
                if self._session is None:
                    self._away()
                else:
                    self._serve(self._session)
            except Fault as fault:
                self._lost(fault)
            except Denied as no:  # it exchanges its scene collection: done anew when it has
                if self._link != "open":
                    self._lost(Fault("closed", str(no)))
            except Exception as err:  # whatever it was, the worker goes on
                log.exception("something went wrong with OBS")
                self._lost(Fault("foreign", f"OBS said something strange ({type(err).__name__})"))
        if self._session is not None:
            self._session.client.close()
        self._refuse_all("the engine is ending")

    def _away(self) -> None:
        wish = self._wish
        tried = self._link != "connecting"
        if wish is not None and wish.resume and not wish.done and not (self._stood or wish.stood):
            wish.done = True
            wish.answer([])  # OBS was away all along: nothing was changed
        if tried and wish is not None and not wish.done and wish.future is not None:
            wish.answer(waiting(self.config, self._detail))
            self._backoff.nudge()
        if len(self.jobs):
            self._backoff.nudge()
        if self._backoff.left <= 0:
            self._connect()
            return
        self._refuse_all(self._detail)
        self._publish()
        self._mail.take(min(self._backoff.left, IDLE_S), knocks=True)

    def _connect(self) -> None:
        config = self.config
        self._mail = mail = Mail()
        client = Client(
            self._address, config.password, config.request_s, mail.deliver, known=self._was_open
        )
        self._session = session = Session(client, mail, config.request_s)
        self._figures = FiguresLook()
        read_all(session)
        self._known = session.tracker
        self._was_open = True
        self._backoff.opened()
        if self._wish is not None and not self._wish.resume:
            self._wish.done = False  # whatever it shows now, panic holds
        version = session.tracker.obs_version
        self._now("open", f"OBS {version} at {self._address}", 0.0)
        self._figures_at = 0.0

    def _lost(self, fault: Fault) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._mail.clear()
            session.client.close()
        self._now(fault.link, str(fault), self._backoff.failed(fault.link))
        for job in self._parked:
            job.failed(_lost_job(fault))
        self._parked.clear()

    def _now(self, link: obs.Link, detail: str, retry_s: float) -> None:
        if link != self._link:
            level = logging.INFO if link in ("open", "closed") else logging.WARNING
            log.log(level, "%s", detail)
        self._link, self._detail, self._retry_s = link, detail, retry_s
        self._fresh = True
        self._publish(at_once=True)

    # -- with a link -------------------------------------------------------------------------

    def _serve(self, session: Session) -> None:
        session.pump(0)
        if not session.held:
            wish = self._wish
            if wish is not None and not wish.done:
                self._grant(session, wish)
                self._publish()
                return
            if (job := self.jobs.take()) is not None:
                self._begin(session, job)
                return
            self._read(session)
            if time.monotonic() >= self._figures_at:
                self._figures_at = time.monotonic() + self.config.figures_s
                self._told.figures(self._figures.look(session))
        self._publish()
        session.pump(self._pause(session), knocks=True)
        for job in list(self._parked):
            self._step(job)

    def _pause(self, session: Session) -> float:
        now = time.monotonic()
        if session.held:
            return STEP_S
        due = [self._figures_at - now]
        if self._parked:
            due.append(STEP_S)
        if session.tracker.stale:
            due.append(self._stale_at + SETTLE_S - now)
        if self._fresh or session.changed:
            due.append(self._sent_at + STATE_S - now)
        return max(0.001, min(due))

    def _read(self, session: Session) -> None:
        now = time.monotonic()
        if not session.tracker.stale:
            self._stale_at = now
        elif now >= self._stale_at + SETTLE_S:
            read_stale(session)
            self._stale_at = now

    def _begin(self, session: Session, job: Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        if time.monotonic() > job.until:
            job.failed(Refused("late", "OBS was too slow for its turn to come; it was not done"))
            return
        self._parked.append(job)
        self._step(job, session)

    def _step(self, job: Job, session: Session | None = None) -> None:
        try:
            if job.running is None and session is not None:
                found = job.make(session)
                if isinstance(found, Generator):
                    job.running = found
                else:
                    job.done(found)
                    self._parked.remove(job)
                    return
            if job.running is not None:
                next(job.running)
        except StopIteration as end:
            job.done(end.value)
        except Refused as no:
            job.failed(no)
        except Denied as no:
            job.failed(_denied(no))
        else:
            if time.monotonic() <= job.until:
                return
            words = f"OBS took it, but it is not so after {self.config.request_s:g} s"
            job.failed(Refused("late", words))
        self._parked.remove(job)

    def _grant(self, session: Session, wish: Wish) -> None:
        """Panic, or resume."""
        doing: Applying | Resuming
        began = wish.began if wish.future is not None else time.perf_counter()
        # It may know of more than the show has kept: of what a second press muted.
        stood = self._stood or wish.stood
        if wish.resume:
            doing = Resuming(session, began, stood)
        else:
            adds = stood is not None
            doing = Applying(
                session, self.config, began, stood, lambda found: self._tell(wish, found, adds)
            )
        try:
            steps = doing.run()
        except Fault as fault:
            done = tuple(step.name for step in doing.steps)
            wish.answer([*doing.steps, *waiting(self.config, str(fault), done=done)])
            raise
        if wish.resume:
            self._stood = None
        wish.done = True
        self._fresh = True
        if not wish.answer(steps) and self._wish is wish:
            self._told.reached(wish.epoch, steps)

    def _tell(self, wish: Wish, stood: Stood, adds: bool) -> None:
        self._stood = stood
        if stood != wish.known:
            wish.known = replace(stood, mutes=list(stood.mutes))
            self._told.before(wish.epoch, wish.known, adds)

    # -- telling -----------------------------------------------------------------------------

    def _publish(self, *, at_once: bool = False) -> None:
        session = self._session
        if session is not None and session.changed:
            session.changed = False
            self._fresh = True
        now = time.monotonic()
        if session is not None and self._sent is not None:
            # Each scene is told: who waits for one must not miss it for another soon after.
            at_once = at_once or session.tracker.scene != self._sent.scene
        if not self._fresh or not (at_once or now - self._sent_at >= STATE_S):
            return
        self._fresh = False
        state = self.state()
        if state != self._sent:
            self._sent, self._sent_at = state, now
            self._told.state(state)

    def _refuse_all(self, why: str) -> None:
        while (job := self.jobs.take()) is not None:
            if job.away is not None:
                job.done(job.away())
            else:
                job.failed(Refused("gone", why, retry=True))


def _lost_job(fault: Fault) -> Refused:
    if fault.link == "hung":
        return Refused("late", f"{fault}: whether it was done is not known")
    return Refused("gone", f"{fault}: whether it was done is not known", retry=True)


def _denied(no: Denied) -> Refused:
    if no.code == NOT_FOUND:
        return Refused("unknown-name", str(no))
    return Refused("refused", f"OBS says no: {no}", retry=no.code == NOT_READY)
