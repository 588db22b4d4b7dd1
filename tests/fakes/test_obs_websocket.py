"""The double of obs-websocket, held against obsws-python and against a real OBS."""

from __future__ import annotations

import gc
import json
import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kitsu_tui.bench.obs_lab import ObsLab
from kitsu_tui.obsws import ObsClient, ObsRefused, ObsTrouble
from tests.fakes.obs_strangers import KINDS, stranger
from tests.fakes.obs_websocket import FakeObs
from tests.fakes.websocket import frame
from tests.support import obs

OLDER, SAME, NEWER = (5, 0, 1), (5, 1, 0), (5, 7, 3)
PASSWORD = "right one"

QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("GetSceneList", {}),
    ("GetGroupList", {}),
    ("GetCurrentProgramScene", {}),
    ("GetCurrentPreviewScene", {}),
    ("GetStudioModeEnabled", {}),
    ("GetVideoSettings", {}),
    ("GetSpecialInputs", {}),
    ("GetStats", {}),
    ("GetStreamStatus", {}),
    ("GetRecordStatus", {}),
    ("GetReplayBufferStatus", {}),
    ("GetVirtualCamStatus", {}),
    ("GetCurrentSceneTransition", {}),
    ("GetSceneTransitionList", {}),
    ("GetSceneSceneTransitionOverride", {"sceneName": "BRB"}),
    ("SetCurrentSceneTransition", {"transitionName": "Fade"}),
    ("GetCurrentSceneTransition", {}),
    ("SetCurrentSceneTransitionDuration", {"transitionDuration": 200}),
    ("SetCurrentSceneTransitionDuration", {"transitionDuration": 20}),
    ("SetCurrentSceneTransition", {"transitionName": "Nope"}),
    ("SetCurrentSceneTransition", {"transitionName": "Cut"}),
    ("SetCurrentProgramScene", {"sceneName": "BRB"}),
    ("SetCurrentProgramScene", {"sceneName": "brb"}),
    ("SetCurrentProgramScene", {}),
    ("SetCurrentProgramScene", {"sceneName": 5}),
    ("SetCurrentProgramScene", {"sceneName": "Stage"}),
    ("TriggerStudioModeTransition", {}),
    ("SetStudioModeEnabled", {"studioModeEnabled": True}),
    ("GetCurrentPreviewScene", {}),
    ("SetCurrentPreviewScene", {"sceneName": "Main"}),
    ("SetCurrentProgramScene", {"sceneName": "Ending"}),
    ("GetCurrentPreviewScene", {}),
    ("TriggerStudioModeTransition", {}),
    ("GetSceneList", {}),
    ("GetInputMute", {"inputName": "Mic"}),
    ("SetInputMute", {"inputName": "Mic", "inputMuted": True}),
    ("SetInputMute", {"inputName": "Mic", "inputMuted": "yes"}),
    ("ToggleInputMute", {"inputName": "Mic"}),
    ("GetInputMute", {"inputName": "x"}),
    ("GetInputMute", {"inputName": "Main"}),
    ("GetInputMute", {"inputName": "Caption"}),
    ("SetInputMute", {"inputName": "Mic"}),
    ("GetInputVolume", {"inputName": "Mic"}),
    ("SetInputVolume", {"inputName": "Mic", "inputVolumeDb": -10}),
    ("GetInputVolume", {"inputName": "Mic"}),
    ("SetInputVolume", {"inputName": "Mic", "inputVolumeDb": -200}),
    ("SetInputVolume", {"inputName": "Mic"}),
    ("SetInputSettings", {"inputName": "Caption", "inputSettings": {"text": "x"}}),
    ("GetInputSettings", {"inputName": "Caption"}),
    ("GetSourceFilterList", {"sourceName": "Main"}),
    ("GetSourceFilterList", {"sourceName": "BRB"}),
    ("GetSourceFilterList", {"sourceName": "x"}),
    ("GetSourceFilter", {"sourceName": "Main", "filterName": "Panic"}),
    ("GetSourceFilter", {"sourceName": "Main", "filterName": "x"}),
    (
        "SetSourceFilterEnabled",
        {"sourceName": "Main", "filterName": "Panic", "filterEnabled": True},
    ),
    ("GetSceneItemList", {"sceneName": "Main"}),
    ("GetSceneItemList", {"sceneName": "x"}),
    ("GetSceneItemId", {"sceneName": "Main", "sourceName": "Avatar"}),
    ("GetSceneItemEnabled", {"sceneName": "Main", "sceneItemId": 5}),
    (
        "SetSceneItemEnabled",
        {"sceneName": "Main", "sceneItemId": 5, "sceneItemEnabled": True},
    ),
    (
        "SetSceneItemEnabled",
        {"sceneName": "Main", "sceneItemId": 99, "sceneItemEnabled": True},
    ),
    ("Nonsense", {}),
    ("GetSourceFilterKindList", {}),
    ("StopRecord", {}),
    ("SaveReplayBuffer", {}),
    ("StopReplayBuffer", {}),
    ("CreateScene", {"sceneName": "New"}),
    ("CreateScene", {"sceneName": "New"}),
    ("SetSceneName", {"sceneName": "New", "newSceneName": "Main"}),
    ("SetSceneName", {"sceneName": "New", "newSceneName": "Newer"}),
    ("SetInputName", {"inputName": "Mic", "newInputName": "Microphone"}),
    ("SetInputName", {"inputName": "Desktop", "newInputName": "Main"}),
    ("RemoveScene", {"sceneName": "Newer"}),
]
LIVELY = {"GetStats", "GetSceneItemList", "GetInputSettings"}
"""Their figures and settings differ from machine to machine: the shape is compared."""


@pytest.fixture(scope="module")
def lab() -> Iterator[ObsLab]:
    with obs.lab() as made:
        yield made


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _shape(v) for k, v in value.items() if k != "sceneItemTransform"}
    if isinstance(value, list):
        return [_shape(v) for v in value]
    return "number" if isinstance(value, int | float) else type(value).__name__


def _rounded(value: Any) -> Any:
    """OBS reckons volumes in single precision."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return round(value, 6) if isinstance(value, float) else value


def _heard(client: ObsClient, told: list[tuple[str, Any]]) -> list[Any]:
    """Every answer, and every event that came with it."""
    heard: list[Any] = []
    for kind, data in QUESTIONS:
        told.clear()
        try:
            answer: Any = _rounded(client.request(kind, **data))
            if kind in LIVELY:
                answer = _shape(answer)
        except ObsRefused as no:
            answer = str(no)
        if not kind.startswith("Get"):
            time.sleep(0.1)  # a frame and its events
        events = sorted(
            json.dumps((name, _rounded(event)), sort_keys=True)
            for name, event in told
            if "Media" not in name
        )
        heard.append((kind, data, answer, events))
    return heard


def test_it_answers_what_a_real_obs_answers(lab: ObsLab) -> None:
    told: list[tuple[str, Any]] = []
    with lab.client(lambda name, data, at: told.append((name, data))) as real:
        wanted = _heard(real, told)
    told = []
    with (
        FakeObs(version=SAME, password=PASSWORD) as fake,
        ObsClient(
            fake.url, PASSWORD, on_event=lambda name, data, at: told.append((name, data))
        ) as double,
    ):
        got = _heard(double, told)
    for theirs, ours in zip(wanted, got, strict=True):
        assert ours == theirs


def test_it_lists_only_what_the_real_one_of_its_version_has(lab: ObsLab) -> None:
    with lab.client() as real, FakeObs(version=SAME) as fake, ObsClient(fake.url) as double:
        theirs = set(real.request("GetVersion")["availableRequests"])
        ours = set(double.request("GetVersion")["availableRequests"])
    assert ours <= theirs
    assert len(ours) > 40


@pytest.mark.parametrize("version", [OLDER, SAME, NEWER])
def test_obsws_python_drives_it(version: tuple[int, int, int]) -> None:
    import obsws_python

    logging.getLogger("obsws_python").setLevel(logging.WARNING)
    with FakeObs(version=version, password=PASSWORD, extras=version == NEWER) as fake:
        where = {"host": "127.0.0.1", "port": fake.port, "password": PASSWORD, "timeout": 3}
        told: list[str] = []
        with (
            obsws_python.ReqClient(**where) as client,
            obsws_python.EventClient(**where) as events,
        ):

            def on_current_program_scene_changed(data: Any) -> None:
                told.append(data.scene_name)

            events.callback.register(on_current_program_scene_changed)
            client.set_current_program_scene("BRB")
            assert client.get_current_program_scene().current_program_scene_name == "BRB"
            client.set_input_mute("Mic", True)
            assert client.get_input_mute("Mic").input_muted is True
            with pytest.raises(obsws_python.error.OBSSDKRequestError) as no:
                client.set_current_program_scene("nowhere")
            assert no.value.code == 600
            _until(lambda: told == ["BRB"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_obsws_python_is_refused_with_a_wrong_password() -> None:
    import obsws_python

    logging.getLogger("obsws_python").setLevel(logging.CRITICAL)
    with pytest.raises(obsws_python.error.OBSSDKError), FakeObs(password=PASSWORD) as fake:
        obsws_python.ReqClient(host="127.0.0.1", port=fake.port, password="wrong", timeout=3)
    assert fake.closes == [4009]
    gc.collect()  # it leaves its socket open then


def test_versions_differ_as_the_releases_do() -> None:
    def asked(version: tuple[int, int, int], kind: str) -> dict[str, Any]:
        with FakeObs(version=version) as fake, ObsClient(fake.url) as client:
            return client.request(kind)

    assert "sceneUuid" not in asked(OLDER, "GetSceneList")["scenes"][0]
    assert "sceneUuid" in asked(NEWER, "GetSceneList")["scenes"][0]
    assert "ouputPaused" in asked(OLDER, "GetRecordStatus")
    assert "outputCongestion" not in asked(OLDER, "GetStreamStatus")
    assert asked(NEWER, "GetCanvasList")["canvases"][0]["canvasName"] == "Main"
    with pytest.raises(ObsRefused, match="204"):
        asked(SAME, "GetCanvasList")
    assert "inputKindCaps" in asked(NEWER, "GetInputList")["inputs"][0]


# -- what closes a connection ---------------------------------------------------------------------


def _hello(line: socket.socket) -> None:
    line.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    seen = b""
    while b"rpcVersion" not in seen:
        seen += line.recv(4096)


def _masked(payload: bytes, opcode: int = 1) -> bytes:
    plain = frame(payload, opcode)
    head, body = plain[: len(plain) - len(payload)], payload
    return bytes([head[0], head[1] | 0x80]) + head[2:] + b"\0\0\0\0" + body


def _closed_with(port: int, *messages: Any, opcode: int = 1) -> int:
    """The code with which the connection is closed after these messages."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        _hello(line)
        for message in messages:
            text = message if isinstance(message, bytes) else json.dumps(message).encode()
            line.sendall(_masked(text, opcode))
        seen = b""
        while True:
            data = line.recv(4096)
            seen += data
            at = seen.rfind(b"\x88")
            if at >= 0 and len(seen) >= at + 4:
                return int(struct.unpack("!H", seen[at + 2 : at + 4])[0])
            assert data, "hung up without a close frame"


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


WRONG: list[tuple[int, list[Any]]] = [
    (4002, [b"{no json"]),
    (4002, [[1, 2]]),
    (4003, [{"op": 1}]),
    (4004, [{"op": 1, "d": 5}]),
    (4006, [{"d": {}}]),
    (4006, [{"op": "six", "d": {}}]),
    (4007, [{"op": 6, "d": {"requestType": "GetVersion", "requestId": "1"}}]),
    (4009, [{"op": 1, "d": {"rpcVersion": 1}}]),
    (4009, [{"op": 1, "d": {"rpcVersion": 1, "authentication": "wrong"}}]),
    (4010, [{"request-type": "GetVersion", "message-id": "1"}]),
]


@pytest.mark.parametrize(("code", "messages"), WRONG)
def test_it_closes_for_what_the_real_one_closes_for(
    lab: ObsLab, code: int, messages: list[Any]
) -> None:
    with FakeObs(password=PASSWORD) as fake:
        assert _closed_with(lab.port, *messages) == code
        assert _closed_with(fake.port, *messages) == code
        assert fake.closes == [code]


def test_another_version_of_the_protocol_is_refused() -> None:
    identify = {"op": 1, "d": {"rpcVersion": 1}}
    with FakeObs(version=NEWER, rpc=2, takes=(2,)) as fake:
        assert _closed_with(fake.port, identify) == 4010
        with pytest.raises(ObsTrouble) as trouble:
            ObsClient(fake.url)
        assert trouble.value.why == "foreign"
    with FakeObs(version=NEWER, rpc=2, takes=(1, 2)) as fake, ObsClient(fake.url) as client:
        assert client.request("GetVersion")["obsWebSocketVersion"] == "5.7.3"


# -- our own client --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_stranger_is_known_for_one_and_soon(kind: str) -> None:
    began = time.monotonic()
    with stranger(kind) as url, pytest.raises(ObsTrouble) as trouble:
        ObsClient(url, "p", timeout=0.5)
    wanted = {"silent": "late", "drips": "late", "greets": "late", "echo websocket": "late"}
    hung_up = {"foreign", "gone"}
    assert trouble.value.why in ({wanted[kind]} if kind in wanted else hung_up)
    assert time.monotonic() - began < 10  # it ended at all


def test_the_client_tells_a_wrong_password_from_a_missing_one_and_a_closed_port() -> None:
    with FakeObs(password=PASSWORD) as fake:
        for password, words in (("no", "is wrong"), ("", "wants a password")):
            with pytest.raises(ObsTrouble, match=words) as trouble:
                ObsClient(fake.url, password)
            assert trouble.value.why == "refused"
    with pytest.raises(ObsTrouble, match="nobody listens") as trouble:
        ObsClient(fake.url, PASSWORD)
    assert trouble.value.why == "closed"
    for url in ("", "ws://", "http://127.0.0.1:4455", "ws://h:port"):
        with pytest.raises(ObsTrouble, match="no address"):
            ObsClient(url)


def test_held_refused_and_ended() -> None:
    with FakeObs() as fake, ObsClient(fake.url, timeout=0.3) as client:
        fake.hold("GetStats")
        with pytest.raises(ObsTrouble, match="GetStats: no answer") as late:
            client.request("GetStats")
        assert late.value.why == "late"
        assert client.request("GetVersion")["rpcVersion"] == 1  # no answer goes astray
        fake.refuse("GetVersion", 702, "tired")
        with pytest.raises(ObsRefused, match="tired") as refused:
            client.request("GetVersion")
        assert refused.value.code == 702
        fake.kick()
        _until(lambda: _over(client))


def _over(client: ObsClient) -> bool:
    try:
        client.request("GetSceneList")
    except ObsTrouble as err:
        return "ended" in str(err)
    return False
