"""Log lines: one JSON object each, nothing secret in them; and how foreign lines are read."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import Any

import pytest

from engines.wire.logline import (
    MAX_MESSAGE,
    JsonFormatter,
    Masker,
    configure,
    parse,
    stamp,
)

NOW = 1_700_000_000.25
SECRETS = {
    "OBS_WS_PASSWORD": 'quo"ted\\pass',
    "TWITCH_OAUTH_TOKEN": "oauth:abcdef",
    "TELEMETRY_API_KEY": "key-" + "9" * 20,
    "VTS_AUTH_TOKEN": 'schlüs"sel\\',
    "TWITCH_CLIENT_SECRET": "oauth:abcdef-longer",
    "DEVICE_KEY": "12345678",
}


def line(mask: Masker | None = None, **extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord(
        {"name": "engines.tts", "levelname": "WARNING", "msg": "x", "created": NOW} | extra
    )
    said: dict[str, Any] = json.loads(JsonFormatter("tts", mask or Masker({})).format(record))
    return said


def test_the_fields_of_a_line() -> None:
    said = line(msg="took %d ms", args=(12,), voice="joe", took=1.5, names=["a"], about=None)
    assert said == {
        "ts": "2023-11-14T22:13:20.250Z",
        "service": "tts",
        "logger": "engines.tts",
        "level": "warning",
        "message": "took 12 ms",
        "voice": "joe",
        "took": 1.5,
        "names": ["a"],
        "about": None,
    }


def test_extras_do_not_take_the_place_of_fields() -> None:
    assert line(level="info", service="other")["service"] == "tts"


def test_odd_extras_are_written_as_text() -> None:
    said = line(thing=object(), deep={"a": {1, 2}}, number=float("nan"))
    assert said["thing"].startswith("<object")
    assert said["number"] is None


def test_an_exception_is_one_field_of_one_line() -> None:
    try:
        raise ValueError("oh\nno")
    except ValueError:
        said = line(exc_info=sys.exc_info())
    assert "ValueError: oh\nno" in said["exception"]


def test_bytes_that_are_no_utf_8_do_not_lose_the_line() -> None:
    assert line(msg="file \udcff.wav")["message"] == "file \udcff.wav"


def test_a_long_message_is_cut() -> None:
    assert len(line(msg="x" * (MAX_MESSAGE * 2))["message"]) == MAX_MESSAGE


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_wherever_it_stands(name: str) -> None:
    secret = SECRETS[name]
    mask = Masker(SECRETS)
    try:
        raise ValueError(f"bad {secret}!")
    except ValueError:
        said = line(
            mask,
            msg="with %s!",
            args=(secret,),
            url=f"ws://x/{secret}!",
            nested={"auth": [secret]},
            exc_info=sys.exc_info(),
        )
    text = json.dumps(said, ensure_ascii=False)
    assert secret not in text
    assert json.dumps(secret)[1:-1] not in text
    assert said["message"] == "with ***!"
    assert said["url"] == "ws://x/***!"
    assert said["nested"] == {"auth": ["***"]}
    assert "bad ***!" in said["exception"]


def test_a_number_that_is_a_secret_is_masked_and_the_line_stays_json() -> None:
    assert line(Masker(SECRETS), code=12345678)["code"] == "***"


def test_of_two_secrets_one_within_the_other_nothing_is_left() -> None:
    assert Masker(SECRETS)("see oauth:abcdef-longer and oauth:abcdef.") == "see *** and ***."


def test_ordinary_variables_and_short_values_are_not_masked() -> None:
    mask = Masker({"HOME": "/home/kitsu", "MY_TOKEN": "abc", "TOKENS": "not a secret"})
    assert mask("abc /home/kitsu not a secret") == "abc /home/kitsu not a secret"
    mask.add("later-known")
    assert mask("a later-known thing") == "a *** thing"


def test_configure_takes_the_level_and_says_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    try:
        monkeypatch.setenv("KITSU_LOG_LEVEL", "warning")
        configure("echo", stream=stream)
        configure("echo", stream=stream)
        logging.getLogger("a").info("quiet")
        logging.getLogger("a").warning("loud")
        monkeypatch.setenv("KITSU_LOG_LEVEL", "nonsense")
        configure("echo", stream=stream)
        logging.getLogger("a").info("info again")
        stream.close()
        logging.getLogger("a").warning("into a closed stream: no traceback, no exception")
    except ValueError:  # pragma: no cover
        pytest.fail("a closed stream raised")
    finally:
        root.handlers[:], logging.raiseExceptions = before, raising
        root.setLevel(level)


def test_configured_lines_are_json_and_one_each() -> None:
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    try:
        configure("echo", level="INFO", stream=stream)
        logging.getLogger("a").info("one\ntwo")
        logging.getLogger("a").debug("no")
    finally:
        root.handlers[:], logging.raiseExceptions = before, raising
        root.setLevel(level)
    [text] = stream.getvalue().splitlines()
    assert json.loads(text)["message"] == "one\ntwo"


@pytest.mark.parametrize(
    ("raw", "level", "message"),
    [
        (b"just words", "info", "just words"),
        (b"warning: slow", "warning", "warning: slow"),
        (b"lib.py:3: UserWarning: old", "warning", "lib.py:3: UserWarning: old"),
        (b"Traceback (most recent call last):", "error", "Traceback (most recent call last):"),
        (b"ValueError: no", "error", "ValueError: no"),
        (b"FATAL could not", "error", "FATAL could not"),
        (b"\xff\x00 binary", "info", "\\xff\x00 binary"),
        (b'{"not":"ours"}', "info", '{"not":"ours"}'),
        (b'{"ts":', "info", '{"ts":'),
    ],
)
def test_a_foreign_line_becomes_a_message(raw: bytes, level: str, message: str) -> None:
    found = parse(raw, "tts", NOW)
    assert (found.level, found.message) == (level, message)
    assert (found.service, found.logger, found.ts) == ("tts", "stderr", stamp(NOW))


def test_a_line_of_ours_is_read_as_it_was_written() -> None:
    record = logging.makeLogRecord(
        {"name": "engines.tts", "levelname": "ERROR", "msg": "no voice", "created": NOW}
    )
    raw = JsonFormatter("tts", Masker({})).format(record).encode()
    found = parse(raw, "someone", 0.0)
    assert (found.service, found.logger, found.level, found.message) == (
        "tts",
        "engines.tts",
        "error",
        "no voice",
    )


def test_a_foreign_line_is_cut() -> None:
    assert len(parse(b"x" * 100_000, "tts", NOW).message) == MAX_MESSAGE
