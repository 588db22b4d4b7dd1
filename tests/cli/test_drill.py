"""What `kitsu drill` prints, and `kitsu panic`'s exit codes and `kitsu resume`'s question."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kitsu_tui.cli.drill import DrillReport, table
from kitsu_tui.config import paths
from tests.conftest import Sandbox


def test_the_table_names_what_is_amiss() -> None:
    report = DrillReport(
        ok=False,
        by="ana",
        at=1.0,
        surfaces={"audio": 3.21, "obs.scene": None},
        put_back={"obs.scene": 20.0},
        why={"obs.scene": "no scene BRB"},
    )
    assert table(report).splitlines() == [
        "surface       reached    put back",
        "audio          3.2 ms",
        "obs.scene      FAILED     20.0 ms  no scene BRB",
        "NOT all was reached and put back",
    ]
    fine = DrillReport(ok=True, by="ana", at=1.0, surfaces={}, put_back={}, why={})
    assert table(fine).splitlines()[-1] == "all reached, all put back"


class Answers:
    """Answers whoever connects as a show would, with what it is told."""

    def __init__(self, sandbox: Sandbox) -> None:
        paths.private_dir(paths.runtime_dir(os.environ))
        self.says: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(os.fspath(paths.socket_path(os.environ)))
        self._server.listen(8)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            with link, link.makefile("rwb") as lines:
                hello = {"type": "hello", "wire": [1], "engine": "show", "version": "0", "pid": 1}
                lines.write(json.dumps(hello).encode() + b"\n")
                lines.flush()
                for line in lines:
                    frame = json.loads(line)
                    self.asked.append(frame)
                    data = self.says[frame["name"]]
                    answer = {"type": "response", "id": frame["id"], "ok": True, "data": data}
                    lines.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
                    lines.flush()

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def answers(sandbox: Sandbox) -> Iterator[Answers]:
    """A show that answers."""
    made = Answers(sandbox)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("panic: audio 3 ms", 0),
        ("panic: audio 3 ms; WAITS: obs (obs is starting)", 1),
        ("panic: audio 3 ms; NOT reached: obs (no answer)", 1),
    ],
)
def test_panic_tells_by_its_exit_code_whether_all_was_reached(
    answers: Answers, kitsu_bin: Path, words: str, code: int
) -> None:
    answers.says = {"show.panic": {"detail": words}}
    done = subprocess.run([kitsu_bin, "panic"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == (words + "\n", code)


@pytest.mark.parametrize(
    ("types", "asked", "code"), [(b"y\n", 4, 0), (b"\n", None, 1), (b"\x04", None, 1)]
)
def test_resume_asks_once_on_a_terminal(
    answers: Answers, kitsu_bin: Path, types: bytes, asked: int | None, code: int
) -> None:
    panic = {"latched": True, "by": "console:ana@pts/1", "since": 1000.0, "done": True}
    panic |= {"waits": ["obs"], "why": {"obs": "obs is starting"}}
    answers.says = {
        "show.status": {"state": {"epoch": 4, "panic": panic}},
        "show.resume": {"detail": "resumed"},
    }
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [kitsu_bin, "resume"], stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 4096)
    os.write(ours, types)
    try:
        while more := os.read(ours, 4096):
            said += more
    except OSError:
        pass  # Linux tells the end of a terminal so
    os.close(ours)
    assert process.wait(30) == code
    assert b"panic by ana@pts/1 at " in said
    assert b"obs: obs is starting" in said
    resumes = [frame for frame in answers.asked if frame["name"] == "show.resume"]
    assert [frame["data"]["epoch"] for frame in resumes] == ([asked] if asked else [])


def test_resume_asks_no_script(answers: Answers, kitsu_bin: Path) -> None:
    answers.says = {"show.resume": {"detail": "resumed"}}
    done = subprocess.run(
        [kitsu_bin, "resume"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert (done.stdout, done.returncode) == ("resumed\n", 0)
