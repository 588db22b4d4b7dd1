"""Bytes to frames and back, cut anywhere, with rubbish in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from engines.wire.codec import BadLine, LineSplitter, decode, encode, excerpt
from engines.wire.envelope import (
    FRAME_TYPES,
    MAX_LINE,
    At,
    Bye,
    Cancel,
    Event,
    Failure,
    Frame,
    Hello,
    Init,
    Ping,
    Pong,
    Request,
    Response,
    Shutdown,
)

AT = At(epoch=3, turn=17, rev=1, seq=2)
FRAMES: list[Frame] = [
    Hello(wire=[1], engine="echo", version="1", pid=7, capabilities=["a"]),
    Init(config=Raw(b'{"a":1}'), epoch=4),
    Request(id="1", name="tts.speak", data=Raw(b'{"text":"h\xc3\xa9"}'), at=AT, credit=8),
    Response(id="1", ok=True, data=Raw(b"{}")),
    Response(id="1", ok=False, error=Failure(code="busy", message="no", retry=True)),
    Event(name="status", data=Raw(b'{"state":"ready"}'), id="1", at=AT),
    Cancel(scope="sentence", at=AT, reason="interrupted"),
    Cancel(scope="request", id="1"),
    Ping(n=1),
    Pong(n=1),
    Shutdown(reason="asked"),
    Bye(reason="done"),
]


def plain(frame: Frame) -> Any:
    return json.loads(encode(frame))


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_every_frame_comes_back_as_it_went(frame: Frame) -> None:
    line = encode(frame)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    again = decode(line)
    assert type(again) is type(frame)
    assert plain(again) == plain(frame)
    assert plain(frame)["type"] == type(frame).__name__.lower()


def test_every_type_of_frame_is_tried_here() -> None:
    assert {plain(frame)["type"] for frame in FRAMES} == set(FRAME_TYPES)


def test_unknown_fields_are_ignored_so_that_a_peer_may_be_newer() -> None:
    assert decode(b'{"type":"ping","n":3,"colour":"red"}') == Ping(n=3)


def test_the_body_is_passed_on_as_it_stands() -> None:
    line = b'{"type":"event","name":"x","data":{"b":1,  "a":[1.50]}}'
    frame = decode(line)
    assert isinstance(frame, Event)
    assert bytes(frame.data) == b'{"b":1,  "a":[1.50]}'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "truncated"),
        (b"nonsense", "malformed"),
        (b'{"type":"ping","n":1', "truncated"),
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'"ping"', "Expected `object`"),
        (b"{}", "type"),
        (b'{"type":"sing"}', "sing"),
        (b'{"type":"ping"}', "`n`"),
        (b'{"type":"ping","n":"1"}', "$.n"),
        (b'{"type":"ping","n":1.5}', "$.n"),
        (b'{"type":"ping","n":NaN}', "malformed"),
        (b'{"type":"event","name":"x","data":{"v":NaN}}', "malformed"),
        (b'{"type":"event","name":"x","data":{"v":Infinity}}', "malformed"),
        (b'{"type":"cancel","scope":"world"}', "world"),
        (b'{"type":"event","name":"\xff"}', "utf-8"),
        (b"\x00\x01\x02\xff\xfe", "malformed"),
        (b'{"type":"event","name":"x","data":' + b"[" * 50_000, "recursion"),
        (b'{"type":"event","name":"x","data":' + b'{"a":' * 50_000, "recursion"),
        (b'{"type":"ping","n":1}{"type":"ping","n":1}', "trailing"),
        (b'{"type":"request","id":"' + b"x" * 257 + b'","name":"a"}', "256"),
    ],
    ids=lambda value: repr(value[:30]) if isinstance(value, bytes) else "",
)
def test_what_is_no_frame_says_why_and_shows_its_beginning(line: bytes, says: str) -> None:
    with pytest.raises(BadLine) as bad:
        decode(line)
    assert says in str(bad.value)
    assert "the line begins" in str(bad.value)
    assert len(str(bad.value)) < 400
    assert str(bad.value).isprintable()


def test_an_excerpt_is_short_and_safe_to_print() -> None:
    assert excerpt(b"\x1b[2J\x00\xff" + b"a" * 500).isprintable()
    assert len(excerpt(b"\xff" * 5000)) < 800
    assert excerpt(b"short") == "'short'"


def test_a_frame_over_the_limit_is_not_sent() -> None:
    room = MAX_LINE - len(encode(Event(name="x", data=Raw(b'""'))))
    encode(Event(name="x", data=Raw(b'"' + b"a" * room + b'"')))
    with pytest.raises(BadLine, match="over the limit"):
        encode(Event(name="x", data=Raw(b'"' + b"a" * (room + 1) + b'"')))


STREAM = b"".join(encode(frame) for frame in FRAMES)


def test_a_stream_cut_at_every_byte_gives_the_same_lines() -> None:
    lines = STREAM.splitlines()
    for cut in range(len(STREAM) + 1):
        splitter = LineSplitter()
        got = splitter.feed(STREAM[:cut]) + splitter.feed(STREAM[cut:]) + splitter.end()
        assert got == lines, cut


@given(st.data())
def test_any_bytes_cut_anywhere_give_the_lines_that_fit(data: st.DataObject) -> None:
    limit = 12
    raw = data.draw(
        st.lists(
            st.sampled_from([b"\n", b"a", b"\r", b" ", b"\x00\xff", b"0123456789", b"x" * 13]),
            max_size=30,
        )
    )
    stream = b"".join(raw)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    splitter = LineSplitter(limit)
    got: list[bytes] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += splitter.feed(stream[begin:end])
        assert len(splitter._rest) < limit
    got += splitter.end()
    *ended, tail = stream.split(b"\n")
    fits = [line for line in [*ended, tail] if len(line) < limit]
    assert got == [line for line in fits if line.strip()]
    assert splitter.oversized == len([line for line in [*ended, tail] if len(line) >= limit])


def test_a_line_at_the_limit_passes_and_one_byte_more_is_counted() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"a" * (MAX_LINE - 1) + b"\n") == [b"a" * (MAX_LINE - 1)]
    assert splitter.oversized == 0
    assert splitter.feed(b"a" * MAX_LINE + b"\nnext\n") == [b"next"]
    assert splitter.oversized == 1


def test_an_endless_line_holds_no_memory_and_is_counted_once() -> None:
    splitter = LineSplitter()
    for _ in range(64):
        assert splitter.feed(b"z" * (256 << 10)) == []
        assert len(splitter._rest) <= MAX_LINE
    assert splitter.oversized == 1
    assert splitter.feed(b"still it\nfine\n") == [b"fine"]
    assert splitter.oversized == 1


def test_the_end_without_a_newline_is_a_line_but_not_within_a_skipped_one() -> None:
    splitter = LineSplitter(10)
    splitter.feed(b"last")
    assert splitter.end() == [b"last"]
    splitter.feed(b"x" * 20)
    assert splitter.end() == []
    assert splitter.feed(b"fresh\n") == [b"fresh"]
