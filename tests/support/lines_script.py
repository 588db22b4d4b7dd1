"""Lines of hers that are not on air yet, as a show tells of them."""

from __future__ import annotations

from engines.wire import show
from tests.support.scripted_show import START

TURN = 5
FIRST = "Well, the moon is made of old rice crackers."
SECOND = "My neighbour Bob told me so, and he has been there."
THIRD = "And now I want one with wasabi."


def asked() -> list[show.ShowEvent]:
    """A turn that asks for them; the one before it is over."""
    return [
        show.Aired(turn=4, rev=0, seq=0, status="played", heard="Of foxes,", heard_ms=900),
        show.TurnDone(turn=4, rev=0, status="ok", answer="Of foxes,", mood="happy"),
        show.TurnStarted(turn=TURN, source="chat", who="mooncat", text="what is the moon made of"),
    ]


def judged(seq: int, text: str, **more: object) -> show.Judged:
    """A sentence that is let through."""
    event = show.Judged(turn=TURN, rev=0, seq=seq, action="allow", text=text, spoken=text)
    return show.Judged(
        **{**{name: getattr(event, name) for name in event.__struct_fields__}, **more}
    )


def waits(seq: int, text: str, why: show.Waiting = "review", **more: object) -> show.LineWaits:
    """It waits; for approval for 20 seconds, if nothing else is said."""
    told: dict[str, object] = {"until": START + 80, "then": "drop", **more}
    return show.LineWaits(turn=TURN, rev=0, seq=seq, text=text, why=why, **told)  # type: ignore[arg-type]


def decided(seq: int, what: str, by: str = "", **more: object) -> show.LineDecided:
    """It was decided on."""
    return show.LineDecided(turn=TURN, rev=0, seq=seq, what=what, by=by, **more)  # type: ignore[arg-type]


def held() -> list[show.ShowEvent]:
    """One sentence is on air; a rule holds the next, and one more is made."""
    slow = show.Judged(
        turn=TURN,
        rev=0,
        seq=1,
        action="hold",
        text=SECOND,
        spoken=SECOND,
        category="personal",
        rule="names-3",
        view="folded",
        risk=0.62,
    )
    return [
        *asked(),
        judged(0, FIRST),
        show.Airing(turn=TURN, rev=0, seq=0, text=FIRST),
        slow,
        waits(1, SECOND, "rule", until=START + 74, category="personal", rule="names-3", risk=0.62),
        judged(2, THIRD),
    ]


def reviewed() -> list[show.ShowEvent]:
    """Three lines wait for approval."""
    texts = (FIRST, SECOND, THIRD)
    return [
        show.ReviewMode(on=True, wait_s=20, then="drop", by="console:ana@test"),
        *asked(),
        *(judged(seq, text, risk=0.41 if seq == 1 else 0.0) for seq, text in enumerate(texts)),
        *(
            waits(seq, text, until=START + 74 + 6 * seq, risk=0.41 if seq == 1 else 0.0)
            for seq, text in enumerate(texts)
        ),
    ]


def over() -> list[show.ShowEvent]:
    """A line was replaced, one dropped, one approved, one stopped by how it sounds."""
    fourth = "This one would have sounded like something else."
    ruled = show.Ruled(
        means="sound", action="drop", category="slur", rule="sounds-2", view="phonetic", ms=3.1
    )
    return [
        *reviewed(),
        decided(0, "replace", "cli:bob", text="The moon is a big rock.", why="replaced"),
        show.Airing(turn=TURN, rev=0, seq=0, text="The moon is a big rock."),
        show.Provenance(
            turn=TURN,
            rev=0,
            seq=0,
            text="The moon is a big rock.",
            written=FIRST,
            source="chat",
            who="mooncat",
            asked="what is the moon made of",
            words="operator",
            model="Qwen3-0.6B",
            prompt_hash="0123456789abcdef",
            ruled=[
                show.Ruled(means="gate", action="allow", ms=0.08),
                show.Ruled(means="opinion", action="allow", ms=212.0),
            ],
            approved_by="cli:bob",
        ),
        decided(1, "drop", "console:ana@test", why="dropped"),
        judged(3, fourth),
        decided(3, "drop", why="sound", ruled=ruled),
        decided(2, "air", "console:ana@test", why="approved"),
    ]
