"""What an import brings along, seen from a fresh interpreter: the import rule, and quick starts.

import-linter keeps the same rule on the source (see pyproject.toml); this sees what really
happens, third parties included.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINES = sorted(
    path.parent.name
    for path in (ROOT / "engines").glob("*/engine.py")
    if path.parent.name not in ("wire", "harness")
)
HEAVY = {
    "av",
    "ctranslate2",
    "faster_whisper",
    "huggingface_hub",
    "llama_cpp",
    "numpy",
    "onnx",
    "onnxruntime",
    "piper",
    "sounddevice",
    "tokenizers",
    "torch",
    "webrtcvad",
    "xllamacpp",
}
PROBE = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*modules: str) -> set[str]:
    """Every module that is loaded after importing `modules` in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *modules],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def within(loaded: set[str], *packages: str) -> set[str]:
    """Those of `loaded` that lie in one of `packages`."""
    return {name for name in loaded if any(name == p or name.startswith(f"{p}.") for p in packages)}


def every_module_of(package: str) -> list[str]:
    """Names of all modules below `package`: a lazy corner that breaks the rule is found too."""
    folder = ROOT / package.replace(".", "/")
    return sorted(
        str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
        for path in folder.rglob("*.py")
        if path.name != "__main__.py"
    )


def test_the_wire_brings_nothing_of_ours_and_nothing_heavy() -> None:
    loaded = loaded_by(*every_module_of("engines.wire"))
    ours = within(loaded, "engines", "kitsu_tui") - within(loaded, "engines.wire") - {"engines"}
    assert ours == set()
    assert within(loaded, "textual", "rich", "typer", *HEAVY) == set()


def test_the_show_brings_no_engine_and_no_screen() -> None:
    loaded = loaded_by(*every_module_of("kitsu_tui.show"))
    engines = {name for name in within(loaded, "engines") if name.count(".")}
    assert engines - within(loaded, "engines.wire", "engines.platform") == set()
    assert within(loaded, "textual", "kitsu_tui.console", "kitsu_tui.cli", *HEAVY) == set()


def test_the_console_brings_nothing_of_the_show() -> None:
    loaded = loaded_by(*every_module_of("kitsu_tui.console"))
    assert within(loaded, "kitsu_tui.show", "engines.harness", *HEAVY) == set()


def test_the_model_is_pure() -> None:
    loaded = loaded_by(*every_module_of("kitsu_tui.model"))
    ours = within(loaded, "kitsu_tui", "engines")
    allowed = within(loaded, "kitsu_tui.model", "engines.wire") | {"kitsu_tui", "engines"}
    assert ours - allowed == set()
    assert within(loaded, "textual", "rich", *HEAVY) == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_loads_light_and_alone(engine: str) -> None:
    loaded = loaded_by(f"engines.{engine}.engine")
    others = {f"engines.{name}" for name in ENGINES if name != engine}
    assert within(loaded, "kitsu_tui", "textual", *others) == set()
    # Models and device libraries are loaded after the hello, in the backends that need them.
    assert within(loaded, *HEAVY) == set()


def test_the_command_line_starts_light() -> None:
    loaded = loaded_by("kitsu_tui.cli")
    assert within(loaded, "textual", "rich", "typer", "msgspec", "yaml", *HEAVY) == set()


def test_paths_bring_no_profiles() -> None:
    """`kitsu panic` finds its socket through these: milliseconds that somebody hears."""
    loaded = loaded_by("kitsu_tui.config.paths")
    assert within(loaded, "yaml", "msgspec", "textual", "rich") == set()
