"""What another profile means for a show that runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from engines.wire import control
from kitsu_tui.config import ENGINES, ConfigError, Loaded, load_profile
from kitsu_tui.config.difference import AT_ONCE, LATER, check, plan, values
from kitsu_tui.config.errors import MissingError
from kitsu_tui.config.models import ModelStore
from kitsu_tui.config.schema import Profile

Load = Callable[..., Loaded]
LONG = "x" * 300
"""A name that no file can have."""
TOP = [
    "title",
    "live",
    "show",
    "persona",
    "conversation",
    "safety",
    "console",
    "scenes",
    "operator",
    "engines",
]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starter_models: ModelStore) -> Load:
    """Loads a profile from its text; without one, what it stands on. No `.env` is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kitsu_tui.config.profile.env.with_dotenv", lambda e, folders: dict(e))
    home = {"HOME": os.environ.get("HOME", ""), "KITSU_MODELS_DIR": str(starter_models.root)}

    def load(text: str = "", name: str = "mine", **environ: str) -> Loaded:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text or "{}\n")
        return load_profile(str(path), home | environ)

    return load


def short(made: control.Plan) -> dict[str, object]:
    """What a plan says, without what it does not say."""
    said = msgspec.to_builtins(made)
    changes = {c.key: (c.before, c.after) for c in made.changes}
    del said["profile"], said["before"], said["changes"]
    return {key: value for key, value in said.items() if value} | {"changes": changes}


def test_no_difference(load: Load) -> None:
    made = plan(load(), load(name="other"))
    assert (made.before, made.profile) == ("mine", "other")
    assert short(made) == {"changes": {}}


@pytest.mark.parametrize(
    ("text", "key", "comes_to"),
    [
        ("title: Hi", "title", {"at_once": ["title"]}),
        ("live: true", "live", {"at_once": ["goes live"]}),
        ("persona: {file: /x/her.yaml}", "persona.file", {"at_once": ["persona"]}),
        ("persona: {preset: calm}", "persona.preset", {"at_once": ["preset"]}),
        ("scenes: {hold_s: 5}", "scenes.hold_s", {"at_once": ["scenes"]}),
        ("operator: {no_key_m: 5}", "operator.no_key_m", {"at_once": ["operator"]}),
        ("console: {keys: {skip: [x]}}", "console.keys.skip", {"at_once": ["keys"]}),
        ("console: {layout: focus}", "console.layout", {"at_once": ["layout"]}),
        ("safety: {files: [family]}", "safety.files", {"at_once": ["safety rules"]}),
        (
            "conversation: {speak_timeout_s: 5}",
            "conversation.speak_timeout_s",
            {"at_once": ["conversation"]},
        ),
        ("show: {log_days: 3}", "show.log_days", {"later": ["show.log_days"]}),
        ("tts: {speed: 1.5}", "tts.speed", {"at_once": ["voice"], "reconfigured": ["tts"]}),
        ("tts: {cache_mb: 5}", "tts.cache_mb", {"reconfigured": ["tts"]}),
        ("tts: {threads: 1}", "tts.threads", {"restarts": ["tts"]}),
        ("policy: {temperature: 0}", "policy.temperature", {"reconfigured": ["policy"]}),
        ("policy: {timeout_s: 5}", "policy.timeout_s", {"restarts": ["policy"]}),
        ("audio: {silence_ms: 400}", "audio.silence_ms", {"reconfigured": ["audio"]}),
        ("audio: {frame_ms: 10}", "audio.frame_ms", {"restarts": ["audio"]}),
        ("engines: {asr: {nice: 1}}", "engines.asr.nice", {"restarts": ["asr"]}),
        ("engines: {asr: {command: [ssh]}}", "engines.asr.command", {"restarts": ["asr"]}),
        ("engines: {asr: {needs: [tts]}}", "engines.asr.needs", {"restarts": ["asr"]}),
        ("engines: {asr: {load_s: 9}}", "engines.asr.load_s", {"restarts": ["asr"]}),
        ("engines: {asr: {progress_s: 9}}", "engines.asr.progress_s", {"restarts": ["asr"]}),
        ("engines: {asr: {env: {A: b}}}", "engines.asr.env.A", {"restarts": ["asr"]}),
        ("engines: {echo: {enabled: true}}", "engines.echo.enabled", {"starts": ["echo"]}),
        ("engines: {asr: {enabled: false}}", "engines.asr.enabled", {"stops": ["asr"]}),
        ("obs: {brb_scene: Away}", "obs.brb_scene", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_key(load: Load, text: str, key: str, comes_to: dict[str, object]) -> None:
    found = short(plan(load(), load(text)))
    assert list(found.pop("changes")) == [key]  # type: ignore[call-overload]
    assert found == comes_to


def test_and_back(load: Load) -> None:
    made = plan(load("live: true\nconsole: {keys: {skip: [x]}}"), load(name="other"))
    assert made.at_once == ["no longer live", "keys"]
    assert short(made)["changes"] == {"live": (True, False), "console.keys.skip": (["x"], None)}


def test_an_engine_that_is_off_in_both_is_left_alone(load: Load) -> None:
    found = short(plan(load(), load("obs: {request_s: 3}\nengines: {obs: {nice: 3}}")))
    assert set(found) == {"changes"}


def test_live_keys_and_others_together_are_one_restart(load: Load) -> None:
    found = short(plan(load(), load("tts: {speed: 1.5, threads: 1}")))
    assert found["restarts"] == ["tts"]
    assert "reconfigured" not in found
    assert "at_once" not in found


def test_every_key_comes_to_something() -> None:
    """A key that is new to the schema must be given its place here."""
    begins = [begin for begin, _ in AT_ONCE] + [LATER, "live", "engines."]
    begins += [f"{name}." for name in ENGINES]
    profile = Profile()
    empty = [f"{section}.x" for section in ("console.keys", "scenes.moods", "scenes.events")]
    loaded = Loaded("x", profile, {}, Path(), {})
    for key in [*values(loaded), *empty]:
        assert any(key.startswith(begin) for begin in begins), key
    assert set(profile.__struct_fields__) == {*TOP, *ENGINES}


# -- what is resolved ---------------------------------------------------------------------------


def test_pipeline_disable_starts_and_stops(load: Load) -> None:
    found = short(plan(load(), load(PIPELINE_DISABLE="asr")))
    assert found == {"changes": {}, "stops": ["asr"]}
    assert short(plan(load(PIPELINE_DISABLE="asr"), load()))["starts"] == ["asr"]


def test_the_same_name_may_be_another_file(load: Load, starter_models: ModelStore) -> None:
    before = load()
    made = plan(before, load(TTS_CACHE_DIR="elsewhere"))
    assert made.restarts == ["tts"]
    assert [change.key for change in made.changes] == ["tts.cache_dir"]
    voice = starter_models.path("piper-en_US-joe-medium")
    same = plan(before, load(f"tts: {{model: {voice}}}"))
    assert not same.restarts  # the name of the store and its path are one
    assert [change.key for change in same.changes] == ["tts.model"]


def test_a_model_that_went_since_is_no_reason_to_begin_anew(load: Load, tmp_path: Path) -> None:
    before, after = load(), load("tts: {speed: 1.5}")
    before.environ = {**before.environ, "KITSU_MODELS_DIR": str(tmp_path)}
    assert plan(before, after).reconfigured == ["tts"]


def test_a_missing_model_is_an_error_for_an_engine_that_is_started_and_for_no_other(
    load: Load, tmp_path: Path
) -> None:
    where = {"KITSU_MODELS_DIR": str(tmp_path / "none")}
    with pytest.raises(MissingError, match="kitsu models pull"):
        plan(load(), load(**where))
    with pytest.raises(MissingError, match=r"base.yaml:\d+: asr.model: .*kitsu models pull"):
        check(load(**where))
    off = "engines: {asr: {enabled: false}, policy: {enabled: false}, tts: {enabled: false}}"
    made = load(off, **where)
    assert check(made) == []
    assert plan(load(), made).stops == ["asr", "policy", "tts"]


# -- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "hunter22", ("(not set)", "(set)")),
        ("hunter22", "", ("(set)", "(not set)")),
        ("hunter22", "hunter23", ("(set)", "(changed)")),
    ],
)
def test_a_secret_is_never_told(load: Load, before: str, after: str, told: tuple[str, str]) -> None:
    def profile(secret: str) -> Loaded:
        text = (
            f"obs: {{password: '{secret}'}}\n"
            f"engines: {{tts: {{env: {{X_API_KEY: '{secret}', PLAIN: p{secret}}},\n"
            f"  command: [env, 'A={secret}', kitsu]}}}}\n"
        )
        return load(text)

    made = plan(profile(before), profile(after))
    found = {change.key: (change.before, change.after) for change in made.changes}
    assert found["obs.password"] == found["engines.tts.env.X_API_KEY"] == told
    assert "engines.tts.command" in found
    assert "hunter" not in msgspec.json.encode(made).decode()
    assert made.restarts == ["tts"]


def test_a_secret_of_the_environment_is_masked_wherever_it_stands(load: Load) -> None:
    made = plan(load(), load("title: it is hunter22", OBS_WS_PASSWORD="hunter22"))
    assert "hunter" not in msgspec.json.encode(made).decode()
    assert {c.key: c.after for c in made.changes} == {
        "title": "it is ***",
        "obs.password": "(set)",
    }


# -- problems -----------------------------------------------------------------------------------

OBS = "engines: {obs: {enabled: true}}\n"


def test_scenes_that_obs_does_not_have(load: Load) -> None:
    text = OBS + (
        "scenes: {moods: {happy: Close up, sad: Main}, events: {quiet: Idle}}\n"
        "obs: {brb_scene: brb, scenes: [Main, Mian]}\n"
    )
    made = plan(load(OBS), load(text), scenes=["Main", "Close-up", "BRB"])
    assert made.problems == [
        "scenes.moods.happy: OBS has no scene 'Close up' (did you mean Close-up?)",
        "scenes.events.quiet: OBS has no scene 'Idle'",
        "obs.brb_scene: OBS has no scene 'brb' (did you mean BRB?)",
        "obs.scenes.1: OBS has no scene 'Mian' (did you mean Main?)",
    ]
    assert plan(load(OBS), load(text), scenes=None).problems == []
    elsewhere = load(text.replace("{brb", "{url: 'ws://other:4455', brb"))
    assert plan(load(OBS), elsewhere, scenes=["Main"]).problems == []


def test_scenes_without_obs(load: Load) -> None:
    text = "scenes: {moods: {happy: Main}}\noperator: {when_gone: brb}\n"
    assert plan(load(), load(text), scenes=[]).problems == [
        "scenes are named (scenes.moods.happy), but obs is off",
        "operator.when_gone is brb, but obs is off: it would do nothing",
    ]


def test_a_profile_that_takes_obs_from_panic_says_so(load: Load) -> None:
    words = "obs is off: panic does not reach OBS any more, it goes on as it is"
    assert plan(load(OBS), load(), scenes=["Main"]).problems == [words]
    assert plan(load(), load(), scenes=None).problems == []


# -- check --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("persona: {file: kitzu}", r"mine.yaml:1: persona.file: found 'kitzu', .*mean kitsu\?"),
        ("persona: {preset: chaotik}", r"mine.yaml:1: persona.preset: .*mean chaotic\?"),
        ("safety: {files: [famly]}", r"mine.yaml:1: safety: no rule file .*famly.*mean family\?"),
        ("safety: {folder: /nowhere}", r"mine.yaml:1: safety.folder: found .*no rule files in /no"),
        ("safety: {folder: ~nobody9}", r"safety.folder: found '~nobody9', .*no rule files in /"),
        (f"safety: {{folder: {LONG}}}", r"mine.yaml:1: safety.folder: found 'xxx"),
        (f"safety: {{files: [{LONG}]}}", r"mine.yaml:1: safety: no rule file .*base, family"),
        (f"persona: {{file: {LONG}}}", r"mine.yaml:1: persona.file: found 'xxx"),
        ("persona: {file: ~nobody9/her.yaml}", r"mine.yaml:1: persona.file: found '~nobody9/her"),
        (f"tts: {{model: {LONG}}}", r"mine.yaml:1: tts.model: no model is called 'xxx"),
        ("tts: {model: ~nobody9/x.onnx}", r"mine.yaml:1: tts.model: found .*there is no /.*~no"),
        ("tts: {model: /nowhere.onnx}", r"mine.yaml:1: tts.model: found .*there is no /nowhere"),
        ("asr: {model: wisper-tiny.en}", r"mine.yaml:1: asr.model: no model .*mean whisper-tiny"),
    ],
)
def test_what_is_named_and_is_not_there(load: Load, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refusal:
        check(load(text))
    assert "\n" not in str(refusal.value)
    assert isinstance(refusal.value, MissingError) == ("there is no /" in says)


def test_a_guards_model_is_a_name_of_its_server(load: Load) -> None:
    assert check(load("guard: {model: 'some-guard:1b'}\nengines: {guard: {enabled: true}}")) == []


def test_a_broken_persona_is_named(load: Load, tmp_path: Path) -> None:
    (tmp_path / "her.yaml").write_text("name: Her\nsystem: {}\n")
    with pytest.raises(ConfigError, match="her.yaml"):
        check(load(f"persona: {{file: {tmp_path / 'her.yaml'}}}"))


def test_an_engine_elsewhere_may_have_its_model_there(load: Load) -> None:
    assert check(load("tts: {model: /there.onnx}\nengines: {tts: {command: [ssh, box]}}")) == []


def test_moods_that_the_persona_does_not_have(load: Load) -> None:
    [said] = check(load("scenes: {moods: {hapy: Main, happy: Main}}"))
    assert said.startswith("scenes.moods: ")
    assert said.endswith("has no mood 'hapy' (did you mean happy?)")


@pytest.mark.parametrize("name", ["starter", "rehearsal", "live"])
def test_the_profiles_that_come_with_it_pass(name: str, load: Load) -> None:
    assert check(load_profile(name, load().environ)) == []
