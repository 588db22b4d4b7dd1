"""Failures that decide an engine's exit code, which tells the show whether to try again."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_BAD_CONFIG = 2
EXIT_MISSING = 4
EXIT_TRY_AGAIN = 75


class ConfigError(Exception):
    """The configuration cannot work: exit 2, do not retry."""


class Missing(Exception):
    """A model, a device or a package that is needed is not there: exit 4, do not retry."""


class Refused(Exception):
    """A request that cannot be served, with its code (see `engines.wire.envelope.Failure`)."""

    def __init__(self, code: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retry = retry
