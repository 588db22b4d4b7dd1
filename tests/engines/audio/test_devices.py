"""Which device is meant, and what is said when it cannot be told."""

import asyncio

import jsonschema
import msgspec
import pytest

from engines.audio.backends.device import select
from engines.harness import ConfigError
from engines.wire.audio import DeviceInfo
from kitsu_tui.cli.devices import SCHEMAS, ask


def device(number: int, name: str, api: str = "ALSA", **more: int) -> DeviceInfo:
    return DeviceInfo(
        id=number,
        name=name,
        api=api,
        inputs=more.get("inputs", 1),
        outputs=more.get("outputs", 1),
        rate=48000.0,
        default=bool(more.get("default", 0)),
    )


DESK = [
    device(0, "USB Microphone", outputs=0),
    device(1, "HDMI", inputs=0),
    device(2, "Headset", default=1),
    device(3, "Headset Pro"),
    device(4, "Microphone Array", outputs=0),
]


@pytest.mark.parametrize(
    ("wanted", "side", "number"),
    [
        ("", "input", 2),
        ("", "output", 2),
        ("3", "output", 3),
        (" usb ", "input", 0),
        ("headset", "input", 2),  # the whole name goes before a part
        ("pro", "output", 3),
    ],
)
def test_by_number_by_name_by_part(wanted: str, side: str, number: int) -> None:
    found = select(DESK, wanted, side)  # type: ignore[arg-type]
    assert found is not None
    assert found.id == number


@pytest.mark.parametrize(
    ("wanted", "side", "text"),
    [
        ("7", "input", "input_device: no input device has the number 7; there are: 0 'USB"),
        ("1", "input", "input_device: no input device has the number 1"),
        ("tape", "output", "output_device: no output device is called 'tape'; there are: 1 'HDMI'"),
        ("phone", "input", "input_device: 'phone' fits several devices; there are: 0 'USB Micro"),
    ],
)
def test_what_cannot_be_told_lists_what_there_is(wanted: str, side: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        select(DESK, wanted, side)  # type: ignore[arg-type]
    assert str(caught.value).startswith(text)


def test_one_device_under_several_sound_systems_is_one_device() -> None:
    same = [device(0, "Mic", "MME"), device(1, "Mic", "Windows WASAPI"), device(2, "Mic", "New")]
    found = select(same, "mic", "input")
    assert found is not None
    assert found.id == 1


def test_no_device_at_all() -> None:
    assert select([], "", "input") is None
    with pytest.raises(ConfigError, match="there is none"):
        select([], "usb", "input")


async def test_the_engine_is_asked_for_its_devices() -> None:
    found = await asyncio.wait_for(ask(), 30)
    assert found.devices or found.detail
    schema = msgspec.json.schema(SCHEMAS["devices"])
    jsonschema.validate(msgspec.to_builtins(found), schema)
