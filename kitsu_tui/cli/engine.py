"""`kitsu engine NAME`: one engine over stdin and stdout. The only place that loads an engine."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

ENGINES = {
    "audio": "engines.audio.engine:AudioEngine",
    "asr": "engines.asr.engine:AsrEngine",
    "policy": "engines.policy.engine:PolicyEngine",
    "tts": "engines.tts.engine:TtsEngine",
    "metrics": "engines.metrics.engine:MetricsEngine",
    "obs": "engines.obs.engine:ObsEngine",
    "guard": "engines.guard.engine:GuardEngine",
    "echo": "engines.echo.engine:EchoEngine",
}


QUIET = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""Libraries that would tell their makers of their use do not: what runs here stays here."""


def load(name: str) -> type[Any]:
    """The engine's class. Raises `typer.BadParameter` for a name that is none."""
    if name not in ENGINES:
        import difflib

        near = difflib.get_close_matches(name, ENGINES, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise typer.BadParameter(f"no engine {name!r}{hint} There are: {', '.join(ENGINES)}")
    module, attribute = ENGINES[name].split(":")
    loaded: type[Any] = getattr(importlib.import_module(module), attribute)
    return loaded


def engine(
    name: Annotated[
        str, typer.Argument(help="audio, asr, policy, tts, metrics, obs, guard or echo")
    ],
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="take the configuration from this profile")
    ] = "",
    config: Annotated[
        str, typer.Option(help="configuration as JSON, or the path of a JSON file")
    ] = "",
    supervised: Annotated[
        bool, typer.Option(help="a show is at the other end: wait for init, leave when stdin ends")
    ] = False,
    describe: Annotated[
        bool, typer.Option("--describe", help="print the hello and the schemas, then exit")
    ] = False,
) -> None:
    """Run one engine: requests as JSON lines on stdin, answers as JSON lines on stdout."""
    if describe:
        print(json.dumps(description(load(name)), indent=2))
        return
    from engines.harness.stdio import claim_stdout

    wire = claim_stdout()
    os.environ.update(QUIET | os.environ)
    from engines.harness.errors import EXIT_BAD_CONFIG
    from engines.harness.run import leave, run
    from engines.wire import logline

    logline.configure(name)
    cls = load(name)
    resolved: Any = None
    if not supervised:
        try:
            resolved = resolve(name, cls, profile, config)
        except ValueError as err:
            print(f"kitsu engine {name}: {err}", file=sys.stderr)
            leave(getattr(err, "code", EXIT_BAD_CONFIG))
    leave(run(cls, wire, resolved, supervised=supervised))


def resolve(name: str, cls: type[Any], profile: str, config: str) -> Any:
    """The engine's configuration from a profile, with `--config` over it.

    Raises:
        ValueError: says which file or key is wrong.
    """
    values: dict[str, Any] = {}
    if profile:
        from kitsu_tui.config import load_profile

        values = load_profile(profile).engine_config(name)
    if config:
        try:
            text = config if config.lstrip().startswith("{") else Path(config).read_text("utf-8")
        except OSError as err:
            raise ValueError(f"--config: {config[:200]}: {err.strerror or err}") from None
        except UnicodeDecodeError:
            raise ValueError(f"--config: {config}: not UTF-8") from None
        try:
            values |= msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.MsgspecError as err:
            raise ValueError(f"--config: {err}") from None
    try:
        return msgspec.convert(values, cls.Config)
    except msgspec.ValidationError as err:
        raise ValueError(f"configuration: {err}") from None


def description(cls: type[Any]) -> dict[str, Any]:
    """What an engine is and speaks, as JSON schemas (2020-12)."""
    from engines.wire import common
    from engines.wire.envelope import WIRE_VERSIONS
    from engines.wire.live import LIVE, marked

    served = [kind for kind, _ in cls.served().values()]
    events = [*common.EVENTS, *cls.events]
    bodies: list[type[Any]] = [cls.Config]
    for kind in served:
        bodies += [kind.body, kind.result, *(e.body for e in (*kind.events, *kind.feeds))]
    bodies += [kind.body for kind in events]
    unique = list(dict.fromkeys(bodies))
    refs, definitions = msgspec.json.schema_components(unique, ref_template="#/$defs/{name}")
    by_type = dict(zip(unique, refs, strict=True))
    return {
        "hello": {
            "type": "hello",
            "wire": WIRE_VERSIONS,
            "engine": cls.name,
            "version": cls.version,
            "capabilities": list(cls.capabilities),
        },
        "config": by_type[cls.Config],
        "live": sorted(marked(cls.Config, LIVE)),
        "requests": {
            kind.name: {
                "data": by_type[kind.body],
                "result": by_type[kind.result],
                "events": {e.name: by_type[e.body] for e in kind.events},
                "feeds": {e.name: by_type[e.body] for e in kind.feeds},
            }
            for kind in served
        },
        "events": {
            kind.name: {"data": by_type[kind.body], "traffic": kind.traffic.value}
            for kind in events
        },
        "$defs": definitions,
    }
