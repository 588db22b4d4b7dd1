"""Makes what is listened for as a voice reads it, and keeps it in the state folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kitsu_tui.show import readings
from kitsu_tui.show.readings import Ask
from kitsu_tui.show.safety import RANK, Gate, guarded, sound
from kitsu_tui.show.safety import ordinary as english
from kitsu_tui.show.safety.alternatives import expand
from kitsu_tui.show.safety.sound import Keys, Term

log = logging.getLogger("show.sounds")

ALLOWED = 200
"""Phrases that one entry with alternatives may stand for."""
KEPT = 8
"""Indexes kept on disk: of the voices and rules last used."""


class Listening:
    """Makes indexes.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keys(
        self,
        voice: str,
        gate: Gate,
        ask: Ask,
        begins: Callable[[], None] = lambda: None,
        early: Callable[[Keys], None] = lambda keys: None,
    ) -> Keys:
        """The kept index of a voice and the rules of a gate; made where there is none.

        Args:
            ask: has the voice read texts.
            begins: called when it reads everything, which takes seconds.
            early: called with an index that finds no less than the whole one, as soon as the terms
                are read: the ordinary words that sound so are not left out of it yet.

        Raises:
            RequestFailed: the voice does not answer.
        """
        listened = await asyncio.to_thread(sound.terms, gate.rules)
        allowed = await asyncio.to_thread(allowed_by, gate)
        name = _digest(voice, listened, allowed)
        keys = await asyncio.to_thread(self._load, name)
        if keys is not None:
            return keys
        shipped = await _shipped(ask)
        if not shipped:
            begins()
        texts = [text for term in listened for text in sound.readings_of(term)]
        texts += [sound.bare(text) for text in allowed]
        sounds = await readings.texts(ask, list(dict.fromkeys(texts)), shipped)
        early(await asyncio.to_thread(sound.build, listened, sounds, (), allowed, _never))
        words = await asyncio.to_thread(sound.candidates, listened, readings.ordinary())
        common = await readings.words(ask, words, shipped)

        def unsafe(word: str) -> bool:
            return RANK[guarded(gate, word).action] >= RANK["hold"]

        keys = await asyncio.to_thread(
            sound.build, listened, sounds, common.items(), allowed, unsafe
        )
        await asyncio.to_thread(self._store, name, keys)
        return keys

    def _load(self, name: str) -> Keys | None:
        try:
            return msgspec.json.decode((self._folder / f"{name}.json").read_bytes(), type=Keys)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
            log.warning("the kept sounds cannot be used and are read again: %s", err)
            return None

    def _store(self, name: str, keys: Keys) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temp = self._folder / f"{name}.tmp"
            temp.write_bytes(msgspec.json.encode(keys))
            temp.replace(self._folder / f"{name}.json")
            kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
            for path in kept[:-KEPT]:
                path.unlink()
        except OSError as err:
            log.warning("the sounds to listen for are not kept: %s", err.strerror or err)


def allowed_by(gate: Gate) -> list[str]:
    """The phrases in which nothing is found."""
    texts = [*gate.allow, *(text for rule in gate.rules for text in rule.allow)]
    found: list[str] = []
    for text in texts:
        with contextlib.suppress(ValueError):  # told of where the rules are read
            found += expand(text, ALLOWED)
    return found


async def _shipped(ask: Ask) -> Mapping[str, str]:
    """The readings that come along, where this voice reads so; else none."""
    shipped = await asyncio.to_thread(readings.shipped)
    probes = shipped.probes()
    return shipped.read if await ask(list(probes)) == list(probes.values()) else {}


def _never(word: str) -> bool:
    return False


def _digest(voice: str, listened: list[Term], allowed: list[str]) -> str:
    made = hashlib.sha256(english.WORDS.read_bytes())
    made.update(msgspec.json.encode([sound.VERSION, voice, listened, allowed]))
    return made.hexdigest()[:32]
