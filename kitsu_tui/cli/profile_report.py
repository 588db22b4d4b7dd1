"""`kitsu profile list` and `kitsu profile show`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engines.wire import control
from kitsu_tui.cli.ask import actor, fail
from kitsu_tui.cli.ask import run as ask_it
from kitsu_tui.cli.profile_text import WIDTH, key_width, placed, rows, value
from kitsu_tui.cli.tell import tell
from kitsu_tui.config import ConfigError, Loaded, Profile, known_profiles, load_profile
from kitsu_tui.config import difference as diff
from kitsu_tui.config.profile import profiles_folder
from kitsu_tui.console.lines import cells, fit, visible

STATUS_S = 5.0


class ProfileItem(Struct, frozen=True, kw_only=True):
    """One profile."""

    name: str
    path: str
    current: bool = False
    """The running show goes by it."""
    title: str = ""
    live: bool = False
    extends: list[str] = []
    """What it stands on, `base` last."""
    error: str = ""
    """Why it cannot be used."""


class ProfileList(Struct, frozen=True, kw_only=True):
    """Output of `kitsu profile list --json`."""

    show: str
    """The running show's profile; empty: no show runs."""
    profiles: list[ProfileItem]


class ProfileValue(Struct, frozen=True, kw_only=True):
    """A key. Secrets are told as `(set)` and `(not set)`."""

    key: str
    value: Any
    base: Any
    """What base says; null where it says nothing."""
    place: str
    """Where the value stands: file and line, or the variable."""


class ProfileShown(Struct, frozen=True, kw_only=True):
    """Output of `kitsu profile show --json`: keys that differ from base, or all."""

    name: str
    path: str
    title: str
    live: bool
    extends: list[str]
    disabled: dict[str, str]
    """Engines that PIPELINE_DISABLE switches off, with the words used."""
    values: list[ProfileValue]


SCHEMAS: dict[str, type[Any]] = {
    "profile.list": ProfileList,
    "profile.show": ProfileShown,
    "profile.use": control.Switched,
}


def tell_list(*, as_json: bool) -> None:
    """Print every profile, the broken ones with what is wrong."""
    current = _current()
    found = ProfileList(show=current, profiles=items(current))
    if as_json:
        tell(msgspec.json.encode(found).decode(), as_json=True)
        return
    columns = [(item.name, item.title, _above(item)) for item in found.profiles]
    wide = [max(cells(visible(text)) for text in column) for column in zip(*columns, strict=True)]
    for item in found.profiles:
        head = f"{'*' if item.current else ' '} {fit(visible(item.name), wide[0])}  "
        for row in rows(head, _words(item, wide)):
            tell(row)
    if current and not any(item.current for item in found.profiles):
        tell(f"* the running show goes by {visible(current)}, a profile of another folder")


def _above(item: ProfileItem) -> str:
    return f"on {', '.join(item.extends)}" if item.extends else ""


def _words(item: ProfileItem, wide: list[int]) -> str:
    if item.error:
        return f"BROKEN: {visible(item.error)}"
    live = "LIVE" if item.live else "    "
    title, above = fit(visible(item.title), wide[1]), fit(visible(_above(item)), wide[2])
    return f"{live}  {title}  {above}  {visible(_near(item.path))}"


def _near(path: str) -> str:
    """A path (and what follows it) as it is from here, where that is shorter."""
    try:
        return path.removeprefix(f"{Path.cwd()}{os.sep}")
    except OSError:  # the folder that we stand in has gone
        return path


def items(current: str) -> list[ProfileItem]:
    """Every profile at hand; `current` is the running show's."""
    found = []
    for name in known_profiles():
        path = str(profiles_folder() / f"{name}.yaml")
        try:
            loaded = load_profile(name)
        except ConfigError as err:
            item = ProfileItem(name=name, path=path, current=name == current, error=str(err))
        else:
            item = ProfileItem(
                name=name,
                path=path,
                current=name == current,
                title=loaded.profile.title,
                live=loaded.profile.live,
                extends=_extends(loaded),
            )
        found.append(item)
    return found


def _extends(loaded: Loaded) -> list[str]:
    return [Path(shown).stem for shown in loaded.extends[1:]]


def _current() -> str:
    """The running show's profile, empty when there is none or it does not answer."""
    from kitsu_tui.client import NoShow, RequestFailed, connect

    async def work() -> str:
        try:
            async with connect() as show:
                snapshot = await show.ask(control.STATUS, control.Ask(by=actor()), STATUS_S)
                return str(snapshot.state.get("profile", ""))
        except (NoShow, RequestFailed):
            return ""

    return ask_it("profile list", work)


def tell_profile(name: str, *, everything: bool, as_json: bool) -> None:
    """Print what a profile says."""
    try:
        found = shown(load_profile(name), everything=everything)
    except ConfigError as err:
        fail("profile show", str(err), err.code)
    if as_json:
        tell(msgspec.json.encode(found).decode(), as_json=True)
        return
    for row in rows("", f"{visible(found.name)} ({'LIVE' if found.live else 'not live'})"):
        tell(row)
    tell(visible(_near(found.path)))
    if found.extends:
        tell(f"on {', '.join(map(visible, found.extends))}")
    for engine, word in found.disabled.items():
        tell(f"{engine} is off: PIPELINE_DISABLE names {visible(word)}")
    width = key_width(visible(item.key) for item in found.values)
    for item in found.values:
        for row in placed(visible(item.key), width, value(item.value), _near(item.place)):
            tell(row)
    if not found.values:
        tell("nothing differs from base")


def shown(loaded: Loaded, *, everything: bool = False) -> ProfileShown:
    """What a profile says that base does not, or everything, without secrets."""
    plain = Loaded("base", Profile(), {}, loaded.folder, {})
    base, mine, mask = diff.values(plain), diff.values(loaded), diff.masker(loaded)

    def told(key: str, found: Any) -> Any:
        if diff.secret(key, loaded):
            return diff.SET if found else diff.NOT_SET
        return diff.hidden(found, mask)

    return ProfileShown(
        name=loaded.name,
        path=str(loaded.path),
        title=diff.hidden(loaded.profile.title, mask),
        live=loaded.profile.live,
        extends=_extends(loaded),
        disabled=loaded.disabled,
        values=[
            ProfileValue(
                key=key,
                value=told(key, found),
                base=told(key, base.get(key)),
                place=loaded.place(*key.split(".")),
            )
            for key, found in mine.items()
            if everything or found != base.get(key)
        ],
    )


__all__ = ["SCHEMAS", "WIDTH", "ProfileList", "ProfileShown", "items", "shown"]
