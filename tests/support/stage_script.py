"""Events of a show with OBS, for the console's tests and pictures."""

from __future__ import annotations

from engines.wire import obs, show
from tests.support.scripted_show import START

BEFORE = START - 700
"""Wall time of the last rehearsal."""

STATE = obs.State(
    link="open",
    obs_version="30.1.2",
    websocket_version="5.4.2",
    scene="Talk",
    transition="Fade",
    scenes=["Starting soon", "Talk", "Close-up", "Game", "BRB", "The end"],
    items=[
        obs.Item(scene="Talk", source="Kitsu", on=True, id=1),
        obs.Item(scene="Talk", source="Chat", on=True, id=2),
        obs.Item(scene="Talk", source="Camera", on=False, id=3),
    ],
    inputs=[
        obs.Input(name="Mic", kind="pulse_input_capture", muted=False, volume_db=-3.2),
        obs.Input(name="Desktop", kind="pulse_output_capture", muted=True, volume_db=-12),
        obs.Input(name="Chat", kind="browser_source"),
        obs.Input(name="Kitsu says", kind="text_ft2_source_v2", text="Of foxes, and of grass"),
    ],
    filters=[
        obs.Filter(source="Kitsu", name="Glow", on=True, kind="glow"),
        obs.Filter(source="Kitsu", name="Blur", on=False, kind="blur"),
    ],
    streaming=True,
    recording=True,
    replay=True,
    missing=["scene 'Closeup'; did you mean 'Close-up'?"],
)
FIGURES = obs.Figures(
    live_s=5025,
    record_s=4980,
    bitrate_kbps=6012,
    dropped=412,
    frames=301_500,
    skipped=3,
    lagged=17,
    congestion=0.04,
    fps=60,
    cpu=4.2,
    memory_mb=412,
    disk_free_mb=34_000,
    ping_ms=2.4,
)
DRILL = show.Drilled(
    by="console:bob@pts/7",
    ok=False,
    surfaces={
        "audio": 4.1,
        "policy": 11.3,
        "tts": 9.0,
        "obs.scene": 62.4,
        "obs.mutes": 8.9,
        "obs.filter": None,
    },
    why={"obs.filter": "no filter 'Blurr'; did you mean 'Blur'?"},
    put_back={"obs.scene": 71.0, "obs.mutes": 12.0, "obs.filter": None},
    at=BEFORE,
)


def stage(state: obs.State = STATE, figures: obs.Figures | None = FIGURES) -> list[show.ShowEvent]:
    """OBS is there, and shows the scene of its mood."""
    told: list[show.ShowEvent] = [
        show.EngineChanged(engine="obs", state="ready", pid=4010),
        show.ObsState(state=state),
        show.ObsLink(link=state.link, streaming=state.streaming, recording=state.recording),
        show.SceneChanged(scene="Starting soon", before="", by=""),
        show.SceneChanged(scene="Talk", before="Starting soon", by="show", why="mood happy"),
        DRILL,
    ]
    return [*told, show.ObsFigures(figures=figures)] if figures is not None else told
