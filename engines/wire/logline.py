"""Log lines: what goes to stderr and to the log files, one JSON object a line.

Fields: `ts` (ISO 8601, UTC), `service`, `logger`, `level`, `message`, and extras. Secrets are
masked here, because this is the one way out.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec

_SECRET_NAME = re.compile(r"(TOKEN|PASSWORD|SECRET|API_KEY|_KEY)$", re.IGNORECASE)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LEVELS = {"debug", "info", "warning", "error", "critical"}
_encoder = msgspec.json.Encoder(enc_hook=str)
MAX_MESSAGE = 16_000
"""Characters of a message that are kept."""


def is_secret(name: str) -> bool:
    """True for a variable that is named as secrets are."""
    return _SECRET_NAME.search(name) is not None


def stamp(seconds: float) -> str:
    """Wall time as ISO 8601 in UTC with milliseconds."""
    whole, ms = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{ms:03d}Z"


class Masker:
    """Replaces the values of secrets by `***`.

    Secrets are the environment's variables named like one, and what is added later.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._values: list[str] = []
        self.learn(environ)

    def learn(self, environ: Mapping[str, str]) -> None:
        """Mask these variables' secrets as well from now on."""
        for name, value in environ.items():
            if is_secret(name):
                self.add(value)

    def add(self, value: str) -> None:
        """Mask this value from now on. Values under 6 characters would mask ordinary words."""
        if len(value) < 6:
            return
        # As it is, and as it stands inside JSON.
        known = {*self._values, value, _encoder.encode(value).decode()[1:-1]}
        known |= {json.dumps(value)[1:-1]}
        self._values = sorted(known, key=len, reverse=True)  # one may be the beginning of another

    def __call__(self, text: str) -> str:
        for value in self._values:
            if value in text:
                text = text.replace(value, "***")
        return text


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON line. `extra={"key": value}` become fields."""

    def __init__(self, service: str, mask: Masker) -> None:
        super().__init__()
        self._service = service
        self._mask = mask

    def learn(self, environ: Mapping[str, str]) -> None:
        """Mask these variables' secrets as well from now on."""
        self._mask.learn(environ)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": stamp(record.created),
            "service": self._service,
            "logger": record.name,
            "level": record.levelname.lower(),
            "message": record.getMessage()[:MAX_MESSAGE],
        }
        for key, value in record.__dict__.items():
            if key not in _STANDARD and not key.startswith("_"):
                bare = isinstance(value, (int, float)) and self._mask(str(value)) != str(value)
                line.setdefault(key, "***" if bare else value)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self.formatException(record.exc_info)
        try:
            text = _encoder.encode(line).decode()
        except UnicodeEncodeError:  # a file name with bytes that are no UTF-8
            text = json.dumps(line, default=str)
        return self._mask(text)


def configure(
    service: str,
    *,
    level: str | None = None,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> Masker:
    """Send this process's logging to stderr as JSON lines; level from KITSU_LOG_LEVEL or info.

    The secrets of `environ` are masked; None is the process's own environment.
    """
    environ = os.environ if environ is None else environ
    mask = Masker(environ)
    wanted = (level or environ.get("KITSU_LOG_LEVEL") or "info").lower()
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(service, mask))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel((wanted if wanted in _LEVELS else "info").upper())
    logging.raiseExceptions = False  # a closed stderr must not print tracebacks into itself
    return mask


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as read back: from an engine's stderr or from a log file."""

    ts: str
    service: str
    level: str
    message: str
    logger: str = ""
    exception: str = ""


_reader: msgspec.json.Decoder[LogLine] = msgspec.json.Decoder(LogLine)


def parse(raw: bytes, service: str, now: float) -> LogLine:
    """A line of an engine's stderr. What is not ours (a library's print) becomes a message."""
    if raw.startswith(b"{"):
        try:
            return _reader.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
    text = raw.decode("utf-8", "backslashreplace").rstrip()[:MAX_MESSAGE]
    level = "warning" if re.match(r"(?i)(warn|.*warning:)", text) else "info"
    if text.startswith("Traceback ") or re.match(r"(?i)(error|fatal|.*Error: )", text):
        level = "error"
    return LogLine(ts=stamp(now), service=service, level=level, message=text, logger="stderr")
