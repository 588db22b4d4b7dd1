"""Review mode outlives the death of a show, and not its end."""

from __future__ import annotations

from pathlib import Path

from kitsu_tui.config.schema import Safety
from kitsu_tui.show.desk import Desk, Review
from kitsu_tui.show.kept_review import KeptReview


def a_show(path: Path) -> tuple[Desk, KeptReview]:
    desk = Desk(Safety(), lambda event: None)
    kept = KeptReview(path / "review.json", desk)
    kept.restore()
    return desk, kept


async def test_it_is_as_the_operator_set_it_until_the_show_is_ended(tmp_path: Path) -> None:
    desk, kept = a_show(tmp_path)
    assert not desk.review.on
    await desk.set_review(Review(True, 7.0, "air", "cli:me"))
    await kept.save()

    desk, kept = a_show(tmp_path)  # the one before died
    assert desk.review == Review(True, 7.0, "air", "cli:me")
    kept.forget()

    desk, _ = a_show(tmp_path)
    assert not desk.review.on


async def test_a_damaged_file_and_a_folder_that_is_gone_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("{")
    desk, _ = a_show(tmp_path)
    assert not desk.review.on
    _, kept = a_show(tmp_path / "gone")
    await kept.save()
    kept.forget()
