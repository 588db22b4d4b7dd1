"""Notices a model that says the same thing over and over."""

from __future__ import annotations

LONGEST = 12
_TIMES = {1: 5, 2: 4, 3: 3, 4: 3}
"""Times in a row that so many words may not be said; longer ones not twice."""


def repeated(words: list[str]) -> int:
    """How many of the last words only repeat what stands before them; 0 when there is no loop."""
    plain = ["".join(char for char in word.lower() if char.isalnum()) for word in words]
    for size in range(1, LONGEST + 1):
        times = _TIMES.get(size, 2)
        if len(plain) < size * times:
            continue
        unit = plain[-size:]
        if all(plain[-size * (n + 1) : len(plain) - size * n] == unit for n in range(times)):
            return size * (times - 1)
    return 0
