"""Speech recognisers, one file each. A backend's libraries are imported only when it is made."""

from __future__ import annotations

from engines.asr.backends.base import Heard, Recogniser
from engines.wire import asr


def load(config: asr.Config) -> Recogniser:
    """Load the configured recogniser; blocks for as long as that takes.

    Raises:
        ConfigError: the configuration cannot work.
        Missing: the model, a package or a device is not there, or the model is damaged.
    """
    from engines.asr.backends.whisper import Whisper

    return Whisper(config)


__all__ = ["Heard", "Recogniser", "load"]
