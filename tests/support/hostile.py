"""Texts that would break or command a screen, and a show that says them wherever it can."""

from __future__ import annotations

import re

from engines.wire import show
from engines.wire.logline import LogLine, stamp
from engines.wire.metrics import Gpu, HostFigures
from tests.support.scripted_show import START

ESCAPES = (
    "\x1b[2J\x1b[H",
    "\x1b[31;5;8m",
    "\x1b[?7777h",
    "\x1b]0;owned\x07",
    "\x1b]52;c;b3duZWQ=\x1b\\",
    "\x1b]8;;http://example.invalid\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b_Gf=100;\x1b\\",
    "\x1bX sos \x1b\\",
    "\x1b^pm\x1b\\",
    "\x1bc\x1b#8\x1b(0",
    "\x1b",
    "\x1b[",
    "\x9b2J\x9d0;owned\x9c\x90q\x9c\x85\x84\x8d",
    "".join(map(chr, range(0x20))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
)
"""Of ECMA-48 and its terminals: with ESC, and as single C1 characters."""

MARKUP = (
    "[bold]b[/bold]",
    "[link=http://example.invalid]l[/link]",
    "[@click=app.do('panic')]c[/]",
    "[/nothing]",
    "[red",
    "[$x] [[ ]] \\[",
)
"""Of Textual and Rich."""

SHAPES = (
    "日本語テキスト",
    "日" * 200,
    "👩🏽\u200d🚀👨\u200d👩\u200d👧\u200d👦👍🏿",
    "🏽🏿 alone",
    "🇩🇪🇯🇵🇺",
    "❤\ufe0f☎\ufe0e1\ufe0f\u20e3",
    "Z" + "\u0341\u0323\u0489" * 60 + "algo",
    "\u0301first",
    "שלום עולם مرحبا",
    "\u202eesrever\u202c\u2066iso\u2069\u061c",
    "a\u200bb\ufeffc\u2060d\u00ade\u180ef",
    "\u3164\uffa0\u115f\u1160",
    "한국어 \u1112\u1161\u11ab",
    "हिन्दी தமிழ் ไทย",
    "\U000e0067\U000e0062\U000e007f",
    "tab\tnew\nline\rfeed\x0b\x0c\u2028\u2029\x85",
    "\U0001d300☰㉈",
    "\ue000\U000f0000\uffff\U0010ffff",
    "a\u00a0b\u2003c\u3000d",
)
"""Whose width a terminal and a program may see differently, or whose order turns."""

TEXTS = (*ESCAPES, *MARKUP, *SHAPES)
ALL = " ".join(TEXTS)

_OWN = re.compile(
    rb"\x1b\[[0-9;]*[HG]"  # the cursor's place
    rb"|\x1b\[(?:(?:[0-4]|7|9|2[1-9]|3[0-79]|4[0-79]|9[0-7]|10[0-7]|[34]8;5;\d+|[34]8;2(?:;\d+){3}"
    rb")(?:;|(?=m)))*m"  # colours
    rb"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    rb"|\x1b\[\?(?:2026|2048)\$p|\x1b\[[<>][0-9;]*u"
    rb"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # the clipboard; what it holds is looked at apart
    rb"|\x1b\]22;[a-z]*\x07|\x18|[\r\n\x07]"  # the shape of the pointer; a bell
)
_POWER = re.compile(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def foreign(output: bytes) -> list[bytes]:
    """What stands in a console's output that commands a terminal and is not the console's own."""
    rest = _OWN.sub(b"", output)
    return [rest[max(0, m.start() - 20) : m.end() + 20] for m in _POWER.finditer(rest)]


def script(*, engines: tuple[str, ...] = ("audio", ALL, "[/x]")) -> list[show.ShowEvent]:
    """A show that says such texts in every field that it has."""
    events: list[show.ShowEvent] = [
        show.ShowStarted(
            profile=ALL, live=True, pid=1, version=ALL, epoch=1, engines=list(engines), title=ALL
        ),
        show.PersonaState(
            name=ALL, preset=ALL, presets=list(TEXTS), moods=list(TEXTS), mood=ALL, by=ALL
        ),
        show.DeviceState(state="lost", input=ALL, output=ALL, detail=ALL),
        show.GateState(rules=0, error=ALL),
        show.Operators(names=list(TEXTS)),
        show.Muted(mic=True, voice=False, by=ALL),
        show.Host(
            figures=HostFigures(
                cpu=1,
                cores=[1.0],
                memory_used=1,
                memory_total=2,
                load=0.1,
                disk_free=1,
                gpu_detail=ALL,
                gpus=[Gpu(index=0, name=ALL, detail=ALL)],
            )
        ),
    ]
    events += [
        show.EngineChanged(
            engine=engine, state="failed", detail=ALL, exit=ALL, by=ALL, last_words=list(TEXTS)
        )
        for engine in engines
    ]
    events += [show.Alert(level="error", text=text, about=text) for text in TEXTS]
    events += [show.Marked(by=text, text=text) for text in TEXTS]
    events += [show.Acted(name=text, by=text, args=text, ok=False, detail=text) for text in TEXTS]
    for turn, text in enumerate(TEXTS, 1):
        events += turn_of(turn, text)
    return [*events, show.Panicked(by=ALL, epoch=2, surfaces={ALL: None, "[/x]": 1.0}, done=True)]


def turn_of(turn: int, text: str) -> list[show.ShowEvent]:
    """A whole turn of it."""
    return [
        show.TurnStarted(turn=turn, source="chat", who=text, text=text),
        show.Judged(
            turn=turn, rev=0, seq=-1, action="sanitise", text=text, spoken=text, category=text,
            rule=text, view=text,
        ),
        show.Delta(turn=turn, rev=0, text=text),
        show.Judged(
            turn=turn, rev=0, seq=0, action="replace", text=text, spoken=text, category=text,
            rule=text,
        ),
        show.Aired(turn=turn, rev=0, seq=0, status="cut", heard=text[:3], heard_ms=9),
        show.TurnDone(
            turn=turn, rev=0, status="error", answer=text, mood=text, actions=[text], detail=text,
            marks_ms={"audible": 700.0},
        ),
    ]  # fmt: skip


def log_lines() -> list[LogLine]:
    """Log lines of it, with every field in turn."""
    lines = [
        LogLine(ts=stamp(START + n), service=text, level=text, message=text, logger=text)
        for n, text in enumerate(TEXTS)
    ]
    lines += [
        LogLine(ts=text, service="s", level="error", message="m", exception=text) for text in TEXTS
    ]
    half = "\x1b]0;ow"
    lines += [
        LogLine(ts=stamp(START), service="s", level="info", message=part)
        for part in (half, "ned\x07", "x" * 100_000, "日" * 100_000, '{"a": "\\u001b[2J\\u009b"}')
    ]
    return lines
