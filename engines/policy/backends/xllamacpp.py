"""xllamacpp: llama.cpp's server, in this process (MIT; wheels for every platform).

What trying it (2026.10, llama.cpp b11549) taught:

- It always starts its HTTP server. It is bound to a Unix socket in a private folder which is
  removed at once, so nothing can connect and no port is open; Windows gets a loopback port with a
  random key.
- One slot keeps the KV cache of the last prompt, and `cache_prompt` reuses what they share.
- `Server()` holds the GIL while it loads. Reading the file first, which does not, leaves it
  little to wait for, so pings are answered in between.
- Its wheels for Linux use the system's OpenMP, which must be calmed (`calm_openmp`).
- A callback's exception is swallowed, so it is carried past the library by hand.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engines.harness import Missing
from engines.policy.backends import BackendError, OnPiece, Sampling, TooLong, Usage, calm_openmp
from engines.policy.gguf import Gguf
from engines.wire import policy

log = logging.getLogger("policy.xllamacpp")

INSTALL = "pip install 'kitsu-tui[policy]'"
READ_AHEAD = 8 << 20


class XLlamaCpp:
    """The starter's runtime."""

    def __init__(self) -> None:
        self._server: Any = None

    def load(self, model: Gguf, config: policy.Config) -> None:
        """See `Backend.load`."""
        calm_openmp()
        try:
            import xllamacpp
        except ImportError as err:
            how = "apt-get install libgomp1" if "libgomp" in str(err) else INSTALL
            raise Missing(f"backend xllamacpp cannot be loaded ({err}): {how}") from None
        params = xllamacpp.CommonParams()
        params.model.path = str(model.path)
        params.n_ctx = config.context
        params.n_parallel = 1
        params.n_gpu_layers = config.gpu_layers
        for cpu in (params.cpuparams, params.cpuparams_batch):
            cpu.n_threads = config.threads
        params.cache_ram_mib = 0  # one slot holds what is needed; the default may grow to 8 GiB
        params.ctx_shift = False
        params.n_threads_http = 1
        params.ui = False
        params.api_keys = [secrets.token_urlsafe(24)]
        params.verbosity = 4 if log.isEnabledFor(logging.DEBUG) else 0
        _read_ahead(model.path)
        with _no_port(params):
            try:
                self._server = xllamacpp.Server(params)
            except RuntimeError as err:
                raise Missing(
                    f"{model.path}: llama.cpp does not load this model ({err}); check it with "
                    f"`kitsu models verify`, or try a smaller context than {config.context}"
                ) from None

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
        """See `Backend.generate`."""
        stream = _Stream(on_piece)
        asked = {
            "prompt": prompt,
            "n_predict": max_tokens,
            "stream": True,
            "cache_prompt": True,
            "timings_per_token": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "repeat_penalty": sampling.repeat_penalty,
            "seed": sampling.seed,
            "stop": list(stop),
        }
        if grammar:
            asked["grammar"] = grammar
        self._server.handle_completions(asked, stream.take)
        return stream.usage()

    def close(self) -> None:
        """See `Backend.close`."""
        self._server = None


class _Stream:
    """Reads the chunks of one completion."""

    def __init__(self, on_piece: OnPiece) -> None:
        self._on_piece = on_piece
        self._error: BaseException | None = None
        self._timings: dict[str, Any] = {}
        self._finish = ""

    def take(self, chunk: dict[str, Any]) -> bool:
        try:
            return self._take(chunk)
        except BaseException as err:
            self._error = err
            return True

    def _take(self, chunk: dict[str, Any]) -> bool:
        if not chunk.get("choices"):
            if "choices" in chunk:
                return False
            raise _error(chunk)
        self._timings = chunk.get("timings") or self._timings
        choice = chunk["choices"][0]
        self._finish = choice.get("finish_reason") or self._finish
        text = choice.get("text") or ""
        return bool(text) and self._on_piece(text)

    def usage(self) -> Usage:
        if self._error is not None:
            raise self._error
        cached = int(self._timings.get("cache_n", 0))
        return Usage(
            prompt_tokens=cached + int(self._timings.get("prompt_n", 0)),
            cached_tokens=cached,
            tokens=int(self._timings.get("predicted_n", 0)),
            complete=self._finish != "length",
        )


def _error(chunk: dict[str, Any]) -> BackendError:
    body = chunk.get("error", chunk)
    message = str(body.get("message", body)) if isinstance(body, dict) else str(body)
    if "exceed" in str(chunk) and "context" in str(chunk):
        return TooLong(message)
    return BackendError(message)


def _read_ahead(path: Path) -> None:
    """Bring the file into the page cache."""
    with path.open("rb", buffering=0) as file:
        while file.read(READ_AHEAD):
            pass


@contextlib.contextmanager
def _no_port(params: Any) -> Iterator[None]:
    """While the server starts: have it listen where nobody can come, afterwards or at all."""
    if sys.platform == "win32":
        params.hostnames = ["127.0.0.1"]
        yield
        return
    folder = tempfile.mkdtemp(prefix="kitsu-")
    params.hostnames = [f"{folder}/llm.sock"]
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
