"""Reading what guards answer. What cannot be read is no opinion: never "safe"."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

HAZARDS = {
    "S1": "violent crimes",
    "S2": "non-violent crimes",
    "S3": "sex crimes",
    "S4": "child exploitation",
    "S5": "defamation",
    "S6": "specialised advice",
    "S7": "privacy",
    "S8": "intellectual property",
    "S9": "indiscriminate weapons",
    "S10": "hate",
    "S11": "suicide and self-harm",
    "S12": "sexual content",
    "S13": "elections",
    "S14": "code interpreter abuse",
}
"""The categories of Llama Guard 3, by the names that its model card gives them."""

CONTROVERSIAL = 0.5
"""The score of what Qwen3Guard calls neither safe nor unsafe."""

_LLAMA = re.compile(r"unsafe(?:\s+(S\d{1,2}(?:\s*,\s*S\d{1,2})*))?")
_QWEN = re.compile(r"Safety:\s*(Safe|Unsafe|Controversial)(?:\s+Categories:\s*([^\n]*))?(?:\s|$)")
_YES_NO = re.compile(r"(yes|no)\b[.,]?(?:\s*<confidence>\s*\w+\s*</confidence>)?", re.IGNORECASE)
_SAYS_YES = re.compile(r"guardian|shieldgemma", re.IGNORECASE)


class Nonsense(Exception):
    """It does not answer as a guard does."""


class Told(Struct, frozen=True):
    """An opinion as it was given; `score` is 0 or 1 where there is none."""

    unsafe: bool
    category: str = ""
    score: float = 0.0
    model: str = ""


def chat(answer: str, model: str, threshold: float) -> Told:
    """What a guard model wrote.

    Llama Guard: `safe`, or `unsafe` and a line of categories. Qwen3Guard: `Safety: Unsafe` and
    `Categories: ...`. ShieldGemma and Granite Guardian: Yes (there is harm) or No, which is taken
    from a model so called only, as any other may say so in reply to what it was to judge.

    Raises:
        Nonsense: none of these.
    """
    said = answer.strip()
    if said == "safe":
        return Told(unsafe=False)
    if found := _LLAMA.fullmatch(said):
        codes = [code.strip() for code in (found[1] or "").split(",") if code]
        names = [HAZARDS.get(code, code) for code in codes]
        return Told(unsafe=True, category=", ".join(names), score=1.0)
    if found := _QWEN.match(said):
        score = {"Safe": 0.0, "Unsafe": 1.0, "Controversial": CONTROVERSIAL}[found[1]]
        named = (found[2] or "").strip().lower()
        unsafe = found[1] == "Unsafe" or 0 < score >= threshold
        return Told(
            unsafe=unsafe, category=named if unsafe and named != "none" else "", score=score
        )
    if _SAYS_YES.search(model) and (found := _YES_NO.fullmatch(said)):
        yes = found[1].lower() == "yes"
        return Told(unsafe=yes, score=float(yes))
    raise Nonsense(f"found {said[:60]!r}, expected safe or unsafe: is {model} a guard model?")


def moderations(answer: Any, threshold: float) -> Told:
    """What `/moderations` answered. What it flags is unsafe whatever its scores say, and so is a
    score from `threshold` on.

    Raises:
        Nonsense: it has no such form.
    """
    results = answer.get("results") if isinstance(answer, dict) else None
    result = results[0] if isinstance(results, list) and len(results) == 1 else None
    flagged = result.get("flagged") if isinstance(result, dict) else None
    if not isinstance(flagged, bool) or not isinstance(result, dict):
        raise Nonsense("found no results[0].flagged in the answer: is this a moderations endpoint?")
    scores = _scores(result.get("category_scores"))
    highest = max(scores, key=scores.__getitem__, default="")
    marked = result.get("categories")
    named = [str(name) for name, on in marked.items() if on] if isinstance(marked, dict) else []
    unsafe = flagged or (highest != "" and scores[highest] >= threshold)
    if not unsafe:
        return Told(unsafe=False, score=scores.get(highest, 0.0))
    worst = max(named, key=lambda name: scores.get(name, 0.0), default=highest)
    return Told(unsafe=True, category=worst, score=scores.get(worst, 1.0))


def _scores(found: Any) -> dict[str, float]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Nonsense("found category_scores of another form than names with numbers")
    scores = {}
    for name, score in found.items():
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
            raise Nonsense(f"category_scores.{str(name)[:40]}: found no number from 0 to 1")
        scores[str(name)] = float(score)
    return scores
