"""The engine with a scripted backend: tries, ends, cancellation, what goes over the wire."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engines.policy.backends import BackendError, OnPiece, Sampling, TooLong, Usage
from engines.policy.engine import PolicyEngine, named
from engines.policy.prompt import Prompts
from engines.policy.templates import chatml
from engines.testing import Bench, lab
from engines.wire import common, policy
from engines.wire.envelope import At, Cancel
from engines.wire.peer import RequestFailed

Script = str | BaseException | tuple[str, ...]


class Scripted:
    """Plays a script: one entry a generation; a mood is answered from `mood`."""

    def __init__(self, *script: Script, mood: str = "happy", complete: bool = True) -> None:
        self.script: Iterator[Script] = iter(script)
        self.mood = mood
        self.complete = complete
        self.prompts: list[str] = []
        self.seeds: list[int] = []
        self.given: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.hold_after = 1

    def load(self, model: object, config: object) -> None: ...

    def close(self) -> None:
        self.hold.set()

    def generate(
        self,
        prompt: str,
        *,
        on_piece: OnPiece,
        max_tokens: int,
        sampling: Sampling,
        grammar: str = "",
        stop: Sequence[str] = (),
    ) -> Usage:
        if prompt.endswith("<mood>"):
            on_piece(self.mood)
            return Usage(1, 1, 1)
        self.prompts.append(prompt)
        self.seeds.append(sampling.seed)
        step = next(self.script, "")
        if isinstance(step, BaseException):
            raise step
        for n, piece in enumerate((step,) if isinstance(step, str) else step):
            if n >= self.hold_after:
                self.hold.wait(10)
            self.given.append(piece)
            if piece and on_piece(piece):
                break
        return Usage(10, 5, 3, self.complete)


@asynccontextmanager
async def bench(backend: Scripted, **config: Any) -> AsyncIterator[tuple[Bench, list[float]]]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    class Engine(PolicyEngine):
        async def start(self) -> None:
            self.backend = backend
            self.sleep = sleep
            self._prompts = Prompts(chatml, ())
            self._model = "scripted"

    async with lab(Engine, policy.Config(**config)) as made:
        yield made, slept


ASK = policy.Respond(text="Hi?", system="Be Kitsu.", moods=["neutral", "happy", "sad"])


async def test_an_answer() -> None:
    backend = Scripted(("Yip", "! I lo", "ve it.", "</spe", "ech><mood>"))
    async with bench(backend) as (made, _):
        reply = await made.peer.request(policy.RESPOND, ASK)
        assert (reply.status, reply.text, reply.mood) == ("ok", "Yip! I love it.", "happy")
        assert [s.text for s in made.events(policy.SENTENCE)] == ["Yip!", "I love it."]
        assert [s.index for s in made.events(policy.SENTENCE)] == [0, 1]
        assert "".join(t.text for t in made.events(policy.TOKEN)).split() == reply.text.split()
        assert (reply.prompt_tokens, reply.cached_tokens, reply.tokens) == (10, 5, 3)
        assert (reply.attempts, reply.model, len(reply.prompt_hash)) == (1, "scripted", 16)


async def test_tries_again_with_backoff_and_another_seed_then_is_silent() -> None:
    backend = Scripted("", "<mood>sad</mood>", BackendError("broken"), "never asked for")
    async with bench(backend, retry_attempts=2, retry_backoff=0.5, seed=7) as (made, slept):
        reply = await made.peer.request(policy.RESPOND, ASK)
        assert (reply.status, reply.text, reply.mood) == ("error", "", "neutral")
        assert reply.detail == "no words; broken"
        assert [r.attempt for r in made.events(policy.RETRY)] == [1, 2]
        begun = made.events(policy.BEGUN)
        assert [b.attempt for b in begun] == [0, 1, 2]
        assert {(b.model, b.prompt_hash) for b in begun} == {("scripted", reply.prompt_hash)}
        assert slept == [0.5, 1.0]
        assert backend.seeds == [7, 8, 9]
        assert not made.events(policy.SENTENCE)


async def test_the_second_try_answers() -> None:
    async with bench(Scripted(RuntimeError("native"), "Here I am!")) as (made, _):
        reply = await made.peer.request(policy.RESPOND, ASK)
        assert (reply.status, reply.text, reply.attempts) == ("ok", "Here I am!", 2)
        assert made.events(policy.RETRY)[0].reason == "RuntimeError: native"
        assert made.events(policy.SENTENCE)[0].attempt == 1


async def test_nothing_restarts_once_a_sentence_is_out() -> None:
    class Breaks(Scripted):
        def generate(self, prompt: str, *, on_piece: OnPiece, **rest: Any) -> Usage:
            if prompt.endswith("<mood>"):
                raise BackendError("broken again")
            on_piece("I am here. And then I")
            raise BackendError("broken")

    async with bench(Breaks()) as (made, _):
        reply = await made.peer.request(policy.RESPOND, ASK)
        assert (reply.status, reply.text, reply.detail) == ("ok", "I am here.", "broken")
        assert reply.mood == "neutral"
        assert not made.events(policy.RETRY)


async def test_cut_off_at_max_tokens() -> None:
    async with bench(Scripted("I am here. And then I we", complete=False)) as (made, _):
        reply = await made.peer.request(policy.RESPOND, ASK)
        assert (reply.text, reply.detail) == ("I am here.", "cut off at max_tokens")


async def test_no_token_in_time() -> None:
    backend = Scripted(("I am here. And ", "never"))
    backend.hold.clear()
    async with bench(backend, timeout_s=0.05) as (made, _):
        reply = await made.peer.request(policy.RESPOND, ASK)
        backend.hold.set()
        assert reply.text == "I am here."
        assert reply.detail == "no token for 0.05 s"


@pytest.mark.parametrize("how", ["request", "epoch"])
async def test_cancel_stops_the_generation(how: str) -> None:
    backend = Scripted(tuple(["I run. "] + [f"And {n} times. " for n in range(100)]))
    backend.hold.clear()
    async with bench(backend, sentences=50) as (made, _):
        asking = made.peer.open(policy.RESPOND, ASK, at=At(epoch=1, turn=1))
        await made.wait_event(policy.TOKEN)
        if how == "request":
            made.cancel(Cancel(scope="request", id=asking.id))
        else:
            made.cancel(Cancel(scope="epoch", at=At(epoch=2)))
        with pytest.raises(RequestFailed):
            await asking.result(10)
        backend.hold.set()
        # The worker is free again for the next, and gave at most the token it was at.
        backend.script = iter(["Fine!"])
        reply = await made.peer.request(policy.RESPOND, ASK, at=At(epoch=2, turn=2))
        assert reply.text == "Fine!"
        assert len(backend.given) <= 3


async def test_a_prompt_that_is_too_long_loses_its_oldest_half() -> None:
    history = [policy.Message(role="user", text=f"line {n}") for n in range(8)]
    async with bench(Scripted(TooLong("9 > 8"), TooLong("9 > 8"), "Fits!")) as (made, _):
        asked = policy.Respond(text="Hi?", system="Be.", history=history)
        reply = await made.peer.request(policy.RESPOND, asked)
        assert (reply.text, reply.detail) == ("Fits!", "left out the oldest 6 messages")
        assert not made.events(policy.RETRY)


async def test_a_prompt_that_never_fits_is_an_error_at_once() -> None:
    async with bench(Scripted(TooLong("9 > 8"), "x")) as (made, _):
        reply = await made.peer.request(policy.RESPOND, ASK)
        assert reply.status == "error"
        assert "too long" in reply.detail
        assert not made.events(policy.RETRY)


async def test_actions_only_from_the_list() -> None:
    asked = policy.Respond(text="?", system="", moods=["happy"], actions=["wave"])
    for mood, actions in (
        ("happy</mood><action>wave", ["wave"]),
        ("happy</mood><action>ban", []),
        ("happy</mood>", []),
    ):
        async with bench(Scripted("Hello!", mood=mood)) as (made, _):
            reply = await made.peer.request(policy.RESPOND, asked)
            assert (reply.mood, reply.actions) == ("happy", actions)


@pytest.mark.parametrize(
    ("written", "mood"),
    [("happy", "happy"), ("Ha", "happy"), ("s", ""), ("sad</mood>", "sad"), ("x", ""), ("", "")],
)
def test_a_mood_is_named_as_soon_as_it_can_be_no_other(written: str, mood: str) -> None:
    assert named(written, ["happy", "sad", "shy"]) == mood


async def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    from engines.harness import Missing

    with pytest.raises(Missing, match=r"no\.gguf is not there.*kitsu models pull smollm2"):
        async with lab(PolicyEngine, policy.Config(model=str(tmp_path / "no.gguf"))):
            pass


async def test_how_it_samples_and_tries_changes_between_two_answers() -> None:
    backend = Scripted("", "One. Two. Three.", "One. Two. Three.")
    async with bench(backend, seed=7, retry_attempts=1, sentences=3) as (made, _):
        first = await made.peer.request(policy.RESPOND, ASK)
        asked = {"seed": 90, "retry_attempts": 0, "sentences": 1, "temperature": 0}
        await made.peer.request(common.CONFIGURE, common.Configure(config=asked))
        second = await made.peer.request(policy.RESPOND, ASK)
        assert (first.text, second.text) == ("One. Two. Three.", "One.")
        assert backend.seeds == [7, 8, 90]
