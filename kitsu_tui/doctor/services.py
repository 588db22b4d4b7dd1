"""Programs that a show may talk to. Whether they run now is information, not a fault."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from kitsu_tui.doctor import guard, obs
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import Family, Found, Probe
from kitsu_tui.doctor.report import Finding, ok, warn

KNOCK_S = 1.0


@dataclass(frozen=True)
class Service:
    """A program that listens: the variable that says where, and where it usually does."""

    name: str
    variable: str
    host: str
    port: int


SERVICES = (
    Service("OBS Studio", "OBS_WS_URL", "127.0.0.1", 4455),
    Service("VTube Studio", "VTS_URL", "127.0.0.1", 8001),
    Service("Ollama", "OLLAMA_URL", "127.0.0.1", 11434),
)


def of(service: Service) -> Probe:
    """The check of one."""

    if service.name == obs.NAME:
        return Probe(obs.NAME, lambda context: _obs(service, context), obs.LIMIT_S)
    return Probe(service.name, lambda context: _look(service, context), KNOCK_S * 3)


def _obs(service: Service, context: Context) -> Found:
    """Looked at closely where the profile uses it."""
    return obs.look(context) if context.used("obs") else _look(service, context)


def _look(service: Service, context: Context) -> Finding:
    said = context.environ.get(service.variable, "").strip()
    host, port = service.host, service.port
    if said:
        try:
            parts = urlsplit(said if "//" in said else f"//{said}")
            host, port = parts.hostname or host, parts.port or port
        except ValueError:
            return warn(
                service.name,
                f"{service.variable} is no address",  # not shown: it may hold a password
                f"write it like ws://{service.host}:{service.port}",
            )
    where = f"{host} port {port}"
    if reachable(host, port):
        return ok(service.name, f"reachable at {where}")
    return ok(service.name, f"not reachable at {where} (only needed by what uses it)")


def gateway(context: Context) -> Finding:
    """The port that the HTTP side will want."""
    said = context.environ.get("ORCH_PORT", "").strip() or "8000"
    if not said.isdigit() or not 0 < int(said) < 65536:
        return warn("port of ours", f"ORCH_PORT: found {said!r}", "a number from 1 to 65535")
    if reachable("127.0.0.1", int(said)):
        return ok("port of ours", f"{said} is taken by some program: name another in ORCH_PORT")
    return ok("port of ours", f"{said} is free")


def reachable(host: str, port: int) -> bool:
    """True when something accepts a connection there within a second."""
    try:
        socket.create_connection((host, port), KNOCK_S).close()
    except (OSError, UnicodeError, ValueError, OverflowError):
        return False
    return True


FAMILY = Family(
    "Other programs",
    (
        *(of(service) for service in SERVICES),
        guard.PROBE,
        Probe("port of ours", gateway, KNOCK_S * 3),
    ),
)
