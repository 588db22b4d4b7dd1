"""Profiles and their differences as text of at most 80 columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from engines.wire import control
from kitsu_tui.console.lines import cells, fit, visible, wrap

WIDTH = 80
KEY_WIDTH = 30
"""Keys that are longer push what follows to the right."""
FIELD_WIDTH = 11


def difference(plan: control.Plan) -> str:
    """What a switch of profiles changes: the keys, then what they come to."""
    said = [f"{visible(plan.before)} -> {visible(plan.profile)}"]
    if not plan.changes and not (plan.starts or plan.stops or plan.restarts):
        said += ["", "nothing differs"]
    else:
        said += ["", *changes(plan.changes)] if plan.changes else []
        said += ["", *_comes_to(plan)]
    said += ["", *fields("problem", plan.problems)] if plan.problems else []
    return "\n".join(said)


def changes(found: Sequence[control.KeyChange]) -> Iterator[str]:
    """Keys with what they were and what they become."""
    width = key_width(visible(change.key) for change in found)
    for change in found:
        text = f"{value(change.before)} -> {value(change.after)}"
        yield from rows(
            f"  {fit(visible(change.key), max(width, cells(visible(change.key))))}  ", text
        )


def _comes_to(plan: control.Plan) -> Iterator[str]:
    restarts = ", ".join(plan.restarts)
    yield from fields("at once", [", ".join(plan.at_once)])
    yield from fields("running", [_if(plan.reconfigured, "{} (without a restart)")])
    yield from fields(
        "restart", [f"{restarts} (new one ready first, where it fits)" if restarts else ""]
    )
    yield from fields("start", [", ".join(plan.starts)])
    yield from fields("stop", [", ".join(plan.stops)])
    yield from fields("next show", [", ".join(plan.later)])


def fields(name: str, texts: Sequence[str]) -> Iterator[str]:
    """A name with each of its texts; nothing for an empty one."""
    for text in texts:
        if text:
            yield from rows(fit(f"{name}:", FIELD_WIDTH), visible(text))


def _if(names: Sequence[str], words: str) -> str:
    return words.format(", ".join(names)) if names else ""


def key_width(keys: Iterator[str]) -> int:
    """How wide a column of keys is."""
    return min(KEY_WIDTH, max((cells(key) for key in keys), default=0))


def value(found: Any) -> str:
    """A value as a profile would have it; `-` for none."""
    if found is None:
        return "-"
    if isinstance(found, str) and found and found == found.strip():
        return visible(found)
    return visible(json.dumps(found, ensure_ascii=False))


def rows(head: str, text: str) -> Iterator[str]:
    """A text beside a head, broken at spaces, its later rows under its first."""
    for line in wrap(((head, ""), (text, "")), WIDTH, cells(head)):
        yield "".join(part for part, _ in line).rstrip()


def placed(key: str, width: int, text: str, place: str) -> Iterator[str]:
    """A key with its value and where that stands, on the same line if it fits."""
    head = f"  {fit(key, max(width, cells(key)))}  "
    *first, last = list(rows(head, text))
    yield from first
    end = f"  {visible(place)}"
    room = WIDTH - cells(last) - cells(end)
    if room >= 0:
        yield f"{last}{' ' * room}{end}"
    else:
        yield last
        yield f"{' ' * max(4, WIDTH - cells(end))}{end}"
