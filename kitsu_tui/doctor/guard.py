"""The second opinion: whether the profile has one, and whether its server answers."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from engines.wire import guard
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import Probe, in_thread
from kitsu_tui.doctor.profiles import UNREADABLE
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, warn

NAME = "second opinion"
KNOCK_S = 3.0
LIMIT_S = 10.0
MOST_BYTES = 1 << 20


async def look(context: Context) -> Finding:
    """What is wished for, and what there is."""
    if context.loaded is None:
        return skipped(NAME, UNREADABLE)
    profile = context.loaded.profile
    wanted, there = profile.safety.opinion != "never", context.loaded.enabled("guard")
    if not there:
        if not wanted:
            return ok(NAME, "not asked for: the rules alone decide (safety.opinion: never)")
        found = f"safety.opinion is {profile.safety.opinion}, but no guard engine is started"
        return warn(NAME, found, "start it: engines: {guard: {enabled: true}} in the profile")
    if not wanted:
        return warn(
            NAME,
            "the guard engine is started, and asked nothing (safety.opinion: never)",
            "say what it is asked about in the profile, such as safety: {opinion: doubtful}",
        )
    if not context.used("guard"):
        return skipped(NAME, "it runs by a command of your own, perhaps on another machine")
    if profile.guard.backend == "words":
        return ok(NAME, f"a classifier on this machine, about: {profile.safety.opinion}")
    return await in_thread(lambda: server(profile.guard))


def server(config: guard.Config) -> Finding:
    """Ask the server for its models. Its key is told nowhere."""
    bad_url = bad(NAME, "guard.url is no address", "write it like http://127.0.0.1:11434/v1")
    do = "start it, or correct guard.url; until then the rules alone decide"
    try:
        parts = urlsplit(config.url)
        host, path = parts.hostname or "", parts.path.rstrip("/") or "/v1"
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return bad_url
    if not host or parts.scheme not in ("http", "https"):
        return bad_url
    where = f"{host} port {port}"
    kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    connection = kind(host, port, timeout=KNOCK_S)
    try:
        headers = {"Authorization": f"Bearer {config.api_key}"} if config.api_key else {}
        connection.request("GET", f"{path}/models", headers=headers)
        with connection.getresponse() as response:
            status, raw = response.status, response.read(MOST_BYTES)
    except ssl.SSLError as err:
        return warn(NAME, f"{where}: no TLS ({err.reason})", do)
    except (OSError, http.client.HTTPException, ValueError) as err:
        # Not the words of a ValueError: they would hold the key.
        why = getattr(err, "strerror", None) or type(err).__name__
        return warn(NAME, f"nobody answers at {where}: {why}", do)
    finally:
        connection.close()
    if status in (401, 403):
        return bad(NAME, f"{where} refuses the key", "set GUARD_API_KEY in .env")
    names = _names(raw) if status == 200 else []
    if names and not any(config.model in (name, name.split(":")[0]) for name in names):
        few = ", ".join(names[:6])
        get = f"ollama pull {config.model}" if port == 11434 else "correct guard.model"
        return bad(NAME, f"{where} has no model {config.model}; it has: {few}", get)
    return ok(NAME, f"{where} answers, for {config.model}")


def _names(raw: bytes) -> list[str]:
    """Its models; none where it does not say, or answers by any name as llama.cpp does."""
    try:
        found: Any = json.loads(raw)
        return [str(one["id"]) for one in found["data"] if one.get("owned_by") != "llamacpp"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


PROBE = Probe(NAME, look, LIMIT_S)
