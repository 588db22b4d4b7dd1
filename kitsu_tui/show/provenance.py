"""Where a line that is on air came from: who asked, which model, what was said of it, by whom let
go.
"""

from __future__ import annotations

from typing import NamedTuple

from engines.wire import show
from kitsu_tui.show.line import Line
from kitsu_tui.show.turn import Turn

ASKED = 2000
"""Characters that are kept of what was asked."""


class Origin(NamedTuple):
    """The model whose words they are, and the prompt that it saw."""

    model: str = ""
    prompt_hash: str = ""


def provenance(turn: Turn, line: Line, asked: str, origin: Origin) -> show.Provenance:
    """Where a line came from.

    Args:
        asked: what was said to her.
        origin: of the answer; counts for lines in the model's words, also for one that an operator
            replaced, since it was asked for the answer.
    """
    known = origin if line.words != "profile" else Origin()
    return show.Provenance(
        turn=line.turn,
        rev=line.rev,
        seq=line.seq,
        text=line.text,
        written="" if line.written == line.text else line.written,
        source=turn.source,
        who=turn.who,
        asked=asked[:ASKED],
        words=line.words,
        model=known.model,
        prompt_hash=known.prompt_hash,
        ruled=list(line.ruled),
        approved_by=line.approved_by,
    )
