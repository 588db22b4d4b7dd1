"""The model store: which models there are, whether they are whole, and how to get them.

A model is a folder `ROOT/NAME/` whose files are byte for byte those of the manifest beside this
module. It appears there by one rename, after every sha256 was checked, so what lies in place is
whole or was damaged later; `verify` tells.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from kitsu_tui.config.filelock import LockTimeout, file_lock
from kitsu_tui.config.model_manifest import (
    Model,
    ModelError,
    ModelFile,
    ModelMissing,
    Role,
    load_manifest,
)

__all__ = [
    "Model",
    "ModelError",
    "ModelMissing",
    "ModelStatus",
    "ModelStore",
    "Problem",
    "Progress",
    "load_manifest",
    "sha256_of",
]

LOCK_TIMEOUT_S = 1800.0
SPARE_BYTES = 32 * 1024 * 1024

State = Literal["ok", "missing", "damaged"]


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one file of a model."""

    model: str
    file: str
    kind: Literal["missing", "truncated", "oversized", "corrupt"]
    detail: str


class ModelStatus(msgspec.Struct, frozen=True):
    """A model of the manifest as it stands in the store; `path` is what an engine is given."""

    name: str
    role: Role
    state: State
    starter: bool
    size: int
    licence: str
    purpose: str
    path: str
    problems: list[Problem] = []


class Progress(msgspec.Struct, frozen=True):
    """How far a pull is: `done` of `total` bytes in this phase (`total` 0: unknown)."""

    model: str
    phase: Literal["wait", "download", "unpack", "done"]
    done: int = 0
    total: int = 0


ProgressCallback = Callable[[Progress], None]


class ModelStore:
    """The store at `root`, which need not exist yet. Safe to use from several processes at once."""

    def __init__(self, root: Path, manifest: Mapping[str, Model] | None = None) -> None:
        self.root = root
        self.manifest = load_manifest() if manifest is None else dict(manifest)

    @classmethod
    def default(cls, environ: Mapping[str, str]) -> "ModelStore":
        """The store of this machine: KITSU_MODELS_DIR or the platform's data folder."""
        from kitsu_tui.config.paths import models_dir

        return cls(models_dir(environ))

    def model(self, name: str) -> Model:
        """The manifest's entry. ModelError names the nearest when there is none."""
        try:
            return self.manifest[name]
        except KeyError:
            import difflib

            near = difflib.get_close_matches(name, self.manifest, 1, cutoff=0.4)
            hint = (
                f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(self.manifest)}"
            )
            raise ModelError(f"no model is called {name!r}{hint}", exit_code=2) from None

    def path(self, name: str, file: str | None = None) -> Path:
        """What an engine loads: the model's entry, or `file` of it ("." is the folder).

        Looks at names and sizes only. ModelMissing names the command that mends it.
        """
        model = self.model(name)
        wanted = model.entry if file is None else file
        if wanted != "." and wanted not in {known.path for known in model.files}:
            files = ", ".join(known.path for known in model.files)
            raise ModelError(f"model {name} has no file {wanted!r}; it has: {files}", exit_code=2)
        problems = self._sizes(model)
        if problems:
            raise ModelMissing(_missing_line(model, problems, self.root))
        folder = self.root / name
        return folder if wanted == "." else folder / wanted

    def verify(self, name: str, *, use_cache: bool = False) -> list[Problem]:
        """Every file against its size and sha256; empty means whole.

        With `use_cache` a file is not read again whose size and time of change are those of its
        last good check.
        """
        model = self.model(name)
        problems = self._sizes(model)
        wrong = {problem.file for problem in problems}
        seen = self._read_cache(name) if use_cache else {}
        good: dict[str, tuple[int, int, str]] = {}
        for file in model.files:
            if file.path in wrong:
                continue
            path = self.root / name / file.path
            try:
                stamp = _stamp(path, file)
                if seen.get(file.path) != stamp:
                    found = sha256_of(path)
                    if found != file.sha256:
                        problems.append(
                            Problem(
                                name,
                                file.path,
                                "corrupt",
                                f"sha256 is {found}, should be {file.sha256}",
                            )
                        )
                        continue
                good[file.path] = stamp
            except OSError as error:
                problems.append(
                    Problem(
                        name, file.path, "missing", f"cannot be read: {error.strerror or error}"
                    )
                )
        if good != seen:
            self._write_cache(name, good)
        return problems

    def require(self, name: str) -> Path:
        """`path`, after a check of the contents; quick when nothing changed since the last."""
        problems = self.verify(name, use_cache=True)
        if problems:
            raise ModelMissing(_missing_line(self.model(name), problems, self.root))
        return self.path(name)

    def status(self, *, use_cache: bool = True) -> list[ModelStatus]:
        """Every model of the manifest. A first look at files never checked reads them whole."""
        found = []
        for name, model in self.manifest.items():
            problems = self.verify(name, use_cache=use_cache)
            state: State = "ok"
            if problems:
                everything = all(problem.kind == "missing" for problem in problems)
                state = "missing" if everything and len(problems) == len(model.files) else "damaged"
            entry = self.root / name if model.entry == "." else self.root / name / model.entry
            found.append(
                ModelStatus(
                    name=name,
                    role=model.role,
                    state=state,
                    starter=model.starter,
                    size=model.size,
                    licence=model.licence,
                    purpose=model.purpose,
                    path=str(entry),
                    problems=[] if state == "missing" else problems,
                )
            )
        return found

    def starter(self) -> list[str]:
        """The names of the starter set."""
        return [name for name, model in self.manifest.items() if model.starter]

    def pull(self, name: str, progress: ProgressCallback | None = None) -> Path:
        """Make sure that the model is here and whole, and return its entry.

        ModelError when it cannot be had: no network or a stalled one (75), no space or contents
        that do not match (4).
        """
        model = self.model(name)
        report = progress or (lambda _: None)
        if not self.verify(name, use_cache=True):
            return self.path(name)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with file_lock(
                self.root / f".{name}.lock", LOCK_TIMEOUT_S, lambda: report(Progress(name, "wait"))
            ):
                if self.verify(name, use_cache=True):
                    self._fetch(model, report)
        except LockTimeout:
            raise ModelError(
                f"model {name}: another pull has held it for {LOCK_TIMEOUT_S:.0f} s", 75
            ) from None
        except OSError as error:
            raise ModelError(f"model {name}: {_os_line(error, self.root)}", 4) from error
        report(Progress(name, "done", model.size, model.size))
        return self.path(name)

    def _fetch(self, model: Model, report: ProgressCallback) -> None:
        from kitsu_tui.config.model_fetch import fetch

        for stale in self.root.glob(f".{model.name}.part-*"):
            shutil.rmtree(stale, ignore_errors=True)
        need = model.size + 2 * model.download + SPARE_BYTES
        free = shutil.disk_usage(self.root).free
        if free < need:
            raise ModelError(
                f"model {model.name} needs {_mb(need)} while it is fetched, "
                f"{_mb(free)} are free in {self.root}"
            )
        part = Path(tempfile.mkdtemp(prefix=f".{model.name}.part-", dir=self.root))
        try:
            folder = part / model.name
            folder.mkdir()
            failures: list[ModelError] = []
            for source in model.sources:
                try:
                    fetch(model, source, part, folder, report)
                    break
                except ModelError as error:
                    failures.append(error)
            else:
                raise failures[0]
            self._put_in_place(model.name, folder, part)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _put_in_place(self, name: str, folder: Path, part: Path) -> None:
        place = self.root / name
        if place.exists():
            place.rename(part / "replaced")
        folder.rename(place)
        # fetch() has checked every sha256, so the next start need not read the files again.
        stamps = {file.path: _stamp(place / file.path, file) for file in self.manifest[name].files}
        self._write_cache(name, stamps)

    def _sizes(self, model: Model) -> list[Problem]:
        problems = []
        for file in model.files:
            path = self.root / model.name / file.path
            try:
                size = path.stat().st_size if path.is_file() else -1
            except OSError:
                size = -1
            if size < 0:
                problems.append(Problem(model.name, file.path, "missing", "is not there"))
            elif size != file.size:
                kind: Literal["truncated", "oversized"] = (
                    "truncated" if size < file.size else "oversized"
                )
                problems.append(
                    Problem(
                        model.name, file.path, kind, f"has {size} bytes, should have {file.size}"
                    )
                )
        return problems

    def _read_cache(self, name: str) -> dict[str, tuple[int, int, str]]:
        try:
            text = (self.root / f".{name}.verified").read_bytes()
            return msgspec.json.decode(text, type=dict[str, tuple[int, int, str]])
        except (OSError, msgspec.MsgspecError):
            return {}

    def _write_cache(self, name: str, good: Mapping[str, tuple[int, int, str]]) -> None:
        # Only a saving of time: a store that cannot be written to is read whole every time.
        with contextlib.suppress(OSError):
            handle, temporary = tempfile.mkstemp(prefix=f".{name}.verified-", dir=self.root)
            with os.fdopen(handle, "wb") as stream:
                stream.write(msgspec.json.encode(good))
            Path(temporary).replace(self.root / f".{name}.verified")


def sha256_of(path: Path) -> str:
    """The file's sha256 in hex. OSError when it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(path: Path, file: ModelFile) -> tuple[int, int, str]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, file.sha256


def _missing_line(model: Model, problems: list[Problem], root: Path) -> str:
    command = f"kitsu models pull {model.name}"
    if len(problems) == len(model.files) and all(problem.kind == "missing" for problem in problems):
        return f"model {model.name} is not in {root}; run: {command}"
    first = problems[0]
    return f"model {model.name}: {root / model.name / first.file} {first.detail}; run: {command}"


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _os_line(error: OSError, root: Path) -> str:
    import errno

    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"the disk is full at {root}"
    return f"{error.strerror or error}: {error.filename or root}"
