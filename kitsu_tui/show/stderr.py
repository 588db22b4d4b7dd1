"""An engine's stderr: always drained, masked, parsed, its last words kept."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from engines.wire.logline import LogLine, Masker, parse

LAST_WORDS = 5
WORD = 500
"""Characters of each of the last words: they stand in the picture of the show."""


A_SECOND = 30_000
"""Lines of a second that are kept: more would cost the show a quarter of a core and more."""


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
        self._second = 0
        self._taken = 0
        self._left_out = 0
        self._held = False

    def learn(self, environ: Mapping[str, str]) -> None:
        """Mask these variables' secrets as well from now on."""
        self._mask.learn(environ)

    def begin(self) -> None:
        """A new process speaks from here on."""
        self._words.clear()
        self._errors.clear()
        self._held = False

    def hold(self) -> None:
        """Its last words have been said: a dump of its stacks, say, is none of them."""
        self._held = True

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
        notes = [f"lines over 64 KiB left out: {oversized}"] if oversized else []
        if int(now) != self._second:
            if self._left_out:
                notes.append(f"{self._left_out} lines over {A_SECOND} a second were left out")
            self._second, self._taken, self._left_out = int(now), 0, 0
        room = A_SECOND - self._taken
        self._left_out += max(len(lines) - room, 0)
        lines = self._masked(lines[:room])
        self._taken += len(lines)
        lines += [note.encode() for note in notes]
        if not lines:
            return
        parsed = [parse(line, self._name, now) for line in lines]
        for line in [] if self._held else parsed[-LAST_WORDS * 4 :]:
            self._words.append(line.message[:WORD])
            if line.level in ("error", "critical"):
                self._errors.append(line.message[:WORD])
        self._take(self._name, lines, parsed)

    def _masked(self, lines: list[bytes]) -> list[bytes]:
        text = b"\n".join(lines).decode("utf-8", "surrogateescape")
        masked = self._mask(text)
        if masked == text:
            return lines
        return masked.encode("utf-8", "surrogateescape").split(b"\n")
