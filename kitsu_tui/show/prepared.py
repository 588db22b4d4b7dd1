"""Another profile, loaded and checked for a show that runs. Nothing of the show is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec.structs import replace as with_fields

from engines.wire import control, show
from kitsu_tui.config import ConfigError, Loaded, load_profile
from kitsu_tui.config.difference import check, plan, secret, values
from kitsu_tui.config.persona import Persona, load_persona
from kitsu_tui.show.safety import Keeper
from kitsu_tui.show.spec import Around, Spec, child_environ, specs

if TYPE_CHECKING:
    from kitsu_tui.show.stage import Stage


@dataclass(frozen=True)
class Prepared:
    """All that a switch needs."""

    loaded: Loaded
    plan: control.Plan
    persona: Persona
    gate: Keeper
    """The one in force, when the rules are to be the same."""
    specs: list[Spec]
    around: Around

    def spec(self, name: str) -> Spec:
        """What an engine is started with."""
        return next(spec for spec in self.specs if spec.name == name)

    @property
    def heard(self) -> bool:
        """Something changes that has to do with how she answers."""
        plan = self.plan
        engines = plan.restarts or plan.reconfigured or plan.starts or plan.stops
        hers = ("persona.", "conversation.", "safety.")
        return bool(engines) or any(change.key.startswith(hers) for change in plan.changes)

    def stage(self, now: Stage) -> Stage:
        """Her stage by this profile. What an operator chose by hand stays where it can."""
        profile = self.loaded.profile
        keys = [change.key for change in self.plan.changes]
        preset, mood = now.preset, now.mood
        if "persona.preset" in keys or "persona.file" in keys or preset not in self.persona.presets:
            preset = profile.persona.preset
        if mood not in self.persona.moods:
            mood = ""
        return replace(now, persona=self.persona, profile=profile, preset=preset, mood=mood)


def prepare(
    before: Loaded,
    name: str,
    environ: Mapping[str, str] | None,
    *,
    extra: Mapping[str, str],
    scenes: list[str] | None,
    gate: Keeper,
    around: Around,
) -> Prepared:
    """Load and check. Reads the disk: call it from a thread.

    Args:
        environ: the show's own, without `.env`; None is the process's.
        extra: what the show has put into it.
        scenes: those that OBS has, when that is known.
        gate: the one in force.
        around: what the units share now.

    Raises:
        ConfigError: it cannot be used; says where, what was found, what would be right.
    """
    loaded = load_profile(name, environ)
    loaded.environ = dict(loaded.environ) | dict(extra)
    problems = check(loaded)
    found = plan(before, loaded, scenes=scenes)
    persona = load_persona(loaded.persona_path())
    persona.check_preset(loaded.profile.persona.preset)
    rules, spoken = loaded.safety_rules(), loaded.languages()
    if (rules, spoken) != (before.safety_rules(), before.languages()):
        gate = Keeper(*rules, loaded.blocklist(), spoken, loaded.rules_read())
        gate.refresh()
        if gate.gate is None:
            raise ConfigError(f"safety rules: {gate.error}")
    return Prepared(
        loaded=loaded,
        plan=with_fields(found, problems=[*problems, *found.problems]),
        persona=persona,
        gate=gate,
        specs=specs(loaded),
        around=replace(around, environ=child_environ(dict(loaded.environ))),
    )


def secrets(loaded: Loaded) -> dict[str, str]:
    """A profile's secrets, under names by which a `Masker` knows them for such."""
    found = {}
    for name in loaded.profile.engines.__struct_fields__:
        found.update(getattr(loaded.profile.engines, name).env)
    return found | {
        f"{key}_SECRET": str(value) for key, value in values(loaded).items() if secret(key, loaded)
    }


def wishes(loaded: Loaded) -> show.ConsoleWishes:
    """What a profile wants of consoles."""
    console = loaded.profile.console
    return show.ConsoleWishes(
        keys=console.keys, theme=console.theme, layout=console.layout, bell=console.bell
    )
