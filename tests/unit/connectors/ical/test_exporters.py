"""What exporters write otherwise than the standard: no turn is lost by it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.calendars.server import ics
from unit.connectors.ical.test_reading import MAIL, read, spans

SUB = "ATTENDEE:mailto:b@example.org\n"
NEW_YORK, SYDNEY = ";TZID=America/New_York", ";TZID=Australia/Sydney"


def nightly(zone: str, until: str, head: str = "", rota: str = "Europe/London") -> list[str]:
    """The beginnings (UTC) of a series from the 3rd, 20:00 to 08:00."""
    utc = "Z" if zone == "Z" else ""
    zone = "" if utc else zone
    times = f"DTSTART{zone}:20261103T200000{utc}\nDTEND{zone}:20261104T080000{utc}"
    found = spans(ics(f"{MAIL}{times}\nRRULE:FREQ=DAILY;UNTIL={until}", head=head), rota)
    return [begins for begins, _ in found]


@pytest.mark.parametrize(
    "zone, until, begins",
    [
        (NEW_YORK, "20261105", ["04 01:00", "05 01:00", "06 01:00"]),
        (NEW_YORK, "20261105T200000", ["04 01:00", "05 01:00", "06 01:00"]),
        (NEW_YORK, "20261105T195959", ["04 01:00", "05 01:00"]),
        (NEW_YORK, "20261106T010000Z", ["04 01:00", "05 01:00", "06 01:00"]),
        (NEW_YORK, "20261106T005959Z", ["04 01:00", "05 01:00"]),
        (SYDNEY, "20261105", ["03 09:00", "04 09:00", "05 09:00"]),
        (SYDNEY, "20261105T195959", ["03 09:00", "04 09:00"]),
        (";TZID=Europe/London", "20261105", ["03 20:00", "04 20:00", "05 20:00"]),
        ("Z", "20261105", ["03 20:00", "04 20:00", "05 20:00"]),
        ("", "20261105", ["03 20:00", "04 20:00", "05 20:00"]),
        ("", "20261105T200000", ["03 20:00", "04 20:00", "05 20:00"]),
    ],
)
def test_the_end_of_a_repetition_is_in_the_zone_of_its_beginning(
    zone: str, until: str, begins: list[str]
) -> None:
    assert nightly(zone, until) == begins


@pytest.mark.parametrize("zone", ["", "Z"])
def test_of_a_calendar_with_a_zone_it_is_in_that(zone: str) -> None:
    found = nightly(zone, "20261105", "X-WR-TIMEZONE:America/New_York\n")
    assert found == (["03 20:00", "04 20:00", "05 20:00"] if zone else ["04 01:00", "05 01:00", "06 01:00"])


def test_an_end_in_utc_of_times_without_a_zone_is_turned_into_the_rota_s() -> None:
    assert nightly("", "20261106T010000Z", rota="America/New_York") == ["04 01:00", "05 01:00", "06 01:00"]
    assert nightly("", "20261106T005959Z", rota="America/New_York") == ["04 01:00", "05 01:00"]


@pytest.mark.parametrize("zone", [NEW_YORK, SYDNEY, "Z", ""])
def test_an_end_in_the_last_year_is_none(zone: str) -> None:
    assert len(nightly(zone, "99991231")) >= 27


def test_whole_days_end_with_the_day() -> None:
    days = f"{MAIL}DTSTART;VALUE=DATE:20261103\nDTEND;VALUE=DATE:20261104\nRRULE:FREQ=DAILY;UNTIL=20261105"
    assert [begins for begins, _ in spans(ics(days))] == ["03 00:00", "04 00:00", "05 00:00"]


@given(
    zone=st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Europe/London", "America/St_Johns"]),
    hour=st.integers(0, 23),
    days=st.integers(1, 20),
)  # fmt: skip
def test_a_day_is_an_end_for_all_that_begins_on_it(zone: str, hour: int, days: int) -> None:
    first = datetime(2026, 11, 3, hour, tzinfo=ZoneInfo(zone))
    until = first + timedelta(days=days - 1)
    times = f"DTSTART;TZID={zone}:{first:%Y%m%dT%H%M%S}\nDURATION:PT1H"
    found = read(ics(f"{MAIL}{times}\nRRULE:FREQ=DAILY;UNTIL={until:%Y%m%d}"))
    assert [one.from_at for one in found.turns] == [first + timedelta(days=n) for n in range(days)]


# --- Changed turns ----------------------------------------------------------------------------------------------

WEEKLY = "DTSTART;TZID=Europe/London:20261105T090000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;COUNT=3"


def changed(exdate: str, recurrence: str, change: str = SUB, count: int = 1) -> list[tuple[str, str]]:
    """Who is on call from when, of a weekly series whose second time is left out, and changed `count` times."""
    times = "DTSTART:20261113T090000Z\nDTEND:20261113T170000Z"
    changes = [
        f"{change}SEQUENCE:{n}\nRECURRENCE-ID{recurrence}\n{times.replace('T09', f'T1{n}')}"
        for n in range(count)
    ]
    calendar = ics(f"{MAIL}{WEEKLY}\nEXDATE{exdate}", *changes)
    for n in range(1, count + 1):
        calendar = calendar.replace(f"UID:{n}\r".encode(), b"UID:0\r")
    return [(one.person[0], f"{one.from_at:%d %H}") for one in read(calendar).turns]


EXDATES = [
    ":20261112T090000Z",
    ";TZID=Europe/London:20261112T090000",
    ";TZID=Europe/Paris:20261112T100000",
    ":20261112T090000",
    ";VALUE=DATE:20261112",
]


@pytest.mark.parametrize("exdate", EXDATES)
@pytest.mark.parametrize("recurrence", [":20261112T090000Z", ";TZID=Europe/London:20261112T090000"])
def test_a_changed_turn_counts_though_its_series_leaves_out_its_time(exdate: str, recurrence: str) -> None:
    assert changed(exdate, recurrence) == [("a", "05 09"), ("b", "13 10"), ("a", "19 09")]


def test_the_newest_change_counts() -> None:
    assert changed(EXDATES[0], ":20261112T090000Z", count=2) == [
        ("a", "05 09"),
        ("b", "13 11"),
        ("a", "19 09"),
    ]


def test_a_change_that_cancels_leaves_the_turn_out() -> None:
    found = changed(EXDATES[0], ":20261112T090000Z", f"{SUB}STATUS:CANCELLED\n")
    assert found == [("a", "05 09"), ("a", "19 09")]


def test_a_change_of_another_time_is_left_alone() -> None:
    found = changed(EXDATES[0], ":20261119T090000Z")
    assert found == [("a", "05 09"), ("b", "13 10")]


def test_whole_days_too() -> None:
    days = f"{MAIL}DTSTART;VALUE=DATE:20261103\nDTEND;VALUE=DATE:20261104\nRRULE:FREQ=DAILY;COUNT=2"
    change = f"{SUB}RECURRENCE-ID;VALUE=DATE:20261104\nDTSTART;VALUE=DATE:20261104\nDTEND;VALUE=DATE:20261105"
    calendar = ics(f"{days}\nEXDATE;VALUE=DATE:20261104", change).replace(b"UID:1\r", b"UID:0\r")
    assert [one.person[0] for one in read(calendar).turns] == ["a", "b"]
