"""What a calendar says: who is on call, and everything that the libraries take for good and is not."""

import io
import time
from collections.abc import Sequence
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
        ("ATTENDEE;CUTYPE=ROOM:mailto:x@example.org\nSUMMARY:b@example.org", {"b@example.org"}),
        ("SUMMARY:On call: a@example.org / b@example.org", {"a@example.org", "b@example.org"}),
        ("SUMMARY:On call\nDESCRIPTION:a@example.org\\, else it-security@example.org", {"a@example.org"}),
        ("SUMMARY:On call\nDESCRIPTION:Reach me at a@exam\n ple.org", {"a@example.org"}),
        ("SUMMARY:Ann O. (primary)", {"o@example.org"}),
        ("SUMMARY:night DESK", {"n@example.org"}),
        ("SUMMARY:Ann and night desk", {"a@example.org", "n@example.org"}),
        ('ATTENDEE;CN="Ann O.":invalid:nomail\nSUMMARY:On call', {"o@example.org"}),
        ('ATTENDEE;CN="Ann O.";CUTYPE=ROOM:invalid:nomail\nSUMMARY:night desk', {"n@example.org"}),
    ],
)
def test_who_is_on_call(event: str, who: set[str]) -> None:
    assert people(event) == who


DECLINED = "ATTENDEE;CN=Ann;PARTSTAT=DECLINED:mailto:a@example.org\n"


@pytest.mark.parametrize(
    "event",
    [
        f"{DECLINED}SUMMARY:a@example.org",
        f"{DECLINED}SUMMARY:Ann is on call",
        f"{DECLINED}SUMMARY:On call\nDESCRIPTION:a@example.org",
        f"{DECLINED}ATTENDEE;CUTYPE=ROOM:mailto:x@example.org\nSUMMARY:night desk",
        f"{DECLINED}ATTENDEE;PARTSTAT=declined;CN=Night desk:invalid:nomail\nSUMMARY:b@example.org",
    ],
)
def test_a_turn_that_all_have_declined_is_nobody_s_whatever_its_title_says(event: str) -> None:
    found = read(ics(ANN, f"{event}\n{NINE_TO_NINE}"))

    assert len(found.turns) == 1
    [note] = found.notes
    assert note.startswith("Turns that everybody who was asked has declined: ")


def test_who_declined_is_not_there_while_another_comes() -> None:
    assert people(f"{DECLINED}ATTENDEE:mailto:b@example.org\nSUMMARY:Ann") == {"b@example.org"}


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


# --- What is far away -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times, span",
    [
        ("DTSTART:20261104T090000Z\nDTEND:99991231T235959Z", ("04 09:00", "2036-12")),
        ("DTSTART:20261104T090000\nDTEND:99991231T235959", ("04 09:00", "2036-12")),
        ("DTSTART;VALUE=DATE:20261104\nDTEND;VALUE=DATE:99991231", ("04 00:00", "2036-12")),
        ("DTSTART:20261104T090000Z\nDURATION:P3650000D", ("04 09:00", "2036-12")),
        ("DTSTART:00010101T000000Z\nDTEND:99991231T235959Z", ("31 00:00", "2036-12")),
        ("DTSTART:19990101T000000Z\nDTEND:20261230T235959Z", ("31 00:00", "2026-12")),
    ],
)
@pytest.mark.parametrize("head", ["", "X-WR-TIMEZONE:Asia/Tokyo\n"])
def test_an_end_or_a_beginning_that_is_as_good_as_none_is_far_away(
    times: str, span: tuple[str, str], head: str
) -> None:
    [turn] = read(ics(f"{MAIL}{times}", head=head), "UTC").turns
    assert turn.from_at < UNTIL < turn.until_at
    if not head:
        assert (f"{turn.from_at:%d %H:%M}", f"{turn.until_at.astimezone(UTC):%Y-%m}") == span


def test_a_turn_that_begins_in_many_years_is_left_alone() -> None:
    assert read(ics(ANN, f"{MAIL}DTSTART:20400101T090000Z\nDTEND:99991231T235959Z")) == read(ics(ANN))


@pytest.mark.parametrize(
    "rule, hours",
    [
        ("FREQ=HOURLY", range(24)),
        ("FREQ=HOURLY;BYHOUR=9,10", [9, 10]),
        ("FREQ=DAILY", [9]),
        ("FREQ=DAILY;BYHOUR=7,8", [7, 8]),
    ],
)
def test_an_old_rule_goes_on_and_is_read_at_once(rule: str, hours: Sequence[int]) -> None:
    begun = time.process_time()
    found = spans(ics(f"{MAIL}DTSTART:16000101T090000Z\nDTEND:16000101T093000Z\nRRULE:{rule}"))
    assert time.process_time() - begun < 3, "half a minute, from the year 1600 on"
    assert found == [
        (f"{day:02} {hour:02}:00", f"{day:02} {hour:02}:30") for day in range(1, 31) for hour in hours
    ]


@pytest.mark.parametrize("unit, hours", [("HOURLY", 1), ("DAILY", 24)])
@pytest.mark.parametrize("every", [1, 7, 25])
@pytest.mark.parametrize("length", ["DURATION:PT30M", "DTEND:19700101T093000Z"])
def test_an_old_rule_keeps_its_step(unit: str, hours: int, every: int, length: str) -> None:
    begins, step = datetime(1970, 1, 1, 9, tzinfo=UTC), timedelta(hours=hours * every)
    found = read(ics(f"{MAIL}DTSTART:19700101T090000Z\n{length}\nRRULE:FREQ={unit};INTERVAL={every}")).turns
    first = begins + -(-(SINCE - begins) // step) * step
    count = -(-(UNTIL - first) // step)
    assert [one.from_at for one in found] == [first + number * step for number in range(count)]


def test_an_old_rule_keeps_its_local_time() -> None:
    """By the wall clock of the calendar's zone, where it began in summer."""
    daily = f"{MAIL}DTSTART:19700701T080000Z\nDTEND:19700701T090000Z\nRRULE:FREQ=DAILY"
    found = spans(ics(daily, head="X-WR-TIMEZONE:Europe/Paris\n"))
    assert found[0] == ("01 08:00", "01 09:00")
    local = (
        f"{MAIL}DTSTART;TZID=America/New_York:19700701T080000\nDTEND;TZID=America/New_York:19700701T090000"
    )
    assert spans(ics(f"{local}\nRRULE:FREQ=DAILY"))[0] == ("01 13:00", "01 14:00")


def test_changes_of_an_old_rule_count() -> None:
    """One time was moved from long ago, and all times since 2020 begin an hour later."""
    daily = f"{MAIL}DTSTART:19700101T090000Z\nDTEND:19700101T093000Z\nRRULE:FREQ=DAILY"
    moved = f"{MAIL}RECURRENCE-ID:19710101T090000Z\nDTSTART:20261103T120000Z\nDTEND:20261103T123000Z"
    times = "DTSTART:20200101T100000Z\nDTEND:20200101T103000Z"
    later = f"{MAIL}RECURRENCE-ID;RANGE=THISANDFUTURE:20200101T090000Z\n{times}"
    one_series = ics(daily, moved).replace(b"UID:1", b"UID:0")
    assert ("03 12:00", "03 12:30") in spans(one_series)
    assert len(spans(one_series)) == 31
    assert spans(ics(daily, later).replace(b"UID:1", b"UID:0"))[0] == ("01 10:00", "01 10:30")


def test_a_rule_that_counts_begins_where_it_does() -> None:
    daily = f"{MAIL}DTSTART:20150101T090000Z\nDTEND:20150101T093000Z\nRRULE:FREQ=DAILY;COUNT=4324"
    assert [one for one, _ in spans(ics(daily))] == ["01 09:00", "02 09:00"]


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
