"""Other programs: there or not, and no address is shown that may hold a password."""

from __future__ import annotations

import socket

import pytest

from kitsu_tui.doctor import services
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.report import Finding


def look(**environ: str) -> Finding:
    found = services.of(services.SERVICES[0]).look(Context(environ=environ))
    assert isinstance(found, Finding)
    return found


def test_one_that_listens_and_one_that_does_not() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        assert look(OBS_WS_URL=url).found.startswith("reachable at 127.0.0.1")
    gone = look(OBS_WS_URL=url)
    assert (gone.status, gone.found.startswith("not reachable")) == ("ok", True)


@pytest.mark.parametrize("said", ["ws://[::1", "ws://h:99999", "ws://user:hunter2@h:port"])
def test_an_address_that_is_none(said: str) -> None:
    found = look(OBS_WS_URL=said)
    assert found.status == "warn"
    assert "hunter2" not in repr(found)


def test_a_port_that_is_taken() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        assert "is taken" in services.gateway(Context(environ={"ORCH_PORT": port})).found
    assert "is free" in services.gateway(Context(environ={"ORCH_PORT": port})).found
    assert services.gateway(Context(environ={"ORCH_PORT": "x"})).status == "warn"
