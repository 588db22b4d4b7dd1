"""`kitsu bench talk`: spoken questions, in real time, from the end of speech to her first sound."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from engines.wire import control
from kitsu_tui.bench.report import BenchReport, Figure, figure, machine
from kitsu_tui.bench.wer import wer
from kitsu_tui.client import Client
from kitsu_tui.model.latency import STAGES

TARGET = {"audible": "median at or under 900"}
TALK_S = 120.0
SETTLE_S = 0.5


class NoSpeech(Exception):
    """The spoken questions are not there."""


def questions() -> list[tuple[Path, str]]:
    """The spoken questions that come with the project: file and text.

    Raises:
        NoSpeech: this is an installation without the project's tests.
    """
    folder = Path(__file__).resolve().parents[2] / "tests" / "data" / "speech"
    try:
        index = json.loads((folder / "index.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise NoSpeech(
            f"no spoken questions in {folder}; run this in a clone of the project, "
            "or name wav files with --wav"
        ) from None
    clips = index["clips"] if isinstance(index, dict) else index
    return [
        (folder / clip["file"], clip["text"]) for clip in clips if clip.get("kind") == "question"
    ]


async def run(show: Client, rounds: int, wavs: list[Path]) -> BenchReport:
    """Ask every question `rounds` times and collect the marks.

    Raises:
        NoSpeech, RequestFailed: it cannot be asked.
    """
    asked = [(wav, "") for wav in wavs] or questions()
    marks: dict[str, list[float]] = {stage: [] for stage in STAGES}
    wrong: list[float] = []
    troubles: list[str] = []
    for _ in range(rounds):
        for wav, text in asked:
            talked = await show.ask(control.TALK, control.Talk(wav=str(wav), by="bench"), TALK_S)
            for stage in STAGES:
                if stage in talked.marks_ms:
                    marks[stage].append(talked.marks_ms[stage])
            if text:
                wrong.append(100 * wer(text, talked.transcript))
            if talked.status != "ok" or "audible" not in talked.marks_ms:
                troubles.append(f"{wav.name}: {talked.status} {talked.detail}".strip())
            await asyncio.sleep(SETTLE_S)
    figures: list[Figure] = [
        figure(stage, values, "ms", TARGET.get(stage, ""))
        for stage, values in marks.items()
        if values
    ]
    if wrong:
        figures.append(figure("word error rate", wrong, "percent"))
    return BenchReport(
        name="talk",
        method=(
            f"{len(asked)} spoken questions, {rounds} times each, played into the microphone's "
            "path in real time; milliseconds after the end of the last voiced frame; audible is "
            "the first non-silent sample handed to the device"
        ),
        machine=machine(),
        figures=figures,
        notes=troubles,
    )
