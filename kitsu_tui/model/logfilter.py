"""What a log filter is, how it is written, and whether a line passes.

    @tts,asr level:warn last:5m timeout && !retry

An operator writes it in one line: `@` and names of engines (`@!obs`: all but those), `level:` the
least level, `last:` or `around:` a window of time, and patterns with ` && ` between them; one that
begins with `!` keeps out what it finds. Patterns are RE2's (github.com/google/re2/wiki/Syntax):
time is linear in the text, whatever the pattern. Without a capital letter they mean both cases.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import re2
from msgspec import Struct

from engines.wire.logline import LogLine, stamp

LEVELS = ("debug", "info", "warning", "error", "critical")
"""From the least to the gravest; a level that is none of these counts as info."""
LONGEST = 500
"""Characters of a pattern."""
REACH = 60.0
"""Seconds before and after the moment of `around:` when none are given."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ALSO = {"warn": "warning", "fatal": "critical"}
_SHORT = {level: short for short, level in _ALSO.items()}
_LITERAL = re.compile(r"[A-Za-z0-9 _\-:,;=/@#%&<>'\"!~]*")
_ESCAPE = re.compile(r"\\(?:[pP](?:\{[^}]*\}|.)|.)|\(\?[^:)]*[:)]", re.DOTALL)
_AND = " && "
_QUALIFIER = re.compile(r"(@|engine:|level:|last:|around:)(\S*)")


class BadFilter(Exception):
    """A filter that cannot be; the message says why, for the operator."""


class Term(Struct, frozen=True):
    """A pattern; `inverse` keeps out what it finds."""

    pattern: str
    inverse: bool = False


class Filter(Struct, frozen=True, kw_only=True):
    """Which lines are wanted. The empty one wants all.

    Attributes:
        engines: names; none means every engine.
        but: True: every engine but those.
        level: the least level, one of `LEVELS`; empty means all.
        last: seconds up to now, 0 means all.
        around: a moment in wall time, 0 means none.
        reach: seconds before and after it.
        terms: patterns that must all agree.
    """

    engines: tuple[str, ...] = ()
    but: bool = False
    level: str = ""
    last: float = 0
    around: float = 0
    reach: float = REACH
    terms: tuple[Term, ...] = ()

    @property
    def empty(self) -> bool:
        """True when every line passes."""
        return self == _ALL


_ALL = Filter()


class Pattern:
    """A pattern, ready to look with.

    Raises:
        BadFilter: it is none.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise BadFilter(f"{len(text)} characters are too many for a pattern (limit {LONGEST})")
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        folded = not any(map(str.isupper, _ESCAPE.sub("", text)))
        options.case_sensitive = not folded
        source = f"(?m){text}"
        try:
            self._bytes = re2.compile(source.encode("utf-8", "replace"), options)
            self._text = re2.compile(source.encode("utf-8", "replace").decode(), options)
        except re2.error as error:
            raise BadFilter(_why(error)) from None
        self.text = text
        self.found: Callable[[str], bool] = self._search
        """Whether it is somewhere in a text."""
        if text.isascii() and _LITERAL.fullmatch(text):
            # An eighth of the time, for what is typed most.
            self.found = _finder(text, folded=folded)

    def _search(self, text: str) -> bool:
        return self._bytes.search(text.encode("utf-8", "replace")) is not None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it is in a text; matches of no length are left out."""
        try:
            for match in self._text.finditer(text):
                start, end = match.span()
                if end > start:
                    yield start, end
        except UnicodeEncodeError:  # a lone surrogate
            return


def _finder(text: str, *, folded: bool) -> Callable[[str], bool]:
    if folded:
        wanted = text.lower()
        return lambda line: wanted in line.lower()
    return lambda line: text in line


def _why(error: Exception) -> str:
    found = error.args[0] if error.args else ""
    words = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    if "perl operator" in words:
        return f"{words.rpartition(': ')[2]} is not supported (no look-around, no back-references)"
    if "escape sequence" in words:
        return f"{words.rpartition(': ')[2]} is not a known escape"
    return words.partition(":")[0] if words.startswith("missing") else words


def haystack(line: LogLine) -> str:
    """The text of a line in which patterns look: its message, and the exception below it."""
    return f"{line.message}\n{line.exception}" if line.exception else line.message


def parse(text: str, now: float) -> Filter:
    """The filter that somebody wrote. `now` is what a time of day is looked for before.

    Raises:
        BadFilter: it is none.
    """
    found: dict[str, str] = {}
    rest = text.strip()
    while match := _QUALIFIER.match(rest):
        found[match[1]] = match[2]
        rest = rest[match.end() :].lstrip()
    while (at := rest.rfind(" ")) >= 0 and (match := _QUALIFIER.fullmatch(rest, at + 1)):
        found.setdefault(match[1], match[2])
        rest = rest[:at].rstrip()
    names = found.get("@") or found.get("engine:") or ""
    but = names.startswith("!")
    engines = tuple(name for name in names.removeprefix("!").split(",") if name)
    if "@" in found and not engines:
        raise BadFilter("@ needs the name of an engine, such as @tts")
    around, reach = (0.0, REACH) if "around:" not in found else _around(found["around:"], now)
    terms = tuple(_term(part) for part in rest.split(_AND) if part.strip())
    return Filter(
        engines=engines,
        but=but,
        level=_level(found["level:"]) if "level:" in found else "",
        last=seconds(found["last:"]) if "last:" in found else 0,
        around=around,
        reach=reach,
        terms=terms,
    )


def _term(text: str) -> Term:
    text = text.strip()
    inverse = text.startswith("!")
    term = Term(pattern=text.removeprefix("!").strip() if inverse else text, inverse=inverse)
    if inverse and not term.pattern:
        raise BadFilter("! needs a pattern behind it: what it finds is kept out")
    Pattern(term.pattern)
    return term


def _level(text: str) -> str:
    text = text.casefold()
    known = {level: level for level in LEVELS} | _ALSO
    fits = {level for word, level in known.items() if text and word.startswith(text)}
    if len(fits) != 1:
        raise BadFilter(f"level {text!r}: expected one of debug, info, warn, error, fatal")
    return fits.pop()


def level(text: str) -> str:
    """A level by its name or the beginning of it.

    Raises:
        BadFilter: there is no such level.
    """
    return _level(text)


def seconds(text: str) -> float:
    """A length of time such as 90s, 5m, 2h or 1d, in seconds.

    Raises:
        BadFilter: it is none.
    """
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", text.strip())
    if not match or not float(match[1]):
        raise BadFilter(f"time {text!r}: expected a number and s, m, h or d, such as 5m")
    return float(match[1]) * _UNITS[match[2]]


def moment(text: str, now: float) -> float:
    """Wall time of a time of day (the last one before `now`) or of an ISO 8601 date and time.

    Without a zone it is local.

    Raises:
        BadFilter: it is none.
    """
    try:
        if "T" in text or text.count("-") == 2:
            return datetime.fromisoformat(text).timestamp()
        day = datetime.fromtimestamp(now).astimezone()
        at = datetime.strptime(text, "%H:%M:%S" if text.count(":") == 2 else "%H:%M")  # noqa: DTZ007
        found = day.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
        t = found.timestamp()
    except (ValueError, OverflowError, OSError):
        raise BadFilter(
            f"time {text!r}: expected a time of day such as 13:05 or 13:05:11, or 2027-01-15T13:05"
        ) from None
    return t - 86400 if t > now + REACH else t


def _around(text: str, now: float) -> tuple[float, float]:
    at, slash, reach = text.partition("/")
    return moment(at, now), seconds(reach) if slash else REACH


def words(wanted: Filter) -> str:
    """The filter as it is written: `parse` makes the same of it."""
    parts = []
    if wanted.engines:
        parts.append(f"@{'!' if wanted.but else ''}{','.join(wanted.engines)}")
    if wanted.level:
        parts.append(f"level:{_SHORT.get(wanted.level, wanted.level)}")
    if wanted.last:
        parts.append(f"last:{length(wanted.last)}")
    if wanted.around:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(wanted.around))
        reach = "" if wanted.reach == REACH else f"/{length(wanted.reach)}"
        parts.append(f"around:{at}{reach}")
    terms = _AND.join(f"{'!' if term.inverse else ''}{term.pattern}" for term in wanted.terms)
    return " ".join([*parts, terms] if terms else parts)


def length(span: float) -> str:
    """Seconds as `seconds` reads them."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if span % size == 0:
            return f"{span // size:.0f}{unit}"
    return f"{span:g}s"


def sieve(wanted: Filter, now: float) -> Callable[[LogLine], bool] | None:
    """What says whether a line passes; None when every line does.

    A window of time is set once: what leaves it later is for the caller to drop.
    """
    checks: list[Callable[[LogLine], bool]] = []
    if wanted.engines:
        names, but = frozenset(wanted.engines), wanted.but
        checks.append(lambda line: (line.service in names) != but)
    if wanted.level and wanted.level != LEVELS[0]:
        enough = frozenset(LEVELS[LEVELS.index(wanted.level) :])
        if wanted.level == "info":
            checks.append(lambda line: line.level != "debug")
        else:
            checks.append(lambda line: line.level in enough)
    if wanted.last or wanted.around:
        checks.append(_window(wanted, now))
    checks += [_check(Pattern(term.pattern).found, inverse=term.inverse) for term in wanted.terms]
    if len(checks) < 2:
        return checks[0] if checks else None

    def passes(line: LogLine) -> bool:
        for check in checks:  # noqa: SIM110 -- a generator would cost more than most checks
            if not check(line):
                return False
        return True

    return passes


def _check(found: Callable[[str], bool], *, inverse: bool) -> Callable[[LogLine], bool]:
    if inverse:
        return lambda line: not found(haystack(line))
    return lambda line: found(haystack(line))


def bounds(wanted: Filter, now: float) -> tuple[float, float]:
    """Wall times between which lines are wanted."""
    first, last = now - wanted.last if wanted.last else 0.0, 1e11
    if wanted.around:
        first = max(first, wanted.around - wanted.reach)
        last = wanted.around + wanted.reach
    return first, last


def _window(wanted: Filter, now: float) -> Callable[[LogLine], bool]:
    first, last = bounds(wanted, now)
    # Stamps of ours compare as text; others are read.
    low, high = stamp(first), stamp(last)

    def inside(line: LogLine) -> bool:
        ts = line.ts
        if len(ts) == len(low) and ts[-1] == "Z":
            return low <= ts <= high
        t = wall(ts)
        return t is None or first <= t <= last

    return inside


def wall(ts: str) -> float | None:
    """Wall time of a line's `ts`, None when it is no time."""
    try:
        return datetime.fromisoformat(ts).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
