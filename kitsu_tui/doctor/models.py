"""The models that the profile's engines load: there, whole, and what to pull if not."""

from __future__ import annotations

import os
from pathlib import Path

from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.disk import size
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.profiles import UNREADABLE
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, split_advice, warn

ENGINES = ("asr", "policy", "tts")
HASH_S = 45.0
"""For all bytes of a large model on a slow disk; a gigabyte takes one to five seconds."""
SHOWN = 12
"""Characters of a sha256 that are shown."""


def of(engine: str) -> Probe:
    """The check of one engine's model."""
    return Probe(engine, lambda context: look(engine, context), HASH_S)


def look(engine: str, context: Context) -> Finding:
    """One engine's model: size, and without `quick` its sha256."""
    if context.loaded is None:
        return skipped(engine, UNREADABLE)
    if not context.loaded.enabled(engine):
        return skipped(engine, "this profile does not start it")
    if not context.used(engine):
        return skipped(engine, "it runs by a command of your own, perhaps on another machine")
    section = getattr(context.loaded.profile, engine)
    said: str = section.model
    if section.backend == "silent":
        return ok(engine, "the silent synthesizer needs no model")
    if not said:
        return bad(
            engine, f"{engine}.model is empty", f"name a model in the profile: {engine}.model"
        )
    if "/" in said or "\\" in said or Path(said).expanduser().exists():
        return file(engine, Path(said).expanduser().absolute())
    return stored(engine, said, context)


def stored(engine: str, name: str, context: Context) -> Finding:
    """A model of the store, by its name there."""
    from kitsu_tui.config.models import ModelError, ModelMissing, ModelStore

    store = ModelStore.default(context.environ)
    try:
        model = store.model(name)
        store.path(name)
        problems = [] if context.quick else store.verify(name)
    except ModelMissing as err:
        found, command = split_advice(str(err))
        return bad(engine, found, command, goes_first=True)
    except ModelError as err:
        return bad(engine, str(err), f"correct {engine}.model; `kitsu models list` lists them")
    if problems:
        first = problems[0]
        return bad(
            engine,
            f"{name}: {first.file} {_short(first.detail)}",
            f"kitsu models pull {name}",
            goes_first=True,
        )
    how = "sizes are right" if context.quick else "every sha256 is right"
    return ok(engine, f"{name}, {size(model.size)}, {how}")


def file(engine: str, path: Path) -> Finding:
    """A model outside of the store: nobody knows its sha256."""
    correct = f"correct {engine}.model in the profile"
    try:
        if not path.exists():
            return bad(engine, f"{path}: no such file or folder", correct, goes_first=True)
        if not os.access(path, os.R_OK):
            return bad(engine, f"{path} cannot be read", f"chmod u+r {path}, if it is yours")
        if path.is_dir():
            count = sum(1 for _ in path.iterdir())
            return (
                ok(engine, f"{path}, a folder of {count} files")
                if count
                else bad(engine, f"{path} is an empty folder", correct)
            )
        length = path.stat().st_size
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as err:
        return bad(engine, f"{path}: {err.strerror or err}", correct)
    if path.suffix == ".gguf" and magic != b"GGUF":
        return bad(
            engine,
            f"{path} is no GGUF file (it begins with {magic!r}, {size(length)})",
            "fetch it again: a broken download, or a page instead of the file",
        )
    if not length:
        return bad(engine, f"{path} is empty", "fetch it again")
    if engine == "tts" and path.suffix == ".onnx" and not Path(f"{path}.json").is_file():
        return warn(engine, f"{path}: no {path.name}.json beside it", "put the voice's .json there")
    return ok(engine, f"{path}, {size(length)}")


def weight(context: Context) -> int:
    """Bytes of all models that the profile's engines load into this machine's memory here."""
    from kitsu_tui.config.models import ModelError, ModelStore

    total = 0
    for engine in ENGINES:
        if context.loaded is None or not context.used(engine):
            continue
        section = getattr(context.loaded.profile, engine)
        if getattr(section, "gpu_layers", 0) or getattr(section, "device", "cpu") == "cuda":
            continue
        try:
            path = Path(section.model).expanduser()
            if path.is_file():
                total += path.stat().st_size
            else:
                total += ModelStore.default(context.environ).model(section.model).size
        except (ModelError, OSError):
            continue  # its own check tells
    return total


def _short(detail: str) -> str:
    """Without most of both sums."""
    return " ".join(
        word[:SHOWN] + "…" + word[64:] if len(word.rstrip(",")) == 64 else word
        for word in detail.split()
    )


FAMILY = Family("Models", tuple(of(engine) for engine in ENGINES))
