"""Drawing only the cells that changed comes to the same picture as drawing all of them."""

from typing import Any, ClassVar, Self

from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.widgets.changed import changed
from kitsu_tui.console.widgets.line_view import Table
from tests.console.conftest import text_of

TEXT = st.text(st.sampled_from("ab 12 │█▂日本☕é\u0301\u00a0"), max_size=12)
LINE = st.lists(st.tuples(TEXT, st.sampled_from(["", "dim", "selected"])), max_size=4).map(tuple)


def painted(line: Line, width: int) -> list[tuple[str, str]]:
    """What a terminal holds, cell by cell: the slow way."""
    row: list[tuple[str, str]] = []
    for text, style in line:
        for char in text:
            cells = width_of(((char, ""),))
            if not cells:
                base = len(row) - 1 - (row[-1:] != [] and row[-1][0].startswith("right half"))
                if row:
                    row[base] = (row[base][0] + char, row[base][1])
                continue
            row += [(char, style)] + [(f"right half of {char}", style)] * (cells - 1)
    return row + [(" ", "")] * (width - len(row))


@given(LINE, LINE)
@example((("x日x", ""),), (("x本x", ""),))
@example((("ab", ""),), (("日", ""),))
@example((("☕", ""),), (("☕", ""), ("\u0301", "")))
@example((("cpu 1 %", "warn"),), (("cpu 2 %", "warn"),))
def test_the_cells_between_are_all_that_differs(old: Line, new: Line) -> None:
    width = max(width_of(old), width_of(new))
    start, end = changed(old, new)
    assert 0 <= start <= end <= width
    was, will = painted(old, width), painted(new, width)
    assert was[:start] + will[start:end] + was[end:] == will
    for at in (start, end):  # no half of a wide character at an edge
        for row in (was, will):
            assert start == end or at >= width or not row[at][0].startswith("right half")


def test_a_figure_costs_its_own_cells() -> None:
    old: Line = (("cpu ", "dim"), (" 9 %", ""), ("  load 0.9", "dim"))
    new: Line = (("cpu ", "dim"), ("11 %", ""), ("  load 0.9", "dim"))
    assert changed(old, new) == (4, 6)
    assert changed(old, old) == (0, 0)
    assert changed((("ab", ""),), (("a", ""), ("b", ""))) == (0, 0)
    assert changed((("ab", ""),), (("ab", "bad"),)) == (0, 2)


class Counting(Table):
    """Notes what it is asked to draw."""

    drawn: ClassVar[list[tuple[Region, ...]]] = []

    def refresh(self, *regions: Region, **more: Any) -> Self:
        self.drawn.append(regions)
        return super().refresh(*regions, **more)


class Holder(App[None]):
    """A table and a row."""

    CSS = "Counting { height: 4; border: round white; }"

    def compose(self) -> ComposeResult:
        yield Counting(ident="table")


async def test_a_table_draws_the_cells_that_changed_and_a_title_only_when_it_does() -> None:
    app = Holder()
    async with app.run_test(size=(30, 6)) as pilot:
        table = app.query_one(Counting)
        table.show([(("cpu ", "dim"), ("1 %", "")), (("same", ""),)])
        table.border_title, table.border_subtitle = "Engines", ""
        await pilot.pause()
        Counting.drawn.clear()
        table.border_title, table.border_subtitle = "Engines", ""
        table.show([(("cpu ", "dim"), ("1 %", "")), (("same", ""),)])
        assert Counting.drawn == []
        table.show([(("cpu ", "dim"), ("2 %", "")), (("same", ""),)])
        assert Counting.drawn == [(Region(4, 0, 1, 1),)]
        table.border_subtitle = "as last seen"
        assert Counting.drawn[1:] == [()]
        await pilot.pause()
        assert table.border_subtitle == "as last seen"
        screen = text_of(app)
        assert "cpu 2 %" in screen
        assert "as last seen" in screen
