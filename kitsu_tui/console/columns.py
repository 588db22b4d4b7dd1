"""Columns that hold on every terminal.

Terminals do not agree with one another, nor with Textual, on how wide some characters are: signs of
Indian and other scripts that stand beside their letter, marks above and below it, newer symbols and
emoji. Each of them would push the rest of its row, and every frame to the right of it, out of its
column. So after such characters the cursor is put where it belongs.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

_DOUBTFUL = (
    "\u0300-\u036f\u0483-\u0489\u0590-\u109f\u1100-\u11ff\u1700-\u1cff\u1dc0-\u1dff\u20d0-\u20ff"
    "\u200d\u2630-\u2637\u268a-\u268f\u302a-\u302f\u3248-\u324f\u4dc0-\u4dff\ua66f-\ua6ff\ua800-\uabff"
    "\ud7b0-\ud7ff\ufb1d-\ufe0f\ufe20-\ufe2f\ufe70-\ufeff\uffa0-\uffdf\U00010000-\U0010ffff"
)
_FOUND = re.compile(f"[{_DOUBTFUL}]")
_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-?]*)[ -/]*(?P<csi>[@-~])"
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b."
    rf"|(?P<plain>[^\x00-\x1f\x7f{_DOUBTFUL}]+)|(?P<doubtful>[{_DOUBTFUL}]+)"
    r"|(?P<control>[\x00-\x1f\x7f])",
    re.DOTALL,
)


def held(data: str) -> str:
    """What is written to a terminal, with the columns after doubtful characters made sure.

    Where the cursor is must be said in `data` before them; until it is, nothing is changed.
    """
    if _FOUND.search(data) is None:
        return data
    out: list[str] = []
    column: int | None = None
    before = ""
    """The last two characters, which a joiner may make one of with those that come."""
    for token in _TOKEN.finditer(data):
        text = token[0]
        out.append(text)
        kind = token.lastgroup
        if kind in ("plain", "doubtful"):
            if column is not None:
                column += cell_len(before + text) - cell_len(before)
                if kind == "doubtful":
                    out.append(f"\x1b[{column}G")
            before = (before + text)[-2:]
            continue
        before = ""
        if kind == "csi":
            if token["csi"] in "Hf":
                column = _column(token["args"])
            elif token["csi"] not in "mhl":
                column = None
        elif kind == "control":
            column = 1 if text in "\r\n" else None
    return "".join(out)


def _column(args: str) -> int:
    _, _, column = args.partition(";")
    return max(1, int(column)) if column.isdigit() else 1
