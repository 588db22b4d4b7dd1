from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engines.tts.cache import Cache, key
from engines.wire.tts import Viseme

VISEMES = [Viseme(0.0, "rest", 1.0), Viseme(12.5, "aa", 0.5)]


def put(cache: Cache, name: str, pcm: bytes = b"\x01\x00" * 500) -> None:
    cache.put(
        name,
        pcm,
        VISEMES,
        voice="joe",
        backend="piper",
        rate=22050,
        latency_ms=12.34,
        phonemes="haɪ",
    )


def make(folder: Path, limit: int = 1_000_000) -> Cache:
    cache = Cache(folder, limit)
    cache.open()
    return cache


def name(text: str) -> str:
    return key("joe:1:2", "piper", 0, text)


def test_what_is_put_is_got(tmp_path: Path) -> None:
    cache = make(tmp_path / "a" / "b")
    assert cache.get(name("hi")) is None
    put(cache, name("hi"))
    found = cache.get(name("hi"))
    assert found is not None
    assert found.pcm == b"\x01\x00" * 500
    assert found.meta.visemes == VISEMES
    assert not list(tmp_path.rglob("*.tmp"))


def test_metadata_tells_voice_backend_latency_and_visemes_but_not_the_text(tmp_path: Path) -> None:
    cache = make(tmp_path)
    put(cache, name("a secret"))
    meta = json.loads((tmp_path / f"{name('a secret')}.json").read_text())
    assert meta["voice"] == "joe"
    assert meta["backend"] == "piper"
    assert meta["rate"] == 22050
    assert meta["samples"] == 500
    assert meta["latency_ms"] == 12.3
    assert meta["visemes"] == [[0.0, "rest", 1.0], [12.5, "aa", 0.5]]
    assert "secret" not in json.dumps(meta)


def test_every_part_of_the_key_counts() -> None:
    keys = {
        key("joe", "piper", 0, "hi"),
        key("jim", "piper", 0, "hi"),
        key("joe", "coqui", 0, "hi"),
        key("joe", "piper", 1, "hi"),
        key("joe", "piper", 0, "ho"),
    }
    assert len(keys) == 5


@pytest.mark.parametrize("harm", ["cut", "changed", "no pcm", "not json", "other format"])
def test_a_broken_entry_is_removed_and_can_be_made_again(
    tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = make(tmp_path)
    put(cache, name("hi"))
    pcm, meta = tmp_path / f"{name('hi')}.pcm", tmp_path / f"{name('hi')}.json"
    if harm == "cut":
        pcm.write_bytes(pcm.read_bytes()[:-100])
    elif harm == "changed":
        pcm.write_bytes(b"\x02" + pcm.read_bytes()[1:])
    elif harm == "no pcm":
        pcm.unlink()
    elif harm == "not json":
        meta.write_bytes(meta.read_bytes()[:20])
    else:
        meta.write_bytes(meta.read_bytes().replace(b'"format":2', b'"format":9'))
    assert cache.get(name("hi")) is None
    assert "broken" in caplog.text
    assert not list(tmp_path.iterdir())
    put(cache, name("hi"))
    assert cache.get(name("hi")) is not None


def test_the_least_recently_used_leaves_first(tmp_path: Path) -> None:
    cache = make(tmp_path, limit=4500)
    for number, text in enumerate(("one", "two", "three")):
        put(cache, name(text))
        for suffix in ("json", "pcm"):
            os.utime(tmp_path / f"{name(text)}.{suffix}", (1000 + number, 1000 + number))
    assert cache.get(name("one")) is not None  # used now: "two" is the oldest
    put(cache, name("four"))
    assert cache.get(name("two")) is None
    assert cache.get(name("one")) is not None
    assert cache.get(name("four")) is not None
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4500


def test_a_full_folder_of_an_earlier_run_is_brought_within_the_bound(tmp_path: Path) -> None:
    cache = make(tmp_path)
    for number in range(10):
        put(cache, name(str(number)))
    make(tmp_path, limit=3000)
    assert 0 < sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000


def test_a_line_larger_than_the_bound_and_no_bound_at_all(tmp_path: Path) -> None:
    put(make(tmp_path, limit=100), name("hi"))
    off = Cache(tmp_path / "off", 0)
    off.open()
    put(off, name("hi"))
    assert off.get(name("hi")) is None
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_used_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = make(tmp_path / "file" / "cache")
    put(cache, name("hi"))
    put(cache, name("ho"))
    assert cache.get(name("hi")) is None
    assert caplog.text.count("are not cached") == 1


def test_two_engines_share_a_folder(tmp_path: Path) -> None:
    one, two = make(tmp_path), make(tmp_path)
    put(one, name("hi"))
    put(two, name("hi"), b"\x05\x00" * 500)  # made at the same time, sounds a little different
    for cache in (one, two):
        found = cache.get(name("hi"))
        assert found is not None
        assert found.pcm == b"\x01\x00" * 500


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.json").write_text("mine")
    cache = make(tmp_path, limit=2000)
    for number in range(5):
        put(cache, name(str(number)))
    assert (tmp_path / "README.json").read_text() == "mine"
