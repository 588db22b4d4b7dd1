"""`kitsu licenses --credits`: whom to name on the stream, for what a profile really uses.

What it says of terms is a summary, and marked as one; each part names the document that decides.
"""

from __future__ import annotations

import re
from pathlib import PurePath, PureWindowsPath

from kitsu_tui.cli.licenses import (
    Credit,
    Credits,
    Entry,
    LicenseError,
    Unknown,
    load_index,
    notices_dir,
)
from kitsu_tui.config import Loaded, load_profile
from kitsu_tui.config.errors import nearest

MODELS = ("asr", "policy", "tts")
"""Engines whose section names a model."""

BROUGHT_ALONG = {"asr": ("silero-vad",)}
"""Models that an engine uses without being told."""


def gather(profile: str, *, everything: bool = False, also: list[str] | None = None) -> Credits:
    """The credits of what a profile uses, of what `also` names, or of everything in the index.

    Raises:
        LicenseError: the index cannot be read, or `also` names what is not in it.
        ConfigError: the profile cannot be used.
    """
    entries = [entry for entry in load_index() if entry.kind != "package"]
    found: dict[str, Credit] = {}
    unknown: list[Unknown] = []
    name = ""
    if everything:
        found = {entry.title: _credit(entry, "--all") for entry in entries}
    else:
        loaded = load_profile(profile)
        name = loaded.name
        for key, model in used(loaded):
            entry = known(model, entries)
            if entry is None:
                unknown.append(Unknown(key, model))
            else:
                found.setdefault(entry.title, _credit(entry, model))
    for word in also or []:
        entry = _named(word, entries)
        found.setdefault(entry.title, _credit(entry, f"--with {word}"))
    named = sorted(found.values(), key=lambda credit: credit.credit != "required")
    return Credits(
        profile=name,
        text="\n".join(credit.text for credit in named if credit.text),
        credits=named,
        warnings=[credit.warning for credit in named if credit.warning],
        unknown=unknown,
    )


def used(loaded: Loaded) -> list[tuple[str, str]]:
    """The key and the name of each model that the profile's engines load."""
    found: list[tuple[str, str]] = []
    for engine in MODELS:
        if not loaded.enabled(engine):
            continue
        section = getattr(loaded.profile, engine)
        if section.model and section.backend != "silent":
            found.append((f"{engine}.model", section.model))
        found += [(engine, name) for name in BROUGHT_ALONG.get(engine, ())]
    guard = loaded.profile.guard
    if loaded.enabled("guard") and guard.backend == "openai" and guard.api == "chat":
        found.append(("guard.model", guard.model))
    return found


def known(model: str, entries: list[Entry]) -> Entry | None:
    """The entry of a model by its name, else by what its file or tag is called."""
    for entry in entries:
        if model.lower() in (name.lower() for name in entry.names):
            return entry
    # Of a path the last two parts: files of some models are all called model.bin.
    parts = (PureWindowsPath(model) if "\\" in model else PurePath(model)).parts
    short = model if not parts or "_models/" in model else "/".join(parts[-2:])
    for entry in entries:
        if any(re.search(pattern, short, re.IGNORECASE) for pattern in entry.match):
            return entry
    return None


def words(told: Credits) -> list[str]:
    """For people: first the text to copy, then why, then what to look at."""
    head = f"what the profile {told.profile} uses" if told.profile else "everything in the index"
    lines = [f"For the stream's description or its screen ({head}):", ""]
    lines += told.text.splitlines() or ["(nothing: no part asks for a credit or has one)"]
    lines += ["", "Where each comes from (summaries; the document named is what counts):"]
    folder = notices_dir()
    for credit in told.credits:
        duty = "must be shown" if credit.credit == "required" else "by courtesy"
        if not credit.text:
            duty = "no credit asked for"
        lines.append(f"  {credit.title} ({credit.used_as}): {duty}; {credit.licence}")
        if credit.document:
            lines.append(f"    read: {credit.document}; notes in {folder / credit.notice}")
        if credit.credit == "required" or credit.warning:
            lines += [f"    - {duty}" for duty in credit.obligations]
    lines += [f"WARNING: {warning}" for warning in told.warnings]
    lines += [
        f"WARNING: {one.key} names {one.model}, whose terms are not known here: read its own "
        "licence or model card before you stream"
        for one in told.unknown
    ]
    if "[" in told.text:
        lines += ["", "What stands in [brackets] is for you to fill in."]
    if told.profile and not any(credit.used_as.startswith("--with") for credit in told.credits):
        lines += [
            "",
            "Your avatar is not in the profile; add it: --with lumi, --with live2d-sample",
        ]
    return lines


def _credit(entry: Entry, used_as: str) -> Credit:
    return Credit(
        title=entry.title,
        used_as=used_as,
        credit=entry.credit,
        text=entry.attribution,
        licence=entry.licence,
        document=entry.document,
        notice=entry.notice,
        obligations=entry.obligations,
        warning=entry.warning,
    )


def _named(word: str, entries: list[Entry]) -> Entry:
    entry = known(word, entries)
    if entry is None:
        names = [name for one in entries for name in one.names]
        raise LicenseError(
            f"--with: found {word!r}{nearest(word, names)}; there are: {', '.join(names)}"
        )
    return entry
