"""Which sessions there are, the end of one at a glance, and an incident in one file."""

from __future__ import annotations

import json
import stat
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.wire import show
from engines.wire.logline import LogLine, stamp
from kitsu_tui.console.turn_lines import plain
from kitsu_tui.journal import FILE
from kitsu_tui.journal.bundle import NoMoment, export, pick
from kitsu_tui.journal.past import HEAD, TAIL, read_past, settled
from kitsu_tui.journal.sessions import NoJournal, find_session, folders, look_at
from kitsu_tui.model.turns import TURNS_KEPT
from tests.support.long_journal import Hand, write


def journal(folder: Path, *events: show.ShowEvent, logs: Path | None = None) -> Path:
    """A session: its beginning, ten turns a minute apart, with `events` in the middle."""
    folder.mkdir(parents=True)
    hand = Hand(5)
    started = show.ShowStarted(
        profile="starter",
        live=True,
        pid=1,
        version="0.1.0",
        epoch=1,
        engines=["tts"],
        log_root=str(logs or ""),
    )
    lines = [hand.line(started)]
    for turn in range(10):
        if turn == 5:
            lines += [hand.line(event) for event in events]
        lines += hand.talk(60)
    path = folder / FILE
    path.write_bytes(b"".join(lines))
    return path


def test_a_session_is_found_by_name_path_or_being_the_newest(tmp_path: Path) -> None:
    root = tmp_path / "journal"
    with pytest.raises(NoJournal, match="there is no session in .*; kitsu run makes one"):
        find_session(tmp_path)
    first = journal(root / "2026-11-22T10-00-00-starter")
    second = journal(root / "2026-11-22T11-00-00-live")
    (root / "not-a-session").mkdir()
    assert find_session(tmp_path) == second
    assert find_session(tmp_path, "2026-11-22T10") == first
    assert find_session(tmp_path, str(first)) == find_session(tmp_path, str(first.parent)) == first
    with pytest.raises(NoJournal, match="2 sessions begin with 2026"):
        find_session(tmp_path, "2026")
    with pytest.raises(NoJournal, match="no session gone"):
        find_session(tmp_path, "gone")


def test_a_session_is_told_in_figures(tmp_path: Path) -> None:
    mark, panic = show.Marked(by="ana", text="x"), show.Panicked(by="ana", epoch=2)
    done = show.Panicked(by="ana", epoch=2, surfaces={"tts": 1.0}, done=True)
    path = journal(tmp_path / "s", mark, panic, done)
    session = look_at(path)
    assert (session.turns, session.marks, session.panics) == (10, 1, 1)
    assert (session.profile, session.live, session.stopped) == ("starter", True, False)
    assert 540 < session.ended - session.began < 700
    path.write_bytes(b"\xff\xfe\n" * 5)
    assert look_at(path).trouble == "no line of a journal in it"
    path.write_bytes(b"")
    assert look_at(path).trouble == "empty"
    assert "No such file" in look_at(tmp_path / "gone").trouble


def test_the_picture_of_a_long_session_has_its_end_and_then_all_last_words(tmp_path: Path) -> None:
    path = write(tmp_path / "long", hours=3, rate=4)
    lines = path.read_bytes().splitlines(keepends=True)
    middle = next(n for n, line in enumerate(lines) if b'"kind":"turn"' in line and n > 4000)
    hand = Hand()
    off = hand.line(show.EngineChanged(engine="policy", state="off", by="ana"))
    mute = hand.line(show.Muted(mic=True, voice=True, by="ana"))
    stage = [
        hand.line(show.Panicked(by="ana", epoch=4)),
        hand.line(show.PanicReached(epoch=4, surfaces={"obs.scene": 1.0})),
        hand.line(show.Drilled(by="ana", ok=True, at=1.0)),
        hand.line(show.SceneChanged(scene="BRB", by="ana")),
        hand.line(show.OperatorGone(since=1.0, why="no console")),
    ]
    last = (b'"kind":"mute"', b'"kind":"panic', b'"kind":"resume')
    whole = [line for line in lines if not any(kind in line for kind in last)]
    whole[middle:middle] = [off, mute, *stage]
    path.write_bytes(b"".join(whole))
    assert HEAD < len(b"".join(whole[:middle])) < path.stat().st_size - TAIL
    state, skipped = read_past(path)
    assert len(state.turns) == TURNS_KEPT
    assert state.turns[-1].status
    assert state.turn_count == state.turns[-1].turn > TURNS_KEPT
    assert skipped.words() == ""
    assert (state.engines["policy"].state, state.mic_muted) == ("ready", False)
    after, _ = settled(path)
    assert (after.engines["policy"].state, after.mic_muted) == ("off", True)
    assert after.engines["audio"].state == "ready"
    assert (after.panic.latched, after.panic.surfaces) == (True, {"obs.scene": 1.0})
    assert after.drill is not None
    assert (after.obs.scene_by, after.operator.gone) == ("ana", True)
    assert after.turns == state.turns


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    """A session with a mark in it, and logs around it."""
    logs = tmp_path / "logs"
    logs.mkdir()
    path = journal(tmp_path / "s", show.Marked(by="ana", text="here"), logs=logs)
    (at,) = [
        json.loads(line)["t"]
        for line in path.read_text().splitlines()
        if json.loads(line)["event"]["kind"] == "mark"
    ]
    told = [
        LogLine(ts=stamp(at + offset), service="tts", level="info", message=f"line {offset}")
        for offset in (-900, -10, 10, 900)
    ]
    (logs / "tts.log").write_bytes(
        b"".join(json.dumps(_fields(line)).encode() + b"\n" for line in told)
    )
    return path


def _fields(line: LogLine) -> dict[str, str]:
    return {"ts": line.ts, "service": line.service, "level": line.level, "message": line.message}


def test_an_incident_is_one_file(incident: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.zip"
    moment = pick(incident, look_at(incident), None, "")
    assert moment.what == "mark by ana: here"
    about = export(incident, target, moment, seconds=40, text_of=lambda item: plain(item.what))
    if sys.platform != "win32":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600, "it holds what people said"
    with zipfile.ZipFile(target) as bundle:
        assert sorted(bundle.namelist()) == sorted(
            [FILE, "about.json", "logs/tts.log", "transcript.txt"]
        )
        assert json.loads(bundle.read("about.json")) == about
        events = [json.loads(line)["event"] for line in bundle.read(FILE).splitlines()]
        assert events[0]["kind"] == "show"
        assert sum(event["kind"] == "turn" for event in events) == 1
        assert "⚑ here · ana" in bundle.read("transcript.txt").decode()
        logs = [json.loads(line)["message"] for line in bundle.read("logs/tts.log").splitlines()]
        assert logs == ["line -10", "line 10"]
    assert about["profile"] == "starter"
    assert str(tmp_path) not in json.dumps(about)
    with pytest.raises(FileExistsError):
        export(incident, target, moment, seconds=70, text_of=lambda item: "")


def test_a_moment_is_a_mark_a_panic_or_a_time(incident: Path) -> None:
    session = look_at(incident)
    assert pick(incident, session, 1, "").what == "mark by ana: here"
    with pytest.raises(NoMoment, match="no mark or panic 2 in s: there are 1 to 1"):
        pick(incident, session, 2, "")
    later = time.strftime("%H:%M:%S", time.localtime(session.began + 120))
    assert abs(pick(incident, session, None, later).t - session.began - 120) < 1
    assert pick(incident, session, None, "2026-11-22T10:00:00+00:00").t == 1795341600
    for wrong in ("25:99", "noon", "1", "2026-99-99T10:00"):
        with pytest.raises(NoMoment, match="expected 21:30"):
            pick(incident, session, None, wrong)


def test_a_bundle_that_cannot_be_made_leaves_nothing(incident: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.zip"

    def broken(item: object) -> str:
        raise OSError(28, "No space left on device")

    moment = pick(incident, look_at(incident), None, "")
    with pytest.raises(OSError, match="No space"):
        export(incident, target, moment, seconds=70, text_of=broken)
    assert not target.exists()


def test_a_long_incident_is_written_as_it_is_read(tmp_path: Path) -> None:
    """A day's journal once took three times its size of the memory beside a show."""
    path = write(tmp_path / "long", hours=0.3, rate=20)
    tracemalloc.start()
    try:
        moment = pick(path, look_at(path), None, "")
        export(path, tmp_path / "x.zip", moment, seconds=1e6, text_of=lambda item: "")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < path.stat().st_size / 2


def test_sessions_of_another_user_are_not_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one folder that cannot be looked into hides none of the others."""
    journal(tmp_path / "journal" / "2027-01-15T08-00-00-mine")
    other = tmp_path / "journal" / "2027-01-16T08-00-00-other"
    other.mkdir()
    is_file, iterdir = Path.is_file, Path.iterdir

    def denied(path: Path) -> bool:
        if path.parent == other:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", denied)
    assert [path.name for path in folders(tmp_path)] == ["2027-01-15T08-00-00-mine"]

    def barred(path: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", barred)
    with pytest.raises(PermissionError):
        folders(tmp_path)
    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert folders(tmp_path / "none") == []
