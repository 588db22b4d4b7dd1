"""The scripts, run for real: a small project with real environments and real pip.

Its lock names one wheel made here and its build needs nothing, so no test needs a network.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "scripts"
BASH = ["start", "test", "check", "lock", "obs-lab", "lib.sh"]

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="bash scripts"),
    pytest.mark.e2e,
]

BACKEND = """
import pathlib, zipfile
TAG = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
COMMANDS = "[console_scripts]\\nkitsu-tui = kitsu_tui:console\\n"
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "mini-1.0-py3-none-any.whl"
    info = "mini-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("mini.pth", str(pathlib.Path(__file__).parent))
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: mini\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", TAG)
        wheel.writestr(f"{info}/entry_points.txt", COMMANDS)
        wheel.writestr(f"{info}/RECORD", "")
    return name
build_wheel = build_editable
"""

PACKAGE = """
import sys
def console():
    import toy
    print("console", *sys.argv[1:])
"""

# Stands for the model store's command, which tests/config/test_models.py covers.
MODELS = """
import os, pathlib, sys
code = int(os.environ.get("TOY_MODELS_EXIT", "0"))
print("models", *sys.argv[1:], file=sys.stderr)
sys.exit(code)
"""


class Project(NamedTuple):
    root: Path
    wheels: Path
    home: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def environ(self, **more: str) -> dict[str, str]:
        base = {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).resolve().parent}:/usr/local/bin:/usr/bin:/bin",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "KITSU_PYTHON": str(Path(sys.executable).resolve()),
        }
        return base | more

    def start(self, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "scripts" / "start"), *args],
            env=self.environ(**more),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
        )

    def lock(self, content: bytes) -> None:
        """Make the wheel `toy` with `content` and lock it."""
        path = self.wheels / "toy-1.0-py3-none-any.whl"
        info = "toy-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("toy.py", content)
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        (self.root / "requirements" / "starter.txt").write_text(
            f"toy==1.0 \\\n    --hash=sha256:{digest}\n"
        )


def make_project(folder: Path) -> Project:
    # A space in the path: every quoting mistake shows.
    project = Project(folder / "a clone", folder / "wheels", folder / "home")
    for path in (project.root / "requirements", project.wheels, project.home):
        path.mkdir(parents=True)
    shutil.copytree(SCRIPTS, project.root / "scripts")
    (project.root / "pyproject.toml").write_text(
        '[project]\nname = "mini"\nversion = "1.0"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (project.root / "backend.py").write_text(BACKEND)
    cli = project.root / "kitsu_tui" / "cli"
    cli.mkdir(parents=True)
    (cli.parent / "__init__.py").write_text(PACKAGE)
    (cli / "__init__.py").write_text("")
    (cli / "models.py").write_text(MODELS)
    project.lock(b"VERSION = 1\n")
    return project


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that `scripts/start` has prepared; tests leave it whole."""
    project = make_project(tmp_path_factory.mktemp("scripts"))
    done = project.start("--prepare-only")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def one_line(text: str) -> str:
    """Our own last line."""
    ours = [line for line in text.splitlines() if line.startswith("kitsu: ")]
    return ours[-1]


@pytest.mark.parametrize("name", BASH)
def test_a_script_parses(name: str) -> None:
    assert subprocess.run(["bash", "-n", str(SCRIPTS / name)], timeout=10).returncode == 0


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_is_content() -> None:
    done = subprocess.run(
        ["shellcheck", "-x", "-P", str(SCRIPTS), *(str(SCRIPTS / name) for name in BASH)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""


def test_start_opens_the_console_on_the_starter_profile(prepared: Project) -> None:
    done = prepared.start("--debug", "two words")
    assert done.stdout == "console --profile starter --debug two words\n"
    assert prepared.start("--profile", "live").stdout == "console --profile live\n"


def test_a_second_start_installs_nothing(prepared: Project) -> None:
    done = prepared.start("--prepare-only", PIP_FIND_LINKS="/nowhere")
    assert done.returncode == 0
    assert "installing" not in done.stderr
    assert "models pull --starter" in done.stderr


def test_a_changed_lock_is_installed(prepared: Project) -> None:
    prepared.lock(b"VERSION = 2\n")
    done = prepared.start("--prepare-only")
    assert "installing the locked packages" in done.stderr
    assert done.returncode == 0, done.stderr


def test_a_changed_project_alone_leaves_the_packages(prepared: Project) -> None:
    with (prepared.root / "pyproject.toml").open("a") as stream:
        stream.write("# changed\n")
    done = prepared.start("--prepare-only")
    assert done.returncode == 0, done.stderr
    assert "installing the locked packages" not in done.stderr


def test_missing_models_end_the_start_with_their_code(prepared: Project) -> None:
    done = prepared.start(TOY_MODELS_EXIT="75")
    assert done.returncode == 75
    assert "the starter models are not complete" in one_line(done.stderr)
    assert done.stdout == ""


def test_a_killed_installation_is_mended(fresh: Project) -> None:
    child = subprocess.Popen(
        [str(fresh.root / "scripts" / "start"), "--prepare-only"],
        env=fresh.environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    marker = fresh.venv / ".kitsu-installing"
    deadline = time.monotonic() + 40
    while not marker.exists():
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait(10)
    assert marker.exists()
    # As pip would leave it at the worst moment: its record is there, the module is not.
    site = next(fresh.venv.glob("lib/python*/site-packages"))
    (site / "toy-1.0.dist-info").mkdir(exist_ok=True)
    (site / "toy-1.0.dist-info" / "METADATA").write_text("Name: toy\nVersion: 1.0\n")
    done = fresh.start()
    assert done.stdout.endswith("console --profile starter\n"), done.stderr
    assert not marker.exists()


def test_a_moved_clone_works_again(fresh: Project) -> None:
    assert fresh.start("--prepare-only").returncode == 0
    moved = Project(fresh.root.rename(fresh.root.parent / "moved"), fresh.wheels, fresh.home)
    done = moved.start()
    assert done.stdout.endswith("console --profile starter\n"), done.stderr


def test_a_package_with_another_hash_is_refused(fresh: Project) -> None:
    with (fresh.wheels / "toy-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"tampered")
    done = fresh.start()
    assert done.returncode == 1
    assert "is not the one that was locked" in one_line(done.stderr)
    assert "console" not in done.stdout


def test_no_network_is_one_line(fresh: Project) -> None:
    environ = {
        "PIP_FIND_LINKS": "",
        "PIP_NO_INDEX": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    }
    done = fresh.start(**environ)
    assert done.returncode == 1
    assert "no network" in one_line(done.stderr)
    assert "Run scripts/start again" in one_line(done.stderr)


def test_no_python_names_the_command(fresh: Project, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "basename", "cat", "cut", "id", "uname", "sha256sum", "env"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    (tools / "apt-get").symlink_to("/bin/true")
    done = fresh.start(PATH=str(tools), KITSU_PYTHON="")
    assert done.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in one_line(done.stderr)
    assert "apt-get install -y --no-install-recommends python3 python3-venv" in done.stderr


def test_a_python_that_cannot_make_environments_names_the_package(
    fresh: Project, tmp_path: Path
) -> None:
    """Debian without python3-venv: everything is there but ensurepip."""
    python = tmp_path / "python3"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    hidden = tmp_path / "only"
    hidden.mkdir()
    for name in ("bash", "dirname", "basename", "cat", "cut", "id", "uname", "sha256sum", "env"):
        (hidden / name).symlink_to(shutil.which(name) or "/nonexistent")
    done = fresh.start(PATH=str(hidden), KITSU_PYTHON=str(python))
    assert done.returncode == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"python{version}-venv" in one_line(done.stderr)


def test_something_else_in_place_of_the_environment_is_left_alone(fresh: Project) -> None:
    fresh.venv.mkdir()
    (fresh.venv / "thesis.txt").write_text("years of work")
    done = fresh.start()
    assert done.returncode == 1
    assert "is in the way" in one_line(done.stderr)
    assert (fresh.venv / "thesis.txt").read_text() == "years of work"


def test_the_locks_name_versions_and_hashes_and_no_place() -> None:
    for name in ("starter", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert "index" not in text.replace("--hash", "")
        for block in text.replace("\\\n", "").splitlines():
            assert "==" in block
            assert "--hash=sha256:" in block


def test_the_dev_lock_includes_the_starter_lock() -> None:
    starter = (ROOT / "requirements" / "starter.txt").read_text().replace("\\\n", "").splitlines()
    dev = (ROOT / "requirements" / "dev.txt").read_text().replace("\\\n", "").splitlines()
    assert set(starter) <= set(dev)


def test_the_lock_fits_the_project() -> None:
    """Every direct dependency is in the lock, at a version that pyproject.toml allows."""
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [
        line for extra in ("audio", "asr", "policy", "tts", "dev") for line in extras[extra]
    ]
    locked: dict[str, str] = {}
    for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines():
        if "==" in line:
            name, _, rest = line.partition("==")
            locked[canonicalize_name(name)] = rest.split()[0]
    for line in wanted:
        requirement = Requirement(line)
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{line}: locked is {version}"
    assert locked["textual"] == "8.2.8"


POWERSHELL = sorted(path.name for path in SCRIPTS.glob("*.ps1"))


@pytest.mark.parametrize("name", POWERSHELL)
def test_powershell_scripts_say_that_they_are_not_tried(name: str) -> None:
    assert (SCRIPTS / name).read_text().startswith("# NOT TRIED")


def brackets(text: str) -> list[str]:
    """What is left open, or closed too often, in a PowerShell script without here-strings."""
    open_ones: list[str] = []
    pairs = {")": "(", "]": "[", "}": "{"}
    token = re.compile(
        r"""\#[^\n]* | '(?:[^']|'')*' | `. | \$\( | ["(){}\[\]]""", re.VERBOSE | re.DOTALL
    )
    at = 0
    while found := token.search(text, at):
        at = found.end()
        word = found.group()
        inside = bool(open_ones) and open_ones[-1] == '"'
        if inside and word not in ('"', "$("):
            # A quoted text: only its end and a subexpression count. Go on behind the first sign.
            at = found.start() + (2 if word.startswith("`") else 1)
        elif word == '"':
            if inside:
                open_ones.pop()
            else:
                open_ones.append('"')
        elif word in ("(", "[", "{", "$("):
            open_ones.append(word[-1])
        elif word in pairs and (not open_ones or open_ones.pop() != pairs[word]):
            return [f"{word} on line {text.count(chr(10), 0, at) + 1}"]
    return open_ones


@pytest.mark.parametrize("name", POWERSHELL)
def test_a_powershell_script_parses(name: str) -> None:
    """By PowerShell where there is one; else what can be told without it."""
    path = SCRIPTS / name
    assert brackets(path.read_text("utf-8")) == []
    assert path.read_text("utf-8").isascii()  # Windows PowerShell 5 reads others as ANSI
    shell = shutil.which("pwsh")
    if shell is None:
        return
    code = (
        "$e = $null; $null = [Management.Automation.Language.Parser]::ParseFile("
        f"'{path}', [ref]$null, [ref]$e); $e | ForEach-Object {{ $_.ToString() }}"
    )
    done = subprocess.run(
        [shell, "-NoProfile", "-Command", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == ""


def test_the_look_at_brackets_sees_mistakes() -> None:
    assert brackets("if ($a) { 'it''s }' \"$(f \"x)\") }\" } # }") == []
    assert brackets("if ($a) { f") == ["{"]
    assert brackets("f) ") == [") on line 1"]
    assert brackets('"open') == ['"']


@pytest.mark.parametrize("name", POWERSHELL)
def test_a_powershell_script_calls_what_there_is(name: str) -> None:
    """Our own functions are in the script or in lib.ps1; `kitsu` has the verbs."""
    text = (SCRIPTS / name).read_text()
    both = text + (SCRIPTS / "lib.ps1").read_text()
    ours = re.findall(r"^function ([\w-]+)", both, re.MULTILINE)
    called = re.findall(r"\b((?:Initialize|Get|Stop|Test|Find|Invoke)-[A-Z]\w+)", text)
    cmdlets = {"Get-Content", "Test-Path"}
    assert set(called) - cmdlets <= set(ours)
    for module in re.findall(r"-m (kitsu_tui[\w.]*)", text):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists()


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("run_pipeline.ps1", ["start", "stop", "status"]),
        ("service_manager.ps1", ["list", "status", "start", "stop", "restart", "kill"]),
    ],
)
def test_actions_of_the_windows_scripts_are_verbs_of_kitsu(name: str, actions: list[str]) -> None:
    from typer.main import get_command

    from kitsu_tui.cli.app import app

    text = (SCRIPTS / name).read_text()
    [said] = re.findall(r"ValidateSet\(([^)]*)\)", text)
    assert re.findall(r"'(\w+)'", said) == actions
    verbs = set(getattr(get_command(app), "commands", {}))
    assert set(actions) - {"list"} <= verbs
    assert {"run", "status"} <= verbs
    assert "Position = 0" in text  # as `-Action stop` and as `stop`


def test_services_are_mapped_where_the_profiles_are() -> None:
    """The one list of older names is the configuration's; the script asks it."""
    from kitsu_tui.config.schema import ALIASES

    assert "kitsu_tui.config.schema import ALIASES" in (SCRIPTS / "service_manager.ps1").read_text()
    modules = ("asr_worker", "policy_worker", "tts_worker", "avatar_controller", "obs_controller")
    assert set(ALIASES) >= {*modules, "twitch_ingest", "orchestrator", "control_panel_backend"}


def test_ci_runs_the_tests() -> None:
    assert 'scripts/test" --yes' in (ROOT / ".ci" / "run").read_text()
    for path in (ROOT / ".ci" / "run", SCRIPTS / "start", SCRIPTS / "test", SCRIPTS / "check"):
        assert os.access(path, os.X_OK)
