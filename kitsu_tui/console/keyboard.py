"""What the terminal sends, made safe before Textual's parser sees it (textual 8.2.8).

That parser takes every byte for UTF-8, or ends the app; it makes keys of an escape sequence that it
does not know, and of one within a paste; and it takes all that follows for pasted text when the end
of a paste is lost, the panic key too. Here none of that comes to pass: a pasted text or a stray
sequence would otherwise mute, toggle and restart by itself.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Collection, Iterable

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import SPECIAL_SEQUENCES, XTermParser
from textual.keys import Keys

START, END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a paste."""
LONGEST = 64 << 10
"""Characters of a paste that are passed on: no line takes nearly as many."""
OPEN_S = 1.0
"""A key that comes after so long a silence within a paste is a key: the paste's end was lost."""

_ESC = "\x1b"
_KEPT = "\n\r\t\u200c\u200d"
"""Lines, and the joiners that languages and emoji need."""
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
_ANSWER = re.compile(r"\x1b\[(?:<[\d;-]*[Mm]|M.*|\?[\d;]*\$y|\d+;\d+R|[\d;:]*t)", re.DOTALL)
"""What the parser knows besides keys: the mouse, and answers of the terminal."""


def sequences(keys: Collection[str]) -> list[bytes]:
    """What terminals send for these keys."""
    return [
        sequence.encode()
        for sequence, names in ANSI_SEQUENCES_KEYS.items()
        if isinstance(names, tuple) and len(names) == 1 and names[0].value in keys
    ]


def clean(text: str) -> str:
    """A pasted text without controls, and without what turns or hides a part of it."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char.isspace() or char in _KEPT else " "
        for char in text.translate(_CONTROLS)
    )


_CONTROLS = {n: " " for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in _KEPT}


class Typed:
    """Makes text of the bytes that the terminal sends. Pastes come out clean and bounded.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._clock = clock
        self._last = clock()
        self._pasting = False
        self._taken = 0
        """Characters of this paste."""
        self._marker = 0
        """Characters of the marker that is waited for which have come."""

    def text(self, data: bytes) -> str:
        """What these bytes say; empty while a character is incomplete."""
        text = self._decode(data)
        now = self._clock()
        silence, self._last = now - self._last, now
        out: list[str] = []
        if self._pasting and silence >= OPEN_S and self._is_key(text):
            self._pasting, self._marker = False, 0
            out.append(END)
        while text:
            text = self._paste(text, out) if self._pasting else self._keys(text, out)
        return "".join(out)

    def _is_key(self, text: str) -> bool:
        """True when this cannot be a paste that goes on, nor its end."""
        if text[:1] not in _CONTROLS_KEYED:
            return False
        ending = END[: self._marker] + text
        return not (END.startswith(ending) or ending.startswith(END))

    def _keys(self, text: str, out: list[str]) -> str:
        """Pass keys on, up to the beginning of a paste; returns the rest."""
        for at, char in enumerate(text, 1):
            self._marker = self._marker + 1 if char == START[self._marker] else int(char == _ESC)
            if self._marker == len(START):
                self._pasting, self._marker, self._taken = True, 0, 0
                out.append(text[:at])
                return text[at:]
        out.append(text)
        return ""

    def _paste(self, text: str, out: list[str]) -> str:
        """Pass on what is pasted, up to its end; returns the rest."""
        held = END[: self._marker] + text
        at = held.find(END)
        if at >= 0:
            self._pasting, self._marker = False, 0
            out += [self._bounded(held[:at]), END]
            return held[at + len(END) :]
        # What may be the beginning of its end waits for the rest.
        self._marker = next(n for n in range(len(END) - 1, -1, -1) if held.endswith(END[:n]))
        out.append(self._bounded(held[: len(held) - self._marker]))
        return ""

    def _bounded(self, text: str) -> str:
        room = max(0, LONGEST - self._taken)
        self._taken += len(text)
        return clean(text[:room])


_CONTROLS_KEYED = frozenset(chr(n) for n in (*range(0x20), 0x7F)) - frozenset("\n\r\t")


_KNOWN = (*ANSI_SEQUENCES_KEYS, *SPECIAL_SEQUENCES)


class Parser(XTermParser):
    """Textual's parser; a whole sequence that it does not know is no row of keys but nothing."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        try:
            known = list(super()._sequence_to_key_events(sequence, alt=alt))
        except (ValueError, OverflowError):  # a character of a number that is none
            known = []
        if (
            not known
            and _SEQUENCE.fullmatch(sequence)
            and not _ANSWER.fullmatch(sequence)
            and not any(longer.startswith(sequence) for longer in _KNOWN)
        ):
            return [events.Key(Keys.Ignore, sequence)]
        return known
