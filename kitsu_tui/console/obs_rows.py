"""What the OBS pane shows, as rows: some of them can be acted on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from engines.wire import obs
from kitsu_tui.console.lines import Line, Span, cells, clip, fit, visible, width_of, wrap
from kitsu_tui.console.sheets import drill_line, surface_lines
from kitsu_tui.console.stage_row import (
    MANY_DROPPED,
    ahead,
    dropped,
    live_time,
    percent,
    running,
)
from kitsu_tui.console.trends import Trends
from kitsu_tui.console.widgets.sparkline import sparkline
from kitsu_tui.console.words import clock, size, span, who
from kitsu_tui.model.state import ShowState

Key: TypeAlias = tuple[str, ...]
"""Of a row that can be acted on: `("input", "Mic")`."""
Row: TypeAlias = tuple[Key | None, Line]

_NAME = 24
_TREND = 18
_INDENT = 2

LINKS: dict[str, tuple[str, str, str]] = {
    "connecting": ("◔", "connecting to OBS", ""),
    "closed": ("○", "OBS is closed", "dim"),
    "open": ("●", "connected", "good"),
    "hung": ("?", "OBS does not answer", "bad"),
    "refused": ("✗", "OBS refuses the password", "bad"),
    "foreign": ("✗", "something else answers at OBS's address", "bad"),
}
"""Sign, words and style of every state of the link."""

_DO = {
    "closed": "start OBS, or its WebSocket server (Tools); everything is taken up by itself",
    "refused": "set OBS_WS_PASSWORD to the one of Tools, WebSocket Server Settings; then p takes "
    "the profile anew",
    "foreign": "look at obs.url (OBS_WS_URL), and that it is obs-websocket 5 (OBS 28 or newer)",
    "hung": "it is tried again; if it stays so, look at OBS itself",
}


def _rows(key: Key | None, spans: Sequence[Span], width: int, indent: int = _INDENT) -> list[Row]:
    """A row that is wrapped where it does not fit; its first cell is the cursor's."""
    lines = wrap(((" ", ""), *spans), width, indent)
    return [(key if not at else None, line) for at, line in enumerate(lines)]


def _whole(words: str) -> str:
    """Words that no line's end may part."""
    return words.replace(" ", "\u00a0")


def top(state: ShowState, trends: Trends, now: float, width: int) -> list[Row]:
    """Link, scene, stream, recording, panic and the last rehearsal: what changes by the second."""
    known = state.obs.state
    if known is None:
        return _rows(None, [("nothing is known of OBS yet", "dim")], width) + _drill(state, width)
    is_open = known.link == "open"
    rows = [] if is_open else _link(state, known, width)
    if is_open or known.scene:
        rows += _scene(state, known, now, width)
    if is_open:
        rows += _stream(state, known, trends, now, width)
    for words in known.missing:
        rows += _rows(None, [(f"! missing: {visible(words)}", "warn")], width, 3)
    if is_open:
        rows += [*_outputs(state, known, now, width), *_link(state, known, width)]
    return rows + _panic(state, known, width) + _drill(state, width)


def _link(state: ShowState, known: obs.State, width: int) -> list[Row]:
    sign, words, style = LINKS[known.link]
    spans: list[Span] = [(f"{sign} {words}", style)]
    if known.link != "open":
        if state.obs.since:
            spans.append((f" since {clock(state.obs.since)}", "dim"))
        if known.detail:
            spans.append((f": {visible(known.detail)}", "" if style == "bad" else "dim"))
        if known.retry_s >= 1:
            spans.append((_whole(f" (next try within {span(known.retry_s)})"), "dim"))
        rows = _rows(None, spans, width, 3)
        if known.link in _DO:
            rows += _rows(None, [(f"  {_DO[known.link]}", "dim")], width, 3)
        return rows
    parts = [f"OBS {visible(known.obs_version)}".rstrip()]
    figures = state.obs.figures
    if figures is not None:
        parts += [f"{figures.fps:.0f} fps"] if figures.fps else []
        parts += [f"cpu {figures.cpu:.0f} %", f"ping {figures.ping_ms:.0f} ms"]
        if figures.disk_free_mb:
            parts.append(f"disk {size(figures.disk_free_mb * 1e6)}")
    return _rows(None, [*spans, ("  " + "  ".join(map(_whole, parts)), "dim")], width, 3)


def _row(key: Key | None, spans: Sequence[Span], parts: Sequence[str], width: int) -> list[Row]:
    """One row: spans, and of the parts after them as many as there is room for."""
    line: Line = ((" ", ""), *spans)
    for part in filter(None, parts):
        if width_of(line) + cells(part) + 2 > width:
            break
        line = (*line, (f"  {part}", "dim"))
    return [(key, clip(line, width))]


def _scene(state: ShowState, known: obs.State, now: float, width: int) -> list[Row]:
    view = state.obs
    spans: list[Span] = [("scene ", "dim"), (visible(known.scene) or "none", "strong")]
    if known.link != "open":
        return _row(None, spans, ["when last seen"], width)
    parts = []
    if view.scene_since:
        by = f"by {visible(who(view.scene_by))}" if view.scene_by else "in OBS"
        why = f" ({visible(view.scene_why)})" if view.scene_why else ""
        parts = [f"for {span(now - view.scene_since)} {by}{why}"]
    if view.scene_before and view.scene_before != known.scene:
        parts.append(f"before: {visible(view.scene_before)}")
    rows = _row(("scene",), spans, parts, width)
    if known.studio:
        preview = visible(known.preview) or "none"
        rows += _rows(None, [("preview ", "dim"), (preview, ""), (" (studio mode)", "dim")], width)
    return rows


def _stream(
    state: ShowState, known: obs.State, trends: Trends, now: float, width: int
) -> list[Row]:
    figures = state.obs.figures
    if not known.streaming:
        spans: list[Span] = [("stream ", "dim"), ("off", "")]
        return _rows(None, spans, width) + (_lost(figures, width) if figures else [])
    spans = [("stream ", "dim"), (f"LIVE {live_time(state, now)}".rstrip(), "strong")]
    if figures is None:
        return _rows(None, spans, width)
    if figures.reconnecting:
        spans.append((_whole("  RECONNECTS"), "bad"))
    if figures.bitrate_kbps is not None:
        spans.append((f"  {_whole(f'{figures.bitrate_kbps:,.0f} kbit/s')} ", ""))
        line = sparkline(trends.last("obs.kbps", now, _TREND), _TREND).strip()
        spans += [(line, "accent")] if line else []
    return _rows(None, spans, width) + _lost(figures, width)


def _lost(figures: obs.Figures, width: int) -> list[Row]:
    """Frames that did not reach the audience, by where they were lost."""
    share = dropped(figures)
    parts: list[Span] = []
    if figures.frames:
        style = "warn" if share >= MANY_DROPPED else "" if figures.dropped else "dim"
        words = f"dropped {figures.dropped:,} ({percent(share)})"
        parts.append((_whole(f"{'! ' if style == 'warn' else ''}{words}"), style))
    for name, count in (("skipped", figures.skipped), ("lagged", figures.lagged)):
        parts.append((_whole(f"{name} {count:,}"), "" if count else "dim"))
    if figures.frames:
        style = "warn" if figures.congestion >= 0.5 else "dim"
        words = f"congestion {percent(100 * figures.congestion)}"
        parts.append((_whole(f"{'! ' if style == 'warn' else ''}{words}"), style))
    spans: list[Span] = [("frames ", "dim")]
    for at, part in enumerate(parts):
        spans += [("  ", ""), part] if at else [part]
    return _rows(None, spans, width, 8)


def _outputs(state: ShowState, known: obs.State, now: float, width: int) -> list[Row]:
    figures = state.obs.figures
    recording: list[Span] = [("recording ", "dim"), ("off", "")]
    if known.recording:
        seconds = figures.record_s if figures is not None else None
        since = "" if seconds is None else f" {running(ahead(state, seconds, now))}"
        recording[1] = ("REC paused" if known.record_paused else f"REC{since}", "strong")
    replay: list[Span] = [("replay ", "dim"), ("on" if known.replay else "off", "")]
    rows = _rows(("record",), recording, width) + _rows(("replay",), replay, width)
    if known.virtual_camera:
        rows += _rows(None, [("virtual camera ", "dim"), ("on", "")], width)
    return rows


def _panic(state: ShowState, known: obs.State, width: int) -> list[Row]:
    """Each of OBS's surfaces, while panic is latched."""
    panic = state.panic
    if not panic.latched:
        held = [("! OBS still holds a panic", "warn")] if known.panicked else []
        return _rows(None, held, width) if held else []
    rows = _rows(None, [("panic ", "dim"), ("latched", "bad")], width)
    for name in dict.fromkeys((*panic.surfaces, *panic.waits)):
        if not name.startswith("obs."):
            continue
        ms = panic.surfaces.get(name)
        word, style = ("…", "dim")
        if ms is not None:
            word, style = f"after {ms:.0f} ms", ""
        elif name in panic.waits:
            word, style = "WAITS", "bad"
        elif panic.done:
            word, style = "FAILED", "bad"
        why = panic.why.get(name, "")
        end = f" ({visible(why)})" if why else ""
        rows += _rows(None, [(f"  {visible(name)} ", ""), (word + end, style)], width, 5)
    return rows


def _drill(state: ShowState, width: int) -> list[Row]:
    drill = state.drill
    if drill is None:
        return _rows(None, [("panic was never rehearsed", "dim")], width)
    style = "" if drill.ok else "bad"
    words = f"{'✓' if drill.ok else '✗'} {visible(drill_line(drill))}"
    by = f" at {clock(drill.at)} by {visible(who(drill.by))}"
    return _rows(None, [("rehearsed ", "dim"), (words, style), (by, "dim")], width, 3)


def body(state: ShowState, width: int) -> list[Row]:
    """Inputs, sources and filters, each in a row; then the rehearsal's table."""
    known = state.obs.state
    if known is None or known.link != "open":
        return _table(state, width)
    rows: list[Row] = []
    sounds = [one for one in known.inputs if one.muted is not None or one.text is not None]
    if sounds:
        rows.append(_heading("inputs", len(sounds)))
        rows += [_input(one, width) for one in sounds]
    if known.items:
        rows.append(_heading(f"sources of {visible(known.scene)}", len(known.items)))
        rows += [_item(one, width) for one in known.items]
    on = [one for one in known.filters if one.on]
    if known.filters:
        rows.append((None, ((f" filters: {len(on)} of {len(known.filters)} on", "strong"),)))
        rows += [_filter(one, width) for one in on]
    return [(key, clip(line, width)) for key, line in rows] + _table(state, width)


def _heading(words: str, count: int) -> Row:
    return None, ((f" {words} ({count})", "strong"),)


def _room(width: int) -> int:
    """Cells of a name: all but cursor, sign and what stands after it."""
    return max(6, min(_NAME, width - 20))


def _input(one: obs.Input, width: int) -> Row:
    name = fit(visible(one.name), _room(width))
    if one.muted is None:
        left = max(0, width - 5 - _room(width))
        return None, ((" ", ""), (f"  {name} ", ""), (fit(visible(one.text or ""), left), "dim"))
    sign, word, style = ("✗", "MUTED", "warn") if one.muted else ("●", "open ", "")
    db = "" if one.volume_db is None else f" {one.volume_db:6.1f} dB"
    return ("input", one.name), ((" ", ""), (f"{sign} {name} ", style), (word, style), (db, "dim"))


def _item(one: obs.Item, width: int) -> Row:
    name = fit(visible(one.source), _room(width))
    sign, word, style = ("●", "on", "") if one.on else ("○", "off", "dim")
    key = ("item", one.scene, one.source, str(one.id))
    return key, ((" ", ""), (f"{sign} {name} {word}", style))


def _filter(one: obs.Filter, width: int) -> Row:
    name = fit(visible(one.name), _room(width))
    source = fit(visible(one.source), max(0, width - 7 - _room(width))).rstrip()
    return ("filter", one.source, one.name), (
        (" ", ""),
        (f"● {name} ", ""),
        (f"on {source}", "dim"),
    )


def _table(state: ShowState, width: int) -> list[Row]:
    if state.drill is None:
        return []
    lines = surface_lines(state.drill, width - 1)
    if not lines:
        return []
    rows: list[Line] = [((" the last rehearsal of panic", "strong"),)]
    rows += [((" ", ""), *line) for line in lines]
    return [(None, clip(line, width)) for line in rows]


def act(key: Key, known: obs.State) -> tuple[obs.Change, str] | None:
    """What switching this row over asks of OBS, and its words; None when it has gone."""
    kind = key[0]
    if kind == "input":
        for one in known.inputs:
            if one.name == key[1] and one.muted is not None:
                words = f"{'open' if one.muted else 'mute'} {one.name}"
                return obs.SetMute(input=one.name, on=not one.muted), words
    elif kind == "item":
        for item in known.items:
            if (item.scene, item.source, str(item.id)) == key[1:]:
                words = f"{'hide' if item.on else 'show'} {item.source}"
                return obs.SetSource(source=item.source, on=not item.on, scene=item.scene), words
    elif kind == "filter":
        for one_of in known.filters:
            if (one_of.source, one_of.name) == key[1:]:
                words = f"filter {one_of.name} {'off' if one_of.on else 'on'}"
                change = obs.SetFilter(filter=one_of.name, source=one_of.source, on=not one_of.on)
                return change, words
    return None
