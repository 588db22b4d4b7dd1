"""The `kitsu` and `kitsu-tui` commands.

`main` looks at the first word before it imports anything, because two paths must be quick: `panic`
(an import costs milliseconds that somebody hears) and `engine` (a show starts many).
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of `kitsu`."""
    if sys.argv[1:2] == ["panic"] and len(sys.argv) == 2:
        from kitsu_tui.cli.panic import panic

        raise SystemExit(panic())
    from kitsu_tui.cli.app import run

    run()


def console_main() -> None:
    """Entry point of `kitsu-tui`."""
    from kitsu_tui.cli.console import run

    run()
