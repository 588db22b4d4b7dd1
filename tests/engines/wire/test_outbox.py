"""Lines on their way out: control first, results bounded, the latest only of what is fleeting."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from engines.wire.message import Traffic
from engines.wire.outbox import BATCH, Outbox

CONTROL, RESULT, LATEST = Traffic.CONTROL, Traffic.RESULT, Traffic.LATEST


def test_control_goes_first_then_results_then_the_latest() -> None:
    box = Outbox()
    box.put(b"r1\n", RESULT)
    box.put(b"l1\n", LATEST, "level")
    box.put(b"r2\n", RESULT)
    box.put(b"c1\n", CONTROL)
    assert len(box) == 4
    assert box.take() == b"c1\n"
    assert box.take() == b"r1\nr2\nl1\n"
    assert box.take() == b""
    assert len(box) == 0


def test_of_one_slot_only_the_latest_is_sent_and_the_rest_counted() -> None:
    box = Outbox()
    for n in range(5):
        box.put(b"level %d\n" % n, LATEST, "level")
    box.put(b"other\n", LATEST, "other")
    assert box.dropped == 4
    assert box.take() == b"level 4\nother\n"
    box.put(b"level 5\n", LATEST, "level")
    assert box.dropped == 4, "what was sent was not dropped"


def test_results_fill_up_and_have_room_at_half() -> None:
    box = Outbox(max_results=BATCH * 4)
    line = b"x" * (BATCH - 1) + b"\n"
    assert [box.put(line, RESULT) for _ in range(4)] == [False, False, False, True]
    room = [box.has_room]
    taken = []
    for _ in range(3):
        taken.append(box.take())
        room.append(box.has_room)
    assert room == [False, False, False, True]
    assert len(b"".join(taken)) == 3 * BATCH
    assert not Outbox(max_results=10).put(b"c" * 100, CONTROL), "control never fills it"


def test_control_is_never_behind_more_than_a_batch() -> None:
    box = Outbox()
    for _ in range(1000):
        box.put(b"r" * 999 + b"\n", RESULT)
    first = box.take()
    assert len(first) < BATCH + 1000
    box.put(b"now\n", CONTROL)
    assert box.take() == b"now\n"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.sampled_from([CONTROL, RESULT]), st.just("")),
            st.tuples(st.just("put"), st.just(LATEST), st.sampled_from("ab")),
            st.tuples(st.just("take"), st.just(CONTROL), st.just("")),
        ),
        max_size=60,
    )
)
def test_nothing_is_lost_but_what_was_replaced(steps: list[tuple[str, Traffic, str]]) -> None:
    box = Outbox()
    put: list[bytes] = []
    sent: list[bytes] = []
    for n, (step, traffic, key) in enumerate(steps):
        if step == "take":
            sent += box.take().splitlines(keepends=True)
        else:
            line = b"%s %d\n" % (traffic.value.encode(), n)
            put.append(line)
            box.put(line, traffic, key)
    while batch := box.take():
        sent += batch.splitlines(keepends=True)
    for traffic in (CONTROL, RESULT):
        name = traffic.value.encode()
        assert [x for x in sent if x.startswith(name)] == [x for x in put if x.startswith(name)]
    assert len(sent) + box.dropped == len(put)


def test_filled_from_threads_and_drained_from_another() -> None:
    box = Outbox()
    writers, lines = 4, 2000
    sent: list[bytes] = []

    def fill(writer: int) -> None:
        for n in range(lines):
            box.put(b"%d %d\n" % (writer, n), RESULT if n % 2 else CONTROL)
            box.put(b"l %d\n" % writer, LATEST, str(writer))

    threads = [threading.Thread(target=fill, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or len(box):
        sent += box.take().splitlines()
    for writer in range(writers):
        mine = [int(x.split()[1]) for x in sent if x.startswith(b"%d " % writer)]
        assert sorted(mine) == list(range(lines))
        assert [n for n in mine if n % 2] == sorted(n for n in mine if n % 2)
    latest = len([x for x in sent if x.startswith(b"l")])
    assert latest + box.dropped == writers * lines
    assert box.has_room
    assert box._result_bytes == 0
