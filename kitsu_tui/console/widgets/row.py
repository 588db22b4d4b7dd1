"""One row of styled text: status, levels, tabs, footer. Draws itself only when it changed."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from kitsu_tui.console.lines import BLANK, Line, clip
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
        if line != self.line:
            self.line = line
            self.refresh()

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
