"""Doing something about a line that is not on air yet, about review, and about the blocklist."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engines.wire import control
from kitsu_tui.console.actions import key_word
from kitsu_tui.console.lines import visible
from kitsu_tui.console.link import Link, RequestFailed
from kitsu_tui.console.screens.blocklist import Blocklist
from kitsu_tui.console.to_come import ASKING, LineKey, OpenLine, What, line_key
from kitsu_tui.console.words import who

if TYPE_CHECKING:
    from kitsu_tui.console.app import ConsoleApp

_DONE = {
    "air": "let air",
    "drop": "dropped",
    "replace": "said instead",
    "hold": "held",
}
AIR = "let it air"
_SAID = 40
"""Characters of a line that stand in a notice about it."""


class LineDoer:
    """See the module."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._link: Link = app.link
        self._draft: tuple[LineKey, str] | None = None
        """A text that was not taken, and the line that it was for."""

    # One line

    def do_air_line(self) -> None:
        """Approve it."""
        found = self._line(AIR)
        if found is not None:
            self._ask(found, "air")

    def do_drop_line(self) -> None:
        """Drop it."""
        found = self._line("drop")
        if found is not None:
            self._ask(found, "drop")

    def do_hold_line(self) -> None:
        """Hold it, or let go of it."""
        found = self._line("hold")
        if found is None:
            return
        turn, line = found
        if self._link.to_come.asked(line_key(turn, line), self._now()) == "hold":
            self._link.notice("hold: is on its way")
        else:
            self._ask(found, "air" if line.waits == "operator" else "hold")

    def do_replace_line(self) -> None:
        """Hold it, and ask for what is said instead."""
        found = self._line("replace")
        if found is None:
            # Who pressed the key goes on typing: these words must not be keys.
            none = "no line to replace"
            self._app.desk.ask_line(
                "instead:",
                "",
                done=lambda text: self._link.notice(f"{none}: not said", "warn") if text else None,
                left=lambda: None,
                hint=f"{none}; Esc leaves",
            )
            return
        turn, line = found
        key, waited = line_key(turn, line), line.waits
        if waited != "operator":
            self._ask(found, "hold", quiet=True)  # else it airs while one still types

        def done(text: str) -> None:
            if text.strip():
                self._request(key, "replace", text.strip(), text, refused=refused)
            else:
                left()

        def refused(text: str) -> None:
            if line.open and turn is self._link.state.find_turn(key.turn) and turn.rev == key.rev:
                ask(text, anew=True)

        def left() -> None:
            mine = line.waits == "operator" and line.held_by == self._link.by
            held = self._link.to_come.asked(key, self._now()) == "hold"
            if not waited and line.open and (mine or held):
                # It was to be said when the key was pressed, and nothing was decided since.
                self._request(key, "air", "", line.spoken)
            else:
                self._link.notice("not replaced; the line stays as it is", "warn")

        def ask(text: str, *, anew: bool = False) -> None:
            self._app.desk.ask_line(
                "instead:",
                text,
                done=done,
                left=left,
                hint="what she says in its place; Enter has it said, Esc leaves the line as it is",
                anew=anew,
            )

        if self._draft is not None and self._draft[0] == key:
            ask(self._draft[1], anew=True)
        else:
            ask(line.spoken.strip())

    def do_next_line(self) -> None:
        """Choose the line after."""
        if not self._link.state.open_lines():
            self._link.notice("no line of hers is still to come", "warn")
            return
        self._link.to_come.step(self._link.state)
        self._at_once()

    def _line(self, what: str) -> OpenLine | None:
        """The line that was last in sight as the one that keys are about; else why not."""
        link, shown = self._link, self._link.to_come.shown
        if not link.attached:
            why = "no show is attached"
        elif shown is None:
            found = link.to_come.target(link.state)
            if found is not None and what != AIR:
                return found
            # Nobody approves what has come since the last picture.
            why = "look at it first" if found else "no line of hers is still to come"
        else:
            key, text = shown
            turn = link.state.find_turn(key.turn)
            line = next((s for s in turn.sentences if s.seq == key.seq), None) if turn else None
            if turn is None or line is None or turn.rev != key.rev:
                why = "she has let go of that line"
            elif line.status == "airing":
                skip = key_word((*self._app.desk.keys["skip"], "?")[0])
                why = f"it is on air already; {skip} ends it"
            elif not line.open or turn.status:
                by = f" ({visible(who(line.decided_by))})" if line.decided_by else ""
                why = f"it was decided on already{by}"
            elif line.spoken != text:
                why = "it was changed just now: look at it again"
            else:
                return turn, line
        link.to_come.look(link.state)
        self._link.notice(f"{what}: {why}", "warn")
        self._at_once()
        return None

    def _ask(self, found: OpenLine, what: What, *, quiet: bool = False) -> None:
        turn, line = found
        self._request(line_key(turn, line), what, "", line.spoken, quiet=quiet)

    def _request(
        self,
        key: LineKey,
        what: What,
        text: str,
        said: str,
        *,
        quiet: bool = False,
        refused: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._link.to_come.asking(key, what, self._now())
        self._at_once()
        work = self._decide(key, what, text, said, quiet, refused)
        self._app.run_worker(work, group="line", exit_on_error=False)

    async def _decide(
        self,
        key: LineKey,
        what: What,
        text: str,
        said: str,
        quiet: bool,
        refused: Callable[[str], None],
    ) -> None:
        link = self._link
        params = control.Line(
            what=what, turn=key.turn, rev=key.rev, seq=key.seq, text=text, by=link.by
        )
        try:
            done = await link.ask(control.LINE, params)
        except RequestFailed as error:
            link.to_come.answered(key, self._now(), ok=False)
            if what == "replace":  # what it is about stands there still: the reason has the row
                link.notice(error.detail, "bad")
                self._draft = (key, text)
                if not self._app.desk.types:
                    refused(text)
            else:
                link.notice(f"{ASKING[what].rstrip('…')}: {error.detail}", "bad")
        else:
            link.to_come.answered(key, self._now(), ok=True)
            if what == "replace":
                self._draft = None
            if not quiet:
                words = done.detail or _DONE[what]
                link.notice(f"{words}: “{_short(said)}”", "good")
        self._at_once()

    def _now(self) -> float:
        return self._app.desk.now()

    def _at_once(self) -> None:
        """What was asked for stands there before the show has answered."""
        self._link.dirty |= {"transcript", "status"}
        self._app.desk.flush()

    # All lines

    def do_review(self) -> None:
        """Every line is reviewed, or none."""
        if not self._link.attached:
            self._link.notice("review: no show is attached", "warn")
            return
        self._app.run_worker(self._ask_review(), group="line", exit_on_error=False)

    async def _ask_review(self) -> None:
        link = self._link
        # Which way is said: two operators who press at once mean the same.
        on = not link.state.review.on
        try:
            done = await link.ask(control.REVIEW, control.Review(on=on, by=link.by))
        except RequestFailed as error:
            link.notice(f"review: {error.detail}", "bad")
        else:
            link.notice(done.detail or f"review is {'on' if on else 'off'}", "good")

    def do_block(self) -> None:
        """The blocklist, with the text of what is chosen."""
        link = self._link
        if not link.attached:
            link.notice("blocklist: no show is attached", "warn")
            return

        async def ask(what: str, text: str) -> control.Listed:
            params = control.Blocklist(what=what, text=text, by=link.by)  # type: ignore[arg-type]
            return await link.ask(control.BLOCKLIST, params)

        self._app.push_screen(Blocklist(ask, self._chosen_text()))

    def _chosen_text(self) -> str:
        """The text of the line that was chosen by hand, or what was said in the chosen turn."""
        link = self._link
        if link.to_come.chosen is not None:
            found = link.to_come.target(link.state)
            if found is not None:
                return found[1].spoken or found[1].text
        return self._app.desk.transcript.chosen_text()


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _SAID else text[: _SAID - 1] + "…"
