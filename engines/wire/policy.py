"""Bodies of `policy`: a prompt in, tokens and sentences out. Stateless but for its caches."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engines.wire.live import LIVE
from engines.wire.message import Body, EventKind, Owes, RequestKind


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `policy`."""

    backend: Annotated[
        Literal["xllamacpp", "llama_cpp"],
        Meta(description="runtime of the GGUF model: xllamacpp has wheels, llama_cpp compiles"),
    ] = "xllamacpp"
    model: Annotated[
        str,
        Meta(
            description="name in the model store, or the path of a .gguf file",
            extra={"env": "LLM_MODEL_NAME"},
        ),
    ] = "smollm2-135m-instruct-q4_1"
    context: Annotated[int, Meta(ge=512, le=131072, description="context in tokens")] = 2048
    threads: Annotated[int, Meta(ge=1, le=64, description="CPU threads for the model")] = 2
    gpu_layers: Annotated[int, Meta(ge=0, le=999, description="layers on the GPU")] = 0
    max_tokens: Annotated[
        int, Meta(ge=8, le=2048, description="longest answer in tokens", extra=LIVE)
    ] = 64
    sentences: Annotated[
        int, Meta(ge=1, le=50, description="longest answer in sentences", extra=LIVE)
    ] = 3
    temperature: Annotated[
        float, Meta(ge=0, le=2, description="0 always picks the likeliest", extra=LIVE)
    ] = 0.7
    min_p: Annotated[
        float,
        Meta(ge=0, le=1, description="least likelihood, as a part of the likeliest's", extra=LIVE),
    ] = 0.05
    top_p: Annotated[float, Meta(gt=0, le=1, description="nucleus sampling", extra=LIVE)] = 0.9
    repeat_penalty: Annotated[float, Meta(ge=1, le=2, description="1 is off", extra=LIVE)] = 1.1
    seed: Annotated[int, Meta(ge=-1, description="-1 is a new one every time", extra=LIVE)] = -1
    grammar: Annotated[
        bool,
        Meta(description="hold the model to the answer's shape where the backend can", extra=LIVE),
    ] = True
    # Not live: the show measures by it when the engine is stuck.
    timeout_s: Annotated[
        float, Meta(gt=0, le=600, description="longest wait for the next token, in seconds")
    ] = 20.0
    retry_attempts: Annotated[
        int,
        Meta(
            ge=0,
            le=10,
            description="further tries when an answer has no words",
            extra={"env": "POLICY_RETRY_ATTEMPTS", **LIVE},
        ),
    ] = 2
    retry_backoff: Annotated[
        float,
        Meta(
            ge=0,
            le=30,
            description="wait before a further try, in seconds, doubled each time",
            extra={"env": "POLICY_RETRY_BACKOFF", **LIVE},
        ),
    ] = 0.1


class Message(Struct, frozen=True, kw_only=True):
    """One line of the conversation so far."""

    role: Literal["user", "assistant"]
    text: str
    """Plain words, as they were typed, heard or said."""
    mood: str = ""
    """Of an assistant's line; empty is the first of the moods."""
    who: str = ""
    """Who said a user's line, as in `Respond`."""
    viewer: bool = False
    """A user's line is a viewer's, as in `Respond`."""


class Prompt(Body, frozen=True, kw_only=True):
    """What she knows when she answers: stable parts first, so that the KV cache holds."""

    system: str
    history: list[Message] = []
    moods: list[str] = []
    """Moods that an answer may name; the first is taken when it names none. None: `neutral`."""
    actions: list[str] = []
    """Actions that an answer may ask for; none by default."""


class Respond(Prompt, frozen=True, kw_only=True):
    """Asks for an answer to `text`."""

    text: str
    who: str = ""
    """Who said it, when she should know: a name that was found fit to be said."""
    viewer: bool = False
    """A viewer's words, from outside: data, marked off in the prompt from what is to be obeyed."""


class Begun(Body, frozen=True, kw_only=True):
    """An attempt begins: which model reads which prompt. Sent before the first token."""

    model: str
    prompt_hash: str
    """First 16 hex digits of the SHA-256 of the prompt as the model sees it."""
    attempt: int = 0


class Token(Body, frozen=True, kw_only=True):
    """A piece of the spoken text, as it comes (markup left out)."""

    text: str
    attempt: int = 0


class Sentence(Body, frozen=True, kw_only=True):
    """A whole sentence, or an opening clause that can be said by itself. `index` from 0."""

    index: int
    text: str
    attempt: int = 0


class Retry(Body, frozen=True, kw_only=True):
    """An attempt gave nothing that could be said; another follows."""

    attempt: int
    reason: str


class Reply(Body, frozen=True, kw_only=True):
    """The whole answer. `status` error goes with an empty text: silence, never canned speech."""

    text: str
    mood: str
    actions: list[str]
    status: Literal["ok", "error", "cancelled"]
    detail: str = ""
    attempts: int = 1
    prompt_tokens: int = 0
    cached_tokens: int = 0
    tokens: int = 0
    first_token_ms: float = 0
    latency_ms: float = 0
    prompt_hash: str = ""
    """First 16 hex digits of the SHA-256 of the prompt as the model saw it."""
    model: str = ""


class Warmed(Body, frozen=True, kw_only=True):
    """The prompt's stable beginning is in the cache."""

    prompt_tokens: int
    latency_ms: float


BEGUN = EventKind("policy.begun", Begun)
TOKEN = EventKind("policy.token", Token)
SENTENCE = EventKind("policy.sentence", Sentence)
RETRY = EventKind("policy.retry", Retry)
RESPOND = RequestKind(
    "policy.respond",
    Respond,
    Reply,
    events=(BEGUN, TOKEN, SENTENCE, RETRY),
    owes=Owes(signs=(TOKEN, SENTENCE), answer=False),
)
WARM = RequestKind("policy.warm", Prompt, Warmed)

REQUESTS = (RESPOND, WARM)
EVENTS = ()
