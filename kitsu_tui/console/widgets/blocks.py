"""Blocks of lines under one another, each known by a key: where each begins, what line is where.

A block has rows of its own and some above them that depend on what stands before it (a blank row, a
date); a place within a block is counted from the first of its own, so that it stays the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from itertools import accumulate
from typing import NamedTuple

from kitsu_tui.console.lines import Line


class Block(NamedTuple):
    """See the module. `stamp`: what the lines were made from."""

    key: Hashable
    stamp: Hashable
    above: tuple[Line, ...]
    lines: list[Line]

    @property
    def height(self) -> int:
        """Rows in all."""
        return len(self.above) + len(self.lines)


class Spot(NamedTuple):
    """A place that survives changes elsewhere: a block, and the row within it."""

    key: Hashable
    row: int


class Blocks:
    """See the module."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._starts: list[int] = [0]
        self._index: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return self._starts[-1]

    def get(self, key: Hashable) -> Block | None:
        """The block of this key."""
        index = self._index.get(key)
        return None if index is None else self.blocks[index]

    def index_of(self, key: Hashable) -> int | None:
        """The number of the block of this key, from 0."""
        return self._index.get(key)

    def replace(self, blocks: list[Block]) -> range:
        """Take these blocks. Returns the rows from the first to the last that are not as before."""
        old, self.blocks = self.blocks, blocks
        before = len(self)
        same = 0
        for have, new in zip(old, blocks, strict=False):
            if have is not new and have != new:
                break
            same += 1
        if same == len(old) == len(blocks):
            return range(0)
        start = self._starts[same]
        del self._starts[same + 1 :]
        self._starts += list(accumulate((b.height for b in blocks[same:]), initial=start))[1:]
        self._index = {block.key: index for index, block in enumerate(blocks)}
        end = len(self)
        if end == before:
            kept = 0
            for have, new in zip(reversed(old), reversed(blocks), strict=False):
                if have is not new and have != new:
                    break
                kept += new.height
            end -= kept
        return range(start, max(start, before if end != before and before > end else end))

    def start_of(self, index: int) -> int:
        """The row at which a block begins."""
        return self._starts[index]

    def at(self, row: int) -> int:
        """The number of the block that a row is in."""
        return max(0, min(bisect_right(self._starts, row) - 1, len(self.blocks) - 1))

    def line(self, row: int) -> Line:
        """A row."""
        index = self.at(row)
        block = self.blocks[index]
        within = row - self._starts[index]
        above = len(block.above)
        return block.above[within] if within < above else block.lines[within - above]

    def spot(self, row: int) -> Spot | None:
        """The place of a row; None where there are none."""
        if not self.blocks:
            return None
        index = self.at(row)
        block = self.blocks[index]
        return Spot(block.key, row - self._starts[index] - len(block.above))

    def row_of(self, spot: Spot) -> int | None:
        """The row of a place; None when its block has gone."""
        index = self._index.get(spot.key)
        if index is None:
            return None
        block = self.blocks[index]
        row = min(len(block.above) + spot.row, block.height - 1)
        return self._starts[index] + max(0, row)
