"""Libraries: missing, broken, crashing, without PortAudio; each with the line that installs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.doctor import context as ctx
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.extras import LIBRARIES, Library, of
from kitsu_tui.doctor.report import Finding

MADE = Library("made-up", "made_up_module", "tts", "tts", "piper")


async def look(library: Library, *, quick: bool = False, path: str = "") -> Finding:
    loaded = load_profile("starter", {"PATH": "/usr/bin:/bin", "PYTHONPATH": path})
    context = Context(loaded=loaded, environ=loaded.environ, quick=quick)
    found = of(library, []).look(context)
    assert not isinstance(found, Finding | list)
    done = await found
    assert isinstance(done, Finding)
    return done


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module `made_up_module`, installed as far as the metadata knows."""
    info = tmp_path / "made_up-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "made_up_module.py"


async def test_one_that_is_missing_names_the_install_line() -> None:
    found = await look(MADE)
    assert (found.status, found.goes_first) == ("bad", True)
    assert found.do == ctx.install_line("tts")


async def test_one_that_loads(made: Path) -> None:
    made.write_text("x = 1\n")
    found = await look(MADE, path=str(made.parent))
    assert (found.status, found.found) == ("ok", "1.5 loads")


async def test_one_that_is_broken(made: Path) -> None:
    made.write_text("raise ImportError('libfoo.so.3: cannot open shared object file')\n")
    found = await look(MADE, path=str(made.parent))
    assert found.status == "bad"
    assert "libfoo.so.3" in found.found
    assert '"made-up==1.5"' in found.do


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_one_that_crashes(made: Path) -> None:
    made.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    found = await look(MADE, path=str(made.parent))
    assert found.status == "bad"
    assert "SIGILL" in found.found


async def test_without_portaudio_a_show_runs_silent(made: Path) -> None:
    made.with_name("sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    sound = next(library for library in LIBRARIES if library.module == "sounddevice")
    found = await look(sound, path=str(made.parent))
    assert found.status == "warn"
    assert "libportaudio2" in found.do or not sys.platform.startswith("linux")


async def test_quick_loads_nothing(made: Path) -> None:
    made.write_text("raise ImportError\n")
    assert (await look(MADE, quick=True, path=str(made.parent))).status == "ok"


async def test_one_that_nobody_uses_is_no_fault() -> None:
    other = Library("made-up", "made_up_module", "llama-cpp", "policy", "llama_cpp")
    assert (await look(other)).status == "skipped"


def test_every_extra_that_is_named_exists() -> None:
    import tomllib

    root = ctx.checkout()
    assert root is not None
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    for library in LIBRARIES:
        listed = project["optional-dependencies"][library.extra]
        assert any(line.startswith(library.package) for line in listed), library
