"""What was stopped reaches nobody but the operator: no caption, no memory, no log, no answer."""

from __future__ import annotations

import logging

import pytest

from engines.wire import control, obs, show
from kitsu_tui.show.captions import Captions
from kitsu_tui.show.line_verbs import decide
from tests.show.stage import Stage

SAFE, UNSAFE, DROPPED = "Hello you there my friend.", "You grommit you.", "Tomatoes are blue."


async def test_stopped_texts_stay_with_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    shown: list[str] = []

    async def send(change: obs.Change) -> bool:
        assert isinstance(change, obs.SetText)
        shown.append(change.text)
        return True

    with caplog.at_level(logging.DEBUG):
        async with Stage() as stage:
            captions = Captions(send, lambda: True, "captions")
            tell = stage.told.append

            def hook(event: show.ShowEvent) -> None:
                tell(event)
                captions.on_event(event)

            stage.scene.tell = hook
            turn = await stage.typed("hi")
            await stage.answer(SAFE, UNSAFE, DROPPED)
            await stage.play(200)
            await decide(stage.scene.desk, control.Line(what="drop", turn=1, seq=2))
            await stage.play(4000)
            done = stage.done(turn)
            remembered = [line.text for line in stage.history.messages()]
            await stage.typed("and now say grommit")
            await stage.play(4000)
            prompts = [thought.params for thought in stage.mind.asked]
            captions.close()
    assert shown[0] == SAFE
    public = [*shown, done.answer, *remembered, caplog.text, *map(str, prompts)]
    for text in ("grommit", "Tomatoes"):
        assert not [one for one in public if text in one]
    told = [event.text for event in stage.of(show.Judged)]
    assert UNSAFE in told, "the operator sees it"
    assert DROPPED in told
