"""Text behind another notation: tags, entities, escapes, links, and text turned upside down."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

from kitsu_tui.show.safety.confusables import turned

_TAG = re.compile(r"<[^<>\n]{0,200}>|\[/?[a-z*]{1,10}(?:=[^\[\]\n]{0,80})?\]", re.IGNORECASE)
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\([^()\s]{0,400}\)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?", re.IGNORECASE)
_PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u\{?([0-9a-f]{4,6})\}?|x([0-9a-f]{2})|U([0-9a-f]{8}))", re.IGNORECASE)
_EMOJI = re.compile(r":(?:regional_indicator_|letter_|alphabet_)([a-z]):\s?", re.IGNORECASE)
_STRIKE = re.compile(r"\|\||~~|\*\*|__|``?")
_HINT = re.compile(r"[<\[&%\\]|:[rla]|\|\||~~|\*\*|__|`")
_DEPTH = 3


def _char(found: re.Match[str]) -> str:
    code = int(found.group(1) or found.group(2) or found.group(3), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def decoded(text: str) -> str | None:
    """The text without its notation; None when it has none. At most three layers are taken off."""
    if not _HINT.search(text):
        return None
    bare = text
    for _ in range(_DEPTH):
        before = bare
        if "&" in bare:
            bare = _ENTITY.sub(lambda found: html.unescape(found.group()), bare)
        if "%" in bare and _PERCENT.search(bare):
            bare = unquote(bare, errors="replace")
        if "\\" in bare:
            bare = _ESCAPE.sub(_char, bare)
        if ":" in bare:
            bare = _EMOJI.sub(r"\1", bare)
        if "[" in bare:
            bare = _LINK.sub(r"\1", bare)
        bare = _STRIKE.sub("", _TAG.sub("", bare))
        if bare == before:
            break
    return bare if bare != text else None


def alternatives(text: str) -> Iterator[tuple[str, str]]:
    """Other texts that this one may be meant as, each with the name of its reading."""
    bare = decoded(text)
    if bare is not None:
        yield "markup", bare
    upright = turned(text)
    if upright is not None:
        yield "turned", upright
