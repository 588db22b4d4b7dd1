"""Doing an action: the question before it, the request, and the line that says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engines.wire import control
from kitsu_tui.console import banner
from kitsu_tui.console.action import Action, Asking, Context, Risk, Unfit
from kitsu_tui.console.actions import BY_NAME
from kitsu_tui.console.line_doing import LineDoer
from kitsu_tui.console.lines import visible
from kitsu_tui.console.link import RequestFailed
from kitsu_tui.console.panes.alerts import unseen
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.help import Help
from kitsu_tui.console.screens.pick import Choice, Pick
from kitsu_tui.console.screens.quit import Choice as Way
from kitsu_tui.console.screens.quit import Quit
from kitsu_tui.console.stage_doing import StageDoer

if TYPE_CHECKING:
    from kitsu_tui.console.app import ConsoleApp

STOP_WITHIN = 30.0


class Doer:
    """Does actions for the app, by their names."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._link = app.link
        self.others = (StageDoer(app, self._send), LineDoer(app))

    def do(self, name: str, key: str = "") -> None:
        """Do the action, or ask first."""
        action = BY_NAME[name]
        if action.acts and self._link.read_only:
            past = self._link.phase == "past"
            why = "this is a past session" if past else "this console only reads (--read-only)"
            self._link.notice(f"{action.title}: {why}", "warn")
            return
        if name == "acknowledge" and banner.seen(self._link):
            self._link.notice("seen")
            if not unseen(self._link.state.alerts):
                return
        if action.ask is None:
            known = (getattr(doer, f"do_{name}", None) for doer in (self, *self.others))
            own = next((way for way in known if way is not None), None)
            panes = self._app.desk.panes
            if own is not None:
                own()
            elif name in panes:
                self._app.desk.show_pane(name)
            else:
                getattr(panes[action.pane or self._app.desk.active], f"do_{name}")(key)
            return
        if action.engine and "engines" not in self._app.desk.visible_panes:
            self._which_engine(action)
            return
        self._ask_for(action, self._context(key))

    def _which_engine(self, action: Action) -> None:
        """Nobody should have to remember which engine is selected in a pane out of sight."""
        engines = self._link.state.engines
        choices = [(name, f"{name}  {view.state}") for name, view in engines.items()]

        def picked(name: str | None) -> None:
            if name is not None:
                self._ask_for(action, replace(self._context(""), selected=name))

        if not self._link.attached or not choices:
            self._link.notice(f"{action.title}: no show is attached", "warn")
            return
        title = action.title.replace("the selected engine", "which engine?")
        self._app.push_screen(Pick(title, choices, self._app.desk.engines.selected), picked)

    def _ask_for(self, action: Action, context: Context) -> None:
        if action.ask is None:
            return
        try:
            asking = action.ask(context)
            self._fits(action)
        except Unfit as error:
            self._link.notice(str(error), "warn")
            return
        question = self._question(action, asking)
        if question is None:
            self._send(asking)
        else:
            holds = self._same_panic() if action.name == "resume" else None
            self._app.push_screen(
                Confirm(*question, holds=holds), lambda yes: self._send(asking) if yes else None
            )

    def _same_panic(self) -> Callable[[], bool]:
        """Whether the panic that is asked about is still the one; says what became of it."""
        epoch = self._link.state.epoch

        def holds() -> bool:
            state = self._link.state
            if not self._link.attached:
                why = "not resumed: no show is attached"
            elif not state.panic.latched:
                why = f"{state.panic.by} has resumed already" if state.panic.by else "no panic now"
            elif state.epoch != epoch:
                why = f"not resumed: panic again, by {state.panic.by}; o asks anew"
            else:
                return True
            self._link.notice(why, "warn")
            return False

        return holds

    def _context(self, key: str) -> Context:
        return Context(
            by=self._link.by,
            engines=tuple(self._link.state.engines),
            selected=self._app.desk.engines.selected,
            key=key,
            epoch=self._link.state.epoch,
            off=frozenset(
                name
                for name, engine in self._link.state.engines.items()
                if engine.state in ("off", "stopped", "failed")
            ),
        )

    def _fits(self, action: Action) -> None:
        if not self._link.attached:
            raise Unfit(f"{action.title}: no show is attached")
        if action.name == "resume" and not self._link.state.panic.latched:
            raise Unfit("there is no panic to resume from; Ctrl+O or F9 is panic")
        if action.name == "acknowledge" and not unseen(self._link.state.alerts):
            raise Unfit("no alert is new")

    def _question(self, action: Action, asking: Asking) -> tuple[str, str] | None:
        live = self._link.state.live
        if action.risk is Risk.FREE or (action.risk is Risk.LIVE and not live):
            return None
        if isinstance(asking[1], control.Toggle) and asking[1].on:
            return None  # as with starting one
        if action.name == "resume":
            panic = self._link.state.panic
            return "Put her back on the air?", f"Panic was pressed by {visible(panic.by)}."
        what = asking[2]
        question = f"{what[:1].upper()}{what[1:]}?"
        return question, "The show is LIVE." if live else ""

    def _send(self, asking: Asking) -> None:
        self._app.run_worker(self._ask(asking), group="ask", exit_on_error=False)

    async def _ask(self, asking: Asking, timeout: float = 10.0) -> bool:
        kind, params, words = asking
        try:
            result: Any = await self._link.ask(kind, params, timeout)
        except RequestFailed as error:
            self._link.notice(f"{words}: {error.detail}", "bad")
            return False
        detail = getattr(result, "detail", "")
        said = f"{words}: {detail or 'done'}"
        self._link.notice(words if f" {words}".endswith(f" {detail}") else said, "good")
        return True

    # The desk's own actions

    def do_panic(self) -> None:
        """By the palette, or where no driver of ours is (tests)."""
        self._app.panic_line.press()

    def do_say(self) -> None:
        # Not focus(), which takes effect later: the letters after / would be keys of the desk.
        self._app.desk.set_focus(self._app.desk.input_line)
        self._app.desk.input_line.open()

    def say(self, text: str) -> None:
        """Say a line to her; one that is not taken comes back."""
        self._app.run_worker(self._say(text), group="ask", exit_on_error=False)

    async def _say(self, text: str) -> None:
        asking: Asking = (control.SAY, control.Say(text=text, by=self._link.by), "said")
        kind, params, _ = asking
        try:
            await self._link.ask(kind, params)
        except RequestFailed as error:
            self._link.notice(f"not said: {error.detail}", "bad")
            self._app.desk.input_line.give_back(text)

    def do_start(self) -> None:
        if self._link.attached:
            self._link.notice("a show is running already", "warn")
        elif not self._link.start_show():
            self._link.notice("this console only attaches; start one: kitsu run --detach", "warn")

    def do_next_pane(self) -> None:
        self._app.desk.step_pane(1)

    def do_previous_pane(self) -> None:
        self._app.desk.step_pane(-1)

    def do_zoom(self) -> None:
        self._app.desk.toggle_zoom()

    def do_follow(self) -> None:
        self._app.desk.follow()

    def do_engine_logs(self) -> None:
        desk = self._app.desk
        if desk.engines.selected:
            desk.show_pane("logs")
            desk.logs.only(desk.engines.selected)

    def do_bell(self) -> None:
        self._app.desk.bell = not self._app.desk.bell
        self._link.notice(f"bell {'on' if self._app.desk.bell else 'off'}")

    def do_layout(self) -> None:
        self._app.desk.step_layout()

    def do_pause(self) -> None:
        self._app.desk.toggle_pause()

    def do_theme(self) -> None:
        if self._app.no_color:
            self._link.notice("no colours: NO_COLOR is set", "warn")
        else:
            self._link.notice(f"theme: {self._app.next_theme()}")

    def do_persona(self) -> None:
        view = self._link.state.persona
        choices = [(preset, preset) for preset in view.presets]
        self._pick(
            "Her persona",
            choices,
            view.preset,
            lambda preset: (
                control.PERSONA,
                control.Persona(preset=preset, by=self._link.by),
                f"persona {preset}",
            ),
        )

    def do_mood(self) -> None:
        view = self._link.state.persona
        choices = [("", "her own"), *((mood, mood) for mood in view.moods)]
        self._pick(
            "Hold her in a mood",
            choices,
            view.mood,
            lambda mood: (
                control.MOOD,
                control.Mood(mood=mood, by=self._link.by),
                f"mood {mood or 'her own'}",
            ),
        )

    def _pick(
        self, title: str, choices: list[Choice], current: str, asking: Callable[[str], Asking]
    ) -> None:
        if not self._link.attached or not choices:
            self._link.notice(f"{title}: no show is attached", "warn")
            return

        def picked(value: str | None) -> None:
            if value is not None:
                self._send(asking(value))

        self._app.push_screen(Pick(title, choices, current), picked)

    def do_mark(self) -> None:
        if not self._link.attached:
            self._link.notice("mark: no show is attached", "warn")
            return
        self._app.desk.ask_line(
            "mark",
            done=lambda text: self._send(
                (control.MARK, control.Mark(text=text.strip()[:500], by=self._link.by), "mark")
            ),
            hint="a few words, or nothing; Enter marks, Esc leaves",
        )

    def do_help(self) -> None:
        self._app.push_screen(Help(self._app.desk.keys, self._app.desk.active))

    def do_palette(self) -> None:
        self._app.action_command_palette()

    def do_quit(self) -> None:
        if isinstance(self._app.screen, Quit):
            return
        link = self._link
        self._app.push_screen(
            Quit(attached=link.attached, live=link.state.live, stops=not link.read_only),
            self._chosen,
        )

    def _chosen(self, choice: Way | None) -> None:
        if choice == "detach":
            self._app.exit("detached" if self._link.attached else "no show")
        elif choice == "stop":
            if self._link.state.live:
                question = Confirm("Stop the show?", "It is LIVE: the stream loses her.")
                self._app.push_screen(question, lambda yes: self._stop() if yes else None)
            else:
                self._stop()

    def _stop(self) -> None:
        self._app.run_worker(self._stop_and_leave(), group="ask", exit_on_error=False)

    async def _stop_and_leave(self) -> None:
        by = control.Ask(by=self._link.by)
        if await self._ask((control.STOP, by, "stop the show"), STOP_WITHIN):
            self._app.exit("stopped")
