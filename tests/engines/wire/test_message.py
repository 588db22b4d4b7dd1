"""Bodies: what fits passes both ways, what does not is told by its field."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import pytest

import engines.wire
from engines.wire import audio, common, echo, policy, tts
from engines.wire.message import BadBody, EventKind, RequestKind, Traffic


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        (echo.ECHO, b"{}", "echo.say: Object missing required field `text`"),
        (echo.ECHO, b'{"text":3}', "$.text"),
        (echo.ECHO, b"[]", "Expected `object`"),
        (echo.ECHO, b'{"text":"\xff"}', "utf-8"),
        (echo.COUNT, b'{"n":-1}', "$.n"),
        (echo.COUNT, b'{"n":5,"pause_ms":-3}', "$.pause_ms"),
        (common.STATUS, b'{"state":"splendid"}', "$.state"),
        (common.CREDIT, b'{"n":"many"}', "credit: Expected `int`, got `str` - at `$.n`"),
    ],
)
def test_a_body_that_does_not_fit_names_kind_and_field(kind: Any, data: bytes, says: str) -> None:
    with pytest.raises(BadBody) as bad:
        kind.decode(data)
    assert str(bad.value).startswith(kind.name + ": ")
    assert says in str(bad.value)


def test_a_result_that_does_not_fit_says_so_too() -> None:
    with pytest.raises(BadBody, match="echo.count result: .*sent"):
        echo.COUNT.decode_result(b"{}")


def test_a_body_nested_without_end_is_bad_and_not_a_crash() -> None:
    for depth in range(960, 1000):  # the frame's own check may just have let it pass
        try:
            echo.ECHO.decode(b'{"text":"","more":' + b"[" * depth + b"]" * depth + b"}")
        except BadBody:
            return
    with pytest.raises(BadBody):
        echo.ECHO.decode(b'{"text":"","more":' + b"[" * 50_000 + b"]" * 50_000 + b"}")


def test_unknown_fields_are_ignored() -> None:
    assert echo.ECHO.decode(b'{"text":"hi","tone":"warm"}').text == "hi"


def test_what_is_encoded_is_decoded() -> None:
    body = echo.Count(n=3, pause_ms=1.5)
    assert echo.COUNT.decode(echo.COUNT.encode(body)) == body
    result = echo.Counted(sent=3)
    assert echo.COUNT.decode_result(echo.COUNT.encode_result(result)) == result


def declared() -> list[EventKind[Any] | RequestKind[Any, Any]]:
    kinds: dict[int, EventKind[Any] | RequestKind[Any, Any]] = {}
    for module in pkgutil.iter_modules(engines.wire.__path__):
        found = import_module(f"engines.wire.{module.name}")
        for value in vars(found).values():
            if isinstance(value, (EventKind, RequestKind)):
                kinds[id(value)] = value
    return list(kinds.values())


def test_names_are_unique_on_the_whole_wire() -> None:
    names = [kind.name for kind in declared()]
    assert len(names) > 20
    assert sorted(names) == sorted(set(names))


def test_every_request_knows_its_events_by_different_names() -> None:
    for kind in declared():
        if isinstance(kind, RequestKind):
            names = [event.name for event in (*kind.events, *kind.feeds)]
            assert len(names) == len(set(names)), kind
            assert "credit" not in names


def test_levels_partials_and_figures_are_latest_wins() -> None:
    latest = {
        k.name for k in declared() if isinstance(k, EventKind) and k.traffic is Traffic.LATEST
    }
    assert {"figures", "audio.levels", "asr.partial", "metrics.host"} <= latest
    assert audio.REQUESTS
    assert policy.REQUESTS
    assert tts.REQUESTS
