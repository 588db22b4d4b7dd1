"""`kitsu schema NAME`: the JSON schema of what a command prints with `--json`."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer

from kitsu_tui.cli.ask import fail

MODULES = (
    "status",
    "obs_report",
    "profile_report",
    "talk",
    "lines",
    "safety",
    "drill",
    "models",
    "licenses",
    "devices",
    "bench",
    "doctor",
    "logs",
)
"""Modules of `kitsu_tui.cli` that print JSON; each declares its types in `SCHEMAS`."""


def schemas() -> dict[str, type[Any]]:
    """Every name with the type of what is printed."""
    found: dict[str, type[Any]] = {}
    for module in MODULES:
        found.update(importlib.import_module(f"kitsu_tui.cli.{module}").SCHEMAS)
    return dict(sorted(found.items()))


def schema(
    name: Annotated[str, typer.Argument(help="such as talk; without it, the names")] = "",
) -> None:
    """Print the JSON schema of a command's --json output."""
    import json

    import msgspec

    known = schemas()
    if not name:
        print("\n".join(known))
        return
    if name not in known:
        from kitsu_tui.config.errors import nearest

        fail(
            "schema", f"no schema {name!r}{nearest(name, known)}; there are: {', '.join(known)}", 2
        )
    print(json.dumps(msgspec.json.schema(known[name]), indent=2))
