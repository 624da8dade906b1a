"""Durations: what people write is read, what they can't mean is refused with what they may have meant."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.text.durations import LONGEST, format_duration, parse_duration


def is_read_or_refused(text: str) -> bool:
    try:
        return timedelta(0) <= parse_duration(text) <= LONGEST
    except ValueError as refused:
        return str(refused).startswith("duration ")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("30s", timedelta(seconds=30)),
        ("90m", timedelta(minutes=90)),
        ("4h", timedelta(hours=4)),
        ("90d", timedelta(days=90)),
        ("2w", timedelta(weeks=2)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        (" 1d 12h ", timedelta(days=1, hours=12)),
        ("0s", timedelta(0)),
        ("36500d", LONGEST),
    ],
)
def test_durations_are_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "4",
        "h",
        "-4h",
        "+4h",
        "1.5h",
        "4x",
        "12h1d",
        "1h1h",
        "500ms",
        "4 h",
        "due",
        "٤h",
        "1e3s",
        "4h!",
    ],
)
def test_what_is_no_duration_says_what_is_valid(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"with the units w, d, h, m, s, the larger first, such as '4h', '90m'"
    ):
        parse_duration(text)


@pytest.mark.parametrize(
    "text, meant",
    [
        ("4H", "4h"),
        ("4 h", "4h"),
        ("4 hours", "4h"),
        ("30 min", "30m"),
        ("1 day and 12 hrs", "1d12h"),
        ("1 day, 12 hours", "1d12h"),
    ],
)
def test_a_duration_in_other_words_is_offered_in_ours(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["2 months", "500ms", "about 4h", "12h1d", "", "1.5h", "4!", "9" * 5000 + "H"]
)
def test_nothing_is_offered_for_what_may_mean_anything(text: str) -> None:
    with pytest.raises(ValueError, match="the larger first") as refused:
        parse_duration(text)

    assert "did you mean" not in str(refused.value)


@pytest.mark.parametrize("text", ["36501d", "999999999999w", "36500d1s"])
def test_more_than_a_century_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longer than a century; use at most '36500d'"):
        parse_duration(text)


@pytest.mark.parametrize(
    "duration, expected",
    [
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=999), "0 s"),
        (timedelta(seconds=59, milliseconds=900), "59 s"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(minutes=4, seconds=30), "4 min 30 s"),
        (timedelta(hours=1, minutes=59, seconds=59), "1 h 59 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(hours=4, seconds=30), "4 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(days=3, hours=4, minutes=5), "3 days 4 h"),
        (timedelta(days=400), "400 days"),
        (-timedelta(hours=3), "minus 3 h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(duration: timedelta, expected: str) -> None:
    assert format_duration(duration) == expected


@given(*[st.integers(0, 99)] * 5)
def test_any_number_of_any_units_adds_up(
    weeks: int, days: int, hours: int, minutes: int, seconds: int
) -> None:
    expected = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)

    assert parse_duration(f"{weeks}w{days}d{hours}h{minutes}m{seconds}s") == expected


@given(st.text())
def test_any_other_text_is_a_value_error_or_a_duration(text: str) -> None:
    assert is_read_or_refused(text)


@given(st.timedeltas(timedelta(0), LONGEST))
def test_what_is_shown_is_never_more_than_what_is_left(duration: timedelta) -> None:
    shown = format_duration(duration).replace(" days", "d").replace(" day", "d").replace(" min", "m")
    read = parse_duration(shown.replace(" h", "h").replace(" s", "s"))

    assert read <= duration < read + max(read, timedelta(seconds=1))
