"""What is wrong with a configuration: one line that names the place, what was found, what fits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConfigError(ValueError):
    """A configuration cannot be used. The message is for the operator, without traceback.

    Attributes:
        code: exit code of a command that fails with it.
    """

    code = 2


class MissingError(ConfigError):
    """The configuration is right, but a model that it names is not there."""

    code = 4


def nearest(found: str, known: Iterable[str]) -> str:
    """` (did you mean X?)`, or an empty text when nothing is near. Case tells nothing apart."""
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(found.casefold(), names, n=1, cutoff=0.5)
    return f" (did you mean {names[near[0]]}?)" if near else ""
