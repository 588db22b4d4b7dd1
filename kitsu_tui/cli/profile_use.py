"""`kitsu profile use`: the difference first, then the switch, which the running show does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from engines.wire import control
from kitsu_tui.cli.ask import EXIT_FAILED, EXIT_NO_SHOW, actor, fail
from kitsu_tui.cli.ask import run as ask_it
from kitsu_tui.cli.profile_text import difference
from kitsu_tui.cli.show import check_keys
from kitsu_tui.cli.tell import tell
from kitsu_tui.client import NoShow, RequestFailed, WrongShow, connect
from kitsu_tui.config import ConfigError, Loaded, load_profile, paths
from kitsu_tui.config.difference import GOES_LIVE, check, plan

if TYPE_CHECKING:
    from kitsu_tui.client import Client

VERB = "profile use"
LOOK_S = 15.0
"""For the difference: models are looked for, on a disk that may sleep."""
SWITCH_S = 300.0
"""For a switch: a model may have to load, and a sentence to end."""
CODES = {"bad-config": ConfigError.code, "missing": 4}
"""Exit codes by why the show does not take a profile."""


def use(name: str, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Go over to a profile by name or path; see `kitsu profile use --help`."""
    if not name.strip():
        fail(VERB, f"found {name!r}, expected a profile's name or path", 2)
    wanted = _absolute(name)
    ask_first = not (yes or as_json) and sys.stdin.isatty() and sys.stdout.isatty()

    async def work() -> control.Switched | None:
        try:
            async with connect() as show:
                return await _use(show, wanted, dry_run, ask_first, as_json)
        except RequestFailed as err:
            fail(VERB, err.detail, CODES.get(err.code, EXIT_FAILED))
        except WrongShow:
            raise
        except NoShow:
            return None

    done = ask_it(VERB, work) or _without_show(wanted, dry_run)
    if as_json:
        tell(msgspec.json.encode(done).decode(), as_json=True)
    elif done.done:
        after = f"; {done.detail}" if done.detail else ""
        tell(f"the show goes by {done.plan.profile} ({done.ms:.0f} ms){after}")
    else:
        _tell_plan(done)


async def _use(
    show: Client, name: str, dry_run: bool, ask_first: bool, as_json: bool
) -> control.Switched:
    """The switch, or for a dry run what it would be.

    Raises:
        ConfigError: its keys for the console are wrong.
        RequestFailed: the show does not take the profile, or could not go over to it.
    """
    _check_keys(name)
    params = control.UseProfile(profile=name, dry_run=True, by=actor())
    looked = await show.ask(control.PROFILE, params, LOOK_S)
    if dry_run:
        return looked
    if not as_json:
        _tell_plan(looked)
    if ask_first:
        status = await show.ask(control.STATUS, control.Ask(by=actor()), LOOK_S)
        if _noticed(looked.plan, live=bool(status.state.get("live"))):
            _confirm()
    params = control.UseProfile(profile=name, by=actor())
    return await show.ask(control.PROFILE, params, SWITCH_S)


def _noticed(found: control.Plan, *, live: bool) -> bool:
    """True for a switch that an audience may notice, or that takes an engine down."""
    return live or GOES_LIVE in found.at_once or bool(found.restarts or found.stops)


def _confirm() -> None:
    try:
        answer = input("switch now? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        fail(VERB, "nothing was changed", EXIT_FAILED)


def _without_show(name: str, dry_run: bool) -> control.Switched:
    """The difference to what `kitsu run` takes: no show runs."""
    try:
        after = load_profile(name)
        check_keys(after)
        if not dry_run:
            todo = f"kitsu run --profile {name} starts one with it"
            fail(VERB, f"no show is running; {todo}", EXIT_NO_SHOW)
        problems = check(after)
        before = _usual(after)
        found = plan(before, after)
    except ConfigError as err:
        fail(VERB, str(err), err.code)
    found = msgspec.structs.replace(found, problems=[*found.problems, *problems])
    said = f"no show is running; this is against {before.name}, which kitsu run takes"
    return control.Switched(plan=found, done=False, detail=said)


def _usual(after: Loaded) -> Loaded:
    """The profile that is taken when none is named."""
    try:
        return load_profile()
    except ConfigError as err:
        raise ConfigError(f"the profile to compare {after.name} with: {err}") from None


def _check_keys(name: str) -> None:
    """Only the console's registry knows what its keys may be; all else the show judges."""
    try:
        loaded = load_profile(name)
    except ConfigError:
        return
    check_keys(loaded)


def _absolute(name: str) -> str:
    """A path as it is from anywhere: the show may stand in another folder. A name stays one."""
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        return str(paths.expanded(name).absolute())
    return name


def _tell_plan(said: control.Switched) -> None:
    tell(difference(said.plan))
    if said.detail:
        tell(f"\n{said.detail}")
