"""Wav files: read with errors that say what is needed, written so that a kill leaves them valid."""

from __future__ import annotations

import logging
import struct
import threading
from collections import deque
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engines.audio.resample import Resampler
from engines.audio.vad import Samples

log = logging.getLogger("audio")

MAX_READ = 256 << 20
MAX_WRITE = 1 << 30
"""A recording stops growing here: three hours of speech at 48 kHz."""
MAX_QUEUED = 500
"""Blocks that may wait for a slow disk; more are dropped and counted."""
KEEP_SILENCE_S = 1.0
"""Silence kept between what was said; the rest of it is left out."""

_PCM, _EXTENSIBLE = 1, 0xFFFE
_NEED = "needed is RIFF wav, s16 PCM, mono or stereo"


class BadWav(ValueError):
    """A file is not a wav that can be used; names the file, what was found and what is needed."""


def read_wav(path: str | Path) -> tuple[Samples, int]:
    """Mono samples and their rate; stereo is mixed down.

    Accepts what a killed recorder leaves: a data size of 0 or beyond the file's end.

    Raises:
        BadWav: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_READ + 1)
    except OSError as err:
        raise BadWav(f"{path}: {err.strerror or err}; {_NEED}") from None
    if len(raw) > MAX_READ:
        raise BadWav(f"{path}: over {MAX_READ >> 20} MiB; cut it")
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        found = "an empty file" if not raw else f"a file that begins {raw[:12]!r}"
        raise BadWav(f"{path}: found {found}; {_NEED}")
    return _parse(path, raw)


def _parse(path: str | Path, raw: bytes) -> tuple[Samples, int]:
    at, form = 12, None
    while at + 8 <= len(raw):
        name, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
        body = at + 8
        if name == b"fmt " and size >= 16 and body + 16 <= len(raw):
            form = struct.unpack_from("<HHIIHH", raw, body)
            if form[0] == _EXTENSIBLE and size >= 26 and body + 26 <= len(raw):
                form = (struct.unpack_from("<H", raw, body + 24)[0], *form[1:])
        elif name == b"data":
            if form is None:
                raise BadWav(f"{path}: found data before a fmt chunk; {_NEED}")
            return _samples(path, raw[body:] if not size else raw[body : body + size], form)
        at = body + size + (size & 1)
    raise BadWav(f"{path}: found no {'fmt' if form is None else 'data'} chunk; {_NEED}")


def _samples(path: str | Path, data: bytes, form: tuple[int, ...]) -> tuple[Samples, int]:
    kind, channels, rate, _, _, bits = form
    if kind != _PCM or bits != 16 or channels not in (1, 2) or not 1000 <= rate <= 384000:
        coding = "PCM" if kind == _PCM else f"format {kind}"
        raise BadWav(f"{path}: found {coding}, {bits} bit, {channels} channels, {rate} Hz; {_NEED}")
    width = 2 * channels
    samples = np.frombuffer(data[: len(data) // width * width], "<i2")
    if not samples.size:
        raise BadWav(f"{path}: found no samples; {_NEED}")
    if channels == 2:
        samples = samples.reshape(-1, 2).astype(np.int32).sum(axis=1) // 2
    return samples.astype(np.int16), rate


def header(rate: int, size: int) -> bytes:
    """The 44 bytes before `size` bytes of s16 mono."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, _PCM, 1, rate, rate * 2, 2, 16, b"data", size),
    )


class Recorder:
    """Writes what is played on a thread of its own; its header is right at least once a second.

    Attributes:
        dropped: blocks that a slow disk did not take.
    """

    def __init__(self, path: str | Path, rate: int) -> None:
        """Open the file. Raises `OSError`."""
        self.path = Path(path)
        self.rate = rate
        self.dropped = 0
        self._queue: deque[tuple[bytes, int]] = deque()
        self._quiet_s = KEEP_SILENCE_S
        self._size = 0
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(header(rate, 0))
        self._file.flush()
        self._stop = threading.Event()
        self._resampler = Resampler(rate, rate)
        self._rate_in = rate
        self._thread = threading.Thread(target=self._run, name="audio-recorder", daemon=True)
        self._thread.start()

    def put(self, block: Samples, rate: int) -> None:
        """Take a block that was handed to the device, from the device's thread."""
        if block.any():
            self._quiet_s = 0.0
        elif self._quiet_s >= KEEP_SILENCE_S:
            return
        else:
            self._quiet_s += len(block) / rate
        if len(self._queue) >= MAX_QUEUED:
            self.dropped += 1
        else:
            self._queue.append((block.tobytes(), rate))

    def close(self, timeout: float = 0.5) -> None:
        """Write what is left."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with self._file:
                while not self._stop.wait(0.25):
                    self._drain()
                self._drain()
        except OSError as err:
            log.error("output_file %s: %s; it gets no more", self.path, err)
            self._size = MAX_WRITE

    def _drain(self) -> None:
        parts = []
        while self._queue:
            data, rate = self._queue.popleft()
            if rate != self._rate_in:
                self._rate_in, self._resampler = rate, Resampler(rate, self.rate)
            samples = self._resampler.push(np.frombuffer(data, np.int16))
            parts.append(samples.astype("<i2").tobytes())
        if not parts or self._size >= MAX_WRITE:
            return
        whole = b"".join(parts)
        self._file.seek(44 + self._size)
        self._file.write(whole)
        self._size += len(whole)
        self._file.seek(0)
        self._file.write(header(self.rate, self._size))
        self._file.flush()
        if self._size >= MAX_WRITE:
            log.warning("output_file %s is full; it gets no more", self.path)
