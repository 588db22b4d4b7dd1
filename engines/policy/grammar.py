"""GBNF: the shapes that a runtime can hold a model to (llama.cpp's grammars/README.md)."""

from __future__ import annotations

from collections.abc import Sequence

SPEECH = r"""root ::= first rest* end "</"
first ::= [A-Za-z0-9"'\u00A1-\u024F\u0370-\u1FFF\u3040-\uD7FF]
rest ::= [^<>\n\r\t*_#`~^|\\{}\[\]\u2190-\u2BFF\uFE0F\u200D\U0001F000-\U0001FAFF]
end ::= [.!?\u2026\u3002\uFF01\uFF1F] ["')]?
"""
"""Plain spoken words that end where a sentence does: no markup, line breaks, emotes or emoji."""


def moods(names: Sequence[str], actions: Sequence[str]) -> str:
    """After `<mood>`: one of the names, then an action if there are any."""
    shape = f"root ::= mood {_quoted('</mood>')}"
    if actions:
        shape += f" ({_quoted('<action>')} action {_quoted('</action>')})?"
        shape += f"\naction ::= {_choice(actions)}"
    return f"{shape}\nmood ::= {_choice(names)}\n"


def _choice(names: Sequence[str]) -> str:
    return " | ".join(_quoted(name) for name in names)


def _quoted(text: str) -> str:
    escaped = "".join(
        f"\\x{ord(char):02X}" if ord(char) < 32 else "\\" + char if char in '"\\' else char
        for char in text
    )
    return f'"{escaped}"'
