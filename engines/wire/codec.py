"""Bytes to frames and back.

`LineSplitter` never holds more than one line's worth of bytes: a line that is too long is skipped
to its end while it streams past, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engines.wire.envelope import MAX_LINE, Frame, frame_decoder

encoder = msgspec.json.Encoder()


class BadLine(ValueError):
    """A line that is no frame: malformed JSON, an unknown type or a wrong field."""


def encode(frame: Frame) -> bytes:
    """One line, newline included.

    Raises:
        BadLine: the line would be longer than `MAX_LINE`.
    """
    line = encoder.encode(frame) + b"\n"
    if len(line) > MAX_LINE:
        raise BadLine(f"line of {len(line)} bytes is over the limit of {MAX_LINE}")
    return line


def decode(line: bytes) -> Frame:
    """One frame from one line, with or without its newline.

    Raises:
        BadLine: says what is wrong and shows how the line begins.
    """
    try:
        return frame_decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise BadLine(f"{err}; the line begins {excerpt(line)}") from None


def excerpt(line: bytes, limit: int = 80) -> str:
    """How a bad line begins, safe to print: control bytes are escaped."""
    text = line[:limit].decode("utf-8", "backslashreplace")
    return repr(text) + ("..." if len(line) > limit else "")


class LineSplitter:
    """Cuts a stream of bytes into lines of at most `limit` bytes.

    Attributes:
        oversized: how many lines were skipped because they were too long.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skipping = False
        self.oversized = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without newlines; empty lines are left out."""
        if not self._rest and not self._skipping and data.endswith(b"\n"):
            lines = data.split(b"\n")
            if len(data) <= self._limit:
                return [line for line in lines if line.strip()]
        return list(self._slow(data))

    def _slow(self, data: bytes) -> Iterator[bytes]:
        *ended, tail = data.split(b"\n")
        for part in ended:
            if self._skipping:
                self._skipping = False
                continue
            if len(self._rest) + len(part) >= self._limit:
                self.oversized += 1
                self._rest.clear()
                continue
            line = bytes(self._rest + part) if self._rest else part
            self._rest.clear()
            if line.strip():
                yield line
        if self._skipping:
            return
        if len(self._rest) + len(tail) >= self._limit:
            self.oversized += 1
            self._rest.clear()
            self._skipping = True
        else:
            self._rest += tail

    def end(self) -> list[bytes]:
        """What stands at the end of the stream without a newline, if anything."""
        rest, self._rest = bytes(self._rest), bytearray()
        skipping, self._skipping = self._skipping, False
        return [rest] if rest.strip() and not skipping else []
