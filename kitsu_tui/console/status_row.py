"""The status row: how the show is, in the order of what an operator must know first.

A live show is told apart by its first word, by what fills the row and by its colour; each of them
would do alone.
"""

from __future__ import annotations

from kitsu_tui.console.forms import Item, settle, words
from kitsu_tui.console.lines import Line, visible, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.next_row import review_words
from kitsu_tui.console.panes.alerts import unseen
from kitsu_tui.console.stage_row import live_time, open_obs, stage_items
from kitsu_tui.console.words import span, who
from kitsu_tui.model.state import ShowState

TAPE = "╱"
"""Fills what is empty in the row of a live show."""
READS = " (reads)"
"""Ends the name of an operator whose console only reads."""
_SAID_ALONE = ("voice muted", "no safety rules", "no sound device", "sound device lost")

# The least important first; a name stands here once for each of its shorter forms.
_ORDER = (
    "gate",
    "marks",
    "up",
    "names",
    "preset",
    "mood",
    "mood",
    "name",
    "open",
    "mic_open",
    "voice_open",
    "closed",
    "kind",
    "held",
    "scene",
    "rec",
    "drop",
    "switch",
    "alerts",
    "review",
    "rules",
    "names",
    "rec",
    "drop",
    "scene",
    "held",
    "link",
    "stream",
    "retry",
    "paused",
    "air",
    "deaf",
    "voice_muted",
    "mic_muted",
    "kind",
    "switch",
    "review",
    "link",
    "rules",
    "retry",
    "stream",
    "alerts",
    "kind",
    "deaf",
    "paused",
)


def air(state: ShowState) -> tuple[Line, ...]:
    """Whether she can be heard, and if not why, in words; and in fewer."""
    if state.stopping:
        return words("STOPPING", style="warn")
    if state.panic.latched:
        return words("PANIC: off the air", "PANIC", style="bad")
    why = visible(state.why_unheard())
    if not why:
        known = open_obs(state)
        if state.live and known is not None and not known.streaming:
            return words("ready, OBS does not stream", "no stream", style="warn")
        return words("ON AIR", style="strong") if state.live else words("ready", style="good")
    if why in _SAID_ALONE:
        return words(why.upper(), style="bad" if why == "no safety rules" else "warn")
    return words(f"NOT READY: {why}", why, style="warn")


def status(link: Link, now: float, width: int, *, paused: bool = False, scene: str = "") -> Line:
    """The row. `paused`: the picture stands still; `scene`: the one that is on, empty for none."""
    state = link.state
    if not state.profile:
        return ((" kitsu ", "strong"), (phase(link), ""))
    past = link.phase == "past"
    # Who was there and what was muted when the show was last seen is not so now.
    there = link.attached
    items = [
        Item("kind", _kind(link, now)),
        Item("name", words(_name(state), ""), joined=True),
        *_how(link),
        *(_gate(state) if there else ()),
        *(stage_items(state, now) if there else ()),
        Item("paused", words("drawing is PAUSED", "PAUSED", "", style="warn") if paused else ((),)),
        Item("alerts", _alerts(state)),
        *(_mutes(state) if there else ()),
        Item("scene", words(f"scene {visible(scene)}", visible(scene), "") if scene else ((),)),
        *(_persona(state) if there else ()),
        Item("marks", words(_count(len(state.incidents), "mark"), "", style="dim")),
        Item("gate", words(_rules(state) if there else "", "", style="dim")),
    ]
    up = (state.t if past else now) - state.started if state.started else 0.0
    right = [
        Item("names", _operators(state.operators) if there else ((),)),
        Item("up", words(f"up {span(up)}" if up else "", "", style="dim")),
    ]
    left_line, right_line = settle(items, right, _ORDER, width)
    gap = max(0, width - width_of(left_line) - width_of(right_line))
    if state.live and link.attached and gap > 3:
        fill: Line = ((f"{TAPE * (gap - 1)} ", "strong"),)
    else:
        fill = ((" " * gap, ""),)
    return (*left_line, *fill, *right_line)


def _kind(link: Link, now: float) -> tuple[Line, ...]:
    if not link.state.live:
        return words(" rehearsal", style="dim")
    if not link.attached:
        # Whether it still is nobody can say from here.
        return (((" LIVE when last seen ", "strong"),), ((" LIVE? ", "strong"),))
    tape = TAPE * 3
    since = live_time(link.state, now)
    if since:
        said = f" ● LIVE {since} ●"
        return words(f" {tape}{said} {tape}", said, f" LIVE {since}", " LIVE", style="strong")
    return words(f" {tape} ● LIVE ● {tape}", " ● LIVE ●", " LIVE", style="strong")


def _name(state: ShowState) -> str:
    shown = state.title or state.profile
    return "" if shown.casefold() in ("● live ●", "live", "rehearsal") else f" {visible(shown)}"


def _how(link: Link) -> list[Item]:
    """What she does, or why nobody can tell."""
    if not link.attached:
        return [Item("air", words(phase(link), style="warn" if link.phase == "past" else "bad"))]
    if link.silent:
        seconds = f"{link.silent:.0f} s"
        said = words(
            f"THE SHOW DOES NOT ANSWER for {seconds}", f"NO ANSWER for {seconds}", style="bad"
        )
        return [Item("air", said)]
    state = link.state
    items = [Item("air", air(state))]
    why = state.why_deaf()
    # Why she does not hear, where nothing else in the row says it.
    if why and not state.stopping and why not in ("microphone muted", state.why_unheard()):
        items.append(Item("deaf", words(f"DEAF: {visible(why)}", "DEAF", "", style="warn")))
    return items


def _gate(state: ShowState) -> list[Item]:
    """That lines are reviewed, and what is wrong with the rules."""
    out = []
    if state.review.on:
        out.append(Item("review", words(*review_words(state.review), style="warn")))
    if state.rules and (state.rule_problems or state.gate_error):
        said = _count(state.rule_problems, "rule problem") or "rules are at fault"
        out.append(Item("rules", words(said.upper(), "RULES!", "", style="warn")))
    return out


def _rules(state: ShowState) -> str:
    blocked = f", {state.blocked} blocked" if state.blocked else ""
    return f"{_count(state.rules, 'rule')}{blocked}" if state.rules else ""


def _alerts(state: ShowState) -> tuple[Line, ...]:
    new = unseen(state.alerts)
    if not new:
        return ((),)
    levels = {alert.level for alert in new}
    style = "bad" if "error" in levels else "warn" if "warning" in levels else ""
    return words(_count(len(new), "alert"), f"!{len(new)}", "", style=style)


def _mutes(state: ShowState) -> list[Item]:
    if not state.mic_muted and not state.voice_muted:
        return [Item("open", words("mic open │ voice open", ""))]
    items = []
    said_already = state.why_unheard() == "voice muted"
    for name, muted in (("mic", state.mic_muted), ("voice", state.voice_muted)):
        if not muted:
            items.append(Item(f"{name}_open", words(f"{name} open", "")))
        elif name == "mic" or not said_already:
            items.append(Item(f"{name}_muted", words(f"{name} MUTED", "", style="warn")))
    return items


def _persona(state: ShowState) -> list[Item]:
    held, own = visible(state.persona.mood), visible(state.mood)
    preset = visible(state.persona.preset)
    if held:
        mood = Item("held", words(f"mood {held} (held)", f"{held} (held)", ""))
    else:
        mood = Item("mood", words(f"mood {own}", own, "") if own else ((),))
    return [mood, Item("preset", words(f"preset {preset}" if preset else "", ""))]


def _operators(names: list[str]) -> tuple[Line, ...]:
    """Who is attached: names, or how many, or nothing."""
    count = _count(len(names), "operator") or "0 operators"
    reading = sum(name.endswith(READS) for name in names)
    if reading:
        count += f" ({reading} read{'s' if reading == 1 else ''})"
    shown = ", ".join(visible(who(name)) for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return words(f"{count}: {shown}{more}" if names else count, count, "", style="dim")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""


def phase(link: Link) -> str:
    """What there is instead of a show."""
    if link.phase == "looking":
        return "looking for a show"
    if link.phase == "starting":
        return "starting a show"
    return "PAST SESSION" if link.phase == "past" else "NO SHOW"
