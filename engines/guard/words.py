"""A small classifier on this machine (alt-profanity-check): English, bad language and insults. It
needs no server and no download, and it knows less than a model does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from engines.guard.answers import Told
from engines.harness import Missing, Refused
from engines.wire import guard

log = logging.getLogger("guard")

PACKAGE = "alt-profanity-check"


class Words:
    """See `Backend`. One text takes 3 ms and longer ones hardly more; 100 MB of memory."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "words")
        self._probability: Callable[[Sequence[str]], Sequence[float]] = _not_loaded

    async def load(self) -> None:
        """Import scikit-learn, which takes a second."""
        loop = asyncio.get_running_loop()
        self._probability = await loop.run_in_executor(self._worker, _imported)

    async def look(self, config: guard.Config) -> str:
        """See `Backend.look`."""
        return ""

    async def ask(self, ask: guard.Ask, config: guard.Config) -> Told:
        """Its probability that the text is offensive is the score."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(config.timeout_s):
                found = await loop.run_in_executor(self._worker, self._probability, [ask.text])
            score = float(found[0])
        except TimeoutError:
            raise Refused("timeout", f"no opinion within {config.timeout_s:g} s") from None
        except Exception as err:
            log.exception("the classifier failed")
            raise Refused("failed", f"the classifier failed: {type(err).__name__}") from None
        if not 0 <= score <= 1:
            raise Refused("failed", "the classifier gives no probability")
        unsafe = score >= config.threshold
        return Told(
            unsafe=unsafe, category="offensive" if unsafe else "", score=score, model=PACKAGE
        )

    def close(self) -> None:
        """See `Backend.close`."""
        self._worker.shutdown(wait=False, cancel_futures=True)


def _not_loaded(texts: Sequence[str]) -> Sequence[float]:
    raise RuntimeError("not loaded")


def _imported() -> Callable[[Sequence[str]], Sequence[float]]:
    try:
        from profanity_check import predict_prob
    except ImportError as err:
        raise Missing(
            f'backend words needs {PACKAGE} ({err}): pip install "kitsu-tui[guard]"'
        ) from None
    predict_prob(["warm"])
    found: Callable[[Sequence[str]], Sequence[float]] = predict_prob
    return found
