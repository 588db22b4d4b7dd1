"""The row for what must not be overlooked: panic, no show, what was done while nobody was there."""

from __future__ import annotations

from kitsu_tui.console.actions import DEFAULT_KEYS, key_word
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.lines import Line, Span, cells, clip, visible, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.next_row import no_rules, waiting_banner
from kitsu_tui.console.words import clock, span, who
from kitsu_tui.model.state import OperatorView, PanicView, ShowState
from kitsu_tui.model.surfaces import is_drill

WIDE = 1000
GONE = "operator gone"
"""Who brings the BRB scene when nobody is there."""
UNANSWERED_S = 0.5
"""Seconds after which a press of panic that was not answered is said to be so."""


def banner(
    link: Link,
    now: float,
    width: int = WIDE,
    keys: Keys = DEFAULT_KEYS,
    *,
    waiting: float = 0.0,
    unseen: bool = False,
) -> Line | None:
    """The row; None when all is well.

    `waiting`: seconds since a press of panic that the show has not answered. `unseen`: the place
    where the lines to come stand is out of sight.
    """
    if waiting > UNANSWERED_S and link.attached:
        return _unanswered(waiting, width)
    if link.phase in ("gone", "failed"):
        return _no_show(link, width, keys)
    if link.phase == "past":
        return clip(((f" PAST SESSION {visible(link.detail)}", "warn"),), width)
    if link.state.panic.latched:
        return _panic(link, width, keys)
    if not link.attached:
        return None
    lines = waiting_banner(link, now, width, keys) if unseen else None
    return no_rules(link, width) or lines or _away(link, width, keys) or _left(link, width, keys)


def _panic(link: Link, width: int, keys: Keys) -> Line:
    """Who pressed it, and how far it came on each surface: what failed stands first, then what
    waits, then what has not answered.
    """
    panic = link.state.panic
    by = visible(who(panic.by))
    name = "PANIC, rehearsed" if is_drill(panic.by) else "PANIC"
    resume = "" if link.read_only else f" {_key('resume', keys)} resumes "
    starts = (f" {name} since {clock(panic.since)} by {by} ", f" {name} by {by} ", f" {name} ")
    line: Line = ()
    # What is wrong must not be hidden by a narrow row; why it is gives way to that.
    for why in (True, False):
        line = _first(starts, resume, _surfaces(panic, why=why), width)
        if width_of(line) <= width:
            break
    rest = _done(panic)
    for place, entry in enumerate(rest):
        more = f"+{len(rest) - place} done"
        after = cells(more) if place + 1 < len(rest) else 0
        if width_of((*line, entry)) + after <= width:
            line = (*line, entry)
        elif width_of(line) + cells(more) <= width:
            line = (*line, (more, ""))
            break
        else:
            break
    return clip(line, width)


def _first(starts: tuple[str, ...], resume: str, rest: Line, width: int) -> Line:
    """With the longest start for which there is room."""
    line: Line = ()
    for what in starts:
        line = ((what, "bad"), (resume, "strong"), ("│ ", "strong"), *rest)
        if width_of(line) <= width:
            break
    return line


def _surfaces(panic: PanicView, *, why: bool) -> tuple[Span, ...]:
    """What did not come through: those with one reason are said together."""
    groups: dict[tuple[int, str], list[str]] = {}
    for name, ms in panic.surfaces.items():
        if ms is None:
            groups.setdefault((_rank(panic, name), panic.why.get(name, "")), []).append(name)
    for name in panic.waits:
        if name not in panic.surfaces:
            groups.setdefault((1, panic.why.get(name, "")), []).append(name)
    out: list[Span] = []
    for (rank, reason), names in sorted(groups.items(), key=lambda group: group[0][0]):
        end = f" ({visible(reason)})" if why and reason and rank < 2 else ""
        word, style = (("FAILED", "bad"), ("WAITS", "bad"), ("…", "dim"))[rank]
        word = "WAIT" if word == "WAITS" and len(names) > 1 else word
        out.append((f"{' '.join(map(visible, names))} {word}{end}  ", style))
    return tuple(out)


def _rank(panic: PanicView, name: str) -> int:
    if name in panic.waits:
        return 1
    return 0 if panic.done or name in panic.why else 2


def _done(panic: PanicView) -> list[Span]:
    told = [(name, ms) for name, ms in panic.surfaces.items() if ms is not None]
    return [(f"{visible(name)} {ms:.0f} ms  ", "") for name, ms in told]


def away(state: ShowState) -> OperatorView | None:
    """What the show did because nobody was there, unless somebody has undone it."""
    view = state.operator
    if not view.since or (view.did in ("", "nothing") and not view.gone):
        return None
    if view.did == "brb" and state.obs.scene_since > view.at and state.obs.scene_by != GONE:
        return None  # another scene has come since
    if view.did == "panic" and not state.panic.latched:
        return None
    return view


def _away(link: Link, width: int, keys: Keys) -> Line | None:
    view = away(link.state)
    if view is None or link.away_seen >= view.since:
        return None
    for text in away_words(view, link.state, keys, read_only=link.read_only):
        if cells(text) <= width:
            break
    return clip(((text, "warn"),), width)


def away_words(
    view: OperatorView, state: ShowState, keys: Keys, *, read_only: bool = False
) -> tuple[str, ...]:
    """What is said of it, from the longest to the shortest."""
    away_s = view.gone_s or max(0.0, state.t - view.since)
    start, why = f" You were away {span(away_s)}", f" ({visible(view.why)})" if view.why else ""
    if view.gone:
        start = f" Nobody is there since {clock(view.since)}"
    detail = visible(view.detail)
    at = f" at {clock(view.at)[:5]}"
    did = {"brb": f": BRB scene{at}", "panic": f": panic{at}"}.get(view.did, "")
    if detail and view.did == "brb":
        did = f": {detail}{at}"
    how = {"brb": f"; {_key('scene', keys)} goes back", "panic": ""}.get(view.did, "")
    if read_only:
        how = ""
    seen = "" if read_only or view.gone else f" · {_key('acknowledge', keys)} seen"
    short = {"brb": f" AWAY: BRB{at}", "panic": f" AWAY: panic{at}"}.get(view.did, start)
    return (
        f"{start}{why}{did}{how}{seen}",
        f"{start}{did}{how}{seen}",
        f"{start}{did}{how}",
        f"{short}{how}",
        short,
    )


def not_put_back(link: Link) -> dict[str, str]:
    """What resume could not put back, in words by surface, as long as the operator may not know."""
    panic = link.state.panic
    if panic.latched or link.left_seen >= link.state.epoch:
        return {}
    failed = [name for name, ms in panic.surfaces.items() if ms is None]
    return {name: panic.why.get(name, "") for name in (*failed, *panic.waits)}


def seen(link: Link) -> bool:
    """The operator knows what stands there. False when it was nothing of that kind."""
    view = away(link.state)
    news = view is not None and link.away_seen < view.since
    if not news and not not_put_back(link):
        return False
    link.away_seen, link.left_seen = link.state.operator.since, link.state.epoch
    link.dirty.add("status")
    return True


def _left(link: Link, width: int, keys: Keys) -> Line | None:
    left = not_put_back(link)
    if not left:
        return None
    waits = [name for name in left if name in link.state.panic.waits]
    failed = [name for name in left if name not in waits]
    said = []
    for words, names in (("NOT PUT BACK", failed), ("still to be put back", waits)):
        reasons = "; ".join(dict.fromkeys(visible(left[name]) for name in names if left[name]))
        listed = " ".join(map(visible, names))
        if names:
            said.append((f"{words}: {listed}", f" ({reasons})" if reasons else ""))
    seen = "" if link.read_only else f" · {_key('acknowledge', keys)} seen"
    whole, short = "; ".join(a + b for a, b in said), "; ".join(a for a, _ in said)
    text = ""
    for text in (f" After panic {whole}{seen}", f" {whole}{seen}", f" {whole}", f" {short}{seen}"):
        if cells(text) <= width:
            break
    return clip(((text, "warn"),), width)


def _unanswered(waiting: float, width: int) -> Line:
    """She may still be heard: the operator must know at once, and what else there is to do."""
    seconds = f"{waiting:.0f} s"
    text = ""
    for text in (
        f" PANIC PRESSED, and no answer for {seconds}: she may still be heard! Mute her elsewhere",
        f" PANIC PRESSED, no answer for {seconds}: she may be heard! Mute her elsewhere",
        f" PANIC: NO ANSWER for {seconds}",
    ):
        if cells(text) <= width:
            break
    return clip(((text, "bad"),), width)


def _no_show(link: Link, width: int, keys: Keys) -> Line:
    why, text = visible(link.detail), ""
    if link.launch is not None:
        how = f"{_key('start', keys)} to start one"
    else:
        how = "start one with: kitsu run --detach"
    for text in (
        f" NO SHOW: {why} · looking for it again · {how}",
        f" NO SHOW: {why} · {how}",
        f" NO SHOW: {why}",
        f" NO SHOW · {how}",
    ):
        if width_of(((text, ""),)) <= width:
            break
    return clip(((text, "bad"),), width)


def _key(action: str, keys: Keys) -> str:
    return key_word((*keys[action], "?")[0])
