"""A row's columns hold, however wide a terminal draws what stands in it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kitsu_tui.bench import screen as screens
from kitsu_tui.bench.screen import Screen
from kitsu_tui.console.columns import held
from kitsu_tui.console.lines import cells, fit, visible

WIDTH = 60


def drawn(text: str) -> str:
    """A row between two frames, as the console would write it."""
    return f"\x1b[2;1H\x1b[31m│\x1b[0m{fit(visible(text), WIDTH - 2)}\x1b[31m│\x1b[0m"


def wayward(char: str) -> int:
    """Widths of a terminal that sees much otherwise."""
    if unicodedata.category(char) in ("Mc", "Mn", "Me", "Sk") and ord(char) > 0x300:
        return 1
    return 1 if ord(char) > 0xFFFF else cell_len(char)


@pytest.mark.parametrize("widths", [cell_len, wayward])
@pytest.mark.parametrize(
    "text", ["हिन्दी தமிழ்", "Z\u0341\u0323\u0489algo", "🦊 日本 🦊", "\U0001d300", "שלום"]
)
def test_the_frame_stays(text: str, widths: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "cell_len", widths)
    screen = Screen(WIDTH, 4)
    screen.feed(held(drawn(text)).encode())
    assert (screen.lines[1][0], screen.lines[1][WIDTH - 1]) == ("│", "│")
    assert screen.lines[2] == [" "] * WIDTH


def test_without_it_the_frame_would_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "cell_len", wayward)
    screen = Screen(WIDTH, 4)
    screen.feed(drawn("हिन्दी").encode())
    assert screen.lines[1][WIDTH - 1] != "│"


@pytest.mark.parametrize(
    "data",
    [
        "\x1b[2;3Hplain │ ✗ ✓ ▁▂▃ 日本 Grüße\n",
        "हि of an unknown place",
        "\x1b]52;c;aGk=\x07\x1b[5Cहि",
        "\x1b[3;4H\x1b]0;हि\x07",
        "",
    ],
)
def test_what_is_not_doubtful_or_not_placed_stays_as_it_is(data: str) -> None:
    assert held(data) == data


@pytest.mark.parametrize("text", ["👩\u200d🚀", "❤\ufe0f", "a👩🏽\u200d🚀b❤\ufe0f"])
def test_what_is_joined_is_as_wide_as_textual_takes_it_for(text: str) -> None:
    """On the line to type to her it stands as it was typed."""
    out = held(f"\x1b[1;1H{text}\x1b[0m हि")
    assert f"\x1b[{1 + cell_len(text)}G" in out
    assert out.endswith(f"\x1b[{1 + cell_len(text) + 1 + cell_len('हि')}G")


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_nothing_is_lost_and_columns_are_those_of_the_text(text: str) -> None:
    shown = visible(text)
    out = held(f"\x1b[1;5H{shown}")
    placed = [part.split("G", 1) for part in out.split("\x1b[")[2:]]
    assert (
        "".join([out.split("\x1b[")[1].removeprefix("1;5H"), *(rest for _, rest in placed)])
        == shown
    )
    for column, _ in placed[-1:]:
        assert 5 <= int(column) <= 5 + cells(shown)
