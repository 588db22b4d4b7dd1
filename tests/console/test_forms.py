"""A row's words give way in their order, come back when they can, and are never cut before that."""

from hypothesis import given
from hypothesis import strategies as st

from kitsu_tui.console.forms import Item, settle, together, words
from kitsu_tui.console.lines import Line, width_of

ITEMS = [
    Item("state", words("NOT READY: policy failed", "policy failed")),
    Item("mood", words("mood happy", "happy", "")),
    Item("name", words("starter", ""), joined=True),
]
RIGHT = [Item("who", words("2 operators: ana, bob", "2 operators", ""))]
ORDER = ("who", "name", "mood", "mood", "who", "state")


def row(width: int) -> tuple[str, str]:
    left, right = settle(ITEMS, RIGHT, ORDER, width)
    return text(left), text(right)


def text(line: Line) -> str:
    return "".join(text for text, _ in line)


def test_the_least_important_gives_way_first() -> None:
    assert row(80) == ("NOT READY: policy failed │ mood happy starter ", "2 operators: ana, bob ")
    assert row(60) == ("NOT READY: policy failed │ mood happy starter ", "2 operators ")
    assert row(52) == ("NOT READY: policy failed │ mood happy ", "2 operators ")


def test_what_has_room_again_comes_back() -> None:
    # 'mood' gave way before 'who' did; without the operators there is room for it.
    assert row(35) == ("NOT READY: policy failed │ happy ", "")
    assert row(25) == ("NOT READY: policy failed ", "")


def test_only_what_is_shortest_already_is_cut() -> None:
    assert row(14) == ("policy failed ", "")
    assert row(10) == ("policy fa…", "")


@given(st.integers(1, 120))
def test_nothing_is_wider_than_the_row_and_more_room_is_never_worse(width: int) -> None:
    left, right = settle(ITEMS, RIGHT, ORDER, width)
    assert width_of(left) + width_of(right) <= width
    wider = settle(ITEMS, RIGHT, ORDER, 120)
    assert wider == (together(ITEMS, {}), together(RIGHT, {}))
