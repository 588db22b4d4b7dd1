"""Drawing only the cells that changed comes to the same picture as drawing all of them."""

from hypothesis import example, given
from hypothesis import strategies as st

from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.widgets.changed import changed

TEXT = st.text(st.sampled_from("ab 12 │█▂日本☕é\u0301\u00a0"), max_size=12)
LINE = st.lists(st.tuples(TEXT, st.sampled_from(["", "dim", "selected"])), max_size=4).map(tuple)


def painted(line: Line, width: int) -> list[tuple[str, str]]:
    """What a terminal holds, cell by cell: the slow way."""
    row: list[tuple[str, str]] = []
    for text, style in line:
        for char in text:
            cells = width_of(((char, ""),))
            if not cells:
                if row:
                    row[-1] = (row[-1][0] + char, row[-1][1])
                continue
            row += [(char, style)] + [(f"right half of {char}", style)] * (cells - 1)
    return row + [(" ", "")] * (width - len(row))


@given(LINE, LINE)
@example((("x日x", ""),), (("x本x", ""),))
@example((("ab", ""),), (("日", ""),))
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
