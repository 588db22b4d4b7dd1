"""One row of styled text: status, levels, tabs, footer. Draws only the cells that changed."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from kitsu_tui.console.lines import BLANK, Line, clip
from kitsu_tui.console.widgets.changed import changed
from kitsu_tui.console.widgets.line_view import STYLE_CLASSES


class Row(Widget):
    """A row; its line is cut to its width."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLE_CLASSES)

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(id=ident)
        self.line: Line = BLANK

    @property
    def text(self) -> str:
        """The row as plain text."""
        return "".join(text for text, _ in self.line)

    def show(self, line: Line) -> None:
        """Show this line."""
        old, self.line = self.line, line
        width = self.size.width
        start, end = changed(clip(old, width), clip(line, width))
        if start < end:
            self.refresh(Region(start, 0, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """The row."""
        base = self.rich_style
        width = self.size.width
        if y:
            return Strip.blank(width, base)
        segments = [
            Segment(
                text,
                base + self.get_component_rich_style(f"line--{name}", partial=True)
                if name
                else base,
            )
            for text, name in clip(self.line, width)
        ]
        return Strip(segments).crop_extend(0, width, base)
