"""llama-cpp-python: the same llama.cpp, compiled on the spot (MIT; source package only).

Compiling took six minutes on two cores. On a virtual machine that shows AMX, the build for the
machine's own processor (0.3.36) died at its first token; `CMAKE_ARGS=-DGGML_NATIVE=OFF` cured it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from engines.harness import Missing
from engines.policy.backends import BackendError, OnPiece, Sampling, TooLong, Usage, calm_openmp
from engines.policy.gguf import Gguf
from engines.wire import policy

INSTALL = (
    "pip install 'kitsu-tui[llama-cpp]' (compiles for minutes; needs a C++ compiler and CMake; "
    "if the engine then dies at its first answer: CMAKE_ARGS=-DGGML_NATIVE=OFF before it)"
)


class LlamaCpp:
    """An extra, for builds with acceleration that the wheels lack."""

    def __init__(self) -> None:
        self._llama: Any = None
        self._library: Any = None
        self._grammars: dict[str, Any] = {}

    def load(self, model: Gguf, config: policy.Config) -> None:
        """See `Backend.load`."""
        calm_openmp()
        try:
            import llama_cpp
        except ImportError as err:
            raise Missing(f"backend llama_cpp is not installed ({err}): {INSTALL}") from None
        self._library = llama_cpp
        try:
            self._llama = llama_cpp.Llama(
                model_path=os.fspath(model.path),
                n_ctx=config.context,
                n_threads=config.threads,
                n_threads_batch=config.threads,
                n_gpu_layers=config.gpu_layers,
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError) as err:
            raise Missing(f"{model.path}: llama.cpp does not load this model ({err})") from None

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
        llama = self._llama
        tokens: list[int] = llama.tokenize(prompt.encode(), add_bos=True, special=True)
        room = llama.n_ctx() - len(tokens)
        if room <= max_tokens:
            raise TooLong(f"{len(tokens)} tokens and {max_tokens} for the answer")
        cached = _shared(llama, tokens)
        if max_tokens == 0:
            if cached < len(tokens):
                llama.n_tokens = cached
                llama.eval(tokens[cached:])
            return Usage(len(tokens), cached)
        made, complete = 0, True
        try:
            chunks = llama.create_completion(
                tokens,
                max_tokens=max_tokens,
                stream=True,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                min_p=sampling.min_p,
                repeat_penalty=sampling.repeat_penalty,
                seed=sampling.seed if sampling.seed >= 0 else None,
                stop=list(stop),
                grammar=self._grammar(grammar),
            )
            for chunk in chunks:
                choice = chunk["choices"][0]
                complete = choice.get("finish_reason") != "length"
                if text := choice.get("text"):
                    made += 1
                    if on_piece(text):
                        break
        except (ValueError, RuntimeError) as err:
            raise BackendError(str(err)) from err
        return Usage(len(tokens), cached, made, complete)

    def close(self) -> None:
        """See `Backend.close`."""
        if self._llama is not None:
            self._llama.close()
            self._llama = None

    def _grammar(self, text: str) -> Any:
        if not text:
            return None
        if text not in self._grammars:
            if len(self._grammars) >= 32:
                self._grammars.clear()
            self._grammars[text] = self._library.LlamaGrammar.from_string(text, verbose=False)
        return self._grammars[text]


def _shared(llama: Any, tokens: list[int]) -> int:
    """How many tokens of the beginning are in the cache; the last is computed in any case."""
    held = [int(token) for token in llama.input_ids[: llama.n_tokens]]
    same = 0
    for one, other in zip(held, tokens[:-1], strict=False):
        if one != other:
            break
        same += 1
    return same
