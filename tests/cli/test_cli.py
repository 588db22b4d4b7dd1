"""The `kitsu` command as a person meets it: one clear line, an exit code, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Sandbox

Kitsu = Callable[..., subprocess.CompletedProcess[str]]
NO_SHOW = 3
VERBS = [
    *("run", "status", "stop", "say", "interrupt", "mute", "panic", "resume", "toggle", "restart"),
    *("skip", "start", "kill", "persona", "mood", "mark", "acknowledge", "logs", "journal"),
    *("scene", "obs", "talk", "engine", "models", "licenses", "devices", "doctor", "bench"),
    *("schema", "profile", "drill"),
]


@pytest.fixture
def kitsu(kitsu_bin: Path, sandbox: Sandbox) -> Kitsu:
    """Runs `kitsu` with folders of its own, where no show is running."""

    def kitsu(*args: str, **more: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [kitsu_bin, *args], capture_output=True, text=True, timeout=60, **more
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return kitsu


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def test_help_lists_every_verb(kitsu: Kitsu) -> None:
    done = kitsu("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    words = {line.strip("│ ").split(" ")[0] for line in done.stdout.splitlines()}
    assert set(VERBS) <= words


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(kitsu: Kitsu, verb: str) -> None:
    done = kitsu(verb, "--help")
    assert done.returncode == 0
    assert f"kitsu {verb}" in done.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["nope"],
        ["status", "--bogus"],
        ["say"],
        ["run", "extra"],
        ["toggle"],
        ["models"],
        ["models", "nope"],
        ["engine"],
        ["engine", "nope"],
        ["engine", "nope", "--describe"],
        ["bench", "nope"],
    ],
    ids=" ".join,
)
def test_bad_options_are_exit_2(kitsu: Kitsu, args: list[str]) -> None:
    assert kitsu(*args).returncode == 2


def test_an_engine_that_is_none_names_the_nearest(kitsu: Kitsu) -> None:
    said = " ".join(kitsu("engine", "ecko").stderr.replace("│", " ").split())
    assert "no engine 'ecko'; did you mean echo?" in said


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["talk"], "kitsu talk: give either --text or --wav"),
        (["talk", "--text", " "], "kitsu talk: give either --text or --wav"),
        (["talk", "--text", "a", "--wav", "b"], "kitsu talk: give either --text or --wav"),
        (["talk", "--wav", "/no/such.wav"], "kitsu talk: /no/such.wav: no such file"),
        (["talk", "--text", "a", "--viewer", ""], "--viewer goes with --text, and is 1 to 100"),
        (
            ["talk", "--text", "a", "--out", "x.wav", "--no-tts"],
            "kitsu talk: --out needs her voice: leave out --no-tts",
        ),
        (["talk", "--text", "a", "--out", "/no/such/x.wav"], "its folder does not exist"),
        (["talk", "--text", "a", "--profile", "startre"], "did you mean starter?"),
        (["run", "--profile", "startre"], "no profile 'startre' (did you mean starter?)"),
        (["say", " "], "kitsu say: nothing to say"),
        (["say", "x" * 2001], "kitsu say: 2001 characters are too many (limit 2000)"),
        (["mute", "nose"], "kitsu mute: found 'nose', expected mic or voice"),
        (["scene", "--cut"], "kitsu scene: --cut takes a scene"),
        (["scene", "BRB", "--json"], "kitsu scene: --json lists the scenes: it takes no name"),
        (["scene", "x" * 257], "kitsu scene: 257 characters are too many (limit 256)"),
        (["obs", "mute", "Mic", "of"], "kitsu obs mute: found 'of', expected on or off"),
        (["obs", "source", "Cam", "1"], "kitsu obs source: found '1', expected on or off"),
        (["obs", "filter", ""], "kitsu obs filter: an empty name"),
        (["obs", "volume", "Mic", "-101"], "found '-101', expected -100 to 26 (dB)"),
        (["obs", "volume", "Mic", "loud"], "found 'loud', expected -100 to 26 (dB)"),
        (["obs", "text", "Words", "x" * 5001], "5001 characters are too many (limit 5000)"),
        (["obs", "record", "now"], "found 'now', expected start, stop, pause or resume"),
        (["obs", "replay", "pause"], "found 'pause', expected start, stop or save"),
        (["schema", "tolk"], "no schema 'tolk' (did you mean talk?)"),
        (["engine", "echo", "--config", "nope.json"], "--config: nope.json: No such file"),
        (["engine", "echo", "--config", "x" * 5000], "--config: x"),
        (["engine", "echo", "--config", "{"], "kitsu engine echo: --config: "),
        (["engine", "echo", "--config", '{"prefix":3}'], "$.prefix"),
        (["engine", "echo", "--config", '{"prefx":""}'], "prefx"),
        (["engine", "echo", "--profile", "startre"], "did you mean starter?"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_2(kitsu: Kitsu, args: list[str], says: str) -> None:
    done = kitsu(*args)
    assert done.returncode == 2
    if args[0] == "engine":  # its stdout is the wire, and nothing was said on it
        assert done.stdout == ""
    assert says in one_line(done)


def test_a_configuration_may_be_a_file(kitsu: Kitsu, tmp_path: Path) -> None:
    path = tmp_path / "echo.json"
    path.write_text('{"prefix": "file: "}')
    done = kitsu(
        *("engine", "echo", "--config", str(path)),
        input='{"type":"request","id":"1","name":"echo.say","data":{"text":"hi"}}\n',
    )
    assert done.returncode == 0
    answer = next(f for f in map(json.loads, done.stdout.splitlines()) if f["type"] == "response")
    assert answer["data"] == {"text": "file: hi"}
    path.write_bytes(b"{\xff")
    assert "not UTF-8" in one_line(kitsu("engine", "echo", "--config", str(path)))


@pytest.mark.parametrize(
    "args",
    [
        ["status"],
        ["status", "--json"],
        ["say", "hello"],
        ["stop"],
        ["interrupt"],
        ["mute", "mic"],
        ["panic"],
        ["resume"],
        ["toggle", "tts"],
        ["restart", "tts"],
        ["scene"],
        ["scene", "BRB"],
        ["obs", "status"],
        ["obs", "volume", "Mic", "-6"],
    ],
    ids=" ".join,
)
def test_without_a_show_it_is_exit_3_and_one_line(kitsu: Kitsu, args: list[str]) -> None:
    done = kitsu(*args)
    assert done.returncode == NO_SHOW
    line = one_line(done)
    verb = " ".join(args[:2]) if args[0] == "obs" else args[0]
    assert line.startswith(f"kitsu {verb}: no show ")


@pytest.mark.parametrize("args", [["panic"], ["status"]], ids=" ".join)
def test_a_folder_too_long_for_a_socket_is_no_traceback(
    kitsu: Kitsu, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITSU_RUNTIME_DIR", "/tmp/" + "x" * 120)
    done = kitsu(*args)
    assert done.returncode == NO_SHOW
    assert "shorter folder" in one_line(done)


# -- schemas -----------------------------------------------------------------------------------


def test_every_schema_is_valid(kitsu: Kitsu) -> None:
    from kitsu_tui.cli.schema import schemas

    names = kitsu("schema").stdout.split()
    assert names == list(schemas())
    assert {"status", "talk", "models.list", "licenses", "devices", "bench"} <= set(names)
    for name in names:
        import msgspec

        jsonschema.Draft202012Validator.check_schema(msgspec.json.schema(schemas()[name]))
    said = kitsu("schema", "talk")
    assert said.stderr == ""
    required = json.loads(said.stdout)["$defs"]["TalkReport"]["required"]
    assert set(required) >= {"transcript", "answer", "mood", "verdicts", "marks_ms", "out"}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("models.list", ["models", "list", "--json"]),
        ("licenses", ["licenses", "--json"]),
        ("devices", ["devices", "--json"]),
    ],
)
def test_json_is_one_object_that_fits_its_schema_and_nothing_else(
    kitsu: Kitsu, name: str, args: list[str]
) -> None:
    done = kitsu(*args)
    assert done.returncode == 0
    said = json.loads(done.stdout)  # fails if anything else stands there
    schema = json.loads(kitsu("schema", name).stdout)
    jsonschema.Draft202012Validator(schema).validate(said)
    assert isinstance(said, dict)


def test_an_engine_whose_model_was_never_fetched_ends_with_its_own_code(
    kitsu_bin: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [kitsu_bin, "engine", "tts", "--profile", "starter"],
        env={**os.environ, "KITSU_MODELS_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 4
    assert done.stdout == ""
    assert "kitsu models pull piper-en_US-joe-medium" in done.stderr
    assert "Traceback" not in done.stderr
