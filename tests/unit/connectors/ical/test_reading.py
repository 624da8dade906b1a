"""What a calendar says: who is on call, and everything that the libraries take for good and is not."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from connectors.kit.ical.work import BYTES_MAX, WORK, Asked, Turn, Turns
from fakes.calendars.server import ANN, NINE_TO_NINE, ics
from fakes.in_process import in_process
from worker.ports import Incomplete

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=30)
ALIASES = {"Ann": "a@example.org", "Ann O.": "o@example.org", "Night desk": "n@example.org"}
MAIL = "ATTENDEE:mailto:a@example.org\n"


def read(calendar: bytes, timezone: str = "Europe/London", until: datetime = UNTIL) -> Turns:
    asked = Asked("the calendar of rota site", timezone, ALIASES, SINCE, until)
    [turns] = in_process(WORK, io.BytesIO(calendar), "site", asked)
    return turns


def people(event: str) -> set[str]:
    return {turn.person for turn in read(ics(f"{event}\n{NINE_TO_NINE}")).turns}


def spans(calendar: bytes, timezone: str = "Europe/London") -> list[tuple[str, str]]:
    return [
        (f"{one.from_at.astimezone(UTC):%d %H:%M}", f"{one.until_at.astimezone(UTC):%d %H:%M}")
        for one in read(calendar, timezone).turns
    ]


def test_an_event_is_a_turn() -> None:
    assert read(ics(ANN)) == Turns(
        (
            Turn(
                "a@example.org",
                datetime(2026, 11, 3, 9, tzinfo=UTC),
                datetime(2026, 11, 4, 9, tzinfo=UTC),
            ),
        ),
        (),
    )


# --- Who ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event, who",
    [
        ("ATTENDEE:mailto:a@example.org\nATTENDEE:MAILTO:b@example.org", {"a@example.org", "b@example.org"}),
        ("ATTENDEE:mailto:a@example.org\nSUMMARY:b@example.org", {"a@example.org"}),
        (
            "ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.org\nATTENDEE;CUTYPE=ROOM:mailto:x@example.org\nSUMMARY:b@example.org",
            {"b@example.org"},
        ),
        ("SUMMARY:On call: a@example.org / b@example.org", {"a@example.org", "b@example.org"}),
        ("SUMMARY:On call\nDESCRIPTION:a@example.org\\, else it-security@example.org", {"a@example.org"}),
        ("SUMMARY:On call\nDESCRIPTION:Reach me at a@exam\n ple.org", {"a@example.org"}),
        ("SUMMARY:Ann O. (primary)", {"o@example.org"}),
        ("SUMMARY:night DESK", {"n@example.org"}),
        ("SUMMARY:Ann and night desk", {"a@example.org", "n@example.org"}),
        ('ATTENDEE;CN="Ann O.":invalid:nomail\nSUMMARY:On call', {"o@example.org"}),
        ('ATTENDEE;CN="Ann O.";PARTSTAT=DECLINED:invalid:nomail\nSUMMARY:night desk', {"n@example.org"}),
        ('ATTENDEE;CN="Ann O.";CUTYPE=ROOM:invalid:nomail\nSUMMARY:night desk', {"n@example.org"}),
    ],
)
def test_who_is_on_call(event: str, who: set[str]) -> None:
    assert people(event) == who


def test_a_name_is_a_whole_word() -> None:
    unknown = read(ics(ANN, f"SUMMARY:Annette\n{NINE_TO_NINE}"))

    assert [turn.person for turn in unknown.turns] == ["a@example.org"]
    assert unknown.notes == ("Turns that name nobody whom we know: Annette. Add them to aliases.",)


def test_a_stranger_s_title_is_shown_safely() -> None:
    title = "SUMMARY:" + "x" * 500 + "\u202e\x1b[31m"

    [note] = read(ics(ANN, f"{title}\n{NINE_TO_NINE}")).notes

    assert len(note) < 150
    assert "\x1b" not in note
    assert "\u202e" not in note


# --- When -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times, head, span",
    [
        pytest.param(
            "DTSTART;TZID=Europe/Paris:20261103T090000\nDTEND;TZID=Europe/Paris:20261103T100000",
            "",
            ("03 08:00", "03 09:00"),
            id="IANA",
        ),
        pytest.param(
            "DTSTART;TZID=Romance Standard Time:20261103T090000\nDURATION:PT1H",
            "",
            ("03 08:00", "03 09:00"),
            id="Windows",
        ),
        pytest.param(
            "DTSTART:20261103T090000\nDTEND:20261103T100000",
            "X-WR-TIMEZONE:America/New_York\n",
            ("03 14:00", "03 15:00"),
            id="the calendar's",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261103\nDTEND;VALUE=DATE:20261104",
            "",
            ("02 11:00", "03 11:00"),
            id="a whole day, in the rota's zone",
        ),
        pytest.param("DTSTART;VALUE=DATE:20261103", "", ("02 11:00", "03 11:00"), id="a day without an end"),
    ],
)
def test_when_somebody_is_on_call(times: str, head: str, span: tuple[str, str]) -> None:
    assert spans(ics(f"{MAIL}{times}", head=head), "Pacific/Auckland") == [span]


@pytest.mark.parametrize("zone", ["", ";TZID=Nowhere/Land"])
def test_a_time_without_a_known_zone_is_the_rota_s_and_is_noted(zone: str) -> None:
    calendar = ics(f"{MAIL}DTSTART{zone}:20261103T090000\nDTEND{zone}:20261103T100000")

    assert spans(calendar, "Pacific/Auckland") == [("02 20:00", "02 21:00")]
    assert read(calendar, "Pacific/Auckland").notes == (
        "Turns without a time zone that is known, read in Pacific/Auckland: 1.",
    )


def test_a_weekly_turn_stays_at_its_local_time_when_clocks_change() -> None:
    weekly = (
        f"{MAIL}DTSTART;TZID=America/New_York:20261025T090000\nDTEND;TZID=America/New_York:20261025T100000\n"
        "RRULE:FREQ=WEEKLY;COUNT=3"
    )

    assert spans(ics(weekly)) == [("01 14:00", "01 15:00"), ("08 14:00", "08 15:00")]


def test_what_is_cancelled_is_nobody_s_turn() -> None:
    daily = f"{MAIL}{NINE_TO_NINE}\nRRULE:FREQ=DAILY;COUNT=3"
    times = "DTSTART:20261104T090000Z\nDTEND:20261105T090000Z"
    one_of_them = f"{MAIL}RECURRENCE-ID:20261104T090000Z\nSTATUS:CANCELLED\n{times}"
    calendar = ics(daily, f"{MAIL}{NINE_TO_NINE}\nSTATUS:cancelled")
    changed = calendar.replace(
        b"END:VCALENDAR",
        f"BEGIN:VEVENT\nUID:0\n{one_of_them}\nEND:VEVENT\nEND:VCALENDAR".replace("\n", "\r\n").encode(),
    )

    assert spans(changed) == [("03 09:00", "04 09:00"), ("05 09:00", "06 09:00")]


def test_a_turn_that_began_before_is_read() -> None:
    assert spans(ics(f"{MAIL}DTSTART:20261020T090000Z\nDTEND:20261110T090000Z")) == [("20 09:00", "10 09:00")]


def test_the_same_turn_twice_is_one() -> None:
    assert len(read(ics(ANN, ANN)).turns) == 1


def test_several_calendars_in_one_file_are_all_read() -> None:
    assert len(read(ics(ANN) + ics(ANN.replace("a@", "b@"))).turns) == 2


# --- What is odd ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times, note",
    [
        (
            "DTSTART:20261104T090000Z\nDTEND:20261103T090000Z",
            "Events that end before they begin, and are left out: 1.",
        ),
        (
            "DTSTART:20261104T090000Z\nDURATION:-PT1H",
            "Events that end before they begin, and are left out: 1.",
        ),
        ("DTSTART:20261104T090000Z", "Events without an end, in which nobody is on call: 1."),
    ],
)
def test_a_turn_without_a_length_is_left_out_and_noted(times: str, note: str) -> None:
    found = read(ics(ANN, f"{MAIL}{times}"))

    assert len(found.turns) == 1
    assert found.notes == (note,)


NOTHING = {
    "empty": (b"", "there is no whole calendar in it"),
    "cut within an event": (ics(ANN)[:-40], "there is no whole calendar in it"),
    "cut before its end": (ics(ANN)[:-10], "there is no whole calendar in it"),
    "a page to sign in": (
        b"\n<!DOCTYPE html><html><body>Sign in</body></html>",
        "perhaps it asks to sign in",
    ),
    "bytes": (bytes(range(256)) * 4, "can't be read as a calendar"),
    "a date that is none": (ics(f"{MAIL}DTSTART:2026xx03T090000Z\nDTEND:20261104T090000Z"), "can't be read"),
    "no beginning": (ics(f"{MAIL}SUMMARY:x"), "can't be read as a calendar"),
    "a rule that is none": (
        ics(f"{ANN}\nRRULE:FREQ=WEEKLY;BYDAY=XX"),
        "a rule of repetition that can't be read",
    ),
    "each second": (ics(f"{ANN}\nRRULE:FREQ=SECONDLY"), "more often than each hour"),
    "each minute": (ics(f"{ANN}\nRRULE:FREQ=minutely"), "more often than each hour"),
    "each minute by name": (
        ics(f"{ANN}\nRRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE=1,2"),
        "more often than each hour",
    ),
    "two rules": (ics(f"{ANN}\nRRULE:FREQ=DAILY\nRRULE:FREQ=SECONDLY"), "more often than each hour"),
    "no events": (ics(), "names nobody in 30 days"),
    "all cancelled": (ics(f"{ANN}\nSTATUS:CANCELLED"), "names nobody in 30 days"),
    "nobody known": (ics(f"SUMMARY:Busy\n{NINE_TO_NINE}"), "name nobody whom we know: Busy"),
    "too large": (ics(ANN, f"DESCRIPTION:{'x' * BYTES_MAX}\n{NINE_TO_NINE}"), "is larger than 2 MB"),
    "too many": (ics(*(["DTSTART;VALUE=DATE:20200101"] * 5_001)), "more than 5,000 events"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_proves_nothing_is_refused(name: str) -> None:
    calendar, said = NOTHING[name]

    with pytest.raises(Incomplete) as error:
        read(calendar)

    assert said in error.value.message
    assert error.value.message.startswith("the calendar of rota site: it ")
    assert error.value.remedy
