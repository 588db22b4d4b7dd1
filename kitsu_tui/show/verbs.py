"""What operators may ask, and what it does. Whatever changes something is told as `Acted`."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from engines.wire import audio, control, show
from engines.wire.message import Empty, RequestKind
from engines.wire.peer import RequestFailed
from kitsu_tui.config import engine_name
from kitsu_tui.config.errors import nearest
from kitsu_tui.show import blocklist_verbs, line_verbs, obs_verbs
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.drill import drill
from kitsu_tui.show.turn import Turn

if TYPE_CHECKING:
    from kitsu_tui.show.control import Client, Verb
    from kitsu_tui.show.main import Running

VOICE_S = 20.0
"""After a wav file has gone by, how long its words may take to become a turn."""


class Verbs:
    """The requests of `engines.wire.control`, done on a running show."""

    def __init__(self, running: Running) -> None:
        self._show = running

    def table(self) -> dict[RequestKind[Any, Any], Verb]:
        """Each request with what does it."""
        return {
            control.WATCH: self.never,
            control.STATUS: self.status,
            control.SAY: self.say,
            control.TALK: self.talk,
            control.INTERRUPT: self.interrupt,
            control.MUTE: self.mute,
            control.PANIC: self.panic,
            control.RESUME: self.resume,
            control.DRILL: self.drill,
            control.TOGGLE: self.toggle,
            control.RESTART: self.restart,
            control.START: self.start,
            control.KILL: self.kill,
            control.SKIP: self.skip,
            control.PERSONA: self.persona,
            control.MOOD: self.mood,
            control.MARK: self.mark,
            control.ACKNOWLEDGE: self.acknowledge,
            control.SCENE: lambda ask, _: obs_verbs.scene(self._show, ask),
            control.OBS: lambda ask, _: obs_verbs.change(self._show, ask),
            control.LINE: lambda ask, _: line_verbs.line(self._show, ask),
            control.REVIEW: lambda ask, _: line_verbs.review(self._show, ask),
            control.BLOCKLIST: lambda ask, _: blocklist_verbs.change(self._show, ask),
            control.TOUCH: self.ping,
            control.PROFILE: lambda ask, _: self._show.switcher.use(ask),
            control.STOP: self.stop,
            control.PING: self.ping,
        }

    async def never(self, ask: Struct, client: Client) -> Struct:
        """`show.watch` is served by the connection itself."""
        raise Refusal("not here")

    async def ping(self, ask: Struct, client: Client) -> Empty:
        """Answer; that an operator asked at all is known by now."""
        return Empty()

    async def status(self, ask: control.Ask, client: Client) -> control.Snapshot:
        """The whole picture."""
        return control.Snapshot(state=self._show.bus.state)

    async def say(self, ask: control.Say, client: Client) -> control.Said:
        """Type to her."""
        turn = self._show.director.say(ask.text, ask.by)
        self._acted("say", ask.by)
        return control.Said(turn=turn.number)

    async def interrupt(self, ask: control.Interrupt, client: Client) -> control.Done:
        """End what she says, and forget what waits if that is asked too."""
        forgotten = self._show.director.forget() if ask.everything else 0
        detail = self._show.director.interrupt()
        if ask.everything:
            detail += f"; {forgotten} that waited forgotten"
        return self._done("interrupt", ask.by, detail=detail)

    async def mute(self, ask: control.Mute, client: Client) -> control.Done:
        """Set or toggle a mute."""
        mutes = self._show.mutes
        now = mutes.mic if ask.what == "mic" else mutes.voice
        on = (not now) if ask.on is None else ask.on
        await mutes.set(ask.what, on, ask.by)
        word = "muted" if on else "open"
        return self._done("mute", ask.by, args=f"{ask.what} {word}", detail=f"{ask.what} {word}")

    async def panic(self, ask: control.Ask, client: Client) -> control.Done:
        """Silence, at once and until resumed."""
        found = await self._show.panic.press(ask.by)
        return self._done("panic", ask.by, detail=f"panic: {found.words()}", ok=found.ok)

    async def resume(self, ask: control.Resume, client: Client) -> control.Done:
        """Release the panic latch, and put back what panic changed."""
        panic = self._show.panic
        if ask.epoch is not None and panic.epoch != ask.epoch:
            raise Refusal("panic was pressed or released since you were asked: look again")
        was, found = panic.latched, await panic.resume(ask.by)
        words = found.words() if found is not None else ""
        detail = "resumed" if was else "was not panicked"
        detail += f"; put back: {words}" if words else ""
        return self._done("resume", ask.by, detail=detail, ok=found is None or found.ok)

    async def drill(self, ask: control.Drill, client: Client) -> control.Drilled:
        """Rehearse panic."""
        return await drill(self._show, ask)

    async def toggle(self, ask: control.Toggle, client: Client) -> control.Done:
        """Switch an engine on or off."""
        unit = self._unit(ask.engine)
        on = (not unit.wanted) if ask.on is None else ask.on
        unit.switch(on, ask.by)
        word = "on" if on else "off"
        return self._done("toggle", ask.by, args=f"{unit.spec.name} {word}", detail=word)

    async def restart(self, ask: control.OneEngine, client: Client) -> control.Done:
        """Start an engine anew."""
        unit = self._unit(ask.engine)
        unit.restart(ask.by)
        return self._done("restart", ask.by, args=unit.spec.name, detail="restarting")

    async def start(self, ask: control.OneEngine, client: Client) -> control.Done:
        """Start an engine that is off, stopped or has failed."""
        unit = self._unit(ask.engine)
        unit.start(ask.by)
        return self._done("start", ask.by, args=unit.spec.name, detail="starting")

    async def kill(self, ask: control.OneEngine, client: Client) -> control.Done:
        """End an engine's process at once; it stays stopped."""
        unit = self._unit(ask.engine, ends=True)
        unit.kill(ask.by)
        return self._done(
            "kill", ask.by, args=unit.spec.name, detail="killed; start brings it back"
        )

    async def skip(self, ask: control.Ask, client: Client) -> control.Done:
        """End the sentence on air, and go on with the next."""
        return self._done("skip", ask.by, detail=self._show.director.skip())

    async def persona(self, ask: control.Persona, client: Client) -> control.Done:
        """Take another preset of her persona."""
        stage = self._show.stage
        stage.preset = stage.persona.check_preset(ask.preset)
        self._show.tell_persona(ask.by)
        return self._done("persona", ask.by, args=ask.preset, detail=f"she is {ask.preset} now")

    async def mood(self, ask: control.Mood, client: Client) -> control.Done:
        """Hold her in a mood, or let go."""
        stage = self._show.stage
        moods = stage.persona.moods
        if ask.mood and ask.mood not in moods:
            known = ", ".join(moods)
            raise Refusal(f"no mood {ask.mood!r}{nearest(ask.mood, moods)}; she has: {known}")
        stage.mood = ask.mood
        self._show.tell_persona(ask.by)
        detail = f"held in the mood {ask.mood}" if ask.mood else "her moods are her own again"
        return self._done("mood", ask.by, args=ask.mood, detail=detail)

    async def mark(self, ask: control.Mark, client: Client) -> control.Done:
        """Mark this moment."""
        self._show.bus.tell(show.Marked(by=ask.by, text=ask.text))
        return control.Done(detail="marked")

    async def acknowledge(self, ask: control.Acknowledge, client: Client) -> control.Done:
        """Alerts were seen."""
        state = self._show.bus.state
        upto = state.n if ask.upto is None else ask.upto
        count = sum(1 for alert in state.alerts if alert.n <= upto and not alert.acked_by)
        if count:
            self._show.bus.tell(show.Acknowledged(upto=upto, by=ask.by))
        return control.Done(detail=f"{count} acknowledged")

    async def stop(self, ask: control.Ask, client: Client) -> control.Done:
        """End the show."""
        self._acted("stop", ask.by)
        self._show.stop(ask.by)
        return control.Done(detail="stopping")

    # -- one exchange ------------------------------------------------------------------------

    async def talk(self, ask: control.Talk, client: Client) -> control.Talked:
        """One exchange, to its end."""
        if bool(ask.text) == bool(ask.wav):
            raise Refusal("talk takes either a text or a wav file")
        if ask.viewer and ask.wav:
            raise Refusal("a viewer writes: give a text with the viewer's name, no wav file")
        if ask.play and not ask.text and not self._show.supervisor.is_ready("audio"):
            raise Refusal(self._show.supervisor.why_not("audio"))
        turn = await self._voice(ask) if ask.wav else self._typed(ask)
        done = await asyncio.shield(turn.done)
        while turn.went_on is not None:  # they had only paused
            turn = turn.went_on
            done = await asyncio.shield(turn.done)
        out = ""
        if ask.out:
            out = ask.out
            await asyncio.to_thread(write_wav, Path(out), turn)
        self._acted("talk", ask.by)
        return control.Talked(
            status=done.status,
            transcript=turn.text,
            answer=done.answer,
            mood=done.mood,
            actions=done.actions,
            verdicts=list(turn.verdicts),
            marks_ms=done.marks_ms,
            turn=turn.number,
            detail=done.detail,
            out=out,
        )

    def _typed(self, ask: control.Talk) -> Turn:
        return self._show.director.say(
            ask.text,
            ask.viewer or ask.by,
            "chat" if ask.viewer else "api",
            play=ask.play,
            preset=ask.preset,
            keep_pcm=bool(ask.out),
        )

    async def _voice(self, ask: control.Talk) -> Turn:
        if self._show.panic.latched:
            raise Refusal("panic is latched: resume first (kitsu resume)")
        if self._show.mutes.mic:
            raise Refusal("the microphone is muted: kitsu mute mic --off")
        if ask.preset:
            self._show.persona.check_preset(ask.preset)
        for name in ("audio", "asr"):
            if not self._show.supervisor.is_ready(name):
                raise Refusal(self._show.supervisor.why_not(name))
        heard: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()

        def take(turn: Turn) -> None:
            turn.play, turn.preset, turn.keep_pcm = ask.play, ask.preset, bool(ask.out)
            if not heard.done():
                heard.set_result(turn)

        undo = self._show.director.next_voice_turn(take)
        try:
            feed = self._show.supervisor.open("audio", audio.FEED, audio.Feed(path=ask.wav))
            await feed.result(600.0)
            async with asyncio.timeout(VOICE_S):
                return await heard
        except RequestFailed as err:
            raise Refusal(err.detail) from None
        except TimeoutError:
            raise Refusal(f"{ask.wav}: nothing in it was understood as speech") from None
        finally:
            undo()

    # -- helpers -----------------------------------------------------------------------------

    def _unit(self, said: str, *, ends: bool = False) -> Any:
        units = self._show.supervisor.units
        name = engine_name(said)
        if name not in units:
            known = ", ".join(units)
            raise Refusal(f"no engine {said!r}{nearest(name, units)}; there are: {known}")
        if self._show.bus.state.stopping and not ends:
            raise Refusal("the show is stopping, and its engines with it")
        return units[name]

    def _acted(self, name: str, by: str, args: str = "", detail: str = "", ok: bool = True) -> None:
        self._show.bus.tell(show.Acted(name=name, by=by, args=args, detail=detail, ok=ok))

    def _done(
        self, name: str, by: str, *, args: str = "", detail: str = "", ok: bool = True
    ) -> control.Done:
        self._acted(name, by, args, detail, ok)
        return control.Done(detail=detail)


def write_wav(path: Path, turn: Turn) -> None:
    """Write what was handed to the device of a turn: s16le mono, at the voice's rate.

    Raises:
        Refusal: the file cannot be written.
    """
    rate = next((line.rate for line in turn.lines if line.rate), 22050)
    try:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            for line in turn.lines:
                file.writeframes(bytes(line.pcm[: line.heard_samples * 2]))
    except OSError as err:
        raise Refusal(f"{path}: cannot be written: {err.strerror or err}") from None
