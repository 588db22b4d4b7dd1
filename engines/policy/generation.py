"""One generation in the worker thread, read from the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor

from engines.policy.backends import BackendError, OnPiece, Usage


class Stalled(Exception):
    """No token came in time."""


class Generation:
    """Starts `work` in `worker` and gives its pieces to the loop.

    Args:
        worker: runs one generation at a time, in order.
        work: generates, calling back with each piece until told to stop.

    Attributes:
        usage: what it took, once `pieces` has ended.
    """

    def __init__(self, worker: Executor, work: Callable[[OnPiece], Usage]) -> None:
        self.usage = Usage()
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | Usage | Exception] = asyncio.Queue()  # at most max_tokens
        self._stop = threading.Event()
        self._ended = False
        self._work = work
        worker.submit(self._run)

    async def pieces(self, timeout: float) -> AsyncIterator[str]:
        """The pieces as they come.

        Raises:
            Stalled: nothing came for `timeout` seconds.
            BackendError: the runtime failed.
        """
        while not self._ended:
            try:
                async with asyncio.timeout(timeout):
                    item = await self._queue.get()
            except TimeoutError:
                raise Stalled(f"no token for {timeout:g} s") from None
            self._ended = not isinstance(item, str)
            if isinstance(item, Exception):
                raise item
            if isinstance(item, Usage):
                self.usage = item
                return
            yield item

    async def end(self, timeout: float) -> Usage:
        """Stop it and wait for what it took: a token's time. Nothing if it does not say."""
        self.stop()
        try:
            async for _ in self.pieces(timeout):
                pass
        except (BackendError, Stalled):
            pass
        return self.usage

    def stop(self) -> None:
        """The rest is not wanted: it ends with the token that is being made."""
        self._stop.set()

    def _run(self) -> None:
        if self._stop.is_set():
            self._put(Usage())
            return
        try:
            self._put(self._work(self._on_piece))
        except BackendError as err:
            self._put(err)
        except Exception as err:
            self._put(BackendError(f"{type(err).__name__}: {err}"))

    def _on_piece(self, piece: str) -> bool:
        if not self._stop.is_set():
            self._put(piece)
        return self._stop.is_set()

    def _put(self, item: str | Usage | Exception) -> None:
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)
        except RuntimeError:
            self._stop.set()  # the loop is closed
