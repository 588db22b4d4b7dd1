"""Serves `policy.respond` and `policy.warm`.

The model runs in one worker thread and its pieces come to the loop through a queue, so the loop
decides everything: when a sentence is whole, when enough was said, when a try has failed. The
worker stops at the next token once its attempt is over, for whatever reason.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from engines.harness import Call, Engine, Missing, handles
from engines.harness.call import Link
from engines.policy import gguf, grammar
from engines.policy.answer import Answer
from engines.policy.backends import (
    Backend,
    BackendError,
    OnPiece,
    Sampling,
    TooLong,
    Usage,
    make,
)
from engines.policy.generation import Generation, Stalled
from engines.policy.prompt import Prompts, fingerprint
from engines.policy.templates import NoTemplate, choose
from engines.wire import policy

log = logging.getLogger("policy")

SPEECH_STOPS = ("</", "\n")
MOOD_TOKENS = 16
ACTION_TOKENS = 32


@dataclass
class Tried:
    """What one attempt gave."""

    answer: Answer
    usage: Usage = field(default_factory=Usage)
    prompt: str = ""
    detail: str = ""


class PolicyEngine(Engine[policy.Config]):
    """The LLM."""

    name = "policy"
    Config = policy.Config

    def __init__(self, config: policy.Config, link: Link) -> None:
        super().__init__(config, link)
        self.backend: Backend = make(config.backend)
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        """Waits between attempts; tests set another."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="policy")
        self._prompts: Prompts | None = None
        self._random = random.Random()  # noqa: S311 - seeds of a sampler
        self._model = ""

    async def start(self) -> None:
        """Check the file, load it, and compute a first token so that the next is quick."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._load)

    async def stop(self) -> None:
        """Release the model, unless a generation still holds it."""
        self._worker.submit(self.backend.close)
        self._worker.shutdown(wait=False, cancel_futures=False)

    @handles(policy.RESPOND)
    async def respond(self, asked: policy.Respond, call: Call) -> policy.Reply:
        """Answer."""
        began = time.perf_counter()
        prompts = self._ready()
        first_ms = 0.0
        reasons: list[str] = []
        skip, attempt, attempts = 0, 0, self.config.retry_attempts + 1

        def first() -> None:
            nonlocal first_ms
            first_ms = first_ms or (time.perf_counter() - began) * 1000

        while True:
            tried = Tried(Answer(self.config.sentences), prompt=prompts.answer(asked, skip))
            await call.send(
                policy.BEGUN,
                policy.Begun(
                    model=self._model, prompt_hash=fingerprint(tried.prompt), attempt=attempt
                ),
            )
            try:
                await self._attempt(tried, call, attempt, first)
            except TooLong as err:
                tried.detail = f"the prompt is too long for the context: {err}"
                left = len(asked.history) - skip
                if left and not tried.answer.sentences:
                    skip += -(-left // 2)
                    log.warning("%s; leaving out the oldest %d messages", tried.detail, skip)
                    continue
                attempts = 0  # another try would be as long
            if tried.answer.sentences:
                break
            reason = tried.detail or "no words"
            reasons.append(reason)
            attempt += 1
            if attempt >= attempts:
                break
            await call.send(policy.RETRY, policy.Retry(attempt=attempt, reason=reason))
            log.warning("attempt %d: %s", attempt, reason)
            await self.sleep(self.config.retry_backoff * 2 ** (attempt - 1))
        return await self._reply(asked, tried, began, first_ms, attempt, reasons, skip)

    @handles(policy.WARM)
    async def warm(self, known: policy.Prompt, call: Call) -> policy.Warmed:
        """Compute the part of the next prompt that is known already."""
        began = time.perf_counter()
        generation = self._generate(self._ready().stable(known), 0)
        try:
            async for _ in generation.pieces(self.config.timeout_s):
                pass
            usage = generation.usage
        finally:
            generation.stop()
        return policy.Warmed(
            prompt_tokens=usage.prompt_tokens, latency_ms=(time.perf_counter() - began) * 1000
        )

    # -- one attempt -------------------------------------------------------------------------

    async def _attempt(
        self, tried: Tried, call: Call, attempt: int, first: Callable[[], None]
    ) -> None:
        """Fill `tried`; its `detail` says what went wrong, if anything.

        Raises:
            TooLong: nothing was generated.
        """
        answer = tried.answer
        shape = grammar.SPEECH if self.config.grammar else ""
        generation = self._generate(
            tried.prompt, self.config.max_tokens, attempt, shape, SPEECH_STOPS
        )
        whole = False
        try:
            async for piece in generation.pieces(self.config.timeout_s):
                first()
                await self._tell(call, answer, answer.feed(piece), attempt)
                if answer.ended:
                    break
            whole = answer.ended or generation.usage.complete
        except TooLong:
            raise
        except (BackendError, Stalled) as err:
            tried.detail = str(err)
        finally:
            generation.stop()
        await self._tell(call, answer, answer.finish(whole), attempt)
        if answer.ended and not tried.detail:
            tried.usage = await generation.end(self.config.timeout_s)
        if answer.sentences and not tried.detail:
            tried.detail = answer.why or ("" if whole else "cut off at max_tokens")

    async def _tell(
        self, call: Call, answer: Answer, made: tuple[list[str], list[str]], attempt: int
    ) -> None:
        words, sentences = made
        if words:
            await call.send(policy.TOKEN, policy.Token(text=" ".join(words) + " ", attempt=attempt))
        start = len(answer.sentences) - len(sentences)
        for index, text in enumerate(sentences, start):
            await call.send(
                policy.SENTENCE, policy.Sentence(index=index, text=text, attempt=attempt)
            )

    async def _reply(
        self,
        asked: policy.Respond,
        tried: Tried,
        began: float,
        first_ms: float,
        attempt: int,
        reasons: Sequence[str],
        skip: int,
    ) -> policy.Reply:
        text = tried.answer.text
        mood, actions = asked.moods[0] if asked.moods else "neutral", list[str]()
        detail = tried.detail
        if text:
            mood, actions = await self._feeling(asked, tried, mood)
        else:
            detail = "; ".join(dict.fromkeys(reasons))
        if skip:
            detail = "; ".join(filter(None, (detail, f"left out the oldest {skip} messages")))
        return policy.Reply(
            text=text,
            mood=mood,
            actions=actions,
            status="ok" if text else "error",
            detail=detail,
            attempts=attempt + bool(text),
            prompt_tokens=tried.usage.prompt_tokens,
            cached_tokens=tried.usage.cached_tokens,
            tokens=tried.usage.tokens,
            first_token_ms=round(first_ms, 1),
            latency_ms=round((time.perf_counter() - began) * 1000, 1),
            prompt_hash=fingerprint(tried.prompt),
            model=self._model,
        )

    async def _feeling(
        self, asked: policy.Respond, tried: Tried, default: str
    ) -> tuple[str, list[str]]:
        """Mood and actions of what was said; what cannot be had is the default and none."""
        if len(asked.moods) < 2 and not asked.actions:
            return default, []
        moods = asked.moods or [default]
        generation = self._generate(
            self._ready().mood(tried.prompt, tried.answer.text),
            ACTION_TOKENS if asked.actions else MOOD_TOKENS,
            0,
            grammar.moods(moods, asked.actions) if self.config.grammar else "",
            ("</action>",) if asked.actions else ("</",),
        )
        written = ""
        try:
            async for piece in generation.pieces(self.config.timeout_s):
                written += piece
                if not asked.actions and named(written, moods):
                    break
        except (BackendError, Stalled) as err:
            log.warning("no mood: %s", err)
        finally:
            generation.stop()
        mood = named(written, moods) or default
        action = written.partition("<action>")[2].strip()
        return mood, [action] if action in asked.actions else []

    # -- the model ---------------------------------------------------------------------------

    def _generate(
        self,
        prompt: str,
        max_tokens: int,
        attempt: int = 0,
        shape: str = "",
        stop: Sequence[str] = (),
    ) -> Generation:
        seed = self.config.seed
        sampling = Sampling(
            temperature=self.config.temperature,
            top_p=self.config.top_p,
            min_p=self.config.min_p,
            repeat_penalty=self.config.repeat_penalty,
            seed=self._random.getrandbits(31) if seed < 0 else seed + attempt,
        )

        def work(on_piece: OnPiece) -> Usage:
            return self.backend.generate(
                prompt,
                on_piece=on_piece,
                max_tokens=max_tokens,
                sampling=sampling,
                grammar=shape,
                stop=stop,
            )

        return Generation(self._worker, work)

    def _ready(self) -> Prompts:
        if self._prompts is None:
            raise RuntimeError("not started")
        return self._prompts

    def _load(self) -> None:
        path = Path(self.config.model)
        if not path.is_file():
            raise Missing(
                f"model {path} is not there: name another .gguf file, or fetch the starter's by "
                "`kitsu models pull smollm2-135m-instruct-q4_1`"
            )
        try:
            model = gguf.read(path)
        except gguf.BadModel as err:
            raise Missing(f"{path}: {err}; `kitsu models verify` checks what was pulled") from None
        except OSError as err:
            raise Missing(f"{path} cannot be read: {err.strerror}") from None
        try:
            render = choose(model.chat_template)
        except NoTemplate as err:
            raise Missing(f"{path}: {err}") from None
        self._prompts = Prompts(render, model.specials)
        self._model = model.name
        self.backend.load(model, self.config)


def named(written: str, names: Sequence[str]) -> str:
    """The name that was written, or begun so that it can be no other; empty when none is."""
    text = written.strip().lower().partition("<")[0].strip()
    if not text:
        return ""
    for name in names:
        if name.lower() == text:
            return name
    fits = [name for name in names if name.lower().startswith(text)]
    return fits[0] if len(fits) == 1 else ""
