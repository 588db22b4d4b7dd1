"""Bodies of `guard`: a second opinion on a text, by a model. Stateless.

It stands behind the show's own rules and can only make a verdict stricter.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engines.wire.live import LIVE, SECRET
from engines.wire.message import Body, RequestKind


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `guard`."""

    backend: Annotated[
        Literal["openai", "words"],
        Meta(
            description="openai: any server that speaks the OpenAI API, such as Llama Guard behind "
            "Ollama, llama.cpp or vLLM; words: a small classifier on this machine (extra: guard)"
        ),
    ] = "openai"
    url: Annotated[
        str,
        Meta(description="openai: where the API begins; Ollama's own address as it comes"),
    ] = "http://127.0.0.1:11434/v1"
    api_key: Annotated[
        str,
        Meta(
            description="openai: its key; better in .env",
            extra={"env": "GUARD_API_KEY", **SECRET},
        ),
    ] = ""
    model: Annotated[str, Meta(description="openai: the model's name there", extra=LIVE)] = (
        "llama-guard3:1b"
    )
    api: Annotated[
        Literal["chat", "moderations"],
        Meta(
            description="openai: chat asks a guard model that answers safe or unsafe and S1, S2 "
            "...; moderations asks the endpoint of that name",
            extra=LIVE,
        ),
    ] = "chat"
    threshold: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="score from which a text is unsafe, where there are scores",
            extra=LIVE,
        ),
    ] = 0.8
    timeout_s: Annotated[
        float, Meta(gt=0, le=60, description="longest wait for one opinion, in seconds", extra=LIVE)
    ] = 5.0


class Ask(Body, frozen=True, kw_only=True):
    """Asks about a text."""

    text: Annotated[str, Meta(min_length=1, max_length=4000)]
    side: Literal["input", "output"] = "output"
    """Said to her, or by her."""
    context: Annotated[str, Meta(max_length=4000)] = ""
    """For `output`: what was said to her."""


class Opinion(Body, frozen=True, kw_only=True):
    """What the model thinks of it."""

    unsafe: bool
    category: str = ""
    """In words, such as `hate` or `sexual`; empty when safe or not told."""
    score: float = 0
    """0 to 1; 0 or 1 where the model gives none."""
    model: str = ""
    ms: float = 0


ASK = RequestKind("guard.ask", Ask, Opinion)
"""Fails with `timeout`, `gone` (nobody is there, known at once) or `failed` (the server answers
nonsense or refuses the key)."""

REQUESTS = (ASK,)
EVENTS = ()
