"""The libraries that engines load. Each is imported in a process of its own, as an engine would:
a library that crashes (a missing instruction, a broken driver) then is a finding like others.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from importlib import metadata

from kitsu_tui import platform
from kitsu_tui.doctor.context import WINDOWS, Context, as_root, install_line
from kitsu_tui.doctor.probe import Family, Probe, Ran, run
from kitsu_tui.doctor.report import Finding, bad, ok, plain, skipped, warn

IMPORT_S = 20.0
AT_ONCE = 2
QUIET = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Library:
    """A library: its package, its module, the extra that brings it, and who loads it when.

    `say` is an expression that tells more than that it loads.
    """

    package: str
    module: str
    extra: str
    engine: str
    backend: str = ""
    say: str = "''"


LIBRARIES = (
    Library("webrtcvad-wheels", "webrtcvad", "audio", "audio"),
    Library(
        "sounddevice", "sounddevice", "audio", "audio", say="sounddevice.get_portaudio_version()[1]"
    ),
    Library("faster-whisper", "faster_whisper", "asr", "asr", "whisper"),
    Library("xllamacpp", "xllamacpp", "policy", "policy", "xllamacpp"),
    Library("llama-cpp-python", "llama_cpp", "llama-cpp", "policy", "llama_cpp"),
    Library("piper-tts", "piper", "tts", "tts", "piper"),
    Library("obsws-python", "obsws_python", "obs", "obs"),
    Library("alt-profanity-check", "profanity_check", "guard", "guard", "words"),
)


def of(library: Library, gate: list[asyncio.Semaphore]) -> Probe:
    """The check of one library."""

    async def look(context: Context) -> Finding:
        return await _look(library, context, gate)

    return Probe(library.package, look, IMPORT_S * 2)


def wanted(library: Library, context: Context) -> bool:
    """True when an engine of this profile loads it here."""
    if not context.used(library.engine) or context.loaded is None:
        return False
    if not library.backend:
        return True
    section = getattr(context.loaded.profile, library.engine)
    fallbacks = getattr(section, "fallback_backends", [])
    return library.backend == section.backend or library.backend in fallbacks


async def _look(library: Library, context: Context, gate: list[asyncio.Semaphore]) -> Finding:
    name = library.package
    needed = wanted(library, context)
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        if not needed:
            return skipped(name, f"not installed, and not used here ({library.engine})")
        found = f"not installed, and {library.engine} needs it"
        return bad(name, found, install_line(library.extra), goes_first=True)
    if not needed:
        return ok(name, f"{version}; not used by this profile")
    if context.quick:
        return ok(name, f"{version}; not loaded (--quick)")
    if not gate:  # made on the loop that uses it
        gate.append(asyncio.Semaphore(AT_ONCE))
    async with gate[0]:
        code = f"import {library.module}; print({library.module} and {library.say})"
        environ = QUIET | dict(context.environ)
        try:
            done = await run([sys.executable, "-c", code], IMPORT_S, environ)
        except TimeoutError:
            return bad(
                name, f"{version} does not load within {IMPORT_S:.0f} s", again(library, version)
            )
        except OSError as err:
            return bad(name, f"{sys.executable} cannot be started: {err}", "mend the environment")
    return _judge(library, version, done, context)


def _judge(library: Library, version: str, done: Ran, context: Context) -> Finding:
    name = library.package
    if done.code == 0:
        said = done.out.strip()
        return ok(name, f"{version} loads{f' ({plain(said)})' if said else ''}")
    if name == "sounddevice" and "PortAudio library not found" in done.err:
        return _portaudio(version, context)
    if done.code < 0 or (WINDOWS and done.code > 0x80000000):
        how = platform.describe_exit(done.code)
        return bad(
            name,
            f"{version} crashes when it loads ({how})",
            "this processor may lack what its package was built for; else "
            + again(library, version),
        )
    return bad(name, f"{version} does not load: {done.last_line}", again(library, version))


def _portaudio(version: str, context: Context) -> Finding:
    found = f"{version}, but the PortAudio library is missing: she neither hears nor is heard"
    if sys.platform.startswith("linux"):
        do = as_root("apt-get install -y --no-install-recommends libportaudio2")
        do += " (Debian, Ubuntu; elsewhere the package is called portaudio)"
    else:
        do = f"its package brings it along here: {again(LIBRARIES[1], version)}"
    must = context.loaded is not None and context.loaded.profile.audio.backend == "device"
    return bad("sounddevice", found, do) if must else warn("sounddevice", found, do)


def again(library: Library, version: str) -> str:
    """How to install it anew, at the version that is there."""
    what = f'"{library.package}=={version}"'
    return f'"{sys.executable}" -m pip install --force-reinstall --no-deps {what}'


def family() -> Family:
    """The family, with a bound on how many load at once."""
    gate: list[asyncio.Semaphore] = []
    return Family("Libraries", tuple(of(library, gate) for library in LIBRARIES))
