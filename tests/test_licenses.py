"""Every third party has a notice, and `kitsu licenses` tells of it."""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import jsonschema
import msgspec

from kitsu_tui.cli import licenses as cli
from kitsu_tui.config.models import load_manifest

ROOT = Path(__file__).parent.parent


def test_every_model_of_the_manifest_is_in_the_index_with_its_notice() -> None:
    index = {name: entry for entry in cli.load_index() for name in entry.names}
    for name, model in load_manifest().items():
        assert index[name].licence == model.licence
        assert index[name].notice == model.notice
        assert index[name].shipped == "fetched"


def test_every_notice_exists_and_says_its_licence() -> None:
    entries = cli.load_index()
    for entry in entries:
        text = (cli.notices_dir() / entry.notice).read_text("utf-8")
        for part in entry.licence.split(" AND "):
            assert part in text, f"{entry.notice} does not name {part}"
        assert entry.obligations
    on_disk = {path.name for path in (ROOT / "licenses").glob("*.md")}
    assert on_disk == {entry.notice for entry in entries}


def test_no_copyleft_package_is_installed_without_a_notice() -> None:
    index = {name for entry in cli.load_index() for name in entry.names}
    for package in cli.installed([]):
        copyleft = any(word in package.licence for word in ("GPL", "MPL", "Mozilla", "EUPL"))
        assert not copyleft or package.name in index, package


def test_copyleft_never_is_a_base_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    base = " ".join(project["dependencies"])
    for name in ("piper", "obsws", "faster-whisper", "coqui"):
        assert name not in base


def test_the_command_keeps_stdout_for_json() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kitsu_tui.cli.licenses", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    jsonschema.validate(
        msgspec.json.decode(done.stdout), msgspec.json.schema(cli.SCHEMAS["licenses"])
    )
    found = msgspec.json.decode(done.stdout, type=cli.Licenses)
    names = {package.name for package in found.packages}
    assert "textual" in names
    assert len(names) >= len({d.metadata["Name"] for d in distributions()}) - 1
    assert {p.licence for p in found.packages if p.name == "piper-tts"} <= {"GPL-3.0-or-later"}


def test_the_command_for_people_names_duties_and_credit() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kitsu_tui.cli.licenses"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Credit: Built with Meta Llama 3" in done.stdout
    assert "Not for commercial use" in done.stdout
