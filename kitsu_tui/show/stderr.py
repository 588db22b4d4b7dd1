"""An engine's stderr: always drained, masked, parsed, its last words kept."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from engines.wire.logline import LogLine, Masker, parse

LAST_WORDS = 5


class Stderr:
    """Takes an engine's lines and hands them on.

    Args:
        name: the engine.
        mask: secrets of its environment. Our own log lines come masked; a library's traceback
            does not.
        take: gets every batch: the service, its lines as they came, and parsed.
    """

    def __init__(
        self,
        name: str,
        mask: Masker,
        take: Callable[[str, list[bytes], list[LogLine]], None],
    ) -> None:
        self._name = name
        self._mask = mask
        self._take = take
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._errors: deque[str] = deque(maxlen=LAST_WORDS)

    def begin(self) -> None:
        """A new process speaks from here on."""
        self._words.clear()
        self._errors.clear()

    @property
    def last_words(self) -> list[str]:
        """Its last errors, or its last lines when it named none."""
        return list(self._errors or self._words)

    @property
    def last_error(self) -> str:
        """The last line that was an error, empty when there was none."""
        return self._errors[-1] if self._errors else ""

    def lines(self, lines: list[bytes], oversized: int) -> None:
        """Take lines, and the number of those that were too long to be kept."""
        now = time.time()
        lines = self._masked(lines)
        parsed = [parse(line, self._name, now) for line in lines]
        if oversized:
            text = f"{oversized} lines over 64 KiB were left out"
            parsed.append(parse(text.encode(), self._name, now))
        for line in parsed[-LAST_WORDS * 4 :]:
            self._words.append(line.message)
            if line.level in ("error", "critical"):
                self._errors.append(line.message)
        self._take(self._name, lines, parsed)

    def _masked(self, lines: list[bytes]) -> list[bytes]:
        text = b"\n".join(lines).decode("utf-8", "surrogateescape")
        masked = self._mask(text)
        if masked == text:
            return lines
        return masked.encode("utf-8", "surrogateescape").split(b"\n")
