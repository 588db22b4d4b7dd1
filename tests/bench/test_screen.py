"""The model of a terminal's screen: what the console's sequences do to it."""

import pytest

from kitsu_tui.bench.screen import Screen


def shown(*parts: str, size: tuple[int, int] = (10, 3)) -> Screen:
    screen = Screen(*size)
    for part in parts:
        screen.feed(part.encode())
    return screen


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("abc\r\nd", ["abc", "d", ""]),
        ("\x1b[2;3Hx\x1b[1;1Hy", ["y", "  x", ""]),
        ("\x1b[31;48;2;1;2;3mred\x1b[0m", ["red", "", ""]),
        ("0123456789ab", ["0123456789", "ab", ""]),
        ("a\r\nb\r\nc\r\nd", ["b", "c", "d"]),
        ("abcdef\x1b[1;3H\x1b[K", ["ab", "", ""]),
        ("abcdef\x1b[1;3H\x1b[1K", ["   def", "", ""]),
        ("a\r\nb\r\nc\x1b[2;1H\x1b[J", ["a", "", ""]),
        ("a\r\nb\r\nc\x1b[2J", ["", "", ""]),
        ("ab\x1b]52;c;c2VjcmV0\x07cd", ["abcd", "", ""]),
        ("ab\x1bP1$r0m\x1b\\cd\x1b(Be", ["abcde", "", ""]),
        ("日本x", ["日本x", "", ""]),
        ("日本\x1b[1;5Hx", ["日本x", "", ""]),
        ("abc\b\bX", ["aXc", "", ""]),
        ("ab\x1b[38;5\x18\x1b[1;1Hc", ["cb", "", ""]),
        ("ab\x1b]52;c;x\x18cd", ["abcd", "", ""]),
        ("ab\x1b[3\x1b[1;1Hc", ["cb", "", ""]),
        ("\x1b[99;99Hx", ["", "", "         x"]),
    ],
)
def test_what_is_written_stands_where_a_terminal_puts_it(written: str, rows: list[str]) -> None:
    assert shown(written).text.split("\n") == rows


def test_what_comes_in_pieces_is_the_same() -> None:
    whole = "\x1b[2;2H\x1b[1;31m🦊日本\x1b]0;title\x1b\\ok\x1b[?1049h"
    data = whole.encode()
    one, many = Screen(20, 3), Screen(20, 3)
    one.feed(data)
    for byte in data:
        many.feed(bytes((byte,)))
    assert many.text == one.text
    assert many.modes == one.modes


def test_the_other_screen_comes_and_goes() -> None:
    screen = shown("main", "\x1b[?1049h\x1b[Hother\x1b[?25l")
    assert screen.line(0) == "other"
    assert 1049 in screen.modes
    assert 25 not in screen.modes
    screen.feed(b"\x1b[?1049l\x1b[?25h")
    assert screen.line(0) == "main"
    assert screen.modes == {7, 25}


def test_a_sequence_that_never_ends_is_given_up() -> None:
    screen = shown("\x1b]52;", "x" * 100_000, size=(80, 2))
    assert "xxx" in screen.text


def test_another_size_keeps_what_fits() -> None:
    screen = shown("0123456789", "\r\nb")
    screen.resize(5, 2)
    assert screen.text.split("\n") == ["01234", "b"]
    screen.resize(8, 4)
    assert screen.text.split("\n") == ["01234", "b", "", ""]
