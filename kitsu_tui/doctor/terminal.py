"""The terminal: what it is, its colours and size, and whether copied text reaches the clipboard."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import psutil

from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import Family, Probe, run
from kitsu_tui.doctor.report import Finding, ok, skipped, warn

SMALLEST = (80, 24)
TMUX_S = 2.0
CLIPBOARD = 52
"""Among the device attributes it says that OSC 52 sets the clipboard."""
SLOW_ESCAPE_MS = 50


def has_terminal() -> bool:
    """True when a person reads what is printed."""
    try:
        return sys.stdout is not None and sys.stdout.isatty()
    except ValueError:  # closed
        return False


def kind(context: Context) -> Finding:
    """What the terminal is."""
    environ, answer = context.environ, context.terminal
    if not has_terminal():
        return skipped("terminal", "the output goes elsewhere; run this where the console will run")
    said = environ.get("TERM", "")
    found = f"TERM {said or 'not set'}"
    found = f"{_name(environ)}, {found}" if _name(environ) else found
    if answer is not None and answer.name:
        found += f"; it calls itself {answer.name}"
    elif answer is not None and answer.asked and not answer.attributes:
        found += "; it does not answer when asked what it is"
    if said in ("", "dumb") and sys.platform != "win32":
        return warn("terminal", found, "use a terminal; the console cannot draw here")
    if sys.platform == "win32" and not environ.get("WT_SESSION"):
        return warn("terminal", found, "use Windows Terminal: the old console knows few colours")
    return ok("terminal", found)


def _name(environ: Mapping[str, str]) -> str:
    if environ.get("WT_SESSION"):
        return "Windows Terminal"
    name = environ.get("TERM_PROGRAM", "")
    return f"{name} {environ.get('TERM_PROGRAM_VERSION', '')}".strip()


def colours(context: Context) -> Finding:
    """How many colours the console may use."""
    environ = context.environ
    if not has_terminal():
        return skipped("colours", "no terminal")
    if environ.get("NO_COLOR"):
        return ok("colours", "none, as NO_COLOR asks: every state has its word too")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or environ.get("WT_SESSION"):
        return ok("colours", "16 million")
    term = environ.get("TERM", "")
    if "direct" in term:
        return ok("colours", "16 million")
    if "256" in term:
        return ok("colours", "256: themes are drawn with the nearest (COLORTERM is not set)")
    return warn(
        "colours",
        f"16 or fewer (TERM {term or 'not set'}, COLORTERM not set)",
        "choose the ANSI theme in the console, or set TERM=xterm-256color where that is true",
    )


def dimensions(context: Context) -> Finding:
    """Columns and rows."""
    if not has_terminal():
        return skipped("size", "no terminal")
    try:
        width, height = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return warn("size", "it cannot be told", "stty size; set it with: stty cols 80 rows 24")
    found = f"{width}x{height}"
    if not width or not height:
        return warn("size", f"{found}: the terminal does not tell", "stty cols 80 rows 24")
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return warn(
            "size",
            f"{found}: smaller than {SMALLEST[0]}x{SMALLEST[1]}, some panes will be cut",
            "make the window larger, or its letters smaller",
        )
    return ok("size", found)


def way(context: Context) -> Finding:
    """Over which line the terminal is reached."""
    environ = context.environ
    if _under_mosh():
        return warn(
            "line",
            "mosh: its versions before 1.4 let no copied text through, and none scrolls back",
            "mosh 1.4 or newer, or plain SSH with tmux",
        )
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        inside = environ.get("TMUX") or environ.get("STY") or environ.get("ZELLIJ")
        found = "SSH; the console then draws 15 times a second at most"
        if not inside:
            found += " (a show goes on when the line breaks, tmux keeps the console too)"
        return ok("line", found)
    return ok("line", "local")


def _under_mosh() -> bool:
    try:
        return any(p.name() == "mosh-server" for p in psutil.Process().parents())
    except (psutil.Error, OSError):
        return False


async def clipboard(context: Context) -> list[Finding]:
    """Whether text copied in the console reaches the clipboard: OSC 52, and what is between."""
    environ, answer = context.environ, context.terminal
    if environ.get("TMUX"):
        return await _tmux(environ)
    if not has_terminal():
        return [skipped("clipboard", "no terminal")]
    if environ.get("STY"):
        return [
            warn(
                "clipboard",
                "GNU screen swallows OSC 52: text copied in the console stays there",
                "use tmux instead, or hold shift while selecting with the mouse",
            )
        ]
    if answer is not None and CLIPBOARD in answer.attributes:
        return [ok("clipboard", "the terminal says that it takes OSC 52")]
    if environ.get("WT_SESSION"):
        return [ok("clipboard", "Windows Terminal takes OSC 52")]
    if environ.get("TERM_PROGRAM") == "Apple_Terminal" or environ.get("TERM") == "linux":
        return [
            warn(
                "clipboard",
                "this terminal may not take OSC 52: text copied in the console may go nowhere",
                "hold shift (fn on a Mac) while selecting with the mouse, or use another terminal",
            )
        ]
    return [ok("clipboard", "not told; most terminals take OSC 52, some want it allowed first")]


async def _tmux(environ: Mapping[str, str]) -> list[Finding]:
    """What stands in tmux's way. An application's OSC 52 passes only with set-clipboard on."""
    try:
        version = (await run(["tmux", "-V"], TMUX_S, environ)).out.strip()
        asked = await run(["tmux", "show-options", "-gv", "set-clipboard"], TMUX_S, environ)
        passing = await run(["tmux", "show-options", "-gwv", "allow-passthrough"], TMUX_S, environ)
        escape = await run(["tmux", "show-options", "-gv", "escape-time"], TMUX_S, environ)
        outer = await run(
            ["tmux", "display-message", "-p", "#{client_termname} #{client_termfeatures}"],
            TMUX_S,
            environ,
        )
    except (OSError, TimeoutError) as err:
        why = "does not answer" if isinstance(err, TimeoutError) else f"cannot be asked: {err}"
        return [warn("clipboard", f"tmux {why}", "tmux show-options -g set-clipboard")]
    said = asked.out.strip()
    if asked.code != 0 or not said:
        return [warn("clipboard", f"{version}: {asked.last_line}", "see whether TMUX is stale")]
    found = f"{version}, set-clipboard {said}, allow-passthrough {passing.out.strip() or 'unknown'}"
    term, _, features = outer.out.strip().partition(" ")
    told: list[Finding] = []
    if said != "on":
        told.append(
            warn(
                "clipboard",
                f"{found}: text copied in the console does not reach the clipboard",
                "tmux set -g set-clipboard on (and the same line in ~/.tmux.conf)",
            )
        )
    elif features and "clipboard" not in features.split(","):
        told.append(
            warn(
                "clipboard",
                f"{found}, but tmux does not know that {term} outside has a clipboard",
                f"tmux set -as terminal-features ',{term}:clipboard', then attach again",
            )
        )
    else:
        told.append(ok("clipboard", f"{found}: OSC 52 passes"))
    wait = escape.out.strip()
    if wait.isdigit() and int(wait) > SLOW_ESCAPE_MS:
        told.append(
            warn(
                "escape",
                f"tmux holds the escape key back for {wait} ms: leaving a prompt feels slow",
                "tmux set -sg escape-time 20 (and the same line in ~/.tmux.conf)",
            )
        )
    return told


FAMILY = Family(
    "Terminal",
    (
        Probe("terminal", kind),
        Probe("colours", colours),
        Probe("size", dimensions),
        Probe("line", way),
        Probe("clipboard", clipboard, TMUX_S * 5 + 1),
    ),
)
