"""Doing what is about OBS, rehearsals of panic and profiles: lists, questions, and the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from engines.wire import control, obs
from kitsu_tui.console.action import Asking
from kitsu_tui.console.actions import ACTIONS, key_word
from kitsu_tui.console.lines import visible
from kitsu_tui.console.link import Link, RequestFailed
from kitsu_tui.console.profiles import Known, look, path_of, profiles
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.pick import Pick
from kitsu_tui.console.screens.sheet import Sheet
from kitsu_tui.console.sheets import drill_line, drill_lines, plan_lines
from kitsu_tui.console.stage_row import has_obs, open_obs
from kitsu_tui.console.words import clock, who

if TYPE_CHECKING:
    from kitsu_tui.console.app import ConsoleApp

PLAN_WITHIN = 30.0
SWITCH_WITHIN = 900.0
"""Seconds: engines load their models in it."""
DRILL_WITHIN = 60.0


class StageDoer:
    """See the module.

    Args:
        send: asks the show, and says what came of it.
    """

    def __init__(self, app: ConsoleApp, send: Callable[[Asking], None]) -> None:
        self._app = app
        self._link: Link = app.link
        self._send = send

    # Scenes

    def do_scene(self) -> None:
        """Choose the scene that the audience sees."""
        known = self._obs("scene")
        if known is None:
            return
        view = self._link.state.obs
        names, before = view.offers or known.scenes, view.scene_before
        if before == known.scene or before not in names:
            before = ""
        choices = [
            (name, f"{name}  (the one before)" if name == before else name) for name in names
        ]
        if not choices:
            self._link.notice("scene: OBS has none", "warn")
            return

        def picked(name: str | None) -> None:
            if name is not None:
                self.scene(name)

        self._app.push_screen(Pick("Scene in OBS", choices, known.scene, before), picked)

    def scene(self, name: str) -> None:
        """Bring this scene to the audience."""
        params = control.Scene(scene=name, by=self._link.by)
        self._send((control.SCENE, params, f"scene {name}"))

    def do_obs_scene(self) -> None:
        """Back to the scene before."""
        known = self._obs("scene")
        before = self._link.state.obs.scene_before
        if known is None:
            return
        if not before or before == known.scene:
            self._link.notice("scene: no other one was there before", "warn")
        else:
            self.scene(before)

    # The rest of OBS

    def do_obs_do(self) -> None:
        """Switch the pane's selected row over."""
        key, asks = self._app.desk.obs.chosen()
        own = {"scene": self.do_scene, "record": self.do_obs_record, "replay": self.do_obs_replay}
        if key[0] in own:
            own[key[0]]()
        elif asks is not None:
            self.change(*asks)
        else:
            self._link.notice("that row has gone", "warn")

    def change(self, change: obs.Change, words: str) -> None:
        """Ask for a change in OBS."""
        if self._obs(words, held=not isinstance(change, _FREE)) is not None:
            self._send((control.OBS, control.Obs(change=change, by=self._link.by), words))

    def do_obs_record(self) -> None:
        """Start or end the recording."""
        known = self._obs("recording", held=False)
        if known is None:
            return
        if not known.recording:
            self.change(obs.SetRecord(do="start"), "start the recording")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.change(obs.SetRecord(do="stop"), "end the recording")

        self._app.push_screen(Confirm("End the recording?", "OBS closes its file."), answered)

    def do_obs_replay(self) -> None:
        """Save the replay, or start its buffer."""
        known = self._obs("replay", held=False)
        if known is None:
            return
        if known.replay:
            self.change(obs.SetReplay(do="save"), "save the replay")
        else:
            self.change(obs.SetReplay(do="start"), "start the replay buffer")

    def _obs(self, what: str, *, held: bool = True) -> obs.State | None:
        """OBS as it is, or a word about why nothing can be changed. `held`: panic forbids it."""
        state = self._link.state
        if not self._link.attached:
            why = "no show is attached"
        elif not has_obs(state):
            why = "this profile has no OBS (engines.obs)"
        elif (known := open_obs(state)) is None:
            said = state.obs.state
            link = said.link if said is not None else ""
            view = state.engines["obs"]
            if view.state not in ("ready", "degraded"):
                why = f"the obs engine is {view.state}"
            else:
                why = _WHY.get(link, "OBS is not connected yet")
        elif held and state.panic.latched:
            key = key_word((*self._app.desk.keys["resume"], "?")[0])
            why = f"panic holds OBS as it is; {key} resumes"
        else:
            return known
        self._link.notice(f"{what}: {why}", "warn")
        return None

    # Rehearsals of panic

    def do_drill(self) -> None:
        """Rehearse panic, after a question; after two while OBS streams."""
        state = self._link.state
        if not self._link.attached:
            self._link.notice("rehearsal: no show is attached", "warn")
            return
        if state.panic.latched:
            self._link.notice("rehearsal: panic itself is latched", "warn")
            return
        words = (
            "Panic is pressed on all live surfaces, read back, and resumed: she falls silent, OBS "
            "goes to the BRB scene for a moment."
        )
        if state.drill is not None:
            words += f" Last: {clock(state.drill.at)[:5]}, {drill_line(state.drill)}."

        def answered(yes: bool | None) -> None:
            if yes:
                known = open_obs(self._link.state)
                outputs = {"STREAMS": known.streaming, "RECORDS": known.recording} if known else {}
                on = " and ".join(what for what, is_on in outputs.items() if is_on)
                if on:
                    self._sure(f"OBS {on}: the rehearsal is seen there.")
                else:
                    self._drill(False)

        self._app.push_screen(Confirm("Rehearse panic?", words), answered)

    def _sure(self, why: str) -> None:
        """The second question: an audience is there, or may be."""
        question = Confirm("Rehearse all the same?", why)
        self._app.push_screen(question, lambda sure: self._drill(True) if sure else None)

    def _drill(self, on_air: bool) -> None:
        self._app.run_worker(self._ask_drill(on_air), group="ask", exit_on_error=False)

    async def _ask_drill(self, on_air: bool) -> None:
        link = self._link
        link.notice("rehearsal: panic is on its way")
        try:
            params = control.Drill(on_air=on_air, by=link.by)
            drill = (await link.ask(control.DRILL, params, DRILL_WITHIN)).drill
        except RequestFailed as error:
            link.notice(f"rehearsal: {error.detail}", "bad")
            # It has begun to stream since, or that cannot be told.
            if not on_air and _ON_AIR in error.detail and self._app.screen is self._app.desk:
                self._sure(error.detail)
            return
        link.notice(f"rehearsal: {drill_line(drill)}", "good" if drill.ok else "bad")
        if self._app.screen is self._app.desk:
            sheet = Sheet("Panic, rehearsed", lambda width: drill_lines(drill, width))
            await self._app.push_screen(sheet)

    # Profiles

    def do_profile(self) -> None:
        """Choose another profile, see what it changes, switch."""
        if not self._link.attached:
            self._link.notice("profile: no show is attached", "warn")
            return
        view = self._link.state.switching
        if view.phase not in ("", "failed"):
            words = f"{visible(who(view.by))} switches to {visible(view.profile)} already"
            self._link.notice(f"profile: {words}", "warn")
            return
        self._app.run_worker(self._pick_profile(), group="ask", exit_on_error=False)

    async def _pick_profile(self) -> None:
        found = {known.name: known for known in await asyncio.to_thread(profiles, ACTIONS)}
        if self._app.screen is not self._app.desk:
            return  # something else has come up meanwhile
        choices = [(known.name, known.words) for known in found.values()]

        def picked(name: str | None) -> None:
            if name is not None:
                plan = self._plan(name, found.get(name))
                self._app.run_worker(plan, group="ask", exit_on_error=False)

        screen = Pick(
            "Another profile",
            choices,
            self._link.state.profile,
            hint="type to narrow, or a file's path; Enter takes, Esc leaves",
            other=path_of,
        )
        screen.add_class("-wide")
        await self._app.push_screen(screen, picked)

    async def _plan(self, name: str, known: Known | None) -> None:
        link = self._link
        if known is None:
            known = await asyncio.to_thread(look, name, ACTIONS)
        if known.error:
            link.notice(f"profile {name} is broken: {known.error}", "bad")
            return
        params = control.UseProfile(profile=name, dry_run=True, by=link.by)
        try:
            plan = (await link.ask(control.PROFILE, params, PLAN_WITHIN)).plan
        except RequestFailed as error:
            link.notice(f"profile {name}: {error.detail}", "bad")
            return
        if self._app.screen is not self._app.desk:
            link.notice(f"profile {name}: asked for no more, something else is open", "warn")
            return
        problems = [f"its keys are not taken: {known.keys}"] if known.keys else []
        live = known.live

        def answered(yes: bool | None) -> None:
            if yes:
                self._app.run_worker(self._switch(name), group="switch", exit_on_error=False)

        sheet = Sheet(
            "Another profile",
            lambda width: plan_lines(plan, problems, width, live=live),
            "switches",
        )
        await self._app.push_screen(sheet, answered)

    async def _switch(self, name: str) -> None:
        link = self._link
        params = control.UseProfile(profile=name, by=link.by)
        try:
            done = await link.ask(control.PROFILE, params, SWITCH_WITHIN)
        except RequestFailed as error:
            link.notice(f"profile {name}: {error.detail}", "bad")
            return
        detail = done.detail or f"done after {done.ms:.0f} ms"
        link.notice(f"profile {name}: {detail}", "good")


_FREE = obs.SetRecord | obs.SetReplay
"""What may be changed while panic is latched, too."""
_ON_AIR = "--on-air"
"""Stands in the show's refusal of a rehearsal that an audience might see."""
_WHY = {
    "closed": "OBS is closed",
    "hung": "OBS does not answer",
    "refused": "OBS refuses the password (OBS_WS_PASSWORD)",
    "foreign": "no obs-websocket 5 answers at its address (obs.url)",
}
