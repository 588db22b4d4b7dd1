"""The operator's own blocklist: an ordinary rule file with one rule, which people may edit too.

What somebody wrote in it (comments, other rules) stays: a text is put in, or taken out, as one line
of the rule's list. A file that has no such list is left alone.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from msgspec import Struct

from kitsu_tui.config.filelock import LockTimeout, file_lock
from kitsu_tui.show.safety import normal
from kitsu_tui.show.safety.rules import MAX_FILE_BYTES, MAX_TERM

RULE = "blocklist"
"""The rule's id; its category is `blocked`."""
MOST = 3000
"""Texts; more would be a rule file, and is better kept as one."""
LOCK_S = 3.0
TRIES = 10
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SIGNS = str.maketrans("()|", "   ")
"""In a rule's terms they stand for alternatives; here they are only signs."""

HEAD = """\
# What nobody may hear or say to her, by your own choice: with `kitsu safety add|remove`, with C in
# the console, or by hand, a text a line. A change takes effect at once, also in a running show.
rules:
  - id: blocklist
    category: blocked
    severity: 5
    action: drop
    input: drop
    match: word
    squeeze: true
    endings: [s, es]
    terms:
"""

_COMMON = """
    a about after all also am an and any are as at back be because been but by can come could day
    did do does don for from get give go going good got great had has have he hello her here hey
    hi him his how i if in into is it its just know let like look lol make many me more
    most much my new no not now of off oh ok okay on one only or other our out over people play
    really right said same say see she should so some something still such take than thank thanks
    that the their them then there these they thing think this time to today too two up us
    very want was way we well were what when where which who why will with would yeah year yes you
    your
"""
COMMON = frozenset(_COMMON.split())
"""Words that stand in so many sentences that blocking one silences her."""


class BlocklistError(Exception):
    """It cannot be done; the message is for the person who asked."""


class Change(Struct, frozen=True):
    """What was done, and the list as it is now. `added` and `removed` are as they are written."""

    texts: list[str]
    detail: str
    added: list[str] = []
    removed: list[str] = []


class _Found(Struct):
    """The list in the file: each text with its line, counted from 0."""

    texts: list[tuple[str, int]]
    indent: int
    alone: bool
    """There is nothing else in the file that counts."""


def read(path: Path) -> list[str]:
    """The texts, in the order in which they were added; none when there is no file.

    Raises:
        BlocklistError: the file cannot be read, or has no such list.
    """
    text = _text(path)
    return [] if text is None else [word for word, _ in _find(path, text).texts]


def count(path: Path) -> int:
    """How many there are; 0 where that cannot be known."""
    try:
        return len(read(path))
    except BlocklistError:
        return 0


def add(path: Path, text: str, *, force: bool = False) -> Change:
    """Put a text in. It is found as the gate finds any word: also disguised.

    Args:
        force: also one that stands in most sentences.

    Raises:
        BlocklistError: it is no text to block, or the file cannot be changed.
    """
    text = _tidy(text)
    plain = normal.term(text)
    _check(text, plain, force=force)
    with _locked(path):
        before = _text(path)
        found = _Found([], 6, True) if before is None else _find(path, before)
        texts = [word for word, _ in found.texts]
        same = next((word for word in texts if _key(word) == _key(text)), None)
        if same is not None:
            return Change(texts, f"is there already: {same}")
        if len(texts) >= MOST:
            raise BlocklistError(f"{len(texts)} texts are the most there may be: make a rule file")
        line = f"{' ' * found.indent}- {json.dumps(text, ensure_ascii=False)}\n"
        if before is None:
            after = HEAD + line
        else:
            lines = before.splitlines(keepends=True)
            at = found.texts[-1][1] + 1
            if not lines[at - 1].endswith("\n"):
                lines[at - 1] += "\n"
            after = "".join([*lines[:at], line, *lines[at:]])
        _write(path, after, [*texts, text])
        return Change([*texts, text], f"blocked from now on: {text}", added=[text])


def remove(path: Path, text: str) -> Change:
    """Take a text out, however it is spelled there; a list without texts has no file.

    Raises:
        BlocklistError: it is not in it, or the file cannot be changed.
    """
    key = _key(_tidy(text))
    with _locked(path):
        before = _text(path)
        found = _Found([], 6, True) if before is None else _find(path, before)
        gone = [(word, at) for word, at in found.texts if _key(word) == key]
        if not gone or before is None:
            raise BlocklistError(f"{text.strip()[:80]!r} is not on the blocklist")
        names = [word for word, _ in gone]
        texts = [word for word, _ in found.texts if word not in names]
        if not texts and found.alone:
            _unlink(path)
        elif not texts:
            raise BlocklistError(f"{path} has other rules as well: take its last text out by hand")
        else:
            lines = before.splitlines(keepends=True)
            drop = {at for _, at in gone}
            after = "".join(line for at, line in enumerate(lines) if at not in drop)
            _write(path, after, texts)
        return Change(texts, f"no longer blocked: {', '.join(names)}", removed=names)


def _key(text: str) -> str:
    """The same for texts that are found in the same places."""
    return normal.term(text).replace(" ", "")


def _tidy(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text.translate(_SIGNS))
    return " ".join(printable.split())


def _check(text: str, plain: str, *, force: bool) -> None:
    letters = len(plain.replace(" ", ""))
    if letters < 2:
        found = f"{letters} letter{'' if letters == 1 else 's'}"
        raise BlocklistError(f"{text[:40]!r} has {found}: two at least are needed")
    if letters > MAX_TERM or len(text) > 2 * MAX_TERM:
        raise BlocklistError(f"{letters} letters are too many: {MAX_TERM} are the most")
    words = plain.split()
    if not force and all(len(word) == 1 or word in COMMON for word in words) and len(words) <= 3:
        raise BlocklistError(
            f"{text!r} stands in most of what anybody says: she would hardly speak any more "
            "(--force blocks it all the same)"
        )


def _text(path: Path) -> str | None:
    """The file as it is; None when there is none."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as err:
        raise BlocklistError(f"{path}: cannot be read: {err.strerror or err}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise BlocklistError(f"{path}: larger than {MAX_FILE_BYTES} bytes: no blocklist")
    try:
        return raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as err:
        raise BlocklistError(f"{path}: not UTF-8 at byte {err.start}") from None


def _find(path: Path, text: str) -> _Found:
    """Where the list is."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 1 if err.problem_mark else 1
        raise BlocklistError(f"{path}:{line}: not valid YAML: {err.problem}") from None
    except (yaml.YAMLError, RecursionError) as err:
        raise BlocklistError(f"{path}: not valid YAML: {str(err).splitlines()[0]}") from None
    rules = _value(root, "rules")
    items = rules.value if isinstance(rules, yaml.SequenceNode) else []
    mine = next((item for item in items if _name(item) == RULE), None)
    terms = _value(mine, "terms")
    right = isinstance(terms, yaml.SequenceNode) and not terms.flow_style and terms.value
    if right and terms is not None:
        texts = [(str(node.value), int(node.start_mark.line)) for node in terms.value]
        lines = {at for _, at in texts}
        whole = all(isinstance(n, yaml.ScalarNode) and _one_line(n) for n in terms.value)
        if whole and len(lines) == len(texts):
            alone = len(items) == 1 and _value(root, "allow") is None
            return _Found(texts, int(terms.start_mark.column), alone)
    raise BlocklistError(
        f"{path}: found no rule `{RULE}` with `terms:`, a text a line; somebody has changed it: "
        "edit it by hand, or move it away"
    )


def _one_line(node: yaml.ScalarNode) -> bool:
    return node.style not in ("|", ">") and "\n" not in node.value


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _name(item: yaml.Node) -> str:
    found = _value(item, "id")
    return str(found.value) if isinstance(found, yaml.ScalarNode) else ""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file_lock(path.with_suffix(".lock"), LOCK_S):
            yield
    except LockTimeout:
        raise BlocklistError(f"{path}: somebody else is changing it: try again") from None
    except OSError as err:
        raise BlocklistError(f"{path}: cannot be changed: {err.strerror or err}") from None


def _write(path: Path, text: str, wanted: list[str]) -> None:
    """Write it whole, if it reads as it should."""
    if [word for word, _ in _find(path, text).texts] != wanted:
        raise BlocklistError(f"{path}: its lines cannot be told apart: edit it by hand")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".blocklist-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _insist(lambda: fresh.replace(path))
    finally:
        fresh.unlink(missing_ok=True)


def _unlink(path: Path) -> None:
    _insist(lambda: path.unlink(missing_ok=True))


def _insist(work: Callable[[], object]) -> None:
    """On Windows a file that is being read can be neither replaced nor removed for a moment."""
    for left in reversed(range(TRIES)):
        try:
            work()
            return
        except PermissionError:
            if not left or os.name != "nt":
                raise
            time.sleep(0.02)
