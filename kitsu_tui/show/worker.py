"""A thread that judges, and that is left behind when it hangs.

Not a `ThreadPoolExecutor`: Python waits for that one's threads before it ends, and one that hangs
would keep a show from ending.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")

WAITING = 64
"""Texts that may wait for the thread."""


class Worker(Executor):
    """One daemon thread, begun with the first work."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: queue.Queue[tuple[Future[Any], Callable[[], Any]] | None] = queue.Queue(
            WAITING
        )
        self._thread: threading.Thread | None = None

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Have it done. A future that is done with `queue.Full` when too much waits."""
        future: Future[T] = Future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait((future, lambda: fn(*args, **kwargs)))
        except queue.Full as error:
            future.set_exception(error)
        return future

    def leave(self) -> None:
        """Nothing more is asked of it: it ends as soon as what it does now is done."""
        try:
            while (item := self._queue.get_nowait()) is not None:
                item[0].cancel()
        except queue.Empty:
            pass
        self._queue.put_nowait(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # whoever asked is told, whatever it is
                future.set_exception(error)
