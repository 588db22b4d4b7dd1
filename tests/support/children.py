"""Living children of a process, by a word of their command line."""

from __future__ import annotations

import psutil


def children(parent: psutil.Process, word: str) -> list[psutil.Process]:
    """Those, at any depth, that are alive (no zombies) and have `word` in their command line."""
    found = []
    for child in parent.children(recursive=True):
        try:
            alive = child.status() != psutil.STATUS_ZOMBIE
            if alive and word in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:  # it has gone meanwhile
            continue
    return found
