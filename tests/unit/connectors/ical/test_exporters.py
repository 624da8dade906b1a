"""What exporters write otherwise than the standard: no turn is lost by it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.calendars.server import ics
from unit.connectors.ical.test_reading import MAIL, read, spans

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
