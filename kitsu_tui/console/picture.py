"""A picture of the console as it would stand on a terminal now: an SVG, drawn without one."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from engines.wire.show import ConsoleWishes
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.link import Link

ATTACH_S = 10.0
SETTLE_S = 1.5
"""After it is attached: figures and levels come in, all is drawn."""
LARGEST = 500


class NoPicture(Exception):
    """Says why there is none."""


def size_of(said: str) -> tuple[int, int]:
    """`120x40` as columns and rows.

    Raises:
        NoPicture: it is no size.
    """
    found = re.fullmatch(r"(\d{1,3})x(\d{1,3})", said.strip())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(10 <= side <= LARGEST for side in size):
        raise NoPicture(f"--size: found {said!r}, expected columns x rows, such as 120x40")
    return size


def take(path: Path, size: tuple[int, int], wishes: ConsoleWishes) -> None:
    """Attach to the running show, draw, and write the file.

    Raises:
        NoPicture: no show is running, or the file cannot be written.
    """
    link = Link(by="picture", operator=False)  # it has no keys, and looks like any other
    link.own_wishes = wishes
    app = ConsoleApp(link)
    wrong = drawn = ""

    async def shoot() -> None:
        nonlocal wrong, drawn
        try:
            async with asyncio.timeout(ATTACH_S):
                while not link.attached:
                    if link.phase in ("gone", "failed"):
                        wrong = link.detail
                        return
                    await asyncio.sleep(0.05)
            await asyncio.sleep(SETTLE_S)
            app.desk.repaint()
            await asyncio.sleep(0.2)
            drawn = app.export_screenshot(title="kitsu-tui")
        except TimeoutError:
            wrong = f"the show did not answer within {ATTACH_S:g} s"
        finally:
            app.exit("detached")

    app.call_when_drawn(shoot)
    app.run(headless=True, size=size)
    if wrong:
        raise NoPicture(wrong)
    try:
        path.write_text(drawn, "utf-8")
    except OSError as error:
        raise NoPicture(f"{path}: cannot be written: {error.strerror or error}") from None
