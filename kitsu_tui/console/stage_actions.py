"""Actions about what is around her: OBS, rehearsals of panic, the profile; part of `actions`."""

from __future__ import annotations

from kitsu_tui.console.action import Action, Risk

STAGE: tuple[Action, ...] = (
    Action(
        "scene",
        "Scene in OBS",
        "Brings another scene to the audience; the list opens on the one that was there before.",
        ("S",),
        "Show",
        verb="scene",
        changes=True,
    ),
    Action(
        "profile",
        "Another profile",
        "Says first what would be different: keys, engines that begin anew, what is wrong.",
        ("p",),
        "Show",
        verb="profile use",
        changes=True,
    ),
    Action(
        "drill",
        "Rehearse panic",
        "Panic on the live surfaces, off air, and all put back; its figures are kept.",
        ("R",),
        "Show",
        risk=Risk.ALWAYS,
        verb="drill",
        changes=True,
    ),
)
"""Those of the whole desk."""

_OBS = "OBS"

OBS: tuple[Action, ...] = (
    Action(
        "obs_down", "The row below", "Of those that Enter acts on.", ("down", "j"), _OBS, pane="obs"
    ),
    Action("obs_up", "The row above", "As above, the other way.", ("up", "k"), _OBS, pane="obs"),
    Action(
        "obs_do",
        "Switch the row over",
        "Mutes an input or opens it, shows or hides a source, turns a filter off, starts or ends "
        "the recording (ending asks), saves the replay; on the scene it opens the list of scenes.",
        ("enter",),
        _OBS,
        "switch",
        pane="obs",
        changes=True,
    ),
    Action(
        "obs_scene",
        "Back to the scene before",
        "The one that was there before this one.",
        ("N",),
        _OBS,
        pane="obs",
        changes=True,
    ),
    Action(
        "obs_record",
        "Start or end the recording",
        "Ending it asks.",
        ("W",),
        _OBS,
        "record",
        pane="obs",
        changes=True,
    ),
    Action(
        "obs_replay",
        "Save the replay",
        "What is in OBS's replay buffer; starts the buffer when it is off.",
        ("b",),
        _OBS,
        "save replay",
        pane="obs",
        changes=True,
    ),
)
"""Those of the OBS pane."""
