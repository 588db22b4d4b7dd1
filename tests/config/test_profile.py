"""Profiles: what may stand in one, what wins, and what is said of a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec import inspect as mi

from kitsu_tui.config import ConfigError, load_profile
from kitsu_tui.config.profile import known_profiles, profiles_folder
from kitsu_tui.config.schema import ALIASES, ENGINES, Profile

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a profile; no `.env` of the developer's is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kitsu_tui.config.profile.env.with_dotenv", lambda e, folders: dict(e))

    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return path

    return write


def refused(path: Path | str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as refusal:
        load_profile(str(path), environ or {})
    said = str(refusal.value)
    assert "\n" not in said
    return said


# -- the profiles that come with it ------------------------------------------------------------


def test_base_holds_every_key_and_only_these_with_their_defaults() -> None:
    written = yaml.safe_load((profiles_folder() / "base.yaml").read_text())
    defaults = msgspec.to_builtins(Profile())
    # One engine's process is written out; the others say what differs from it.
    process = written["engines"]["audio"]
    for name in ENGINES:
        written["engines"][name] = process | written["engines"][name]
    assert written == defaults


def keys(info: mi.Type, path: str = "") -> list[str]:
    if not isinstance(info, mi.StructType):
        return []
    found: list[str] = []
    for item in info.fields:
        kind = item.type.type if isinstance(item.type, mi.Metadata) else item.type
        found += [f"{path}{item.encode_name}", *keys(kind, f"{path}{item.encode_name}.")]
    return found


def test_base_explains_every_key_and_names_its_variable() -> None:
    text = (profiles_folder() / "base.yaml").read_text()
    from kitsu_tui.config.environ import variables

    for name in variables():
        assert f"[{name}]" in text, name
    assert len(keys(mi.type_info(Profile))) > 80


@pytest.mark.parametrize("name", ["base", *known_profiles()])
def test_every_profile_loads(name: str) -> None:
    loaded = load_profile(name, {})
    assert loaded.name == name
    off = {"echo", "guard"} if name in ("live", "rehearsal") else {"echo", "guard", "obs"}
    assert {engine for engine in ENGINES if loaded.enabled(engine)} == set(ENGINES) - off
    assert loaded.persona_path().is_file()
    for rules in loaded.safety_files():
        assert (loaded.safety_folder() / f"{rules}.yaml").is_file()


def test_only_live_is_live() -> None:
    live = {name for name in known_profiles() if load_profile(name, {}).profile.live}
    assert live == {"live"}


# -- precedence --------------------------------------------------------------------------------


def test_environment_over_env_file_over_profile_over_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(
        "extends: starter\naudio: {silence_ms: 401, frame_ms: 30, sample_rate: 8000}\n"
    )
    (tmp_path / ".env").write_text("ASR_SILENCE_MS=402\nASR_FRAME_MS=10\n")
    audio = load_profile("./mine.yaml", {"ASR_SILENCE_MS": "403"}).profile.audio
    assert (audio.silence_ms, audio.frame_ms, audio.sample_rate, audio.pause_ms) == (
        403,
        10,
        8000,
        120,
    )


def test_an_env_file_may_be_odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(
        b"\xef\xbb\xbf# comment\r\nexport LLM_MODEL_NAME='a $HOME b'\r\n"
        b"ASR_FRAME_MS=\r\nNOVALUE\r\n"
    )
    loaded = load_profile("starter", {})
    assert loaded.profile.policy.model == "a $HOME b"
    assert loaded.profile.audio.frame_ms == 20
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    assert str(tmp_path / ".env") in refused("starter")


def test_extends_is_followed_and_beside_comes_first(write: Write, tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text("extends: starter\ntitle: Middle\nlive: true\n")
    loaded = load_profile(str(write("extends: middle\ntitle: Mine\n")), {})
    assert (loaded.profile.title, loaded.profile.live) == ("Mine", True)
    assert loaded.name == "mine"


def test_a_name_and_a_path_and_the_default(write: Write) -> None:
    assert load_profile("", {}).name == "starter"
    assert load_profile("rehearsal", {}).profile.title == "Rehearsal"
    assert load_profile("", {"KITSU_CONFIG_FILE": " live "}).profile.live


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "asr:\npolicy:\n  # model: x\n"])
def test_an_empty_file_and_a_section_commented_out_change_nothing(write: Write, text: str) -> None:
    found = load_profile(str(write(text)), {}).profile
    assert found == load_profile("base", {}).profile


# -- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "asr:\n  modle: x\n",
            ["mine.yaml:2: unknown key asr.modle (did you mean model?)", "known here: backend,"],
        ),
        ("asrr: {}\n", ["mine.yaml:1: unknown key asrr (did you mean asr?)"]),
        ("engines:\n  asr:\n    nise: 3\n", ["mine.yaml:3", "engines.asr.nise", "nice"]),
        ("3: x\n", ["mine.yaml:1: unknown key 3"]),
        (
            "asr:\n  threads: many\n",
            ["mine.yaml:2: asr.threads: found 'many': expected int, got str"],
        ),
        ("asr:\n  threads: 0\n", ["mine.yaml:2: asr.threads: found 0", ">= 1"]),
        ("asr: 3\n", ["mine.yaml:1: asr: found 3: expected object"]),
        ("live: maybe\n", ["mine.yaml:1: live: found 'maybe': expected bool"]),
        (
            "audio:\n\n  frame_ms: 25\n",
            ["mine.yaml:3: audio.frame_ms: found 25: expected one of: 10, 20, 30"],
        ),
        ("tts: {backend: espeak}\n", ["tts.backend: found 'espeak'", "one of: piper, silent"]),
        ("safety:\n  files: [base, 3]\n", ["mine.yaml:2: safety.files.1: found 3: expected str"]),
        (
            "engines:\n  asr:\n    env:\n      A: a\n      N: 1\n",
            ["mine.yaml:5: engines.asr.env.N: found 1: expected str, got int"],
        ),
        ("title: a\ntitle: b\n", ["mine.yaml:2: title stands twice, first in line 1"]),
        ("asr:\n  model: a\n  model: b\n", ["mine.yaml:3: asr.model stands twice"]),
        ("asr: [unclosed\n", ["mine.yaml:2: not YAML: "]),
        ("\tasr: 1\n", ["mine.yaml:1: not YAML: "]),
        ("a: &a [*a]\n", ["mine.yaml:1: nested more than 20 deep"]),
        ("a: *nobody\n", ["mine.yaml:1: not YAML"]),
        ("? [a, b]\n: 1\n", ["mine.yaml:1: a key must be a word"]),
        ("- a\n- b\n", ["mine.yaml: found a list, expected keys with values"]),
        ("just words\n", ["mine.yaml: found a str, expected keys"]),
        ("title: !!python/object/apply:os.getcwd []\n", ["mine.yaml:1: not YAML", "os.getcwd"]),
        ("extends: 3\n", ["mine.yaml:1: extends: found 3, expected a profile's name"]),
        ("\nextends: startre\n", ["mine.yaml:2: extends: no profile 'startre' (did you mean st"]),
        ("extends: mine\n", ["goes round in a circle"]),
        ("title: \x01\n", ["mine.yaml: not YAML"]),
    ],
    ids=lambda value: (
        value[:24].encode("unicode_escape").decode() if isinstance(value, str) else ""
    ),
)
def test_a_mistake_names_file_line_key_found_and_fitting(
    write: Write, text: str, says: list[str]
) -> None:
    said = refused(write(text))
    for part in says:
        assert part in said


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("obs: {password: 47112233}\n", "obs.password"),
        ("obs: {password: [47112233]}\n", "obs.password"),
        ("engines: {obs: {env: {OBS_WS_PASSWORD: 47112233}}}\n", "obs.env.OBS_WS_PASSWORD"),
    ],
)
def test_a_mistake_in_a_secret_does_not_repeat_it(write: Write, text: str, key: str) -> None:
    said = refused(write(text))
    assert f"{key}: found ***: expected str" in said
    assert "4711" not in said


def test_a_mistake_in_a_profile_below_is_placed_there(write: Write, tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text("\n\nasr: {threads: 0}\n")
    assert "middle.yaml:3: asr.threads" in refused(write("extends: middle\nasr: {language: de}\n"))


def test_what_is_no_text_and_what_is_too_much(write: Write, tmp_path: Path) -> None:
    path = write("")
    path.write_bytes(b"title: \xff\n")
    assert "mine.yaml: not UTF-8 at byte 7" in refused(path)
    path.write_bytes(b"#" * ((1 << 20) + 1))
    assert "too much for a profile" in refused(path)
    path.write_bytes(b"\xef\xbb\xbftitle: marked\n")
    assert load_profile(str(path), {}).profile.title == "marked"
    path.unlink()
    assert "no such profile file" in refused(path)
    assert "no such profile file" in refused(tmp_path / "sub" / "x.yaml")


def test_a_short_file_of_endless_aliases_is_refused_at_once(write: Write) -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "aliases written out" in refused(write("\n".join(lines)))


def test_two_that_extend_each_other(write: Write, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("extends: mine\n")
    assert "goes round in a circle by way of" in refused(write("extends: other\n"))


def test_a_name_that_is_none_says_which_there_are() -> None:
    said = refused("rehersal")
    assert "no profile 'rehersal' (did you mean rehearsal?)" in said
    assert "starter" in said


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ASR_FAKE_AUDIO", "perhaps", "found 'perhaps', expected 1 or 0"),
        ("ASR_FRAME_MS", "fast", "found 'fast', expected a number"),
        ("ASR_FRAME_MS", "25", "audio.frame_ms: found 25: expected one of: 10, 20, 30"),
        ("ASR_SILENCE_MS", "5", "audio.silence_ms: found 5"),
        ("ASR_SILENCE_MS", "1.5", "found 1.5"),
        ("POLICY_RETRY_BACKOFF", "nan", "expected a number"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(name: str, value: str, says: str) -> None:
    said = refused("starter", {name: value})
    assert f"environment variable {name}: " in said
    assert says in said


@pytest.mark.parametrize("word", ["1", "true", "YES", " on "])
def test_words_for_yes(word: str) -> None:
    assert load_profile("starter", {"ASR_FAKE_AUDIO": word}).profile.audio.fake is True


@pytest.mark.parametrize("word", ["0", "False", "no", "OFF"])
def test_words_for_no(word: str) -> None:
    loaded = load_profile("starter", {"POLICY_FAMILY_FRIENDLY": word})
    assert loaded.profile.persona.family_friendly is False
    assert "family" not in loaded.safety_files()


# -- switched off ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "off"),
    [
        ("", set()),
        (" , ,", set()),
        ("tts", {"tts"}),
        ("TTS_Worker, Asr", {"tts", "asr"}),
        ("policy_worker,metrics", {"policy", "metrics"}),
        ("GPUMonitor", {"metrics"}),
        ("twitch_ingest,avatar_controller,obs_controller", {"twitch", "avatar", "obs"}),
    ],
)
def test_pipeline_disable_takes_names_and_aliases_in_any_case(said: str, off: set[str]) -> None:
    loaded = load_profile("starter", {"PIPELINE_DISABLE": said})
    assert set(loaded.disabled) == off
    for engine in ENGINES:
        assert loaded.enabled(engine) == (
            engine not in off and engine not in ("echo", "guard", "obs")
        )


def test_pipeline_disable_keeps_the_word_that_was_used() -> None:
    assert load_profile("", {"PIPELINE_DISABLE": "TTS_Worker"}).disabled == {"tts": "TTS_Worker"}


def test_pipeline_disable_names_nobody() -> None:
    said = refused("starter", {"PIPELINE_DISABLE": "tts,polcy"})
    assert "PIPELINE_DISABLE: found 'polcy' (did you mean policy?)" in said


def test_every_alias_leads_to_an_engine() -> None:
    later = {"avatar", "twitch", "gateway", "telemetry"}
    assert set(ALIASES.values()) <= {*ENGINES, *later}


# -- what an engine gets -----------------------------------------------------------------------


def test_a_model_by_path_and_folders_are_absolute(write: Write, tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    text = "policy: {model: ./x.gguf}\naudio: {output_file: out.wav}\n"
    loaded = load_profile(str(write(text)), environ)
    assert loaded.engine_config("policy")["model"] == str(tmp_path / "x.gguf")
    config: dict[str, Any] = loaded.engine_config("audio")
    assert config["output_file"] == str(tmp_path / "out.wav")
    assert config["input_file"] == ""


def test_a_model_that_is_not_in_the_store_says_what_to_do(tmp_path: Path) -> None:
    environ = {"KITSU_MODELS_DIR": str(tmp_path), "LLM_MODEL_NAME": "smollm2-135m-instruct-q4_1"}
    with pytest.raises(ConfigError, match="policy.model: .*kitsu models pull"):
        load_profile("starter", environ).engine_config("policy")
    environ["LLM_MODEL_NAME"] = "smollm3"
    with pytest.raises(ConfigError, match="policy.model: .*smollm3"):
        load_profile("starter", environ).engine_config("policy")
