"""The operator's own blocklist: edited by commands and by hand, found by the gate in disguise."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kitsu_tui.show import blocklist
from kitsu_tui.show.blocklist import BlocklistError, add, read, remove
from kitsu_tui.show.safety import Gate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "blocklist.yaml"


def gate(path: Path) -> Gate:
    folder = path.parent / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "base.yaml").write_text(
        "allow: [glorpish]\nrules:\n  - {id: other, category: other, terms: [qqzzqq]}\n"
    )
    return Gate.load(folder, ["base"], path)


def test_what_is_added_is_found_both_ways_and_gone_when_removed(path: Path) -> None:
    assert read(path) == []
    done = add(path, "  Karen   Doe ")
    assert (done.added, done.texts) == (["Karen Doe"], ["Karen Doe"])
    add(path, "glorp")
    for text in ("I met Karen Doe today", "k4ren d0e!", "g l o r p", "so many glorps", "GLORP"):
        assert gate(path).check(text).category == "blocked", text
        assert gate(path).check_input(text).action == "drop", text
    for text in ("Karen and Jane Doe", "a glory", "glorpish"):
        assert gate(path).check(text).action == "allow", text
    assert remove(path, "GLORP").removed == ["glorp"]
    assert gate(path).check("glorp").action == "allow"
    assert remove(path, "karen doe").texts == []
    assert not path.exists(), "a rule without terms would be a problem of the gate"
    assert gate(path).check("Karen Doe").action == "allow"


def test_it_goes_before_what_other_files_allow(path: Path) -> None:
    add(path, "glorpish")
    assert gate(path).check("a glorpish thing").category == "blocked"


def test_the_same_in_another_spelling_is_there_already(path: Path) -> None:
    add(path, "Karen Doe")
    for text in ("karen doe", "KAREN-DOE", "k a r e n doe", "Káren Doe"):
        done = add(path, text)
        assert (done.added, done.texts) == ([], ["Karen Doe"])
        assert "already" in done.detail


def test_what_somebody_wrote_stays(path: Path) -> None:
    add(path, "glorp")
    add(path, "zork")
    text = path.read_text()
    text = "# mine\n" + text.replace('- "glorp"', "- glorp  # he knows why")
    path.write_text(text + "      # the end\n  - {id: own, category: own, terms: [ownword]}\n")
    add(path, 'a "quoted": [text] # x')
    remove(path, "zork")
    after = path.read_text()
    assert after.startswith("# mine\n")
    assert "- glorp  # he knows why\n" in after
    assert "# the end\n" in after
    assert read(path) == ["glorp", 'a "quoted": [text] # x']
    assert gate(path).check("ownword").category == "own"


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{id: other, terms: [a b]}]",
        "rules: [{id: blocklist, terms: [ab, cd]}]",
        "rules:\n  - id: blocklist\n    terms:\n      - ab\n      - [x]\n",
        "rules:\n  - id: blocklist\n    terms:\n      - |\n        ab\n",
        "rules: [",
        "just words",
        "",
        "rules:\n  - id: blocklist\n    terms: []\n",
    ],
)
def test_a_file_that_is_not_so_is_left_alone(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    for change in (lambda: add(path, "glorp"), lambda: remove(path, "ab"), lambda: read(path)):
        with pytest.raises(BlocklistError) as caught:
            change()
        assert str(path) in str(caught.value)
    assert path.read_text() == text


@pytest.mark.parametrize(
    "text", ["x", "", "!!", "\u200b", "😀", "y" * 81, "the", "It's", "and the"]
)
def test_what_cannot_be_blocked_is_refused(path: Path, text: str) -> None:
    with pytest.raises(BlocklistError):
        add(path, text)
    assert not path.exists()


def test_a_common_word_is_blocked_when_that_is_insisted_on(path: Path) -> None:
    add(path, "the", force=True)
    assert gate(path).check("the end").category == "blocked"
    with pytest.raises(BlocklistError):
        add(path, "x", force=True)


def test_signs_of_rule_files_and_controls_mean_nothing(path: Path) -> None:
    assert add(path, "(foo|bar)\x1b[2J\nbaz").added == ["foo bar [2J baz"]
    assert read(path) == ["foo bar [2J baz"]
    assert gate(path).check("foo").action == "allow"


def test_no_more_than_there_is_room_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocklist, "MOST", 2)
    add(path, "aaa")
    add(path, "bbb")
    with pytest.raises(BlocklistError, match="most"):
        add(path, "ccc")


def test_many_at_once_lose_nothing(path: Path) -> None:
    texts = [f"word{n}x" for n in range(12)]
    threads = [threading.Thread(target=add, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read(path)) == sorted(texts)
    assert [found.name for found in path.parent.glob("*blocklist-*")] == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(BlocklistError, match="cannot be changed"):
        add(tmp_path / "state" / "blocklist.yaml", "glorp")
