"""Fixtures that every test may use."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kitsu_tui.config.models import ModelStore

# What runs the tests may have been begun in the background, where these are ignored; what tests
# start would ignore them too.
for _name, _handler in (
    ("SIGINT", signal.default_int_handler),
    ("SIGHUP", signal.SIG_DFL),
    ("SIGQUIT", signal.SIG_DFL),
):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

SLOW = {
    "tests/show/safety/test_gate.py",
    "tests/show/safety/test_injection.py",
    "tests/show/safety/test_kept.py",
    "tests/show/safety/test_meaning.py",
    "tests/show/safety/test_needed.py",
    "tests/show/safety/test_prompts.py",
    "tests/show/safety/test_corpora.py",
    "tests/show/safety/test_reload.py",
    "tests/show/test_blocklist.py",
    "tests/show/test_blocklist_verbs.py",
    "tests/console/test_lines_to_come.py",
    "tests/bench/test_console.py",
    "tests/bench/test_loudspeaker.py",
    "tests/bench/test_obs_lab.py",
    "tests/bench/test_place.py",
    "tests/bench/test_rounds.py",
    "tests/bench/test_safety.py",
    "tests/bench/test_stage.py",
    "tests/bench/test_terminal.py",
    "tests/cli/test_cli.py",
    "tests/cli/test_doctor.py",
    "tests/cli/test_drill.py",
    "tests/cli/test_journal.py",
    "tests/cli/test_logs.py",
    "tests/cli/test_profile.py",
    "tests/cli/test_safety.py",
    "tests/cli/test_tell.py",
    "tests/config/test_difference.py",
    "tests/config/test_models.py",
    "tests/config/test_profile.py",
    "tests/config/test_seed_variables.py",
    "tests/console/test_desk.py",
    "tests/console/test_doing.py",
    "tests/console/test_keywatch.py",
    "tests/console/test_link.py",
    "tests/console/test_logs.py",
    "tests/console/test_output.py",
    "tests/console/test_panes_alerts.py",
    "tests/console/test_panes_host.py",
    "tests/console/test_panes_obs.py",
    "tests/console/test_panic_line.py",
    "tests/console/test_pty.py",
    "tests/console/test_pty_terminals.py",
    "tests/console/test_snapshots.py",
    "tests/console/test_stage_doing.py",
    "tests/console/test_transcript.py",
    "tests/console/test_virtual_log.py",
    "tests/doctor/test_engines.py",
    "tests/doctor/test_models.py",
    "tests/doctor/test_obs.py",
    "tests/doctor/test_probe.py",
    "tests/doctor/test_profiles.py",
    "tests/doctor/test_show.py",
    "tests/engines/asr/test_engine.py",
    "tests/engines/asr/test_sound.py",
    "tests/engines/audio/test_devices.py",
    "tests/engines/audio/test_engine.py",
    "tests/engines/audio/test_pulse.py",
    "tests/engines/audio/test_resample.py",
    "tests/engines/audio/test_rig.py",
    "tests/engines/echo/test_echo.py",
    "tests/engines/guard/test_words.py",
    "tests/engines/metrics/test_engine.py",
    "tests/engines/obs/test_changes.py",
    "tests/engines/obs/test_link.py",
    "tests/engines/obs/test_panic.py",
    "tests/fakes/test_obs_websocket.py",
    "tests/journal/test_pages.py",
    "tests/journal/test_sessions.py",
    "tests/show/test_any_order.py",
    "tests/show/test_child.py",
    "tests/show/test_control.py",
    "tests/show/test_standby.py",
    "tests/show/test_supervisor.py",
    "tests/show/test_switch.py",
    "tests/show/test_unit.py",
    "tests/show/test_watchdog.py",
    "tests/test_client.py",
    "tests/test_licenses.py",
}
"""Modules that take seconds: `scripts/check` leaves them out, `scripts/test` does not."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`: slow modules and those that drive whole shows are not even imported."""
    parser.addoption("--quick", action="store_true", help="as scripts/check: the fastest tests")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what `--quick` leaves out."""
    if not config.getoption("--quick"):
        return None
    path = collection_path.relative_to(config.rootpath).as_posix()
    return True if path in SLOW or path == "tests/e2e" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of slow modules."""
    for item in items:
        if item.path.relative_to(config.rootpath).as_posix() in SLOW:
            item.add_marker(pytest.mark.slow)


class Sandbox(NamedTuple):
    """Folders of one test's own, and the variables that name them (also set in `os.environ`)."""

    state: Path
    runtime: Path
    logs: Path
    tts_cache: Path
    environ: dict[str, str]


@pytest.fixture(scope="session")
def starter_models() -> ModelStore:
    """The machine's model store with the starter set in it, fetched if it was missing."""
    store = ModelStore.default(os.environ)
    for name in store.starter():
        store.pull(name)
    return store


@pytest.fixture(scope="session")
def kitsu_bin() -> Path:
    """The installed `kitsu` command of the environment that runs the tests."""
    path = Path(sys.executable).parent / ("kitsu.exe" if os.name == "nt" else "kitsu")
    assert path.exists(), f"{path} is missing; run: {sys.executable} -m pip install --no-deps -e ."
    return path


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Nothing of a show in this test touches the user's folders or another test's."""
    # Not below tmp_path: a Unix socket's path may not be longer than about a hundred bytes.
    runtime = Path(tempfile.mkdtemp(prefix="kt-"))
    environ = {
        "KITSU_STATE_DIR": str(tmp_path / "state"),
        "KITSU_RUNTIME_DIR": str(runtime),
        "KITSU_LOG_ROOT": str(tmp_path / "logs"),
        "TTS_CACHE_DIR": str(tmp_path / "tts_cache"),
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    # A developer's own settings must not reach a test.
    monkeypatch.delenv("KITSU_CONFIG_FILE", raising=False)
    monkeypatch.delenv("PIPELINE_DISABLE", raising=False)
    yield Sandbox(
        state=tmp_path / "state",
        runtime=runtime,
        logs=tmp_path / "logs",
        tts_cache=tmp_path / "tts_cache",
        environ=environ,
    )
    shutil.rmtree(runtime, ignore_errors=True)
