"""Logs: what the show and its engines write; filtered, searched, marked and copied."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace
from textual.content import Content

from engines.wire.logline import LogLine
from kitsu_tui.console import clipboard
from kitsu_tui.console.actions import key_word
from kitsu_tui.console.lines import cells, fit, visible
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.panes.log_marks import Incidents, Line, moments
from kitsu_tui.console.screens.log_details import LogDetails, plain
from kitsu_tui.console.screens.pick import Pick
from kitsu_tui.console.widgets.prompt import Prompt
from kitsu_tui.console.widgets.virtual_log import VirtualLog
from kitsu_tui.model.logfilter import BadFilter, Filter, Pattern, parse, words

if TYPE_CHECKING:
    from kitsu_tui.console.app import ConsoleApp

GATHER_S = 1.0
"""Seconds between two looks at what comes while the pane is out of sight."""
STEPS = ("", "info", "warning", "error")
WINDOWS = (
    ("", "all that is kept"),
    ("last:1m", "the last minute"),
    ("last:5m", "the last 5 minutes"),
    ("last:15m", "the last 15 minutes"),
)
FILTER_HINT = "@tts,asr (@!obs: but obs)  level:warn  last:5m  around:13:05/2m  pattern && !pattern"
FIND_HINT = "text or pattern (RE2); a capital letter makes it mind case"


class Logs(VirtualLog):
    """See the module; the view is `VirtualLog`'s."""

    NAME: ClassVar[str] = "logs"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("logs",))
    TICKS: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Logs"
        self._incidents = Incidents()
        self._wrong = ""
        self._put_by = Filter()
        """The filter before all lines were shown again."""

    def on_mount(self) -> None:
        """Lines are taken in also while nobody looks."""
        super().on_mount()  # type: ignore[no-untyped-call]
        self.set_interval(GATHER_S, self._gather)

    @property
    def _desktop(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    @property
    def unseen(self) -> dict[str, tuple[int, int]]:
        """By engine the warnings and errors that came out of sight: filtered out, or while the
        pane was not shown, since they could last be seen.
        """
        return self.store.unseen()

    def paint(self, link: Link, now: float) -> None:
        """Take the lines that came since the last time."""
        self._clock = link.clock
        self.extend(*self._take(link))
        self._say()

    def _take(self, link: Link) -> tuple[list[Line], int]:
        lines, lost = link.take_lines()
        return self._incidents.among(lines, link.state.incidents), lost

    def _gather(self) -> None:
        if self.has_class("-away"):
            self.keep(*self._take(self._desktop.link))
        self._title()

    # What stands around it

    def following_changed(self) -> None:
        super().following_changed()
        self._say()

    def _title(self) -> None:
        counts = sorted(
            ((errors, warnings, name) for name, (warnings, errors) in self.unseen.items()),
            reverse=True,
        )
        parts = [
            f"{visible(name)}!{min(errors + warnings, 999)}"
            for errors, warnings, name in counts[:2]
        ]
        if len(counts) > 2:
            parts.append(f"+{len(counts) - 2}")
        title = Content(" ".join(["Logs", *parts]))
        if title.plain != getattr(self._border_title, "plain", ""):
            self.border_title = title

    def _say(self) -> None:
        parts = []
        if self._desktop.link.phase == "past" and not self.store.entries:
            parts.append("no lines are in a journal: kitsu logs has them")
        if self._wrong:
            parts.append(f"✗ {visible(self._wrong)}")
        elif not self.filter.empty:
            text = visible(words(self.filter))
            room = max(12, self.size.width // 3)
            text = fit(text, room) if cells(text) > room else text
            parts.append(f"{text} {len(self.store.seqs)}/{len(self.store.entries)}")
            if self.store.entries and not self.store.seqs and not self.store.busy:
                keys = self._desktop.desk.keys["log_all"]
                parts[-1] += f", {key_word(keys[0])} shows all" if keys else ""
        if self.search is not None:
            text = visible(self.search.text)
            parts.append(f"“{fit(text, 12) if cells(text) > 12 else text}” {len(self.store.hits)}")
        if self.lost:
            parts.append(f"{self.lost} dropped (see the log files)")
        if not self.following:
            parts.append(f"↑ {self.behind} new, End follows")
        subtitle = Content(" · ".join(parts))
        if subtitle.plain != getattr(self._border_subtitle, "plain", ""):
            self.border_subtitle = subtitle

    def _tell(self, text: str, style: str = "dim") -> None:
        self._desktop.link.notice(text, style)

    # Filter

    def use(self, wanted: Filter) -> None:
        super().use(wanted)
        self._wrong = ""
        self._say()

    def only(self, engine: str) -> None:
        """Lines of one engine, whatever else the filter says."""
        self.use(replace(self.filter, engines=(engine,), but=False))

    def do_log_filter(self, key: str) -> None:
        """Ask for a filter; what is typed takes effect at once."""
        before, back = self.filter, self.remember()

        def changed(text: str) -> None:
            if not self._asking:
                self.use(before)
                back()
                return
            try:
                wanted = parse(text, self._clock())
            except BadFilter as error:
                self._wrong = str(error)
                self._say()
                return
            self._wrong = ""
            if wanted == self.filter:
                self._say()
            else:
                self.use(wanted)

        def done(text: str) -> None:
            self._wrong = ""
            try:
                self.use(parse(text, self._clock()))
            except BadFilter as error:
                # What was typed stays in the prompt's memory.
                self.use(before)
                back()
                self._tell(f"not filtered so: {error} (↑ in the prompt brings it back)", "warn")

        self._desktop.desk.ask_line(
            "filter", words(before), done=done, changed=changed, hint=FILTER_HINT
        )

    @property
    def _asking(self) -> bool:
        return self._desktop.desk.query_one(Prompt).asking

    def do_log_all(self, key: str) -> None:
        """All lines again, or the filter back."""
        if self.filter.empty:
            self.use(self._put_by)
        else:
            self._put_by = self.filter
            self.use(Filter())

    def do_log_level(self, key: str) -> None:
        """The next level as the least."""
        now = self.filter.level if self.filter.level in STEPS else STEPS[-1]
        self.use(replace(self.filter, level=STEPS[(STEPS.index(now) + 1) % len(STEPS)]))

    def do_log_engine(self, key: str) -> None:
        """Choose an engine."""
        names = list(dict.fromkeys(["show", *self._desktop.link.state.engines]))
        choices = [("", "all engines"), *((name, name) for name in names)]
        choices += [(f"!{name}", f"all but {name}") for name in names]
        wanted = self.filter
        current = f"{'!' if wanted.but else ''}{','.join(wanted.engines)}"

        def picked(value: str | None) -> None:
            if value is not None:
                but, name = value.startswith("!"), value.removeprefix("!")
                self.use(replace(self.filter, engines=(name,) if name else (), but=but))

        self.app.push_screen(Pick("Lines of which engine?", choices, current), picked)

    def do_log_window(self, key: str) -> None:
        """Choose a window of time."""
        choices = [*WINDOWS]
        for t, name in moments(self.store, self.cursor):
            at = datetime.fromtimestamp(t).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
            choices.append((f"around:{at}", f"a minute around {at[11:]} {visible(name)}"))
        current = words(Filter(last=self.filter.last, around=self.filter.around))

        def picked(value: str | None) -> None:
            if value is not None:
                got = parse(value, self._clock())
                self.use(replace(self.filter, last=got.last, around=got.around, reach=got.reach))

        self.app.push_screen(Pick("Lines of which time?", choices, current), picked)

    # Search and marks

    def do_log_find(self, key: str) -> None:
        """Ask for a text; what it finds is marked while it is typed."""
        before = self.search

        def changed(text: str) -> None:
            if not self._asking:
                self.find(before)
                self._wrong = ""
            elif text != (self.search.text if self.search else ""):
                self._try(text)
            self._say()

        def done(text: str) -> None:
            self._wrong = ""
            if self._try(text):
                self._seek_hit(-1 if self.following else 1)
            elif self._wrong:
                self._tell(f"find: {self._wrong}", "warn")
                self.find(before)
                self._wrong = ""
            self._say()

        text = before.text if before else ""
        self._desktop.desk.ask_line("find", text, done=done, changed=changed, hint=FIND_HINT)

    def _try(self, text: str) -> bool:
        try:
            pattern = Pattern(text) if text.strip() else None
        except BadFilter as error:
            self._wrong = str(error)
            return False
        self._wrong = ""
        if (pattern and pattern.text) != (self.search and self.search.text):
            self.find(pattern)
        return pattern is not None

    def _seek_hit(self, step: int) -> None:
        if self.search is None:
            self._tell("nothing is searched for: f asks for a text")
            return
        self.finish()
        found = self.seek(self.store.hits, step)
        if found is None:
            self._tell(f"not found: {visible(self.search.text)}", "warn")
            return
        at, around = found
        end = ("from the top again, " if step > 0 else "from the end again, ") if around else ""
        self._tell(f"{end}{at + 1} of {len(self.store.hits)}")
        self._say()

    def do_log_next(self, key: str) -> None:
        """To the next line that the search finds."""
        self._seek_hit(1)

    def do_log_previous(self, key: str) -> None:
        """To the one before."""
        self._seek_hit(-1)

    def do_log_bookmark(self, key: str) -> None:
        """Bookmark the line, or no longer."""
        kept = self.toggle_bookmark()
        if kept is not None:
            self._tell("bookmarked; [ and ] go there" if kept else "no longer bookmarked")

    def _seek_mark(self, step: int) -> None:
        self.finish()
        places = self.landmarks()
        found = self.seek(places, step)
        if found is None:
            self._tell("no marks here: b bookmarks a line, ! marks this moment")
        else:
            end = " (around the end)" if found[1] else ""
            self._tell(f"mark {found[0] + 1} of {len(places)}{end}")
        self._say()

    def do_log_next_mark(self, key: str) -> None:
        """To the next bookmark or mark."""
        self._seek_mark(1)

    def do_log_previous_mark(self, key: str) -> None:
        """To the one before."""
        self._seek_mark(-1)

    # Reading

    def cursor_changed(self) -> None:
        self._say()

    def do_log_up(self, key: str) -> None:
        """To the line before."""
        self.action_scroll_up()

    def do_log_down(self, key: str) -> None:
        """To the line after."""
        self.action_scroll_down()

    def do_log_first(self, key: str) -> None:
        """To the first line."""
        self.action_scroll_home()

    def do_log_select_up(self, key: str) -> None:
        """Select one more line, upwards."""
        self.select(-1)

    def do_log_select_down(self, key: str) -> None:
        """Select one more line, downwards."""
        self.select(1)

    def do_log_wrap(self, key: str) -> None:
        """Long lines whole, or one row a line."""
        self.toggle_wrap()
        self._tell("long lines are wrapped" if self.wrap else "one row a line; ← → scroll sideways")

    def do_log_details(self, key: str) -> None:
        """The cursor's line, whole."""
        entry = self.store.entry(self.cursor) if self.cursor is not None else None
        if isinstance(entry, LogLine):
            self.app.push_screen(LogDetails(entry, self._desktop.link.state.log_root))
        elif entry is None:
            self._tell("no line is chosen: ↑ goes to the last one")

    def do_log_copy(self, key: str) -> None:
        """Copy the cursor's line, or what is selected."""
        rows = [plain(entry) for entry in self.chosen()]
        if rows:
            self._tell(clipboard.copy(self.app, rows, "line"), "good")
        else:
            self._tell("no line is chosen: ↑ goes to the last one, Shift+↑ selects more")

    def do_log_leave(self, key: str) -> None:
        """Drop the selection, the search, then back to the end."""
        self.leave()
        self._say()
