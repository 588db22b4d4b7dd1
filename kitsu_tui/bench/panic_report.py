"""What `kitsu bench panic` says: each figure with its bound, and whether it was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kitsu_tui.bench.listener import Listener
from kitsu_tui.bench.obs_scenes import TRANSITIONS
from kitsu_tui.bench.presses import ASKED, COMMAND, CONDITIONS, HUNG, NO_OBS, SIGNAL
from kitsu_tui.bench.report import BenchReport, Figure, below, figure, machine
from kitsu_tui.bench.rounds import Pressed, Rounds
from kitsu_tui.bench.stage import Seen

SILENT_MS, HEARD_MS, SCENE_MS, MUTES_MS, BACK_MS = 50.0, 110.0, 100.0, 25.0, 2000.0
"""What the project asks for, at the 99th percentile."""
LEFT_TOLD = 5


@dataclass
class Measured:
    """All that was measured so far.

    Attributes:
        device: the sound device that was played on; empty: a clock took the sound.
        without: why no OBS takes part; empty when one does.
        exits: milliseconds from the start of `kitsu panic` to its exit.
        back: milliseconds from OBS answering again to the BRB scene, with panic latched.
        floor: milliseconds from a scene's request to OBS's event, with no show between.
        ended: why it ended before all was measured.
    """

    device: str = ""
    without: str = ""
    rounds: Rounds | None = None
    ears: Listener | None = None
    exits: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    ended: str = ""

    def __bool__(self) -> bool:
        """True when there is anything to tell."""
        return self.rounds is not None and any(self.rounds.presses.values())

    def of(self, *names: str) -> list[Pressed]:
        """The presses under some conditions."""
        held = self.rounds.presses if self.rounds is not None else {}
        return [pressed for name in names for pressed in held.get(name, ())]


def report(found: Measured) -> BenchReport:
    """The report."""
    keys = [name for name, *_ in CONDITIONS if found.of(name)]
    drills = found.of(ASKED, *keys)
    figures = [
        *_sound(found, drills, keys),
        *_stage(found, drills),
        *_parts(drills),
        *_others(found),
    ]
    keyed = len(found.of(*keys))
    return BenchReport(
        name="panic",
        method=(
            f"{len(drills)} drills while she speaks, each at a random moment: {keyed} by F9 and "
            "ctrl+o on a pseudo-terminal with the console in it, the others asked for on the "
            "control socket. 'last sound': to the hand-over of the last block with a sample above "
            f"-60 dBFS to {found.device or 'a clock that takes blocks in real time'} (0: none was "
            "handed over after the press). 'event': to what OBS tells a client of the bench; "
            "'read back': to the show's own answer, read from OBS"
        ),
        machine=machine(),
        figures=[made for made in figures if made.samples],
        notes=_notes(found, drills),
        ended=found.ended,
    )


def _sound(found: Measured, drills: list[Pressed], keys: list[str]) -> list[Figure]:
    last = "press to last sound"
    figures = [below(last, _last(drills), "ms", SILENT_MS)]
    figures += [below(f"  last sound, {ASKED}", _last(found.of(ASKED)), "ms", SILENT_MS)]
    figures += [below("  last sound, by key", _last(found.of(*keys)), "ms", SILENT_MS)]
    figures += [below(f"    key, {name}", _last(found.of(name)), "ms", SILENT_MS) for name in keys]
    for name in (HUNG, NO_OBS):
        figures.append(below(f"  last sound, {name}", _last(found.of(name)), "ms", SILENT_MS))
    heard = [p.heard_ms for p in drills if p.heard_ms is not None]
    return [*figures, below("press to last sound recorded", heard, "ms", HEARD_MS)]


def _stage(found: Measured, drills: list[Pressed]) -> list[Figure]:
    hung = found.of(HUNG)
    figures = [below("press to BRB scene, event", _seen(drills, lambda s: s.scene), "ms", SCENE_MS)]
    for name in TRANSITIONS:
        with_it = [p for p in drills if p.seen is not None and p.seen.before.transition == name]
        figures.append(
            below(f"  BRB, {name} set", _seen(with_it, lambda s: s.scene), "ms", SCENE_MS)
        )
    studio = [p for p in drills if p.seen is not None and p.seen.before.studio]
    return [
        *figures,
        below("  BRB, in studio mode", _seen(studio, lambda s: s.scene), "ms", SCENE_MS),
        below(f"  BRB, {HUNG}", _seen(hung, lambda s: s.scene), "ms", SCENE_MS),
        below("press to BRB scene, read back", _read_back(drills, "obs.scene"), "ms", SCENE_MS),
        below("press to mutes, event", _seen(drills, lambda s: s.mutes), "ms", MUTES_MS),
        below(f"  mutes, {HUNG}", _seen(hung, lambda s: s.mutes), "ms", MUTES_MS),
        below("press to mutes, read back", _read_back(drills, "obs.mutes"), "ms", MUTES_MS),
        figure("press to filter, event", _seen(drills, lambda s: s.filter), "ms"),
        figure("press to filter, read back", _read_back(drills, "obs.filter"), "ms"),
        figure("resume to all put back", _seen(drills, lambda s: s.back), "ms"),
        below("OBS answers again to BRB", found.back, "ms", BACK_MS),
        figure("OBS alone, scene to event", found.floor, "ms"),
    ]


def _parts(drills: list[Pressed]) -> list[Figure]:
    figures = [
        figure("press to cut in audio", [p.cut_ms for p in drills], "ms"),
        figure("press to show", [(p.taken - p.at) / 1e6 for p in drills], "ms"),
        figure("show to cut in audio", [(p.cut - p.taken) / 1e6 for p in drills], "ms"),
    ]
    for name in ("audio", "policy", "tts"):
        done = [ms for p in drills if (ms := p.surfaces.get(name)) is not None]
        figures.append(figure(f"show to {name} done", done, "ms"))
    return figures


def _others(found: Measured) -> list[Figure]:
    figures = [
        figure(f"{name} to last sound", _last(found.of(name)), "ms") for name in (COMMAND, SIGNAL)
    ]
    for name in (HUNG, NO_OBS):
        for part in ("audio", "tts"):
            done = [ms for p in found.of(name) if (ms := p.surfaces.get(part)) is not None]
            figures.append(figure(f"{name}: show to {part} done", done, "ms"))
    return [*figures, figure(f"{COMMAND}, start to exit", found.exits, "ms")]


def _notes(found: Measured, drills: list[Pressed]) -> list[str]:
    rounds = found.rounds
    if rounds is None:
        return []
    shares = {
        name: round(100 * sum(name in p.working for p in drills) / max(1, len(drills)))
        for name in ("policy", "tts", "asr")
    }
    means = {name: sum(cpu) / len(cpu) for name, cpu in rounds.cpu.items() if cpu}
    heard = found.ears.heard if found.ears is not None else 0
    return [
        *_stage_notes(found),
        "engines that used the processor in the 100 ms before a press: "
        + ", ".join(f"{name} at {share} %" for name, share in shares.items())
        + " of the presses",
        "mean load in percent of a core: "
        + ", ".join(f"{name} {mean:.0f}" for name, mean in means.items()),
        f"the asr is a second one, which heard {heard} utterances; the show's own rests meanwhile",
        f"{rounds.missed} rounds were done again: she paused at the press, or was done before it",
    ]


def _stage_notes(found: Measured) -> list[str]:
    if found.without or found.rounds is None:
        return [f"no OBS took part: {found.without}"] if found.without else []
    pressed = [p for held in found.rounds.presses.values() for p in held if p.seen is not None]
    seen = [p.seen for p in pressed if p.seen is not None]
    parts = ("scene", "mutes", "filter")
    lost = {what: sum(getattr(one, what) is None for one in seen) for what in parts}
    left = [one for one in seen if one.left]
    notes = [
        f"of {len(seen)} drills with OBS, no event came of "
        + ", ".join(f"the {what} in {count}" for what, count in lost.items()),
        f"after {len(left)} of {len(seen)} resumes something was not as before",
    ]
    if left:
        told = "; ".join(", ".join(one.left) for one in left[:LEFT_TOLD])
        notes[-1] += f", such as: {told}"
    return notes


def _last(pressed: Iterable[Pressed]) -> list[float]:
    return [p.last_sound_ms for p in pressed]


def _seen(pressed: Iterable[Pressed], of: Callable[[Seen], float | None]) -> list[float]:
    return [ms for p in pressed if p.seen is not None and (ms := of(p.seen)) is not None]


def _read_back(pressed: Iterable[Pressed], surface: str) -> list[float]:
    return [ms for p in pressed if (ms := p.surface_ms(surface)) is not None]
