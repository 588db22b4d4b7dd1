"""Sound devices, as an `audio` engine of our own sees them; none is opened here."""

from __future__ import annotations

from engines.wire.audio import DeviceInfo
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, warn

LIST_S = 15.0


async def devices(context: Context) -> list[Finding]:
    """Which there are, and whether those that the profile names are among them."""
    from kitsu_tui.cli.devices import NoAnswer, ask

    loaded = context.loaded
    config = loaded.profile.audio if loaded is not None else None
    if context.quick:
        return [skipped("devices", "not asked for (--quick); kitsu devices lists them")]
    if loaded is not None and not context.used("audio"):
        return [skipped("devices", "this profile does not start audio here")]
    if config is not None and config.backend in ("null", "file"):
        return [ok("devices", f"the profile takes none (audio.backend {config.backend})")]
    must = config is not None and config.backend == "device"
    say = bad if must else warn
    try:
        found = await ask(LIST_S)
    except NoAnswer as err:
        return [say("devices", f"cannot be listed: {err}", "see Libraries, above")]
    if not found.devices:
        return [
            say(
                "devices",
                f"none: {found.detail or 'no sound system'}; she neither hears nor is heard",
                "plug a headset in, start the sound system; to try without: ASR_FAKE_AUDIO=1",
            )
        ]
    inputs = [d for d in found.devices if d.inputs > 0]
    outputs = [d for d in found.devices if d.outputs > 0]
    told = [ok("devices", f"{len(inputs)} microphones, {len(outputs)} loudspeakers")]
    if config is None:
        return told
    if not config.fake:
        told.append(_named("microphone", "audio.input_device", config.input_device, inputs))
    told.append(_named("loudspeaker", "audio.output_device", config.output_device, outputs))
    return told


def _named(name: str, key: str, wanted: str, able: list[DeviceInfo]) -> Finding:
    """The device that would be taken. `audio` itself decides; this finds what surely fails."""
    if not able:
        return warn(name, f"none: there is no {name}", "plug one in; kitsu devices lists them")
    if not wanted:
        default = next((d for d in able if d.default), able[0])
        return ok(name, f"the default: {default.name} ({default.api})")
    if wanted.strip().isdigit():
        fits = [d for d in able if d.id == int(wanted)]
    else:
        low = wanted.strip().lower()
        fits = [d for d in able if low in d.name.lower()]
    if not fits:
        return warn(
            name,
            f"{key} names {wanted!r}, and there is none such",
            f"correct {key}: kitsu devices lists numbers and names",
        )
    return ok(name, f"{wanted!r} fits {fits[0].name} ({fits[0].api})")


FAMILY = Family("Sound", (Probe("devices", devices, LIST_S + 2),))
