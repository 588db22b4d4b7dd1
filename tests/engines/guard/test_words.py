"""The classifier on this machine, and the real llama.cpp server with a model that is no guard."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.guard.engine import GuardEngine
from engines.testing import lab
from engines.wire import guard
from engines.wire.peer import RequestFailed
from kitsu_tui.config.models import ModelStore


async def test_words_judges_bad_language_by_its_threshold() -> None:
    pytest.importorskip("profanity_check")
    async with lab(GuardEngine, guard.Config(backend="words")) as bench:
        told = await bench.peer.request(guard.ASK, guard.Ask(text="you are a fucking idiot"))
        assert (told.unsafe, told.category) == (True, "offensive")
        assert told.score > 0.9
        told = await bench.peer.request(guard.ASK, guard.Ask(text="hello there, my friend"))
        assert (told.unsafe, told.category) == (False, "")


def serve(path: str, pipe: object) -> None:
    """Llama.cpp's own HTTP server, in a process of its own."""
    import time

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx, params.n_parallel, params.cache_ram_mib = 512, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames, params.port, params.n_threads_http = ["127.0.0.1"], 0, 2
    params.ui, params.verbosity, params.api_keys = False, 0, ["the-key"]
    server = xllamacpp.Server(params)
    pipe.send(server.listening_address)  # type: ignore[attr-defined]
    time.sleep(120)


@pytest.fixture
def llama_server(starter_models: ModelStore) -> Iterator[str]:
    pytest.importorskip("xllamacpp")
    found = Path(starter_models.path("smollm2-135m-instruct-q4_1"))
    path = found if found.is_file() else next(found.glob("*.gguf"))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(str(path), theirs), daemon=True)
    process.start()
    try:
        assert ours.poll(60)
        yield ours.recv()
    finally:
        process.kill()
        process.join(5)


async def test_a_real_server_whose_model_is_no_guard_gives_no_opinion(llama_server: str) -> None:
    asked = guard.Ask(text="I like trains.", context="What do you like?")
    # Its own address as it comes, without /v1, and a name that it does not know but takes.
    config = guard.Config(url=llama_server, api_key="the-key", timeout_s=60)
    async with lab(GuardEngine, config) as bench:
        with pytest.raises(RequestFailed, match="is llama-guard3:1b a guard model") as caught:
            await bench.peer.request(guard.ASK, asked, timeout=60)
        assert caught.value.code == "failed"
        with pytest.raises(RequestFailed) as caught:
            await bench.peer.request(guard.ASK, guard.Ask(text="word " * 700), timeout=60)
        assert "status 400" in caught.value.detail  # more than its context holds
    wrong = guard.Config(url=llama_server, api_key="another", timeout_s=60)
    async with lab(GuardEngine, wrong) as bench:
        with pytest.raises(RequestFailed, match="refuses the key"):
            await bench.peer.request(guard.ASK, asked, timeout=60)
    short = guard.Config(url=llama_server, api_key="the-key", timeout_s=0.02)
    async with lab(GuardEngine, short) as bench:
        with pytest.raises(RequestFailed) as caught:
            await bench.peer.request(guard.ASK, asked, timeout=60)
        assert caught.value.code == "timeout"
