"""What the show itself takes over of another profile, at once and without a wait."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kitsu_tui.config.persona import Persona
from kitsu_tui.show.prepared import Prepared

if TYPE_CHECKING:
    from kitsu_tui.show.main import Running
    from kitsu_tui.show.stage import Stage

log = logging.getLogger("show.switch")


def take(running: Running, found: Prepared, by: str) -> None:
    """Her persona, the rules of the gate, the conversation, scenes, the operator. What she
    remembers stays.
    """
    stage, profile = running.stage, found.loaded.profile
    was, will = _who(stage), _who(found.stage(stage))
    other_rules = found.gate is not running.gate
    # The rules first: they are in force before anybody else speaks.
    running.gate = running.judge.keeper = found.gate
    running.judge.use(profile.safety)
    running.judge.opinion = running.opinions.use(profile.safety)
    stage.desk.use(profile.safety, by)
    running.loaded, stage.profile = found.loaded, profile
    running.persona, stage.preset, stage.mood, _ = will
    stage.persona = running.persona
    running.kept_in.use(found.loaded, running.persona)
    stage.desk.rules_changed()
    stage.history.resize(profile.conversation.history_turns, profile.conversation.history_block)
    if other_rules:
        running.job(running.rules.tell(found.gate))
    try:
        running.scenes.use(profile)
        running.operator.use(profile.operator)
    except Exception:  # the engines are about to be changed: there is no way back
        log.exception("profile %s was not taken over whole", found.loaded.name)
    if was != will:
        running.tell_persona(by)


def _who(stage: Stage) -> tuple[Persona, str, str, bool]:
    return stage.persona, stage.preset, stage.mood, stage.profile.persona.family_friendly
