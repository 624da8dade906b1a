"""Dates in the forms that exports have, and the ones that must not be guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.dates import (
    FILETIME_NEVER,
    DateOrder,
    Unreadable,
    is_order_open,
    parse,
    written_order,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAY, MONTH, MIXED = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST, DateOrder.MIXED


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    "text, order, expected",
    [
        ("24/11/2026 17:00:00", DAY, utc(2026, 11, 24, 16)),
        ("11/24/2026 5:00:00 PM", MONTH, utc(2026, 11, 24, 16)),
        ("11/24/2026 5:00:00\u202fPM", MONTH, utc(2026, 11, 24, 16)),  # PowerShell 7 on ICU
        ("\u200e24/\u200e11/\u200e2026 17:00", DAY, utc(2026, 11, 24, 16)),  # Windows, copied from a dialogue
        ("24/11/2026 5:00:00 p. m.", DAY, utc(2026, 11, 24, 16)),  # Spanish
        ("24/11/2026 12:30:00 ص", DAY, utc(2026, 11, 23, 23, 30)),  # Arabic
        ("24/11/2026 05:00:00 م", DAY, utc(2026, 11, 24, 16)),
        ("24/11/2026 12:30:00 π.μ.", DAY, utc(2026, 11, 23, 23, 30)),  # Greek
        ("24/11/2026 5:00:00 μμ", DAY, utc(2026, 11, 24, 16)),
        ("11/24/2026 12:30 AM", MONTH, utc(2026, 11, 23, 23, 30)),
        ("24.11.2026 17:00:00", MONTH, utc(2026, 11, 24, 16)),  # dots are always day first
        ("24. 11. 2026 17:00:00", DAY, utc(2026, 11, 24, 16)),  # Czech
        ("24.11.26 17:00", DAY, utc(2026, 11, 24, 16)),
        ("24-11-2026 17:00", DAY, utc(2026, 11, 24, 16)),
        ("24/11/2026, 17:00:00", DAY, utc(2026, 11, 24, 16)),
        ("03/04/2026 12:00", DAY, utc(2026, 4, 3, 10)),
        ("03/04/2026 12:00", MONTH, utc(2026, 3, 4, 11)),
        ("2026-11-24T17:00:00Z", DAY, utc(2026, 11, 24, 17)),
        ("2026-11-24T17:00:00.0000000Z", DAY, utc(2026, 11, 24, 17)),
        ("2026-11-24T17:00:00+02:00", DAY, utc(2026, 11, 24, 15)),
        ("2026-11-24 17:00:00", MONTH, utc(2026, 11, 24, 16)),
        ("2026/11/24 17:00", DAY, utc(2026, 11, 24, 16)),
        ("2026. 11. 24.", DAY, None),
        ("20261124170000.0Z", DAY, utc(2026, 11, 24, 17)),
        ("20261124170000.0-0500", DAY, utc(2026, 11, 24, 22)),
        ("116444736000000000", DAY, utc(1970, 1, 1)),  # FILETIME of the Unix epoch
        ("134240112000000000", DAY, utc(2026, 5, 23, 12)),  # FILETIME
    ],
)
def test_the_forms_of_exports_are_read(text: str, order: DateOrder, expected: datetime | None) -> None:
    if expected is None:
        with pytest.raises(Unreadable):
            parse(text, BERLIN, order)
        return
    stamp = parse(text, BERLIN, order)

    assert stamp is not None
    assert stamp.at == expected
    assert not stamp.is_day


@pytest.mark.parametrize(
    "text",
    [
        "0",
        str(FILETIME_NEVER),
        "9.22337E+18",
        "9,22337203685478E+18",
        "01/01/1601 01:00:00",
        "2650467743999999999",
        "31/12/1600 19:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_never_is_never(text: str) -> None:
    assert parse(text, BERLIN, DAY) is None


@pytest.mark.parametrize(
    "text", ["24/11/2026", "24.11.2026", "2026-11-24", "20261124", "24/11/2026 00:00:00"]
)
def test_a_day_ends_with_the_next_local_midnight(text: str) -> None:
    stamp = parse(text, BERLIN, DAY)

    assert stamp is not None
    assert (stamp.at, stamp.day_end_at) == (utc(2026, 11, 23, 23), utc(2026, 11, 24, 23))


def test_a_day_of_twenty_three_hours_ends_at_its_own_midnight() -> None:
    stamp = parse("2026-03-29", BERLIN, DAY)

    assert stamp is not None
    assert (stamp.at, stamp.day_end_at) == (utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))


def test_midnight_with_a_zone_is_an_instant_and_not_a_day() -> None:
    stamp = parse("2026-11-24T00:00:00Z", BERLIN, DAY)

    assert stamp is not None
    assert stamp.day_end_at == utc(2026, 11, 24)


@pytest.mark.parametrize(
    "text, order",
    [
        ("31/02/2026", DAY),
        ("24/13/2026", DAY),
        ("24/11/2026 25:00", DAY),
        ("24/11/2026 17:00 PM", DAY),
        ("next Friday", DAY),
        ("46350", DAY),  # a day as Excel counts it
        ("1.34E+17", DAY),
        ("-1", DAY),
        ("24/11/2026", MONTH),
        ("11/24/2026", DAY),
        ("03/04/2026", MIXED),
        ("2026-11-24T17:00:00+99:00", DAY),
        ("Tue 24 Nov", DAY),
        ("", DAY),
    ],
)
def test_what_cannot_be_read_for_sure_is_refused(text: str, order: DateOrder) -> None:
    with pytest.raises(Unreadable):
        parse(text, BERLIN, order)


@pytest.mark.parametrize(
    "text, order, is_open",
    [
        ("24/11/2026", DAY, False),
        ("11/24/2026", MONTH, False),
        ("03.04.2026", DAY, False),
        ("03/04/2026", None, True),
        ("03/03/2026", None, False),
        ("2026-04-03", None, False),
        ("", None, False),
        ("25/25/2026", None, True),
    ],
)
def test_one_value_says_which_order_its_column_has(text: str, order: DateOrder | None, is_open: bool) -> None:
    assert (written_order(text), is_order_open(text)) == (order, is_open and text != "25/25/2026")


@given(st.text(max_size=30), st.sampled_from(DateOrder))
def test_any_text_is_read_or_refused(text: str, order: DateOrder) -> None:
    try:
        stamp = parse(text, BERLIN, order)
    except Unreadable:
        return

    assert stamp is None or stamp.at.utcoffset() is not None


@given(st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31)), st.sampled_from([DAY, MONTH]))  # noqa: DTZ001
def test_what_is_written_in_an_order_is_read_in_it(at: datetime, order: DateOrder) -> None:
    written = at.strftime("%d/%m/%Y %H:%M:%S" if order is DAY else "%m/%d/%Y %H:%M:%S")

    stamp = parse(written, UTC, order)

    assert stamp is not None
    assert stamp.at == at.replace(microsecond=0, tzinfo=UTC)
