"""Python itself, the virtual environment, and the packages against what the project asks for."""

from __future__ import annotations

import platform as host
import re
import struct
import sys
from importlib import metadata
from pathlib import Path

from kitsu_tui.doctor.context import Context, checkout, start_line
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, warn

OLDEST = (3, 11)
NEWEST = (3, 14)
"""The newest that the locked packages were tried with."""


def version(context: Context) -> Finding:
    """Python's version and architecture."""
    found = (
        f"{host.python_implementation()} {host.python_version()}, "
        f"{struct.calcsize('P') * 8}-bit, {host.machine() or 'unknown machine'}"
    )
    wanted = f"install Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}, 64-bit"
    if sys.version_info[:2] < OLDEST:  # pragma: no cover - then nothing of this runs
        return bad("version", found, wanted, goes_first=True)
    if struct.calcsize("P") < 8:
        return bad("version", f"{found}: models need a 64-bit one", wanted, goes_first=True)
    if sys.version_info[:2] > NEWEST:
        return warn("version", f"{found}: newer than what the locked packages know", wanted)
    return ok("version", found)


def environment(context: Context) -> Finding:
    """The virtual environment that this runs in."""
    if sys.prefix == sys.base_prefix:
        return warn(
            "environment",
            f"none: packages are those of {sys.prefix}",
            f"{start_line()} makes one with exactly what is locked",
        )
    root = checkout()
    found = sys.prefix
    if root is not None and (Path(sys.prefix) / ".kitsu-installing").exists():
        return bad(
            "environment",
            f"{found}: its installation was broken off",
            start_line(),
            goes_first=True,
        )
    return ok("environment", found)


def required(context: Context) -> Finding:
    """What the project cannot do without, against what is installed."""
    try:
        lines = metadata.requires("kitsu-tui") or []
        ours = metadata.version("kitsu-tui")
    except metadata.PackageNotFoundError:
        return bad("requirements", "Kitsu itself is not installed here, only run", start_line())
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return skipped("requirements", "the package `packaging` is not here to compare with")
    missing, other = [], []
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(requirement.name)
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            other.append(f"{requirement.name} {found} (asked for: {requirement.specifier})")
    if missing or other:
        words = [f"missing: {', '.join(missing)}"] if missing else []
        words += [f"not as asked for: {', '.join(other)}"] if other else []
        return bad("requirements", "; ".join(words), start_line(), goes_first=True)
    return ok("requirements", f"kitsu-tui {ours} has what it needs")


def locked(context: Context) -> Finding:
    """The installed versions against the locked ones, in a checkout."""
    root = checkout()
    if root is None:
        return skipped("lock", "not a checkout: there is no lock here")
    text = (root / "requirements" / "starter.txt").read_text("utf-8")
    different = []
    count = 0
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another system, or an extra: its own check tells
        count += 1
        if found != version:
            different.append(f"{name} {found} (locked: {version})")
    if different:
        more = f" and {len(different) - 4} more" if len(different) > 4 else ""
        return warn("lock", f"differ: {', '.join(different[:4])}{more}", start_line())
    return ok("lock", f"{count} packages are those of requirements/starter.txt")


FAMILY = Family(
    "Python",
    (
        Probe("version", version),
        Probe("environment", environment),
        Probe("requirements", required, 10.0),
        Probe("lock", locked, 10.0),
    ),
)
