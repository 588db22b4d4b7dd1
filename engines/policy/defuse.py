"""People's words made into data: text that could pass for markup, this model's or another's, is
changed so that it reads much the same and means nothing.

The signs of all common chat formats are taken out whatever the model's own is: an endpoint's
template is not known here, and a small model heeds a foreign marker as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

VIEWER_CHARS = 400
"""Longest text of a viewer that stands in a prompt."""
NAME_CHARS = 40
NOBODY = "a viewer"

_WIDE = str.maketrans("＜＞｜［］＃：﹕∶꞉＂｛｝％▁`", "<>|[]#::::\"{}%_'")
_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»″‶❝❞〃ʺˮ״〝〞〟', "'"))
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_BLANK = re.compile(r"\s+")
_SIGNS = (
    # Tags of every kind; `<3` and `->` are none.
    (re.compile(r"<(?=[/|!?\\<(\[{a-z_])", re.IGNORECASE), "("),
    (re.compile(r"(?<=[|/?a-z_\])}>])>", re.IGNORECASE), ")"),
    (re.compile(r"\(\|+|\|+\)"), lambda found: found[0].strip("|")),
    # Mistral's and Llama 2's: [INST], [/INST], [TOOL_CALLS]
    (re.compile(r"\[(/?(?i:inst|sys|system|user|assistant)|/?[A-Z_]{3,30})\]"), r"(\1)"),
    (re.compile(r"\[(?=/?(?:INST|SYS)\b)", re.IGNORECASE), "("),
    # Alpaca's headings, fences, templates in templates
    (re.compile(r"#{2,}\s?|'{3,}"), ""),
    (re.compile(r"\{(?=[{%#])|(?<=[}%#])\}"), "("),
    # Roles as words: Vicuna's stand in the midst of a line.
    (
        re.compile(
            r"(system|assistant|user|human|instructions?|response|developer|"
            r"\b(?:ai|bot|model|tool|function|ipython|input|output))(?: ?\([^)\n]{0,20}\))? ?:",
            re.IGNORECASE,
        ),
        r"\1 -",
    ),
)
_NO_NAME = re.compile(r"[^\w .'-]|\.(?=\s)")  # a name is no sentence


class Defuser:
    """Makes text harmless to one model.

    Args:
        specials: texts that are markup to the model, over and above what is to any.
    """

    def __init__(self, specials: Sequence[str]) -> None:
        self._specials = (
            re.compile("|".join(re.escape(text) for text in specials), re.IGNORECASE)
            if specials
            else None
        )

    def text(self, text: str) -> str:
        """People's text as one line that holds no markup. Doing it twice changes nothing more."""
        text = _BLANK.sub(" ", _UNSEEN.sub("", text.translate(_WIDE))).strip()
        for _ in range(6):  # what one change leaves side by side may be a sign again
            before = text
            for signs, instead in _SIGNS:
                text = signs.sub(instead, text)
            if text == before:
                break
        if self._specials is not None:
            while self._specials.search(text):
                text = self._specials.sub(lambda found: _broken(found[0]), text)
        return _BLANK.sub(" ", text).strip()

    def name(self, who: str) -> str:
        """Somebody's name, fit to stand in a sentence."""
        name = _BLANK.sub(" ", _NO_NAME.sub("", self.text(who[: 4 * NAME_CHARS])))
        return name[:NAME_CHARS].strip(" .'-") or NOBODY

    def told(self, text: str, who: str = "", *, viewer: bool = False) -> str:
        """What was said to her as it stands in a prompt.

        A viewer's words stand in quotation marks, hold none themselves, and have a bound.
        """
        plain = self.text(text)
        if not viewer:
            return f"{self.name(who)} says: {plain}" if who else plain
        plain = plain.translate(_QUOTES)
        if len(plain) > VIEWER_CHARS:
            plain = plain[:VIEWER_CHARS].rsplit(" ", 1)[0] + " ..."
        return f'Chat, {self.name(who)} writes: "{plain}"'


def _broken(special: str) -> str:
    # Keep letters and digits: it can still be read, and no longer is the token.
    return re.sub(r"[^\w\s]", "", special).strip("_")[:64] if len(special) > 2 else " "
