"""Any server that speaks the OpenAI API: a guard model behind `/chat/completions`, or
`/moderations`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engines.guard import answers
from engines.guard.answers import Nonsense, Told
from engines.guard.server import Server
from engines.harness import Refused
from engines.wire import guard

MAX_TOKENS = 48
"""`unsafe` and every category there is."""
NOTHING_SAID = "Say something."
"""Before a line of hers that answers nobody: a guard wants a conversation."""
LOOK_S = 3.0
SHOWN = 160

_HARMLESS = str.maketrans("<>[]", "‹›()")
"""Of these, templates make their role marks: a text must not end its own message."""


class OpenAi:
    """See `Backend`."""

    def __init__(self, config: guard.Config) -> None:
        self._server = Server(config.url, config.api_key)
        self._where = self._server.where

    async def load(self) -> None:
        """Nothing to do: who may be asked is seen by `look`."""

    async def look(self, config: guard.Config) -> str:
        """See whether the server is there, takes the key and has the model."""
        try:
            status, raw = await self._server.exchange(
                "/models", None, min(LOOK_S, config.timeout_s)
            )
        except Refused as err:
            return str(err)
        if status in (401, 403):
            return self._denied(status)
        # Not every server lists its models, and that of llama.cpp answers by any name.
        names = _names(raw) if status == 200 else []
        known = not names or any(config.model in (name, name.split(":")[0]) for name in names)
        few = ", ".join(names[:6])
        return "" if known else f"{self._where} has no model {config.model!r}; it has: {few}"

    async def ask(self, ask: guard.Ask, config: guard.Config) -> Told:
        """Ask by the API that is configured."""
        if config.api == "moderations":
            path, body = "/moderations", {"model": config.model, "input": ask.text}
        else:
            path, body = "/chat/completions", conversation(ask, config.model)
        status, raw = await self._server.exchange(path, msgspec.json.encode(body), config.timeout_s)
        if status != 200:
            raise Refused("failed", self._failure(status, raw), retry=status in (429, 503))
        try:
            found = msgspec.json.decode(raw)
            if config.api == "moderations":
                told = answers.moderations(found, config.threshold)
            else:
                told = answers.chat(_content(found), config.model, config.threshold)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Refused("failed", f"{self._where} answers no JSON") from None
        except Nonsense as err:
            raise Refused("failed", self._server.without_key(str(err))) from None
        return msgspec.structs.replace(told, model=config.model)

    def close(self) -> None:
        """See `Backend.close`."""
        self._server.close()

    def _denied(self, status: int) -> str:
        # Its words are not told: they may quote parts of the key.
        return f"{self._where} refuses the key (GUARD_API_KEY), status {status}"

    def _failure(self, status: int, raw: bytes) -> str:
        if status in (401, 403):
            return self._denied(status)
        said = _message(raw)
        more = f": {self._server.without_key(said)[:SHOWN]}" if said else ""
        if status == 429:
            return f"{self._where} was asked too often (429){more}"
        return f"{self._where} answers with status {status}{more}"


def conversation(ask: guard.Ask, model: str) -> dict[str, Any]:
    """The request for a guard model. Its last message is the one that is judged: of `user` what was
    said to her, of `assistant` what she says. The server's template for the model does the rest.
    """
    text = ask.text.translate(_HARMLESS)
    if ask.side == "input":
        messages = [{"role": "user", "content": text}]
    else:
        before = ask.context.translate(_HARMLESS).strip() or NOTHING_SAID
        messages = [{"role": "user", "content": before}, {"role": "assistant", "content": text}]
    return {
        "model": model,
        "messages": messages,
        "temperature": 0,
        "max_tokens": MAX_TOKENS,
        "stream": False,
    }


def _content(answer: Any) -> str:
    """What the model wrote.

    Raises:
        Nonsense: there is nothing of the kind.
    """
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        content = None
    if not isinstance(content, str):
        raise Nonsense("found no choices[0].message.content in the answer: is this an OpenAI API?")
    return content


def _names(raw: bytes) -> list[str]:
    try:
        found = msgspec.json.decode(raw)
        return [str(one["id"]) for one in found["data"] if one.get("owned_by") != "llamacpp"]
    except (
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
        KeyError,
        TypeError,
        AttributeError,
    ):
        return []


def _message(raw: bytes) -> str:
    """The words of an error, where it has some."""
    try:
        found = msgspec.json.decode(raw)
        said = found["error"]
        return str(said["message"] if isinstance(said, dict) else said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        return ""
