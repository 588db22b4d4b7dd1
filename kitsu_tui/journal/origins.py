"""Where the lines of a turn came from, in words: whose they are, what was said of them, who let
them go. Lines of one origin share a row.
"""

from __future__ import annotations

from engines.wire import show
from kitsu_tui.model.state import SentenceView, TurnView

_WORDS = {"profile": "the profile's words", "operator": "an operator's words"}


def origins(turn: TurnView) -> list[str]:
    """A row for each origin, the lines that have it before it, counted from 1; empty when nothing
    of the turn was heard, or its journal does not tell.
    """
    rows: dict[str, list[int]] = {}
    for line in turn.sentences:
        for words in _decided(line), _origin(line.source):
            if words:
                rows.setdefault(words, []).append(line.seq + 1)
    return [f"{_numbers(seqs)}: {words}" for words, seqs in rows.items()]


def _origin(source: show.Provenance | None) -> str:
    if source is None:
        return ""
    parts = [_WORDS.get(source.words, source.model or "a model that is not known")]
    if source.prompt_hash:
        parts[0] += f", prompt {source.prompt_hash}"
    parts += [
        " ".join(filter(None, (one.means, one.action, one.category, one.rule)))
        for one in source.ruled
    ]
    if source.approved_by:
        parts.append(f"let go by {source.approved_by}")
    if source.written:
        parts.append(f"written as {source.written!r}")
    return "; ".join(parts)


def _decided(line: SentenceView) -> str:
    """What became of one that was not heard, or no further."""
    if line.decided != "drop":
        return ""
    by = f" by {line.decided_by}" if line.decided_by else ""
    rule = f" ({line.category} {line.rule})" if line.rule else ""
    why = "" if line.decided_why == "dropped" else f": {line.decided_why}"
    return f"dropped{by}{why}{rule}"


def _numbers(seqs: list[int]) -> str:
    if len(seqs) > 2 and seqs[-1] - seqs[0] == len(seqs) - 1:
        return f"{seqs[0]}-{seqs[-1]}"
    return ",".join(map(str, seqs))
