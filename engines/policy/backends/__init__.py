"""Runtimes of the model: what the engine asks of one, and which there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engines.policy.gguf import Gguf
from engines.wire import policy

OnPiece = Callable[[str], bool]
"""Takes each piece of text as it is made; True stops the generation."""


SPIN = "2000"


def calm_openmp() -> None:
    """Keep llama.cpp's OpenMP threads from spinning; call before its library is loaded.

    They spin at every barrier, hundreds a token. With another busy process on two cores a token
    took 0.3 to 1 s so; with GOMP_SPINCOUNT=2000 it took 45 ms, and on idle cores 14 ms as before.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN)


class BackendError(Exception):
    """The runtime could not generate."""


class TooLong(BackendError):
    """The prompt does not fit the context."""


@dataclass(frozen=True)
class Sampling:
    """How to pick tokens; -1 as `seed` is a new one every time."""

    temperature: float
    top_p: float
    min_p: float
    repeat_penalty: float
    seed: int


@dataclass(frozen=True)
class Usage:
    """What a generation took, in tokens.

    `complete` is False when `max_tokens` cut it off. A generation that `on_piece` stopped counts
    as complete: whoever stopped it knows.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    tokens: int = 0
    complete: bool = True


class Backend(Protocol):
    """One loaded model. All calls come from one worker thread, one at a time."""

    def load(self, model: Gguf, config: policy.Config) -> None:
        """Load the model.

        Raises:
            Missing: a package is not installed, or the library does not take the file.
        """

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
        """Continue `prompt`, keeping what was computed for the beginning it shares with the last.

        Args:
            prompt: template tokens in it count as such; the model's BOS is added by the runtime.
            on_piece: called in this thread with whole characters.
            max_tokens: 0 only computes the prompt.
            sampling: how to pick tokens.
            grammar: GBNF that the text keeps to; none when empty.
            stop: texts that end it and are left out.

        Raises:
            TooLong, BackendError.
        """

    def close(self) -> None:
        """Release the model."""


def make(name: str) -> Backend:
    """The backend of that name, not loaded yet; nothing heavy is imported."""
    if name == "llama_cpp":
        from engines.policy.backends.llama_cpp import LlamaCpp

        return LlamaCpp()
    from engines.policy.backends.xllamacpp import XLlamaCpp

    return XLlamaCpp()
