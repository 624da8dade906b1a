"""Plain English, and how values come into a text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from builders import NOW
from worker.domain.text.tongue import ENGLISH, ENGLISH_ONLY, N_


def test_a_text_is_said_with_its_values() -> None:
    assert (
        ENGLISH.say("Remove {who} from {where}", who="Ann", where="Ward 7", more="x")
        == "Remove Ann from Ward 7"
    )
    assert ENGLISH.say(N_("never")) == "never"
    assert ENGLISH.say("") == ""


@pytest.mark.parametrize("value", ["{where}", "{0}", "%s {", "{who.__class__}", "\\1", "}{"])
def test_a_value_is_only_ever_text(value: str) -> None:
    assert ENGLISH.say("{who} in {where}", who=value, where="W") == f"{value} in W"


def test_a_place_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="who"):
        ENGLISH.say("Remove {who}", whom="Ann")


def test_numbers_are_written_and_counted() -> None:
    assert ENGLISH.say("{n} of {m}", n=1234, m=1_000_000) == "1,234 of 1,000,000"
    assert ENGLISH.count("{n} ticket for {who}", "{n} tickets for {who}", 1, who="Ann") == "1 ticket for Ann"
    assert ENGLISH.count("{n} ticket for {who}", "{n} tickets for {who}", 0, who="Ann") == "0 tickets for Ann"
    assert ENGLISH.number(1234567) == "1,234,567"


def test_an_instant_is_said_in_its_zone_and_a_day_without_its_weekday() -> None:
    assert ENGLISH.instant(NOW, "Asia/Tokyo") == "Tue 24 Nov 2026 21:00 JST"
    assert ENGLISH.day(date(2026, 11, 4)) == "04 Nov 2026"
    assert ENGLISH.day(date(2026, 11, 4), date(2026, 1, 1)) == "04 Nov"
    assert ENGLISH.day(date(2026, 11, 4), date(2027, 1, 1)) == "04 Nov 2026"
    assert (ENGLISH.code, ENGLISH.is_rtl) == ("en", False)


def test_without_other_languages_everybody_reads_english() -> None:
    assert ENGLISH_ONLY.of("de") is ENGLISH_ONLY.of(None) is ENGLISH
    assert ENGLISH_ONLY.best(["de", "fr"]) is ENGLISH


@pytest.mark.parametrize("span, said", [
    (timedelta(days=2, hours=12, minutes=59), "2 d 12 h"),
    (timedelta(days=2, minutes=59), "2 d"),
    (timedelta(hours=1, minutes=5, seconds=59), "1 h 5 min"),
    (timedelta(hours=3), "3 h"),
    (timedelta(minutes=59), "59 min"),
    (timedelta(seconds=20), "1 min"),
    (timedelta(), "1 min"),
])  # fmt: skip
def test_a_length_of_time_has_its_two_largest_units(span: timedelta, said: str) -> None:
    assert ENGLISH.span(span) == said


def test_a_share_is_a_percentage() -> None:
    assert (ENGLISH.percent(0.8), ENGLISH.percent(0.0501)) == ("80%", "5.01%")


def test_an_instant_of_this_year_leaves_the_year_out() -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert ENGLISH.moment(at, "Europe/London", at) == "Thu 31 Dec 23:30"
    assert ENGLISH.moment(at, "Europe/London", at + timedelta(hours=1)) == "Thu 31 Dec 2026 23:30"
    assert ENGLISH.moment(at, "Asia/Dubai", at + timedelta(hours=1)) == "Fri 01 Jan 03:30", (
        "the year of the place"
    )
