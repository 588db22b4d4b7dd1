"""Reads a GGUF file's header, so that a bad model is one clear line and not a crash.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little endian).
The runtime libraries answer a bad file with a message that names nothing, so the sizes of all
tensors are held against the file before one of them sees it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"GGUF"
MAX_STRING = 64 << 20
MAX_ITEMS = 16 << 20
MAX_KEYS = 1 << 16

_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9

# ggml type: (values in a block, bytes of a block), from ggml.h and ggml-common.h.
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 36),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
}

CONTROL, USER_DEFINED = 3, 4
"""Token types (llama.cpp's llama_token_type) whose text means something to the model."""


_SIGNS = frozenset("<[|")


class BadModel(ValueError):
    """The file is not a whole GGUF model; the message says what is wrong with it."""


@dataclass(frozen=True)
class Gguf:
    """What is worth knowing of a model file.

    Attributes:
        path: the file.
        name: `general.name`, or the file's stem.
        chat_template: the model's own Jinja template, empty for a base model.
        specials: texts of tokens that are markup to this model, longest first.
        context: longest context that it was trained for, in tokens; 0 when it does not say.
    """

    path: Path
    name: str
    chat_template: str
    specials: tuple[str, ...] = field(repr=False)
    context: int


def read(path: Path) -> Gguf:
    """Read and check the header.

    Raises:
        BadModel: not a GGUF file, of another version, damaged, or shorter than its tensors.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(24)
        if len(head) < 24 or head[:4] != MAGIC:
            raise BadModel("this is not a GGUF file" if head else "the file is empty")
        version, tensors, keys = struct.unpack("<IQQ", head[4:])
        if version not in (2, 3):
            raise BadModel(f"GGUF version {version} is not known (2 and 3 are)")
        if keys > MAX_KEYS or tensors > MAX_ITEMS:
            raise BadModel("the header is damaged")
        reader = _Reader(file, size)
        try:
            meta = dict(reader.pair() for _ in range(keys))
            end = _tensors_end(reader, tensors, int(meta.get("general.alignment", 32)))
        except (struct.error, UnicodeDecodeError, KeyError, TypeError, ZeroDivisionError):
            raise BadModel("the header is damaged") from None
    if end > size:
        raise BadModel(f"it is cut off: {size:,} bytes of at least {end:,}")
    architecture = str(meta.get("general.architecture", ""))
    if not architecture:
        raise BadModel("the header names no architecture")
    return Gguf(
        path=path,
        name=str(meta.get("general.name") or path.stem),
        chat_template=str(meta.get("tokenizer.chat_template") or ""),
        specials=_specials(meta),
        context=int(meta.get(f"{architecture}.context_length", 0)),
    )


def _specials(meta: dict[str, Any]) -> tuple[str, ...]:
    tokens = meta.get("tokenizer.ggml.tokens") or []
    types = meta.get("tokenizer.ggml.token_type") or []
    found = {
        token
        for token, kind in zip(tokens, types, strict=False)
        if kind in (CONTROL, USER_DEFINED) and len(token) > 2 and _SIGNS & set(token)
    }
    return tuple(sorted(found, key=lambda text: (-len(text), text)))


def _tensors_end(reader: _Reader, count: int, alignment: int) -> int:
    """Where the last tensor's data ends, in bytes from the file's start."""
    last = 0
    for _ in range(count):
        reader.string()
        values = 1
        for _ in range(reader.number("<I")):
            values *= reader.number("<Q")
        kind = reader.number("<I")
        offset = reader.number("<Q")
        in_block, block_bytes = _BLOCKS.get(kind, (1, 0))
        last = max(last, offset + values // in_block * block_bytes)
    start = -(-reader.file.tell() // alignment) * alignment
    return start + last


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self._size = size

    def take(self, count: int) -> bytes:
        if count > self._size:
            raise BadModel("the header is damaged")
        data = self.file.read(count)
        if len(data) < count:
            raise BadModel("it is cut off within its header")
        return data

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def string(self) -> str:
        length = self.number("<Q")
        if length > MAX_STRING:
            raise BadModel("the header is damaged")
        return self.take(length).decode("utf-8", "replace")

    def pair(self) -> tuple[str, Any]:
        key = self.string()
        return key, self.value(self.number("<I"))

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            form = _SCALARS[kind]
            return struct.unpack(form, self.take(struct.calcsize(form)))[0]
        item = self.number("<I")
        count = self.number("<Q")
        if count > MAX_ITEMS:
            raise BadModel("the header is damaged")
        if item in _SCALARS:
            form = f"<{count}{_SCALARS[item][1]}"
            return list(struct.unpack(form, self.take(struct.calcsize(form))))
        return [self.value(item) for _ in range(count)]
