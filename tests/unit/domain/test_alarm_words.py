"""What is said of the worker itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import NOW
from worker.domain.messages.alarms import (
    WeekReport,
    alarm_headline,
    alarm_paragraph,
    canary_paragraph,
    over_paragraph,
    week_paragraph,
)
from worker.domain.watch.alarms import Alarm, AlarmCause, ToldAlarm
from worker.languages import BabelLanguages

ZONE = "Europe/London"
NOON = "Tue 24 Nov 2026 12:00 GMT"


@pytest.mark.parametrize("cause", AlarmCause)
def test_each_cause_has_words(cause: AlarmCause) -> None:
    found = alarm_paragraph(Alarm(cause, "it", said="It said No.", remedy="Look at it."), ZONE)

    assert found.headline
    assert found.text.startswith("It said No.")
    assert found.text.endswith("Look at it.")


def test_a_source_that_can_t_be_read_changes_nobody() -> None:
    paragraph = alarm_paragraph(
        Alarm(AlarmCause.SOURCE, "corp", NOW, said="Bind refused.", remedy="Renew it."), ZONE
    )

    assert paragraph.headline == "Can't see: corp"
    assert paragraph.text == (
        "Bind refused. Nothing is concluded from this: nobody's status changes. Renew it."
    )
    assert paragraph.facts == (("Last good read", NOON),)
    assert alarm_paragraph(Alarm(AlarmCause.SOURCE, "corp"), ZONE).facts == (("Last good read", "never"),)
    stale = Alarm(AlarmCause.STALE, "wards", NOW)
    assert alarm_paragraph(stale, ZONE).facts == (("As of", NOON),), "it was still fresh then"


def test_a_clock_that_is_wrong_is_told_with_its_machine() -> None:
    paragraph = alarm_paragraph(Alarm(AlarmCause.CLOCK, "web-2", count=90), ZONE)
    over = over_paragraph(ToldAlarm(AlarmCause.CLOCK, "web-2", NOW, NOW), ZONE)

    assert paragraph.headline == "The worker's clock and the database's differ: web-2"
    assert paragraph.facts == (("Seconds", "90"),)
    assert over.headline == "Over: The worker's clock and the database's differ: web-2"
    arabic = BabelLanguages().of("ar")
    assert alarm_headline(Alarm(AlarmCause.CLOCK, "web-2"), arabic).endswith(": \u2068web-2\u2069")


@pytest.mark.parametrize(
    "alarm, facts",
    [
        (Alarm(AlarmCause.LEASE, "poll", NOW), (("Last good", NOON),)),
        (Alarm(AlarmCause.PING), (("Last good", "never"),)),
        (Alarm(AlarmCause.LATE, since_at=NOW, count=3), (("Since", NOON), ("Messages", "3"))),
        (Alarm(AlarmCause.JUMP, since_at=NOW, count=-3600), (("Since", NOON), ("Seconds", "-3,600"))),
        (Alarm(AlarmCause.ENDING, "corp: it", until_at=NOW), (("Until", NOON),)),
        (Alarm(AlarmCause.GUARD, "leavers_max"), ()),
    ],
)
def test_it_says_since_when_and_how_many(alarm: Alarm, facts: tuple[tuple[str, str], ...]) -> None:
    assert alarm_paragraph(alarm, ZONE).facts == facts


def test_it_says_what_is_over() -> None:
    source = over_paragraph(ToldAlarm(AlarmCause.SOURCE, "corp", NOW, NOW), ZONE)
    late = over_paragraph(ToldAlarm(AlarmCause.LATE, "", NOW, NOW), ZONE)

    assert (source.headline, source.text) == ("Seeing again: corp", "The source was read completely.")
    assert (late.headline, late.facts) == ("Over: Messages are late", (("Since", NOON),))


def test_a_week_is_well_or_says_what_is_not() -> None:
    week = WeekReport(2, 12, 11, 3, "T-000004", NOW - timedelta(days=1))

    well = week_paragraph(week, [], ZONE)
    ill = week_paragraph(WeekReport(2, 0, 0, 0), [alarm_headline(Alarm(AlarmCause.LATE))], ZONE)

    assert well.headline == "All is well"
    assert well.facts[-2:] == (
        ("Open tickets", "3"),
        ("The oldest of them", "T-000004, Mon 23 Nov 2026 12:00 GMT"),
    )
    assert (ill.headline, ill.steps) == ("Not all is well", ("Messages are late",))
    assert ill.facts[-1] == ("Open tickets", "0")


def test_alarms_are_said_in_each_language() -> None:
    german = BabelLanguages("de").of("de")

    assert alarm_headline(Alarm(AlarmCause.SOURCE, "corp"), german) != "Can't see: corp"
    assert canary_paragraph(german).headline != canary_paragraph().headline
