"""Log filters: how they are written, what they let through, and what is said of bad ones."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.wire.logline import LogLine, stamp
from kitsu_tui.model.logfilter import (
    LEVELS,
    LONGEST,
    BadFilter,
    Filter,
    Pattern,
    Term,
    haystack,
    moment,
    parse,
    seconds,
    sieve,
    words,
)

NOW = 1_800_000_000.0


def line(
    message: str = "m",
    *,
    service: str = "tts",
    level: str = "info",
    t: float = NOW,
    exception: str = "",
) -> LogLine:
    return LogLine(ts=stamp(t), service=service, level=level, message=message, exception=exception)


def passes(text: str, one: LogLine, now: float = NOW) -> bool:
    test = sieve(parse(text, now), now)
    return test is None or test(one)


def test_nothing_written_lets_everything_through_and_costs_nothing() -> None:
    assert parse("  ", NOW) == Filter()
    assert parse("", NOW).empty
    assert sieve(Filter(), NOW) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@tts", Filter(engines=("tts",))),
        ("@tts,asr x", Filter(engines=("tts", "asr"), terms=(Term("x"),))),
        ("@!obs", Filter(engines=("obs",), but=True)),
        ("level:w", Filter(level="warning")),
        ("level:FATAL", Filter(level="critical")),
        ("time out last:5m", Filter(last=300, terms=(Term("time out"),))),
        ("a b && !c", Filter(terms=(Term("a b"), Term("c", True)))),
        ("!  ping", Filter(terms=(Term("ping", True),))),
        (r"\!x", Filter(terms=(Term(r"\!x"),))),
        ("@asr level:e last:90s !x", Filter(
            engines=("asr",), level="error", last=90, terms=(Term("x", True),)
        )),
    ],
)  # fmt: skip
def test_what_is_written_is_understood(text: str, wanted: Filter) -> None:
    assert parse(text, NOW) == wanted
    assert parse(words(wanted), NOW) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(", "missing )"),
        ("[a", "missing ]"),
        ("*a", "no argument for repetition operator: *"),
        ("a(?=b)", "(?= is not supported (no look-around, no back-references)"),
        (r"(a)\1", r"\1 is not a known escape"),
        ("x{2000}", "invalid repetition size: {2000}"),
        ("!", "! needs a pattern behind it"),
        ("@", "@ needs the name of an engine"),
        ("level:loud", "level 'loud': expected one of debug, info, warn, error, fatal"),
        ("level:", "level ''"),
        ("last:5", "time '5': expected a number and s, m, h or d"),
        ("last:0m", "time '0m'"),
        ("around:25:00", "time '25:00': expected a time of day"),
        ("x" * (LONGEST + 1), f"{LONGEST + 1} characters are too many"),
    ],
)
def test_a_bad_filter_is_told_in_words(text: str, says: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse(text, NOW)
    assert says in str(caught.value)


_terms = st.lists(
    st.builds(
        Term,
        st.text("abcXY 01.*+\\d", min_size=1, max_size=8).filter(
            lambda text: text == text.strip() and not text.startswith("!")
        ),
        st.booleans(),
    ),
    max_size=3,
)


@given(
    engines=st.lists(st.sampled_from(["tts", "asr", "show"]), unique=True, max_size=3),
    but=st.booleans(),
    level=st.sampled_from(["", *LEVELS]),
    last=st.sampled_from([0.0, 60.0, 90.0, 3600.0, 86400.0]),
    around=st.sampled_from([0.0, NOW - 500, NOW - 200_000]),
    terms=_terms,
)
def test_words_and_parse_agree(
    engines: list[str], but: bool, level: str, last: float, around: float, terms: list[Term]
) -> None:
    wanted = Filter(
        engines=tuple(engines),
        but=but and bool(engines),
        level=level,
        last=last,
        around=around,
        terms=tuple(terms),
    )
    try:
        assert parse(words(wanted), NOW) == wanted
    except BadFilter:
        # A term that is no pattern; the rest is always readable.
        assert terms


def test_engines_levels_and_patterns_must_all_agree() -> None:
    text = "@tts level:warn time ?out && !retry"
    assert passes(text, line("timeout", level="error"))
    assert not passes(text, line("timeout", level="error", service="asr"))
    assert not passes(text, line("timeout", level="info"))
    assert not passes(text, line("timeout, retry 3", level="error"))
    assert passes("@!tts", line(service="asr"))
    assert not passes("@!tts", line(service="tts"))


def test_a_level_that_is_none_counts_as_info() -> None:
    odd = line(level="notice")
    assert passes("level:info", odd)
    assert not passes("level:warn", odd)
    assert not passes("level:info", line(level="debug"))


def test_small_letters_mean_both_cases_and_a_capital_means_itself() -> None:
    assert passes("cuda", line("CUDA out of memory"))
    assert passes("out.of", line("OUT OF memory"))
    assert not passes("Cuda", line("CUDA"))
    assert not passes("C[u]da", line("CUDA"))
    # An escape or the name of a group is no capital letter.
    for text in (r"\Scuda", r"\pLuda", r"(?P<N>c)uda", r"c\Buda"):
        assert passes(text, line("! CUDA CUDA")) == passes(text, line("! cuda cuda"))
    assert passes(r"\D\Sda", line("CUDA"))


def test_letters_beyond_ascii_are_found_in_both_cases() -> None:
    assert passes("größe", line("GRÖẞE oder Größe"))
    assert passes("狐", line("狐が走る"))


def test_a_literal_and_the_same_as_a_pattern_find_the_same() -> None:
    texts = ["Fox at 3:15", "FOX", "fo x", "", "foxfox", "a=b, c/d", "x\ufffdy\ud800z"]
    for wanted in ("fox", "Fox", "3:15", "a=b, c/d", "z"):
        literal, slow = Pattern(wanted), Pattern(f"(?:{wanted})")
        assert [literal.found(text) for text in texts] == [slow.found(text) for text in texts]


def test_exceptions_are_looked_into_and_each_row_has_a_beginning() -> None:
    one = line("it broke", exception="Traceback:\n  File x\nValueError: no")
    assert passes("^ValueError", one)
    assert passes("broke$", one)
    assert not passes("!valueerror", one)
    assert haystack(line("m")) == "m"


def test_a_pattern_that_others_explode_at_is_linear() -> None:
    # Backtracking engines need 2^30 steps here: this test would not come back.
    assert not passes("(a+)+$", line("a" * 30_000 + "b"))
    assert not passes("(x+x+)+y", line("x" * 30_000))


def test_windows_of_time() -> None:
    assert passes("last:5m", line(t=NOW - 299))
    assert not passes("last:5m", line(t=NOW - 301))
    at = time.strftime("%H:%M:%S", time.localtime(NOW - 600))
    assert passes(f"around:{at}/2m", line(t=NOW - 600 + 119))
    assert not passes(f"around:{at}/2m", line(t=NOW - 600 + 121))
    assert not passes(f"around:{at}", line(t=NOW - 600 - 61))
    # What has no readable time is never hidden by a window.
    odd = LogLine(ts="some day", service="s", level="info", message="m")
    assert passes("last:1m", odd)
    other = LogLine(ts="2027-01-15T08:00:00+00:00", service="s", level="info", message="m")
    assert passes("last:1m", other, now=NOW)


def test_a_time_of_day_is_the_last_one() -> None:
    tomorrow = time.strftime("%H:%M:%S", time.localtime(NOW + 3600))
    assert moment(tomorrow, NOW) == NOW + 3600 - 86400
    assert moment("2027-01-15T08:00:00+00:00", NOW) == NOW
    assert seconds("1.5h") == 5400


def test_spans_are_for_people_and_never_empty() -> None:
    assert list(Pattern("o").spans("fox on")) == [(1, 2), (4, 5)]
    assert list(Pattern("x*").spans("axxb")) == [(1, 3)]
    assert list(Pattern("が").spans("狐が走る")) == [(1, 2)]
    assert list(Pattern("x").spans("x\ud800")) == []
