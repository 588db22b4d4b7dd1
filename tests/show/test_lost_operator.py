"""What is done when nobody is there: the clock is the test's, what is done is noted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engines.testing import Clock
from engines.wire import obs, show
from kitsu_tui.config.schema import Operator
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.lost_operator import GONE, LostOperator


class Room:
    """A show's side of it."""

    def __init__(self, **wishes: Any) -> None:
        self.clock = Clock()
        self.told: list[show.ShowEvent] = []
        self.attached: list[str] = []
        self.did: list[str] = []
        self.latched = False
        self.standing = False
        self.closed = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.lost = LostOperator(
            Operator(**wishes),
            self.tell,
            self,
            operators=lambda: self.attached,
            press=self.press,
            latched=lambda: self.latched,
            clock=self.clock,
            wall=self.clock,
        )

    def tell(self, event: show.ShowEvent) -> None:
        self.told.append(event)
        self.lost.on_event(event)

    async def press(self, by: str) -> str:
        self.did.append(f"panic by {by}")
        return "audio 2 ms"

    def why_not(self) -> str:
        return self.closed

    async def bring_brb(self, by: str) -> str:
        self.did.append(f"brb by {by}")
        await self.gate.wait()
        if self.closed:
            raise Refusal(self.closed)
        self.standing = True
        return "scene BRB"

    async def wait(self, seconds: float) -> None:
        """Time goes by, and it looks every second."""
        for _ in range(round(seconds)):
            self.clock.advance(1)
            self.lost.look()
            await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def attach(self, *names: str) -> None:
        self.attached = list(names)
        self.tell(show.Operators(names=list(names)))
        await self.settle()

    async def leave(self) -> None:
        """An operator was there, and has gone."""
        await self.attach("ana")
        await self.attach()
        await self.wait(60)

    def link(self, link: obs.Link) -> None:
        self.closed = "" if link == "open" else "OBS is closed"
        self.tell(show.ObsLink(link=link))
        self.tell(show.ObsState(state=obs.State(link=link)))

    def gone(self) -> list[tuple[str, str]]:
        return [(e.did, e.detail) for e in self.told if isinstance(e, show.OperatorGone)]

    def back(self) -> list[tuple[str, float]]:
        return [(e.by, e.gone_s) for e in self.told if isinstance(e, show.OperatorBack)]

    def alerts(self) -> list[str]:
        return [e.text for e in self.told if isinstance(e, show.Alert)]


@pytest.fixture
async def brb() -> AsyncIterator[Room]:
    room = Room(when_gone="brb")
    yield room
    room.tell(show.ShowStopping(by="test"))


async def test_to_go_on_is_told_and_nothing_is_done() -> None:
    room = Room(when_gone="go_on")
    await room.leave()
    assert room.gone() == [("nothing", "")]
    await room.attach("bob")
    assert (room.back(), room.did) == ([("bob", 60.0)], [])


async def test_panic_is_pressed_once_and_stays() -> None:
    room = Room(when_gone="panic")
    await room.leave()
    await room.wait(600)
    assert room.did == [f"panic by {GONE}"]
    assert room.gone() == [("panic", ""), ("panic", "audio 2 ms")]
    room.latched = True
    await room.attach("ana")
    assert room.back() == [("ana", 660.0)]
    assert room.did == [f"panic by {GONE}"]


@pytest.mark.parametrize("when", ["brb", "panic"])
async def test_what_is_panicked_already_is_left_so(when: str) -> None:
    room = Room(when_gone=when)
    room.latched = True
    await room.leave()
    assert room.did == []
    assert room.gone() == [("nothing", "panic is latched already")]


async def test_the_brb_scene_is_brought(brb: Room) -> None:
    await brb.leave()
    await brb.wait(600)
    assert brb.did == [f"brb by {GONE}"]
    assert brb.gone() == [("brb", ""), ("brb", "scene BRB")]
    assert brb.alerts() == []


async def test_a_closed_obs_gets_it_when_it_is_back(brb: Room) -> None:
    brb.closed = "OBS is closed"
    await brb.leave()
    assert brb.gone() == [("brb", ""), ("nothing", "OBS is closed; tried again")]
    await brb.wait(300)
    assert len(brb.did) == 1  # while it is closed nothing is tried
    assert len(brb.alerts()) == 1
    brb.link("open")
    await brb.settle()
    assert brb.gone()[-1] == ("brb", "scene BRB")
    await brb.wait(300)
    assert len(brb.did) == 2


async def test_who_is_back_before_obs_gets_no_brb_scene(brb: Room) -> None:
    brb.closed = "OBS is closed"
    await brb.leave()
    await brb.attach("ana")
    brb.link("open")
    await brb.wait(50)
    assert len(brb.did) == 1


async def test_vain_tries_are_ever_rarer_and_one_alert(brb: Room) -> None:
    await brb.attach("ana")
    await brb.attach()
    refusing = Refusal("OBS has no scene 'BRB'")

    async def refuse(by: str) -> str:
        brb.did.append("tried")
        raise refusing

    vars(brb)["bring_brb"] = refuse
    await brb.wait(60 + 300)
    assert 5 <= len(brb.did) <= 10
    assert len(brb.alerts()) == 1
    assert len(brb.gone()) == 2


async def test_an_obs_that_is_started_anew_gets_it_again(brb: Room) -> None:
    await brb.leave()
    brb.link("closed")
    await brb.wait(30)
    brb.link("open")
    await brb.wait(3)
    assert len(brb.did) == 2


async def test_a_scene_that_somebody_chose_meanwhile_stays(brb: Room) -> None:
    await brb.leave()
    brb.standing = False
    brb.link("closed")
    brb.link("open")
    await brb.wait(30)
    assert len(brb.did) == 1


async def test_who_comes_back_meanwhile_is_not_told_gone_afterwards(brb: Room) -> None:
    brb.gate.clear()
    await brb.leave()
    assert brb.gone() == [("brb", "")]
    brb.lost.sign("cli:ana")
    brb.gate.set()
    await brb.settle()
    assert brb.back() == [("cli:ana", 60.0)]
    assert brb.gone() == [("brb", "")]
    kinds = [e for e in brb.told if isinstance(e, show.OperatorGone | show.OperatorBack)]
    assert isinstance(kinds[-1], show.OperatorBack)


async def test_a_second_absence_is_told_anew(brb: Room) -> None:
    await brb.leave()
    await brb.attach("ana")
    await brb.attach()
    await brb.wait(60)
    assert brb.gone() == [("brb", ""), ("brb", "scene BRB")] * 2


async def test_a_show_that_stops_misses_nobody(brb: Room) -> None:
    await brb.attach("ana")
    brb.tell(show.ShowStopping(by="ana"))
    await brb.attach()
    await brb.wait(600)
    assert brb.gone() == []
    brb.lost.sign("ana")
    assert brb.back() == []


async def test_another_profile_is_gone_by_from_then_on() -> None:
    room = Room(when_gone="go_on")
    await room.attach("ana")
    room.lost.use(Operator(when_gone="panic", no_console_s=5))
    await room.attach()
    await room.wait(5)
    assert room.did == [f"panic by {GONE}"]
