"""The lines written by hand that the model of meanings learns from, and those it never sees.

`tests/data/safety/meaning/*.tsv` are for learning, `tests/data/safety/unseen/*.tsv`, by other
writers who knew neither these nor the rules, only for measuring. A line of such a file: the kind
(`ordinary`: it may be said), who says it (`viewer` or `her`), the text; `#` begins a comment. The
files of unseen lines have the disguise (`plain`: none) before the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.bench.safety_corpora import DATA, half, ordinary, unsafe

ORDINARY = "ordinary"
LEARNT = DATA / "meaning"
UNSEEN = DATA / "unseen"


class Line(Struct, frozen=True):
    """A line and what a moderator says of it.

    Attributes:
        kind: `ordinary`, or why it is to be stopped.
        side: who says it: `viewer`, `her`.
        disguise: how it is written; `plain`: as anybody would.
    """

    text: str
    kind: str
    side: str = "viewer"
    disguise: str = "plain"

    @property
    def unsafe(self) -> bool:
        """Whether it is to be stopped."""
        return self.kind != ORDINARY


def read(folder: Path) -> dict[str, list[Line]]:
    """The lines of each file of a folder, by the file's name.

    Raises:
        BenchFailed: there are none, as in an installed package, or one cannot be read.
    """
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        raise BenchFailed(f"{folder}: no *.tsv: only the source tree has the lines")
    return {path.stem: list(_lines(path)) for path in paths}


def learnt() -> list[Line]:
    """All that may be learnt from: also the developers' half of the other corpora.

    What two writers thought of alike, and one of them for measuring, is left out.
    """
    found = [line for lines in read(LEARNT).values() for line in lines]
    measured = {_alike(line.text) for lines in read(UNSEEN).values() for line in lines}
    for line, halved_by in _corpora():
        if half(halved_by) == "dev":
            found.append(line)
        else:
            measured.add(_alike(line.text))
    return [
        line
        for line in {line.text: line for line in found}.values()
        if _alike(line.text) not in measured
    ]


def _corpora() -> Iterator[tuple[Line, str]]:
    """The lines of the other corpora as anybody would write them, and what halves them."""
    for text in ordinary():
        yield Line(text, ORDINARY), text
    for line in unsafe():
        yield Line(line.base, line.category), line.base
    for name, kind in (("injections", "injection"), ("near-injections", ORDINARY)):
        for one in (DATA / f"{name}.jsonl").read_bytes().splitlines():
            text = msgspec.json.decode(one, type=dict[str, str])["text"]
            yield Line(text, kind), text


def _alike(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _lines(path: Path) -> Iterator[Line]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, *rest = line.split("\t")
        match rest:
            case [side, text]:
                yield Line(text, kind, side)
            case [side, disguise, text]:
                yield Line(text, kind, side, disguise)
            case _:
                raise BenchFailed(f"{path}:{number}: right would be kind, side and text, by tabs")
