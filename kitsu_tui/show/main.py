"""The show: everything put together, from lock to goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from engines.wire import audio, metrics, show
from engines.wire.logline import JsonFormatter, LogLine, Masker, parse
from engines.wire.peer import RequestFailed
from engines.wire.stale import StaleFilter
from kitsu_tui import __version__, platform
from kitsu_tui.config import ConfigError, Loaded, endpoint, paths
from kitsu_tui.config.filelock import LockTimeout, file_lock
from kitsu_tui.config.persona import Persona, load_persona
from kitsu_tui.show.bus import LOGS_EVERY_S, Bus
from kitsu_tui.show.control import Server
from kitsu_tui.show.director import Director
from kitsu_tui.show.drill import Drills
from kitsu_tui.show.durable import Latch, Ledger
from kitsu_tui.show.history import History
from kitsu_tui.show.journal import open_journal
from kitsu_tui.show.judge import Judge
from kitsu_tui.show.kept_in import KeptIn
from kitsu_tui.show.kept_review import KeptReview
from kitsu_tui.show.logfiles import LogFiles
from kitsu_tui.show.lost_operator import LostOperator
from kitsu_tui.show.opinion import Opinions
from kitsu_tui.show.panic import Panic
from kitsu_tui.show.prepared import secrets, wishes
from kitsu_tui.show.rules_watch import RulesWatch
from kitsu_tui.show.safety import Keeper
from kitsu_tui.show.scenes import Scenes
from kitsu_tui.show.sounds import Sounds
from kitsu_tui.show.stage import Stage
from kitsu_tui.show.supervisor import Supervisor, specs
from kitsu_tui.show.switch import Switcher
from kitsu_tui.show.unit import Around, child_environ
from kitsu_tui.show.verbs import Verbs
from kitsu_tui.show.watchdog import Watchdog

log = logging.getLogger("show")

T = TypeVar("T")

EXIT_BAD_CONFIG = 2
EXIT_SECOND_SHOW = 3
SWITCH_S = 0.001
"""The loop waits no longer than that for a thread of its own process that is at work."""


class Mutes:
    """Both mutes; they hold through restarts of `audio`."""

    def __init__(self, supervisor: Supervisor, bus: Bus) -> None:
        self.mic = False
        self.voice = False
        self._supervisor = supervisor
        self._bus = bus

    async def set(self, what: Literal["mic", "voice"], on: bool, by: str) -> None:
        """Set one and tell."""
        if what == "mic":
            self.mic = on
        else:
            self.voice = on
        await self.apply()
        self._bus.tell(show.Muted(mic=self.mic, voice=self.voice, by=by))

    async def apply(self) -> None:
        """Bring both to `audio`, if it is there; it gets them again when it comes back."""
        with contextlib.suppress(RequestFailed):
            await self._supervisor.request(
                "audio", audio.MUTE, audio.Mute(mic=self.mic, voice=self.voice), timeout=2.0
            )


class Running:
    """A show that runs. Made and run by `run_show`."""

    def __init__(
        self, loaded: Loaded, logs: LogFiles, mask: Masker, state: Path, log_root: Path
    ) -> None:
        self.loaded = loaded
        self._logs = logs
        self._log_root = log_root
        self._ending = asyncio.Event()
        self._stop_reason = ("", "")
        profile = loaded.profile
        self.persona: Persona = load_persona(loaded.persona_path())
        self.persona.check_preset(profile.persona.preset)
        self.gate = Keeper(
            *loaded.safety_rules(), loaded.blocklist(), loaded.languages(), loaded.rules_read()
        )
        self.rules = RulesWatch(self)
        engine_specs = specs(loaded)
        self._mask = mask
        self.learn(loaded)
        self.journal = open_journal(
            state, loaded.name, mask=mask, keep_bytes=profile.show.journal_mb * 1_000_000
        )
        self.bus = Bus(self.journal.write, mask)
        self.latch = Latch(state / "latch.json")
        self.ledger = Ledger(state / "children.json")
        around = Around(
            tell=self.bus.tell,
            logs=self._engine_logs,
            stale=StaleFilter(self.latch.epoch),
            ledger=self.ledger,
            epoch=lambda: self.latch.epoch,
            cwd=str(Path.cwd()),
            environ=child_environ(dict(loaded.environ)),
        )
        self.supervisor = Supervisor(engine_specs, around)
        self.judge = Judge(self.gate, profile.safety.late_ms / 1000)
        self.opinions = Opinions(self.supervisor, self.alert, profile.safety)
        self.judge.opinion = self.opinions.use(profile.safety)
        self.judge.use(profile.safety)
        self.judge.alert = self.alert
        self.kept_in = KeptIn(self.judge, loaded, self.persona)
        self.stage = Stage(
            supervisor=self.supervisor,
            tell=self.bus.tell,
            judge=self.judge,
            persona=self.persona,
            history=_history(loaded),
            profile=profile,
            preset=profile.persona.preset,
        )
        self.kept_review = KeptReview(state / "review.json", self.stage.desk)
        self.director = Director(self.stage, self.latch)
        self.panic = Panic(self.latch, self.supervisor, self.director, self.bus.tell)
        self.bus.hook(self.panic.surfaces.follow)
        self.drills = Drills(
            self.supervisor,
            self.panic,
            self.bus.tell,
            state / "drill.json",
            lambda: self.bus.state.live,
        )
        self.mutes = Mutes(self.supervisor, self.bus)
        self.switcher = Switcher(self)
        self.scenes = Scenes(profile, self.supervisor, self.bus.tell, lambda: self.latch.panicked)
        self.stage.felt = self.scenes.felt
        self.sounds = Sounds(
            self.supervisor,
            lambda: self.gate.gate,
            lambda: self.loaded.profile.safety.sounds,
            state / "sounds",
            alert=self.alert,
            over=lambda text: self.bus.tell(show.Mended(texts=[text])),
        )
        self.stage.reading = self.sounds.read
        self.bus.hook(self.sounds.on_event)
        self.stage.panic = lambda by: self.job(self.panic.press(by))
        self.bus.hook(self.scenes.on_event)
        self.server = Server(self.bus, Verbs(self).table())
        self.operator = LostOperator(
            profile.operator,
            self.bus.tell,
            self.scenes,
            operators=self.server.operators,
            press=self._press,
            latched=lambda: self.latch.panicked,
        )
        self.server.sign = self.operator.sign
        self.bus.hook(self.operator.on_event)
        self._jobs: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.get_running_loop()
        self._listen()

    def stop(self, by: str, reason: str = "") -> None:
        """End the show."""
        if not self._ending.is_set():
            self._stop_reason = (by, reason)
            self._ending.set()

    async def run(self) -> None:
        """Run until `stop`."""
        loop = self._loop
        self._signals(loop)
        platform.contain()
        left = self.ledger.sweep()
        self._begin()
        if left:
            self.alert("warning", "ended what an earlier show left behind: " + ", ".join(left))
        await self.rules.look()
        # Rules and modules stay as long as the show: the collector need not look at them again and
        # again, for which everything would stand still some 30 ms each time.
        gc.collect()
        gc.freeze()
        server = await endpoint.serve(self.loaded.environ, self.server.handle)
        saved = await self.latch.save()
        if not saved:
            self.alert("error", "the panic latch cannot be saved")
        watchdog = Watchdog(loop)
        watchdog.start()
        self.supervisor.figures.watchdog = watchdog
        self.supervisor.start()
        self.job(self._flush_logs())
        self.job(self.rules.run())
        self.job(self.operator.run())
        log.info("the show is up: profile %s, pid %d", self.loaded.name, os.getpid())
        try:
            await self._ending.wait()
        finally:
            by, reason = self._stop_reason
            self.bus.tell(show.ShowStopping(by=by, reason=reason))
            log.info("the show ends, asked by %s", by or "nobody")
            await self.drills.close()
            await self.sounds.close()
            self.panic.raise_epoch("the show ends")
            self.director.fall_silent("stopped")
            await self.scenes.stopping()
            await self.supervisor.stop()
            self.kept_review.forget()
            watchdog.stop()
            for job in self._jobs:
                job.cancel()
            self.bus.flush_logs()
            server.close()
            self.server.close()
            endpoint.remove(self.loaded.environ)
            await asyncio.to_thread(self.journal.close, 2.0)

    def _begin(self) -> None:
        self.bus.tell(
            show.ShowStarted(
                profile=self.loaded.name,
                title=self.loaded.profile.title,
                live=self.loaded.profile.live,
                pid=os.getpid(),
                version=__version__,
                epoch=self.latch.epoch,
                engines=list(self.supervisor.units),
                log_root=str(self._log_root),
                journal=str(self.journal.folder),
                console=wishes(self.loaded),
            )
        )
        self.tell_persona()
        self.kept_review.restore()
        self.stage.desk.tell_review()
        self.panic.restore()
        self.drills.restore()

    async def _press(self, by: str) -> str:
        return (await self.panic.press(by)).words()

    def tell_persona(self, by: str = "") -> None:
        """Tell who she is, and see that her next answer is quick in spite of the change."""
        stage = self.stage
        self.bus.tell(
            show.PersonaState(
                name=stage.persona.name,
                preset=stage.preset,
                presets=list(stage.persona.presets),
                moods=list(stage.persona.moods),
                mood=stage.mood,
                by=by,
            )
        )
        if by:
            self.job(self.director.warm())

    # -- what engines tell -------------------------------------------------------------------

    def _listen(self) -> None:
        tell = self.bus.tell
        listen = self.supervisor.listen
        listen("audio", audio.LEVELS, lambda e, _: tell(_levels(e)))
        listen(
            "audio",
            audio.DEVICES,
            lambda e, _: tell(
                show.DeviceState(state=e.state, input=e.input, output=e.output, detail=e.detail)
            ),
        )
        listen("metrics", metrics.HOST, lambda e, _: tell(show.Host(figures=e)))
        self.bus.hook(self._on_event)

    def _on_event(self, event: show.ShowEvent) -> None:
        if not isinstance(event, show.EngineChanged) or event.state != "ready":
            return
        if event.engine == "audio" and (self.mutes.mic or self.mutes.voice):
            self.job(self.mutes.apply())
        elif event.engine == "policy":
            self.job(self.director.warm())

    def _engine_logs(self, service: str, raw: list[bytes], lines: list[LogLine]) -> None:
        for line in raw:
            self._logs.raw(service, line)
        self.bus.log_lines(lines)

    def own_log(self, line: LogLine) -> None:
        """A record of the show's own logging, from any thread, for those who watch."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.bus.log_lines, [line])

    # -- housekeeping ------------------------------------------------------------------------

    def job(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do it beside all else; it is cancelled when the show ends."""
        task = asyncio.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    def learn(self, loaded: Loaded) -> None:
        """A profile's secrets are told nowhere from now on."""
        for environ in (loaded.environ, secrets(loaded)):
            self._mask.learn(environ)
            _log_no_secret(environ)

    async def _flush_logs(self) -> None:
        while True:
            await asyncio.sleep(LOGS_EVERY_S)
            self.bus.flush_logs()

    def alert(self, level: Literal["info", "warning", "error"], text: str) -> None:
        """Tell the operator, and log it."""
        log.log(logging.ERROR if level == "error" else logging.WARNING, "%s", text)
        self.bus.tell(show.Alert(level=level, text=text))

    def _signals(self, loop: asyncio.AbstractEventLoop) -> None:
        if sys.platform == "win32":
            signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(self.stop, "signal"))
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, f"signal {number.name}")
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # a terminal that goes is no matter
        loop.add_signal_handler(
            signal.SIGUSR1, lambda: self.job(self.panic.press("signal SIGUSR1"))
        )


def _log_no_secret(environ: Mapping[str, str]) -> None:
    """What this process says on stderr is masked as well."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonFormatter):
            handler.formatter.learn(environ)


def _levels(event: audio.Levels) -> show.Levels:
    return show.Levels(
        mic_db=event.mic_db, out_db=event.out_db, hearing=event.hearing, speaking=event.speaking
    )


def _history(loaded: Loaded) -> History:
    conversation = loaded.profile.conversation
    return History(conversation.history_turns, conversation.history_block)


class ShowError(Exception):
    """The show cannot run; the message is for the person who started it, `code` the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def run_show(loaded: Loaded) -> None:
    """Run a show in this process until it is stopped.

    Raises:
        ShowError: it cannot run.
    """
    environ = loaded.environ
    platform.set_urgent()
    sys.setswitchinterval(SWITCH_S)
    os.umask(0o077)  # journal and logs hold what people said: they are for this user alone
    try:
        state = paths.private_dir(paths.state_dir(environ))
        runtime = paths.private_dir(paths.runtime_dir(environ))
        root = paths.log_root(environ)
        root.mkdir(parents=True, exist_ok=True)
    except (paths.PathError, OSError) as err:
        raise ShowError(str(err), EXIT_BAD_CONFIG) from None
    taken = runtime / "show.lock"
    try:
        # The state's, too: to a show that was started elsewhere (from cron, say, where there is no
        # XDG_RUNTIME_DIR) the running one's engines are what an earlier show left behind.
        with file_lock(taken, 0.0), file_lock(state / "state.lock", 0.0):
            _locked(loaded, state, root)
    except LockTimeout as err:
        todo = (
            "look at it with kitsu-tui or kitsu status, end it with kitsu stop"
            if str(err) == str(taken)
            else f"with another KITSU_RUNTIME_DIR than {runtime}, and with the same state folder: "
            "end that one, or give this one a KITSU_STATE_DIR of its own"
        )
        raise ShowError(f"a show is running already; {todo}", EXIT_SECOND_SHOW) from None


def _locked(loaded: Loaded, state: Path, root: Path) -> None:
    mask = Masker(loaded.environ)
    logs = LogFiles(root, keep_days=loaded.profile.show.log_days, mask=mask)
    handler = logs.handler("show", mask)
    logger = logging.getLogger()
    logger.addHandler(handler)
    environ = dict(loaded.environ) | {"KITSU_LOG_ROOT": str(root)}
    loaded.environ = environ
    started = time.monotonic()
    try:
        asyncio.run(_run(loaded, logs, mask, state, root))
    except (ConfigError, paths.PathError, OSError) as err:
        log.error("%s", err)
        raise ShowError(str(err), EXIT_BAD_CONFIG) from None
    finally:
        log.info("the show ran for %.0f s", time.monotonic() - started)
        logger.removeHandler(handler)
        logs.close(2.0)


async def _run(loaded: Loaded, logs: LogFiles, mask: Masker, state: Path, root: Path) -> None:
    running = Running(loaded, logs, mask, state, root)
    forward = _Forward(running.own_log, mask)
    logging.getLogger().addHandler(forward)
    try:
        await running.run()
    finally:
        logging.getLogger().removeHandler(forward)


class _Forward(logging.Handler):
    """Hands the show's own records to those who watch."""

    def __init__(self, take: Callable[[LogLine], None], mask: Masker) -> None:
        super().__init__()
        self._take = take
        self._format = JsonFormatter("show", mask)

    def emit(self, record: logging.LogRecord) -> None:
        self._take(parse(self._format.format(record).encode(), "show", record.created))
