"""Every third party has a notice, and `kitsu licenses` tells of it."""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import jsonschema
import msgspec
import pytest

from kitsu_tui.cli import licenses as cli
from kitsu_tui.cli.credits import gather, known, words
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


# -- credits ---------------------------------------------------------------------------------


def entry_of(model: str) -> str:
    found = known(model, cli.load_index())
    return found.title if found is not None else ""


@pytest.mark.parametrize(
    ("model", "title"),
    [
        ("llama3:8b-instruct-q4_K_M", "Llama 3 8B Instruct"),
        ("/m/Meta-Llama-3-8B-Instruct.Q4_K_M.gguf", "Llama 3 8B Instruct"),
        ("C:\\models\\meta_llama_3_8b\\model.gguf", "Llama 3 8B Instruct"),
        # Later ones have agreements of their own, with other words to show.
        ("llama3.1:8b", ""),
        ("Llama-3.2-3B-Instruct.gguf", ""),
        ("mixtral:8x7b-instruct-q4_K_M", "Mixtral 8x7B Instruct"),
        ("tts_models/en/vctk/vits", "Coqui voice VITS on VCTK"),
        ("tts_models/multilingual/multi-dataset/xtts_v2", "Coqui XTTS v2"),
        ("tts_models/de/thorsten/vits", "Any other Coqui model"),
        ("/llama-3/voices/en_US-amy.onnx", ""),  # a folder further up says nothing
        ("/m/embark.onnx", ""),
        ("LUMI", 'Live2D avatar "Lumi"'),
    ],
)
def test_a_model_is_known_by_name_tag_and_file(model: str, title: str) -> None:
    assert entry_of(model) == title


def test_every_model_of_the_manifest_has_its_own_entry() -> None:
    for name in load_manifest():
        assert entry_of(name)
    for entry in cli.load_index():
        if entry.kind != "package":
            assert entry.document, entry.title
        if entry.credit == "required":
            assert entry.attribution, entry.title


@pytest.fixture(autouse=True)
def no_settings_of_a_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LLM_MODEL_NAME", "PIPER_MODEL", "PIPELINE_DISABLE", "KITSU_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_starter_names_what_it_uses_and_nothing_else() -> None:
    told = gather("starter")
    assert [credit.used_as for credit in told.credits] == [
        *("whisper-tiny.en", "silero-vad", "smollm2-135m-instruct-q4_1", "piper-en_US-joe-medium")
    ]
    assert "Whisper" in told.text
    assert "Llama" not in told.text
    assert (told.warnings, told.unknown) == ([], [])


def profile(folder: Path, text: str) -> str:
    path = folder / "p.yaml"
    path.write_text(f"extends: starter\n{text}\n")
    return str(path)


def test_what_must_be_shown_stands_first(tmp_path: Path) -> None:
    told = gather(profile(tmp_path, "policy: {model: /m/Meta-Llama-3-8B.gguf}"), also=["lumi"])
    first, second, *_ = told.text.splitlines()
    assert first == "Built with Meta Llama 3"
    assert second.startswith('Avatar: "Lumi"')
    shown = words(told)
    assert "What stands in [brackets] is for you to fill in." in shown
    assert any("Meta Llama 3 Community License Agreement" in line for line in shown)
    assert "SmolLM2" not in told.text


def test_a_voice_that_may_not_earn_money_is_a_warning(tmp_path: Path) -> None:
    voice = "tts_models/multilingual/multi-dataset/xtts_v2"
    told = gather(profile(tmp_path, f"tts: {{model: {voice}}}"))
    assert any("non-commercial" in warning for warning in told.warnings)
    assert any(line.startswith("WARNING: XTTS") for line in words(told))


def test_a_model_with_terms_of_its_own_is_said_to_be_unknown(tmp_path: Path) -> None:
    told = gather(profile(tmp_path, "policy: {model: /m/mystery.gguf}"))
    assert [(one.key, one.model) for one in told.unknown] == [("policy.model", "/m/mystery.gguf")]
    assert any("read its own licence" in line for line in words(told))


def test_what_is_not_started_is_not_credited(tmp_path: Path) -> None:
    told = gather(profile(tmp_path, "engines: {asr: {enabled: false}}\ntts: {backend: silent}"))
    assert [credit.used_as for credit in told.credits] == ["smollm2-135m-instruct-q4_1"]


def test_the_credits_for_scripts_and_the_mistakes(kitsu_bin: Path) -> None:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [kitsu_bin, "licenses", *args], capture_output=True, text=True, timeout=60
        )
        assert "Traceback" not in done.stderr
        return done

    done = run("--credits", "--all", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    schema = msgspec.json.schema(cli.SCHEMAS["licenses.credits"])
    jsonschema.validate(msgspec.json.decode(done.stdout), schema)
    told = msgspec.json.decode(done.stdout, type=cli.Credits)
    assert "Built with Meta Llama 3" in told.text
    assert "owned and copyrighted by Live2D Inc." in told.text
    for args, says in (
        (("--all",), "go with --credits"),
        (("--credits", "--with", "limi"), "did you mean lumi?"),
        (("--credits", "--profile", "startre"), "did you mean starter?"),
    ):
        done = run(*args)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1
