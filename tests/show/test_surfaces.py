"""Panic at engines that show something: reached, held, put back, whatever dies in between."""

from __future__ import annotations

import asyncio

import pytest

from engines.wire import show, surface
from kitsu_tui.show import panic
from kitsu_tui.show.durable import Kept
from kitsu_tui.show.outcome import Outcome
from tests.show.screen import BRB
from tests.show.stage import Latched, Stage

GAME = {"scene": "Game", "muted": False}
OWN = ["audio", "policy", "tts"]


def last(stage: Stage) -> show.Panicked:
    """The last that was told of a panic's end."""
    return [event for event in stage.of(show.Panicked) if event.done][-1]


async def resume(stage: Stage) -> Outcome | None:
    """Resume, to its end."""
    task = asyncio.create_task(stage.panic.resume("test"))
    await stage.settle()
    await stage.advance(2.5)
    return task.result()


# -- reached and put back ------------------------------------------------------------------------


async def test_a_surface_is_asked_with_audio_and_put_back_at_resume() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        surfaces = await stage.press()
        assert list(surfaces) == [*OWN, "obs.scene", "obs.muted"]
        assert all(ms is not None for ms in surfaces.values())
        assert desk.now == BRB
        assert desk.asked == [("panic", stage.panic.epoch, None)]
        assert stage.latch.kept == {"obs": Kept(stage.panic.epoch, GAME)}
        assert (last(stage).why, last(stage).waits) == ({}, [])

        found = await resume(stage)
        assert found is not None
        assert found.ok
        assert desk.now == GAME
        assert desk.asked[-1] == ("resume", stage.panic.epoch, GAME)
        assert stage.latch.kept == {}
        (told,) = stage.of(show.PutBack)
        assert told.surfaces.keys() == {"obs.scene", "obs.muted"}
        assert not stage.of(show.Alert)


async def test_what_a_later_panic_adds_is_kept_and_what_it_sees_of_itself_is_not() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.press()
        epoch = stage.panic.epoch
        surfaces = stage.panic.surfaces
        surfaces._before("obs", surface.Before(epoch=epoch, before=BRB))
        assert stage.latch.kept == {"obs": Kept(epoch, GAME)}
        more = {**GAME, "scene": "Talk"}
        surfaces._before("obs", surface.Before(epoch=epoch, before=more, adds=True))
        assert stage.latch.kept == {"obs": Kept(epoch, more)}
        await resume(stage)
        surfaces._before("obs", surface.Before(epoch=epoch, before=more, adds=True))
        assert stage.latch.kept == {}


async def test_the_requests_are_on_their_way_before_anything_is_told() -> None:
    async with Stage(screens=("obs", "avatar")) as stage:
        order: list[str] = []
        for name in ("audio", "obs", "avatar"):
            link = stage.cast.units[name].link
            assert link is not None
            real = link.peer.send

            def send(frame: object, *rest: object, name: str = name, real: object = real) -> None:
                if type(frame).__name__ == "Request":
                    order.append(name)
                real(frame, *rest)  # type: ignore[operator]

            link.peer.send = send

        def tell(event: show.ShowEvent) -> None:
            order.append("told")

        stage.panic._tell = tell
        task = asyncio.create_task(stage.panic.press("test"))
        await stage.settle()
        assert order[:4] == ["audio", "obs", "avatar", "told"]
        await task


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"hangs": True}, {"obs": "no answer within 2 s"}),
        ({"fails": "it went wrong"}, {"obs": "it went wrong"}),
        ({"broken": {"scene"}}, {"obs.scene": "no such scene"}),
    ],
)
async def test_what_fails_is_named_and_harms_no_other(
    fault: dict[str, object], why: dict[str, str]
) -> None:
    async with Stage(screens=("obs", "avatar")) as stage:
        desk = stage.screens["obs"]
        for name, value in fault.items():
            setattr(desk, name, value)
        surfaces = await stage.press()
        assert {name for name, ms in surfaces.items() if ms is None} == why.keys()
        assert (last(stage).why, last(stage).waits) == (why, [])
        assert stage.screens["avatar"].now == BRB
        (alert,) = stage.of(show.Alert)
        assert (alert.level, alert.about) == ("error", "obs")
        assert "panic did not reach obs" in alert.text
        desk.go_on()


async def test_a_late_answer_is_taken_and_told() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        desk.hangs = True
        assert (await stage.press())["obs"] is None
        desk.go_on()
        await stage.settle()
        assert desk.now == BRB
        (told,) = stage.of(show.PanicReached)
        assert told.surfaces.keys() == {"obs.scene", "obs.muted"}
        assert stage.latch.kept["obs"].before == GAME
        await resume(stage)
        assert desk.now == GAME


async def test_a_surface_that_is_closed_waits_and_is_reached_when_it_is_back() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        desk.open = False
        surfaces = await stage.press()
        assert list(surfaces) == OWN
        assert last(stage).waits == ["obs.scene", "obs.muted"]
        assert last(stage).why["obs.scene"] == "OBS is closed"
        assert [alert.level for alert in stage.of(show.Alert)] == ["warning"]
        stage.cast.units["obs"].engine.reopened()
        await stage.settle()
        assert desk.now == BRB
        (told,) = stage.of(show.PanicReached)
        assert told.surfaces == {"obs.scene": 1.0, "obs.muted": 2.0}
        await resume(stage)
        assert desk.now == GAME


# -- engines come and go -------------------------------------------------------------------------


async def test_an_engine_that_is_down_waits_and_is_asked_when_it_is_ready() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.kill("obs")
        surfaces = await stage.press()
        assert list(surfaces) == OWN
        assert (last(stage).waits, last(stage).why) == (["obs"], {"obs": "obs is backoff"})
        await stage.start("obs")
        await stage.settle()
        assert stage.screens["obs"].now == BRB
        (told,) = stage.of(show.PanicReached)
        assert told.surfaces.keys() == {"obs.scene", "obs.muted"}


async def test_one_that_is_switched_off_is_not_waited_for() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.kill("obs")
        stage.cast.units["obs"].wanted = False
        await stage.press()
        assert last(stage).waits == []


async def test_one_that_has_never_said_so_joins_when_it_does() -> None:
    async with Stage(screens=("screen",)) as stage:
        await stage.kill("screen")
        stage.panic.surfaces._known.clear()
        assert list(await stage.press()) == OWN
        assert last(stage).waits == []
        await stage.start("screen")
        await stage.settle()
        assert stage.screens["screen"].now == BRB


async def test_an_engine_that_dies_while_latched_is_asked_again_with_what_stood_before() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        await stage.press()
        await stage.kill("obs")
        await stage.start("obs")
        await stage.settle()
        assert desk.asked[-1] == ("panic", stage.panic.epoch, GAME)
        assert stage.latch.kept["obs"].before == GAME, "not the panic's own scene"
        await resume(stage)
        assert desk.now == GAME


async def test_an_engine_that_dies_before_its_resume_is_asked_again_until_it_could() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        await stage.press()
        await stage.kill("obs")
        found = await resume(stage)
        assert found is not None
        assert found.waits == ["obs"]
        assert stage.latch.kept["obs"].before == GAME
        (told,) = stage.of(show.PutBack)
        assert (told.surfaces, told.why) == ({}, {"obs": "obs is backoff"})
        desk.open = False
        await stage.start("obs")
        await stage.settle()
        assert stage.latch.kept, "OBS is closed now: it is not put back yet"
        await stage.kill("obs")
        desk.open = True
        await stage.start("obs")
        await stage.settle()
        assert desk.now == GAME
        assert stage.latch.kept == {}
        assert stage.of(show.PutBack)[-1].surfaces.keys() == {"obs.scene", "obs.muted"}


async def test_obs_that_was_closed_at_resume_is_put_back_when_it_is_there() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        await stage.press()
        desk.open = False
        await resume(stage)
        assert desk.now == BRB
        assert stage.latch.kept
        stage.cast.units["obs"].engine.reopened()
        await stage.settle()
        assert desk.now == GAME
        assert stage.latch.kept == {}
        assert len(stage.of(show.PutBack)) == 2


async def test_an_engine_that_dies_between_question_and_answer_is_asked_again() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        desk.hangs = True
        task = asyncio.create_task(stage.panic.press("test"))
        await stage.settle()
        await stage.kill("obs")
        assert (await task).waits == ["obs"]
        desk.hangs = False
        await stage.start("obs")
        await stage.settle()
        assert desk.now == BRB


@pytest.mark.parametrize(
    ("state", "asked"), [("ready", 1), ("degraded", 1), ("loading", 0), ("stopped", 0)]
)
async def test_it_is_asked_in_the_moment_that_it_is_told_to_be_ready(
    state: show.EngineState, asked: int
) -> None:
    async with Stage(screens=("obs",)) as stage:
        stage.latch.panicked = True
        link = stage.cast.units["obs"].link
        assert link is not None
        stage.panic.surfaces.follow(show.EngineChanged(engine="obs", state=state))
        assert len(link.peer) == asked, "before anybody else has had a turn"
        stage.panic.surfaces.follow(show.EngineChanged(engine="nobody", state=state))
        await stage.settle()
        assert len(stage.screens["obs"].asked) == asked


async def test_another_ready_of_the_same_life_is_not_asked_again() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.press()
        link = stage.cast.units["obs"].link
        assert link is not None
        stage.panic.surfaces.greet("obs", link)
        await stage.settle()
        assert stage.screens["obs"].names == ["panic"]


# -- presses and resumes across each other -------------------------------------------------------


async def test_two_presses_at_once_keep_what_stood_before_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panic, "REPEAT_NS", 0)
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        first = asyncio.create_task(stage.panic.press("ana"))
        second = asyncio.create_task(stage.panic.press("bob"))
        await stage.settle()
        await first
        await second
        assert desk.names == ["panic", "panic"]
        assert stage.latch.kept["obs"].before == GAME
        done = [event for event in stage.of(show.Panicked) if event.done]
        assert [(event.by, event.epoch) for event in done] == [("bob", stage.panic.epoch)]
        await resume(stage)
        assert desk.now == GAME


@pytest.mark.parametrize("at", range(6))
async def test_a_press_while_it_is_put_back_wins(at: int) -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        await stage.press()
        going = asyncio.create_task(stage.panic.resume("test"))
        for _ in range(at * 2):
            await asyncio.sleep(0)
        await stage.press()
        await going
        assert stage.panic.latched
        assert desk.now == BRB
        assert stage.latch.kept["obs"].before == GAME
        await resume(stage)
        assert desk.now == GAME
        assert not stage.panic.latched


async def test_a_press_wins_over_a_resume_that_hangs() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        await stage.press()
        desk.hangs = True
        going = asyncio.create_task(stage.panic.resume("test"))
        await stage.settle()
        desk.hangs = False
        await stage.press()
        desk.moved.set()  # the resume is answered only now
        await stage.settle()
        await going
        assert stage.latch.kept["obs"].before == GAME
        assert stage.panic.latched
        assert not stage.of(show.PutBack), "nothing is told of it any more"


async def test_a_resume_before_the_panic_was_answered() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        pressing = asyncio.create_task(stage.panic.press("test"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await resume(stage)
        await pressing
        assert not [event for event in stage.of(show.Panicked) if event.done]
        assert not stage.panic.latched
        assert desk.names == ["panic", "resume"]
        assert stage.latch.kept == {}


async def test_a_second_resume_asks_again_for_what_was_not_put_back() -> None:
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        await stage.press()
        desk.fails = "not now"
        found = await resume(stage)
        assert found is not None
        assert found.why == {"obs": "not now"}
        desk.fails = ""
        await resume(stage)
        assert desk.now == GAME
        assert len(stage.of(show.Resumed)) == 1
        assert await stage.panic.resume("test") is None


async def test_a_resume_of_another_panic_than_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panic, "REPEAT_NS", 0)
    async with Stage(screens=("obs",)) as stage:
        await stage.press()
        old = stage.panic.epoch
        await stage.press()
        assert await stage.panic.resume("test", epoch=old) is None
        assert stage.panic.latched


async def test_a_press_goes_on_when_whoever_asked_for_it_has_gone() -> None:
    async with Stage(screens=("obs",)) as stage:
        task = asyncio.create_task(stage.panic.press("test"))
        await asyncio.sleep(0)
        task.cancel()
        await stage.settle()
        assert last(stage).surfaces.keys() == {*OWN, "obs.scene", "obs.muted"}


async def test_what_is_told_of_an_older_panic_is_passed_over() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.press()
        link = stage.cast.units["obs"].engine.link
        old = stage.panic.epoch - 1
        link.send(surface.BEFORE, surface.Before(epoch=old, before={"scene": "old"}))
        link.send(surface.REACHED, surface.Reached(epoch=old, steps=[]))
        await stage.settle()
        assert not stage.of(show.PanicReached)
        await resume(stage)
        told = len(stage.told)
        link.send(surface.BEFORE, surface.Before(epoch=stage.panic.epoch, before={"a": 1}))
        link.send(surface.REACHED, surface.Reached(epoch=stage.panic.epoch, steps=[]))
        await stage.settle()
        assert (len(stage.told), stage.latch.kept) == (told, {})


async def test_what_is_kept_is_never_overwritten_while_it_is_owed() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.press()
        link = stage.cast.units["obs"].engine.link
        link.send(surface.BEFORE, surface.Before(epoch=stage.panic.epoch, before=BRB))
        await stage.settle()
        assert stage.latch.kept["obs"].before == GAME
        stage.screens["obs"].open = False
        await resume(stage)
        link.send(surface.BEFORE, surface.Before(epoch=stage.panic.epoch, before=BRB))
        await stage.settle()
        assert stage.latch.kept["obs"].before == GAME


async def test_a_late_answer_to_an_older_question_is_of_no_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panic, "REPEAT_NS", 0)
    async with Stage(screens=("obs",)) as stage:
        desk = stage.screens["obs"]
        desk.hangs = True
        await stage.press()
        desk.hangs = False
        await stage.press()
        told = len(stage.told)
        desk.broken = {"scene"}
        desk.go_on()
        await stage.settle()
        assert len(desk.asked) == 2
        assert len(stage.told) == told
        assert last(stage).surfaces["obs.scene"] is not None


# -- across shows --------------------------------------------------------------------------------


async def test_a_show_that_starts_latched_asks_with_what_the_last_one_kept() -> None:
    latch = Latched()
    latch.panicked, latch.by, latch.kept = True, "ana", {"obs": Kept(1, GAME)}
    stage = Stage(screens=("obs",), latch=latch)
    desk = stage.screens["obs"]
    desk.now = dict(BRB)
    async with stage:
        await stage.settle()
        assert desk.asked == [("panic", latch.epoch, GAME)]
        await resume(stage)
        assert desk.now == GAME


async def test_a_show_that_starts_with_something_owed_puts_it_back() -> None:
    latch = Latched()
    latch.kept = {"obs": Kept(1, GAME)}
    stage = Stage(screens=("obs",), latch=latch)
    desk = stage.screens["obs"]
    desk.now = dict(BRB)
    async with stage:
        await stage.settle()
        assert desk.names == ["resume"]
        assert desk.now == GAME
        assert latch.kept == {}


async def test_what_waits_is_told_at_the_start() -> None:
    async with Stage(screens=("obs",)) as stage:
        await stage.kill("obs")
        stage.latch.panicked = True
        stage.panic.restore()
        assert last(stage).waits == ["obs"]
        stage.latch.panicked, stage.latch.kept = False, {"obs": Kept(1, GAME)}
        stage.panic.restore()
        assert stage.of(show.PutBack)[-1].why == {"obs": "obs is starting"}
        stage.cast.units["obs"].wanted = False
        stage.panic.restore()
        assert stage.of(show.PutBack)[-1].why == {"obs": "obs is backoff"}
        stage.latch.kept = {}


async def test_nothing_stood_before_so_nothing_is_owed() -> None:
    async with Stage(screens=("obs",)) as stage:
        stage.screens["obs"].open = False
        await stage.press()
        await stage.kill("obs")
        found = await resume(stage)
        assert found is not None
        assert found.waits == []
        assert stage.latch.kept == {}


async def test_what_is_too_long_is_not_kept() -> None:
    async with Stage(screens=("obs",)) as stage:
        stage.screens["obs"].now["more"] = "x" * 600_000
        await stage.press()
        assert stage.latch.kept["obs"].before is None
