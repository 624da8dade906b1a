"""What a silence covers, and when it is on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from builders import ticket
from worker.domain.escalation.silences import CLOCK_CHANGE, LIFE_MAX, Silence, id_of_silence
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import TicketKind

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARD = replace(
    ticket(), group=GroupKey("wards", "120@g.us"), group_name="Ward 7 nights", kind=TicketKind.REMOVE_MEMBER
)


def silence(**fields: Any) -> Silence:
    return Silence("S-000001", NOW, NOW + HOUR, "sam", "Moving house", **fields)


@pytest.mark.parametrize(
    "written, id_",
    [("S-000012", "S-000012"), (" s-12", "S-000012"), ("12", "12"), ("S-", "S-"), ("moving", "moving")],
)
def test_a_silence_is_named_with_or_without_the_zeros(written: str, id_: str) -> None:
    assert id_of_silence(written) == id_


@pytest.mark.parametrize("fields, is_covered", [
    ({"groups": ("ward 7*",)}, True),
    ({"groups": ("120@*",)}, True),
    ({"groups": ("Ward 8*",)}, False),
    ({"people": ("ANN@corp.example",)}, True),
    ({"people": ("ben@corp.example",)}, False),
    ({"sources": ("wards",)}, True),
    ({"sources": ("ward",)}, False),
    ({"kinds": (TicketKind.REMOVE_MEMBER,)}, True),
    ({"kinds": (TicketKind.ADD_MEMBER,)}, False),
    ({"groups": ("Ward*",), "kinds": (TicketKind.REMOVE_MEMBER,)}, True),
    ({"groups": ("Ward*",), "kinds": (TicketKind.ADD_MEMBER,)}, False),
])  # fmt: skip
def test_a_ticket_is_covered_if_it_fits_everything_that_is_named(
    fields: dict[str, Any], is_covered: bool
) -> None:
    assert silence(**fields).covers(WARD, ["ann", "ann@corp.example"]) is is_covered


def test_a_group_with_brackets_is_silenced_by_its_own_name() -> None:
    icu = replace(WARD, group_name="[ICU] nights")
    assert silence(groups=("[ICU] nights",)).covers(icu, [])


def test_a_ticket_about_a_person_is_in_no_group() -> None:
    about = replace(WARD, group=None, group_name="")
    assert not silence(groups=("Ward*",)).covers(about, [])
    assert not silence(sources=("wards",)).covers(about, [])
    assert silence(people=("ann",)).covers(about, ["ann"])


def test_it_is_on_from_its_first_instant_to_its_end() -> None:
    one = silence(groups=("*",))
    on = [
        one.is_on(NOW + at) for at in (-timedelta.resolution, timedelta(0), HOUR - timedelta.resolution, HOUR)
    ]
    assert on == [False, True, True, False]
    assert not replace(one, ended_at=NOW + HOUR / 2).is_on(NOW + HOUR / 2)
    assert replace(one, ended_at=NOW + HOUR / 2).is_on(NOW)


@pytest.mark.parametrize("fields, said", [
    ({"groups": ()}, "name groups, people, sources or kinds"),
    ({"until_at": NOW}, "name a later instant"),
    ({"until_at": NOW + LIFE_MAX + CLOCK_CHANGE + timedelta.resolution}, "30 days at most"),
    ({"reason": " "}, "a reason is required"),
])  # fmt: skip
def test_what_is_no_silence_is_refused_with_the_remedy(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(silence(groups=("*",)), **fields)


def test_thirty_days_by_the_clock_may_have_the_hour_that_summer_time_gives_back() -> None:
    london = ZoneInfo("Europe/London")
    from_at = datetime(2026, 10, 20, tzinfo=london).astimezone(UTC)
    until_at = datetime(2026, 11, 19, tzinfo=london).astimezone(UTC)

    assert until_at - from_at == timedelta(days=30, hours=1)
    assert replace(silence(groups=("*",)), from_at=from_at, until_at=until_at).until_at == until_at
