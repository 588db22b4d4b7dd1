"""What a terminal would show of the bytes that a program writes: enough for the console's.

Knows cursor moves, erasing, scrolling at the bottom, the alternate screen, private modes, wide
characters, and skips the rest. Colours are not kept.
"""

from __future__ import annotations

import codecs
import re

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-?]*)[ -/]*(?P<csi>[@-~])"
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # what an operating system command or string holds
    r"|\x1b(?P<esc>[78cDEM])|\x1b[ -/]+[0-~]|\x1b[0-Z\\^-~]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x18\x1a]*|[ -/]*)")
"""A sequence that may go on."""
_LONGEST = 1 << 16
"""Characters of a sequence that does not end; past it the sequence is given up."""


class Screen:
    """See the module. Not safe for threads.

    Attributes:
        lines: `height` rows of `width` cells; the second cell of a wide character is empty.
        modes: private modes that are set, such as 25 (cursor shown) and 1049 (other screen).
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.x = self.y = 0
        self.modes: set[int] = {7, 25}
        self.lines = self._blank()
        self._behind: list[list[str]] | None = None
        """The main screen while the other one is shown."""
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def _blank(self) -> list[list[str]]:
        return [[" "] * self.width for _ in range(self.height)]

    def line(self, y: int) -> str:
        """Row `y` (from 0, from the end when negative), trailing spaces left out."""
        return "".join(self.lines[y]).rstrip()

    @property
    def text(self) -> str:
        """The rows, joined by newlines."""
        return "\n".join("".join(line).rstrip() for line in self.lines)

    def resize(self, width: int, height: int) -> None:
        """Another size; what fits stays."""
        old, self.width, self.height = self.lines, width, height
        self.lines = self._blank()
        for new, row in zip(self.lines, old, strict=False):
            kept = row[:width]
            new[: len(kept)] = kept
        self.x, self.y = min(self.x, width - 1), min(self.y, height - 1)

    def feed(self, data: bytes) -> None:
        """Take what was written."""
        text = self._rest + self._decoder.decode(data)
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                if _BEGUN.fullmatch(text, at) and len(text) - at < _LONGEST:
                    break  # the rest of it comes later
                at = at + 1 if len(text) - at >= _LONGEST else self._broken(text, at)
                continue
            at = found.end()
            kind = found.lastgroup
            if kind == "text":
                self._put(found["text"])
            elif kind == "control":
                self._control(found["control"])
            elif found["csi"]:
                self._csi(found["csi"], found["args"])
        self._rest = text[at:]

    @staticmethod
    def _broken(text: str, at: int) -> int:
        """Where what follows a broken sequence begins; CAN breaks off any."""
        can = text.find("\x18", at)
        begun = _BEGUN.match(text, at)
        if can >= 0 and (begun is None or can <= begun.end()):
            return can + 1
        return begun.end() if begun is not None and begun.end() > at + 1 else at + 1

    def _put(self, text: str) -> None:
        cells: list[str] = []
        if text.isascii():
            cells.extend(text)
        else:
            for char in text:
                width = cell_len(char)
                if width == 0 and cells:
                    cells[-1] += char
                elif width:
                    cells += [char, ""] if width == 2 else [char]
        while cells:
            if self.x >= self.width:
                self.x = 0
                self._down()
            room = self.width - self.x
            self.lines[self.y][self.x : self.x + len(cells[:room])] = cells[:room]
            self.x += len(cells[:room])
            del cells[:room]

    def _down(self) -> None:
        if self.y < self.height - 1:
            self.y += 1
        else:
            self.lines = [*self.lines[1:], [" "] * self.width]

    def _control(self, char: str) -> None:
        if char == "\r":
            self.x = 0
        elif char == "\n":
            self._down()
        elif char == "\b":
            self.x = max(0, min(self.x, self.width) - 1)
        elif char == "\t":
            self.x = min(self.width - 1, self.x // 8 * 8 + 8)

    def _csi(self, what: str, args: str) -> None:
        if args.startswith("?"):
            if what in "hl":
                for mode in args[1:].split(";"):
                    self._mode(int(mode) if mode.isdigit() else 0, what == "h")
            return
        numbers = [int(part) if part.isdigit() else 0 for part in args.split(";")]
        n = max(1, numbers[0])
        if what in "Hf":
            column = max(1, numbers[1]) if len(numbers) > 1 else 1
            self.y, self.x = min(n, self.height) - 1, min(column, self.width) - 1
        elif what == "A":
            self.y = max(0, self.y - n)
        elif what == "B":
            self.y = min(self.height - 1, self.y + n)
        elif what == "C":
            self.x = min(self.width - 1, self.x + n)
        elif what == "D":
            self.x = max(0, self.x - n)
        elif what == "G":
            self.x = min(n, self.width) - 1
        elif what == "d":
            self.y = min(n, self.height) - 1
        elif what in "JK":
            self._erase(what, numbers[0])

    def _erase(self, what: str, how: int) -> None:
        row, x = self.lines[self.y], min(self.x, self.width)
        if how == 0:
            row[x:] = [" "] * (self.width - x)
        elif how == 1:
            row[: x + 1] = [" "] * len(row[: x + 1])
        else:
            row[:] = [" "] * self.width
        if what == "J":
            others = range(self.y + 1, self.height) if how == 0 else range(self.y)
            for y in others if how < 2 else range(self.height):
                self.lines[y] = [" "] * self.width

    def _mode(self, mode: int, on: bool) -> None:
        if mode == 1049 and on != (1049 in self.modes):
            if on:
                self._behind, self.lines = self.lines, self._blank()
            elif self._behind is not None:
                self.lines, self._behind = self._behind, None
                self.resize(self.width, self.height)
        if on:
            self.modes.add(mode)
        else:
            self.modes.discard(mode)
