"""Turns what the model writes into words that can be spoken, while it is being written.

Two stages: `Markup` takes pieces as they come, however a tag is split over them, and lets only
spoken characters through; `Words` puts them together to words and leaves out what has no sound.
Both give the same for every way of splitting the same text.
"""

from __future__ import annotations

import re
import unicodedata

_STRUCTURE = re.compile(r"^/?(speech|mood|action)", re.IGNORECASE)
_MAX_TAG = 40
_MAX_EMOTE = 60
_SILENT = frozenset("*#`~^|\\{}[]<>")
_SILENT_CATEGORIES = frozenset(("So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf", "Me"))
_KEEP_SYMBOLS = frozenset("+=°$€£¥%&@")
_EMOTICON = re.compile(r"^(?:[:;=][-'o^]?[)(DPpOo3/|]+|([oOuUTQxX])[._w]+\1|[xX]D+)$")


class Markup:
    """Characters in, spoken characters out. `ended` once the spoken part is over."""

    def __init__(self) -> None:
        self.ended = False
        self._tag: str | None = None
        self._emote: str | None = None
        self._spoken = False

    def feed(self, piece: str) -> str:
        """Take a piece; returns the spoken characters that are certain now."""
        out: list[str] = []
        for char in piece:
            if self.ended:
                break
            self._one(char, out)
        return "".join(out)

    def finish(self) -> str:
        """No more comes: returns what was held back and is speech after all."""
        self._tag = None
        if self._emote is None or self.ended:
            return ""
        rest, self._emote = self._emote, None
        return "".join(_sound(char) for char in rest)

    def _one(self, char: str, out: list[str]) -> None:
        if self._tag is not None:
            self._in_tag(char, out)
        elif char == "<":
            self._tag = ""
        elif self._emote is not None:
            self._in_emote(char, out)
        elif char == "*":
            self._emote = ""
        elif char in "\r\n":
            if self._spoken:
                self.ended = True
        else:
            sound = _sound(char)
            self._spoken = self._spoken or bool(sound.strip())
            out.append(sound)

    def _in_tag(self, char: str, out: list[str]) -> None:
        tag = self._tag or ""
        if tag == "" and not (char.isalpha() or char in "/|!"):
            self._tag = None  # a lone sign: not said, and no tag either
            if char != "3":  # a heart
                self._one(char, out)
        elif char == ">" or char in "<\r\n" or len(tag) >= _MAX_TAG:
            self._tag = None
            self._close_tag(tag)
            if char == "<" and not self.ended:
                self._tag = ""
        else:
            self._tag = tag + char

    def _close_tag(self, tag: str) -> None:
        name = tag.strip().lower()
        if name.startswith("|"):
            self.ended = True
        elif _STRUCTURE.match(name) or name.startswith("/s"):
            # The opening tag again, before any word, is harmless; any other ends the speech.
            self.ended = self._spoken or name != "speech"

    def _in_emote(self, char: str, out: list[str]) -> None:
        held = self._emote or ""
        if char == "*":
            self._emote = None
            if held == "":
                return  # one half of ** around words that are to be said
            out.append(" ")
        elif char in "\r\n" or len(held) >= _MAX_EMOTE:
            self._emote = None
            for each in held + char:
                self._one(each, out)
        else:
            self._emote = held + char


def _sound(char: str) -> str:
    """The character as spoken: a space for breaks, nothing for what has no sound."""
    if char in "—–":
        return " — "
    if char.isspace():
        return " "
    if char in _SILENT:
        return ""
    if char in _KEEP_SYMBOLS or char.isascii():
        return char if char.isprintable() else ""
    category = unicodedata.category(char)
    return (
        "" if category in ("So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf", "Me") or _tint(char) else char
    )


def _tint(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f"


class Words:
    """Spoken characters in; words out, each with the first character of what follows it."""

    def __init__(self) -> None:
        self._word = ""
        self._done = False

    def feed(self, text: str) -> list[tuple[str, str]]:
        """Take characters; returns (word, next word's first character) for each word that ended."""
        out: list[tuple[str, str]] = []
        for char in text:
            if char == " ":
                self._done = bool(self._word)
            elif self._done:
                word = spoken(self._word)
                if word:
                    out.append((word, char))
                self._word, self._done = char, False
            else:
                self._word += char
        return out

    def finish(self) -> list[tuple[str, str]]:
        """No more comes: the last word, followed by nothing."""
        word = spoken(self._word)
        self._word = ""
        return [(word, "")] if word else []


def spoken(word: str) -> str:
    """The word, or nothing when it has no sound (an emoticon, a stray sign)."""
    if _EMOTICON.match(word):
        return ""
    word = word.replace("_", "")
    if any(char.isalnum() for char in word) or word in ("—", "&", "+", "="):
        return word
    # Signs alone: "?!" or "..." may still close a sentence, all else is decoration.
    return word if set(word) <= set(".?!…") else ""
