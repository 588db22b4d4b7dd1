"""What became of a panic or of a resume, surface by surface. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engines.wire import surface
from kitsu_tui.model.surfaces import superseded


@dataclass
class Outcome:
    """What became of it.

    Attributes:
        surfaces: milliseconds to done, None for one that failed; one that waits is not in it.
        why: by surface, why it failed or waits, or that it was left as somebody has changed it.
        waits: surfaces that are not there, and get it when they are.
        epoch: of the panic or resume.
    """

    surfaces: dict[str, float | None] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)
    epoch: int = 0

    @classmethod
    def waiting(cls, name: str, why: str) -> Outcome:
        """It is not there."""
        return cls({}, {name: why}, [name])

    @classmethod
    def failing(cls, name: str, why: str) -> Outcome:
        """It was asked in vain."""
        return cls({name: None}, {name: why}, [])

    @classmethod
    def of_steps(cls, engine: str, steps: list[surface.Step], total_ms: float | None) -> Outcome:
        """What an engine answers.

        Args:
            total_ms: from the press to the answer, when there was one. What a step took is told by
                the engine from the request's arrival; the way there and back is at most the rest,
                and is added whole.
        """
        if not steps:
            return cls({engine: round(total_ms or 0.0, 2)})
        lead = 0.0
        if total_ms is not None and all(step.ms is not None for step in steps):
            lead = max(0.0, total_ms - max(step.ms or 0.0 for step in steps))
        found = cls()
        for step in steps:
            name = f"{engine}.{step.name}"
            if step.waits:
                found.waits.append(name)
                found.why[name] = step.detail or "it is not there"
                continue
            found.surfaces[name] = None if step.ms is None else round(step.ms + lead, 2)
            if step.ms is None:
                found.why[name] = step.detail or "no reason given"
            elif step.left and step.detail:
                found.why[name] = step.detail
        return found

    @property
    def failed(self) -> list[str]:
        """Surfaces that were asked in vain."""
        return [name for name, ms in self.surfaces.items() if ms is None]

    @property
    def ok(self) -> bool:
        """Everything was reached."""
        return not self.failed and not self.waits

    def update(self, later: Outcome) -> None:
        """Something became of it later: what is told now replaces what was told of the same."""
        gone = superseded((*self.surfaces, *self.why, *self.waits), (*later.surfaces, *later.why))
        self.surfaces = {k: v for k, v in self.surfaces.items() if k not in gone} | later.surfaces
        self.why = {k: v for k, v in self.why.items() if k not in gone} | later.why
        self.waits = [name for name in self.waits if name not in gone] + later.waits

    def words(self) -> str:
        """In a line, for people: what was reached, what waits, what failed."""
        parts = [", ".join(f"{k} {v:g} ms" for k, v in self.surfaces.items() if v is not None)]
        if self.waits:
            parts.append("WAITS: " + ", ".join(self._named(self.waits)))
        if self.failed:
            parts.append("NOT reached: " + ", ".join(self._named(self.failed)))
        return "; ".join(part for part in parts if part)

    def _named(self, names: Iterable[str]) -> list[str]:
        return [f"{name} ({self.why[name]})" if self.why.get(name) else name for name in names]
