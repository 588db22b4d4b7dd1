"""Keeps the gate up to date with its files: a new one when they change, the old one on failure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kitsu_tui.show.safety.gate import Gate
from kitsu_tui.show.safety.kept import Kept
from kitsu_tui.show.safety.rule import SafetyError

REMEDY = (
    "mend the rule file that is named, or leave `safety: folder` and `files` out of the profile to "
    "have the rules that come along; a running show takes it at once (kitsu safety rules lists all)"
)
"""What to do where no rule is valid."""

Stamp = tuple[tuple[str, int, int], ...]


class Keeper:
    """The gate in force.

    Args:
        folder: holds the rule files.
        files: their names; None: all of them.
        blocklist: the operator's own rule file, which may not be there.
        languages: what is spoken; rules for other languages are left out. None: all hold.
        copies: a folder for what was read, see kept.py. None: nothing is kept there.

    Attributes:
        gate: None until the first good load: then `guarded` drops everything.
        error: why the last load failed, empty when it did not.
    """

    def __init__(
        self,
        folder: Path,
        files: list[str] | None = None,
        blocklist: Path | None = None,
        languages: Sequence[str] | None = None,
        copies: Path | None = None,
    ) -> None:
        self._folder = folder
        self._files = files
        self._blocklist = blocklist
        self._languages = languages
        self._kept = Kept(copies)
        self._stamp: Stamp | None = None
        self.gate: Gate | None = None
        self.error = ""

    def refresh(self, *, force: bool = False) -> bool:
        """Load again if a file changed (or `force`). True when another gate is in force now.

        Reads the disk: call it from a thread. A failure keeps the gate that there is.
        """
        try:
            stamp = self._look()
        except OSError as error:  # a network folder that went away
            self._stamp = None
            self.error = f"{self._folder} cannot be looked at: {error.strerror or error}"
            return False
        if stamp == self._stamp and not force:
            return False
        self._stamp = stamp
        try:
            gate = Gate.load(
                self._folder,
                self._files,
                self._blocklist,
                self._languages,
                kept=self._kept,
                past=self.gate,
            )
            gate.complete()
        except SafetyError as error:
            self.error = str(error)
            return False
        except Exception as error:  # the operator must know that these rules do not hold
            self.error = f"the rule files cannot be read: {type(error).__name__}"
            return False
        if lost := self._lost(gate):
            self.error = lost
            return False
        self.error = ""
        self.gate = gate
        return True

    def _lost(self, gate: Gate) -> str:
        """Why nothing of the operator's own list would hold any more; empty when it does, or is
        meant not to. Somebody may have saved it with a slip of the pen."""
        if self._blocklist is None or not _own(self.gate, self._blocklist):
            return ""
        if _own(gate, self._blocklist):
            return ""
        path = str(self._blocklist)
        return next((str(problem) for problem in gate.problems if problem.file == path), "")

    def _look(self) -> Stamp:
        seen = []
        paths = sorted(self._folder.glob("*.yaml")) if self._folder.is_dir() else []
        for path in [*paths, self._blocklist] if self._blocklist else paths:
            try:
                stat = path.stat()
            except OSError:
                continue
            seen.append((path.name, stat.st_mtime_ns, stat.st_size))
        return tuple(seen)


def _own(gate: Gate | None, blocklist: Path) -> bool:
    return gate is not None and any(rule.file == blocklist.name for rule in gate.rules)
