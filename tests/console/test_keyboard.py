"""What a terminal sends never ends the console, and a paste never becomes keys."""

import asyncio
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from kitsu_tui.console.keyboard import END, LONGEST, OPEN_S, START, Parser, Typed, clean
from tests.console.pty_console import PtyConsole
from tests.support.scripted_show import ScriptedShow

F9 = "\x1b[20~"
HOSTILE = "\x1b[31mred\x1b]0;title\x07" + "m" * 60 + "\x9b2J\u202e\U000e0041 \x0f\x1b"


class Hand:
    """A clock, and the keyboard that reads it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.typed = Typed(lambda: self.now)

    def sends(self, text: str, after: float = 0.0) -> str:
        """What comes out of a text that the terminal sends."""
        self.now += after
        return self.typed.text(text.encode())


def keys(text: str) -> list[str]:
    """What the parser makes of a text: keys by name, other messages by their class."""
    return [
        message.key if isinstance(message, events.Key) else type(message).__name__
        for message in Parser().feed(text)
    ]


def test_bytes_that_are_no_utf_8() -> None:
    hand = Hand()
    assert hand.typed.text(b"a\xfcb\xff") == "a\ufffdb\ufffd"
    assert hand.typed.text("日".encode()[:2]) == ""
    assert hand.typed.text("日".encode()[2:]) == "日"


def test_a_paste_is_without_controls() -> None:
    out = Hand().sends(f"k{START}{HOSTILE}\tb\r\nc{END}k")
    assert out.startswith(f"k{START} [31mred ]0;title mmm")
    assert out.endswith(f"\tb\r\nc{END}k")
    inside = out[1 + len(START) : -1 - len(END)]
    assert not set(inside) & set("\x1b\x07\x0f\x9b\u202e\U000e0041")


def test_what_a_language_and_an_emoji_need_stays() -> None:
    text = "می\u200cخواهم 👩🏽\u200d🚀 日本\u3000語 Bonjour\xa0!"
    assert clean(text) == text


def test_a_paste_is_bounded() -> None:
    hand = Hand()
    out = hand.sends(START) + "".join(hand.sends("x" * 5000) for _ in range(100)) + hand.sends(END)
    assert out == START + "x" * LONGEST + END


@given(st.lists(st.sampled_from([START, END, "\x1b", "[20", "0~", "1~", "日", "a\x0f", "\r"])))
def test_how_it_is_cut_into_reads_does_not_matter(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    one, many = Hand(), Hand()
    whole = one.typed.text(data)
    assert "".join(many.typed.text(data[n : n + 1]) for n in range(len(data))) == whole


@given(st.text(st.characters(codec="utf-8")))
def test_keys_pass_as_they_are(text: str) -> None:
    assert Hand().sends(text) == text


@pytest.mark.parametrize("key", [F9, "\x0f", "\x1b\x1b", "\x1b[A", "\x03"])
def test_a_key_gets_out_of_a_paste_whose_end_was_lost(key: str) -> None:
    hand = Hand()
    hand.sends(f"{START}some text")
    assert hand.sends(key, after=OPEN_S) == END + key
    assert hand.sends("q") == "q"


@pytest.mark.parametrize("rest", [END, "more", "\nmore", f"more{F9}", "\x1b"])
def test_a_slow_paste_stays_one(rest: str) -> None:
    hand = Hand()
    out = hand.sends(f"{START}some text") + hand.sends(rest, after=60)
    assert out.count(END) == rest.count(END)
    assert F9 not in out


def test_a_key_at_once_after_a_control_is_pasted() -> None:
    hand = Hand()
    hand.sends(f"{START}some text")
    assert hand.sends(F9) == " [20~"


@pytest.mark.parametrize(
    "unknown", ["\x1b[?98~", "\x1b[99999999u", "\x1b[?1;2c", "\x1b[>1;2;3c", "\x1bO|", "\x1b[12n"]
)
def test_a_sequence_that_nobody_knows_is_no_row_of_keys(unknown: str) -> None:
    assert keys(f"{unknown}q") == ["q"]


@pytest.mark.parametrize(
    ("known", "names"),
    [
        (F9, ["f9"]),
        ("\x1b[[A", ["f1"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[<0;3;4M", ["MouseDown"]),
        ("\x1b[I", ["AppFocus"]),
        ("\x1b[3;4R", ["CursorPosition"]),
        ("\x1b[?2026;2$y", ["TerminalSupportsSynchronizedOutput"]),
        (f"{START}a b{END}", ["Paste"]),
        ("é", ["é"]),
    ],
)
def test_what_is_known_stays_known(known: str, names: list[str]) -> None:
    assert keys(known) == names


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
async def test_a_real_console_on_a_line_that_sends_noise(scripted: ScriptedShow) -> None:
    """No byte ends it, no paste acts, and panic works where the end of a paste was lost."""
    async with PtyConsole(scripted.environ, "--attach-only") as console:
        await console.shows("favourite snack")
        await console.until(lambda: scripted.connections == 2)
        os.write(console.master, b"\xfc\xff\x80")
        console.keys("\x1b[?98~\x1b[99999999u")
        console.keys(f"{START}{HOSTILE}{'mvx1234567890' * 9}\x1b{END}")
        await console.shows("pasted text goes to her line")
        console.keys("/")
        console.keys(f"{START}hello {HOSTILE}{END}")
        await console.shows("hello  [31mred ]0;title mmm")
        console.keys(f"{START}its end is lost")
        await asyncio.sleep(OPEN_S + 0.2)  # as long as it takes for a key to be one
        console.keys(F9)
        await scripted.until_asked("show.panic")
        assert [name for name, _ in scripted.asked] == ["show.panic"]
        assert console.process.poll() is None
        assert b"Traceback" not in console.output
