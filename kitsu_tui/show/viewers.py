"""Viewers' names: what she may call somebody. A name is text from outside like any other."""

from __future__ import annotations

import re

from kitsu_tui.show.judge import Judge

LONGEST = 40
NOBODY = "a viewer"
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|[\W_]+")
_LONG_NUMBER = re.compile(r"\d{5}")


async def fit_name(judge: Judge, name: str, instead: str = NOBODY) -> str:
    """The name, when nothing speaks against saying and reading it; else `instead`.

    It is judged from both sides (she may say it, and the model reads it), as it is written and
    with its words taken apart. What would have to be changed in it is not used at all.
    """
    name = name.strip()
    if not name or len(name) > LONGEST or _LONG_NUMBER.search(name):
        return instead
    if not any(char.isalnum() for char in name):
        return instead
    apart = " ".join(_CAMEL.sub(" ", name).split())
    for form in dict.fromkeys((name, apart)):
        for verdict in (await judge.sentence(form, ""), await judge.incoming(form)):
            if verdict.action != "allow":
                return instead
    return name
