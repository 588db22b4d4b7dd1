"""Scripted mind, voice and ear: they note what they are asked, and do what a test says.

They run in the real harness, and hold what the show sends against what the real engines promise to
take (the docstrings of `engines.wire`): whatever breaks a promise is noted in `faults`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from engines.harness import Call, Engine, Refused, handles
from engines.wire import asr, policy, tts
from engines.wire.envelope import At

R = TypeVar("R")
RATE = 8000
CHUNK_MS = 100
CHUNK = RATE * CHUNK_MS // 1000
WORD_MS = 200
"""How long her voice takes over a word."""


def sound(text: str) -> bytes:
    """A sentence as her voice says it: no two say it alike, and no sample of it is silent."""
    samples = len(text.split()) * RATE * WORD_MS // 1000
    seed = zlib.crc32(text.encode())
    return b"".join((1000 + (seed + i) % 9000).to_bytes(2, "little") for i in range(samples))


class Faults(list[str]):
    """Promises of the wire that the show has broken."""


class Job(Generic[R]):
    """A request under way: it does what it is told, in order, until it has an answer."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.over = False
        self.cancelled = False
        self._steps: asyncio.Queue[Callable[[], Awaitable[R | None]]] = asyncio.Queue()

    @property
    def at(self) -> At:
        return self.call.at or At()

    def tell(self, step: Callable[[], Awaitable[R | None]]) -> None:
        """The next thing to do; one that returns something answers the request."""
        self._steps.put_nowait(step)

    def fail(self, code: str = "failed", message: str = "it went wrong") -> None:
        """Answer that it failed."""

        async def step() -> R | None:
            raise Refused(code, message)

        self.tell(step)

    async def run(self) -> R:
        try:
            while True:
                result = await (await self._steps.get())()
                if result is not None:
                    return result
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.over = True


# -- policy --------------------------------------------------------------------------------------


class Thought(Job[policy.Reply]):
    """An answer in the making."""

    def __init__(self, call: Call, params: policy.Respond) -> None:
        super().__init__(call)
        self.params = params
        self.said: list[str] = []

    def say(self, *sentences: str) -> None:
        """Think sentences, each a token and a sentence."""

        async def step(text: str) -> None:
            self.said.append(text)
            await self.call.send(policy.TOKEN, policy.Token(text=text))
            index = len(self.said) - 1
            await self.call.send(policy.SENTENCE, policy.Sentence(index=index, text=text))

        for text in sentences:
            self.tell(lambda text=text: step(text))  # type: ignore[misc]

    def finish(self, mood: str = "happy", status: str = "ok") -> None:
        """That is all of it."""

        async def step() -> policy.Reply:
            return policy.Reply(
                text=" ".join(self.said),
                mood=mood,
                actions=["wave"],
                status=status,  # type: ignore[arg-type]
            )

        self.tell(step)


class Mind(Engine[policy.Config]):
    """The scripted `policy`."""

    name = "policy"
    Config = policy.Config
    desk: ClassVar[MindDesk]

    @handles(policy.RESPOND)
    async def respond(self, params: policy.Respond, call: Call) -> policy.Reply:
        thought = Thought(call, params)
        self.desk.asked.append(thought)
        if self.desk.auto is not None:
            thought.say(*self.desk.auto)
            thought.finish()
        return await thought.run()

    @handles(policy.WARM)
    async def warm(self, params: policy.Prompt, call: Call) -> policy.Warmed:
        self.desk.warmed.append(params)
        return policy.Warmed(prompt_tokens=1, latency_ms=1.0)


@dataclass
class MindDesk:
    """What `policy` was asked, over all its lives. `auto`: sentences that it answers at once."""

    faults: Faults
    asked: list[Thought] = field(default_factory=list)
    warmed: list[policy.Prompt] = field(default_factory=list)
    auto: list[str] | None = None


# -- tts -----------------------------------------------------------------------------------------


class Saying(Job[tts.Spoken]):
    """A sentence in the making."""

    def __init__(self, call: Call, text: str) -> None:
        super().__init__(call)
        self.text = text
        self.pcm = sound(text)
        self.made = 0

    def make(self, chunks: int = 10_000) -> None:
        """Make so many chunks, or all there are."""

        async def step() -> None:
            for _ in range(chunks):
                pcm = self.pcm[self.made : self.made + CHUNK * 2]
                if not pcm:
                    return
                await self.call.send(tts.AUDIO, tts.Audio(pcm=pcm, rate=RATE))
                self.made += len(pcm)

        self.tell(step)

    def finish(self) -> None:
        """It is made."""

        async def step() -> tts.Spoken:
            return tts.Spoken(
                status="ok",
                rate=RATE,
                samples=self.made // 2,
                duration_ms=self.made / 2 * 1000 / RATE,
                backend="scripted",
                voice="scripted",
                cached=False,
                first_pcm_ms=0,
                latency_ms=0,
            )

        self.tell(step)


class Throat(Engine[tts.Config]):
    """The scripted `tts`."""

    name = "tts"
    Config = tts.Config
    desk: ClassVar[ThroatDesk]

    @handles(tts.SPEAK)
    async def speak(self, params: tts.Speak, call: Call) -> tts.Spoken:
        saying = Saying(call, params.text)
        self.desk.asked.append(saying)
        if self.desk.auto:
            saying.make()
            saying.finish()
        return await saying.run()


@dataclass
class ThroatDesk:
    """What `tts` was asked, over all its lives. `auto`: it makes every sentence at once."""

    faults: Faults
    asked: list[Saying] = field(default_factory=list)
    auto: bool = True


# -- asr -----------------------------------------------------------------------------------------


class Listening(Job[asr.Transcript]):
    """An utterance that is being understood."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.pcm = b""
        self.marks: list[str] = []
        """pause, resume and end, as they were fed."""

    def partial(self, text: str) -> None:
        """So far it is this."""

        async def step() -> None:
            await self.call.send(asr.PARTIAL, asr.Partial(text=text, upto_ms=0))

        self.tell(step)

    def guess(self, text: str) -> None:
        """If they are done it is this."""

        async def step() -> None:
            await self.call.send(asr.GUESS, asr.Guess(text=text, decode_ms=0))

        self.tell(step)

    def final(self, text: str) -> None:
        """It is this."""

        async def step() -> asr.Transcript:
            return asr.Transcript(
                text=text,
                language="en",
                duration_ms=0,
                decode_ms=0,
                no_speech=0,
                confidence=1,
            )

        self.tell(step)

    async def listen(self, faults: Faults) -> None:
        """Take what is fed."""
        self.call.grant(512)
        async for name, body in self.call.feeds():
            if "end" in self.marks:
                faults.append(f"asr: {name} after the end")
            if isinstance(body, asr.Pcm):
                self.pcm += body.pcm
            else:
                self.marks.append(name.removeprefix("asr."))


class Ear(Engine[asr.Config]):
    """The scripted `asr`."""

    name = "asr"
    Config = asr.Config
    desk: ClassVar[EarDesk]

    @handles(asr.TRANSCRIBE)
    async def transcribe(self, params: asr.Transcribe, call: Call) -> asr.Transcript:
        listening = Listening(call)
        self.desk.asked.append(listening)
        feeding = asyncio.create_task(listening.listen(self.desk.faults))
        try:
            return await listening.run()
        finally:
            feeding.cancel()


@dataclass
class EarDesk:
    """What `asr` was asked, over all its lives."""

    faults: Faults
    asked: list[Listening] = field(default_factory=list)


def desk_class(engine: type[Engine[Any]], desk: object) -> type[Engine[Any]]:
    """The engine, at its desk."""
    return type(engine.__name__, (engine,), {"desk": desk})
