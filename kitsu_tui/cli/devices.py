"""`kitsu devices`: the microphones and loudspeakers there are, as the `audio` engine sees them.

An `audio` engine of its own is asked, on its null backend, so that no device is opened and a
running show is not disturbed; it scans afresh, so what was plugged in a moment ago is listed.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from engines.wire import audio
from engines.wire.message import Empty
from kitsu_tui.cli.tell import tell, warn

SCHEMAS = {"devices": audio.DeviceList}
"""What `--json` prints."""

TIMEOUT = 20.0


class NoAnswer(Exception):
    """The engine did not answer; says why."""


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """List the audio devices; use a number or a part of a name as input_device, output_device."""
    try:
        found = asyncio.run(ask())
    except NoAnswer as err:
        warn(f"kitsu devices: {err}")
        raise typer.Exit(1) from None
    if as_json:
        tell(bytes(audio.LIST.encode_result(found)).decode(), as_json=True)
        return
    if not found.devices:
        tell(f"no devices: {found.detail}")
        return
    tell("   number  in  out   rate  name (sound system)")
    for device in found.devices:
        mark = "*" if device.default else " "
        tell(
            f" {mark} {device.id:6}  {device.inputs:2}  {device.outputs:3}  {device.rate:5.0f}"
            f"  {device.name} ({device.api})"
        )
    tell(" * default")


async def ask(timeout: float = TIMEOUT) -> audio.DeviceList:
    """Start an engine, ask it, and let it go.

    Raises:
        NoAnswer: it failed, or took longer than `timeout` seconds.
    """
    from engines.wire.codec import BadLine, decode, encode
    from engines.wire.envelope import MAX_LINE, Request, Response

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kitsu_tui.cli", "engine", "audio"),
        *("--config", '{"backend": "null"}'),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
    )
    request = Request(id="1", name=audio.LIST.name, data=audio.LIST.encode(Empty()))
    try:
        async with asyncio.timeout(timeout):
            out, log = await process.communicate(encode(request))
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NoAnswer(f"the audio engine did not answer within {timeout:g} s") from None
    for line in out.splitlines():
        try:
            frame = decode(line)
        except BadLine:
            continue
        if isinstance(frame, Response) and frame.id == "1":
            if frame.ok:
                return audio.LIST.decode_result(frame.data)
            raise NoAnswer(frame.error.message if frame.error is not None else "it was refused")
    raise NoAnswer(_last(log) or f"the audio engine left with code {process.returncode}")


def _last(log: bytes) -> str:
    """The last thing that the engine said, out of its JSON where it is JSON."""
    import msgspec

    lines = log.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return ""
    try:
        return str(msgspec.json.decode(lines[-1], type=dict[str, object]).get("message", lines[-1]))
    except msgspec.MsgspecError:
        return lines[-1]
