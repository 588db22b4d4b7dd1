"""A scrolling view of lines that draws only the lines in sight.

The view follows the end until its reader scrolls away from it; from then on it does not move, until
the reader is back at the end.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from kitsu_tui.console.lines import Line
from kitsu_tui.console.widgets.changed import changed

STYLES = (
    "good",
    "warn",
    "bad",
    "dim",
    "strong",
    "accent",
    "struck",
    "selected",
    "mark",
    "match",
    "you",
    "she",
)
"""Names that a span may have; `kitsu.tcss` says what they look like. Empty is plain."""

STYLE_CLASSES: frozenset[str] = frozenset(f"line--{name}" for name in STYLES)


class _Caption:
    """A title in the border that draws the pane again only when it changes: Textual's own does so
    whenever it is set.
    """

    def __init__(self, textuals: Any) -> None:
        self._textuals = textuals
        self._last = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._last = f"_last_{name}"

    def __set__(self, pane: LineView, title: str | Content) -> None:
        shown = title if isinstance(title, str) else (title.plain, tuple(title.spans))
        if getattr(pane, self._last, None) != shown:
            setattr(pane, self._last, shown)
            self._textuals.__set__(pane, title)

    def __get__(self, pane: LineView, owner: type[object] | None = None) -> str | None:
        title: str | None = self._textuals.__get__(pane, owner)
        return title


class LineView(ScrollView, can_focus=True):
    """Base of the panes. A subclass gives `line_count` and `line_at`."""

    border_title = _Caption(Widget.__dict__["border_title"])
    border_subtitle = _Caption(Widget.__dict__["border_subtitle"])

    # No horizontal bar: it would come and go, and take the last line with it.
    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLE_CLASSES)
    FOLLOWS: ClassVar[bool] = True
    """False: opens at the top and stays there (a table)."""

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(id=ident)
        self.following = self.FOLLOWS
        self._moving = False
        self._styles: dict[str, Style] = {}

    def line_count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line_at(self, y: int) -> Line:
        """Line `y`, from 0."""
        raise NotImplementedError

    @property
    def subtitle(self) -> str:
        """What stands below it, as text (`border_subtitle` is markup)."""
        return Content.from_markup(self.border_subtitle or "").plain

    @property
    def room(self) -> int:
        """Cells of a row, scrollbar left out."""
        return self.scrollable_content_region.width

    def line_width(self) -> int:
        """Width of the widest line, 0 when lines are made to fit."""
        return 0

    def lines_changed(self, dropped: int = 0, only: range | None = None) -> None:
        """Draw again. `dropped` lines at the top have gone; `only` these lines have changed."""
        size = Size(self.line_width() or self.room, self.line_count())
        if size != self.virtual_size:
            self.virtual_size = size
        if self.following:
            self._move(self.max_scroll_y)
        elif dropped:
            self._move(max(0, self.scroll_offset.y - dropped))
        if only is None:
            self.refresh()
        elif only:
            self.refresh_lines(only.start, len(only))

    def follow(self) -> None:
        """Back to the end, and stay there."""
        if self.FOLLOWS:
            self.following = True
            self.following_changed()
            self._move(self.max_scroll_y)
            self.refresh()
        else:
            self.scroll_end(animate=False)

    def following_changed(self) -> None:
        """The reader left the end, or came back to it."""

    def _move(self, y: float) -> None:
        self._moving = True
        try:
            self.scroll_to(y=y, animate=False, force=True)
        finally:
            self._moving = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._moving or not self.FOLLOWS or round(old_value) == round(new_value):
            return
        at_end = round(new_value) >= self.max_scroll_y
        if at_end != self.following:
            self.following = at_end
            self.following_changed()

    def on_resize(self, event: events.Resize) -> None:
        self.resized()
        self.lines_changed()

    def resized(self) -> None:
        """The width may have changed: lines that were made to fit it are to be made again."""

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        scroll_x, scroll_y = self.scroll_offset
        base = self.rich_style
        width = self.size.width
        index = y + scroll_y
        if index >= self.line_count():
            return Strip.blank(width, base)
        segments = [Segment(text, self._style(name, base)) for text, name in self.line_at(index)]
        return Strip(segments).crop_extend(scroll_x, scroll_x + width, base)

    def _style(self, name: str, base: Style) -> Style:
        if not name:
            return base
        style = self._styles.get(name)
        if style is None:
            partial = self.get_component_rich_style(f"line--{name}", partial=True)
            style = self._styles[name] = base + partial
        return style


class Table(LineView):
    """A view of a few lines that are given whole; draws the cells of them that changed."""

    FOLLOWS = False

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(ident=ident)
        self._lines: list[Line] = []

    @property
    def lines(self) -> list[Line]:
        """What is shown."""
        return self._lines

    def line_count(self) -> int:
        return len(self._lines)

    def line_at(self, y: int) -> Line:
        return self._lines[y]

    def show(self, lines: list[Line]) -> None:
        """Show these lines."""
        old = self._lines
        if lines == old:
            return
        self._lines = lines
        if len(lines) != len(old):
            self.lines_changed()
            return
        top, height = self.scroll_offset.y, self.size.height
        for y, (was, line) in enumerate(zip(old, lines, strict=True)):
            if was != line and top <= y < top + height:
                start, end = changed(was, line)
                if start < end:
                    self.refresh(Region(start, y - top, end - start, 1))
