"""Lists that people keep get the days on which their rows were verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.inventory import FakeInventory
from harness import Harness
from worker.domain.tickets.ticket import TicketState
from worker.ports import BadConfig, Capabilities, ConnectorError, InUse, Transient
from worker.ports.connectors.kept_list import ProvenRow

Found = Callable[..., Harness]
CREW = ("ann", "ben", "eve", "joe")


class KeptByPeople(FakeInventory):
    """Remembers which days it was given."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.days: list[Sequence[ProvenRow]] = []
        self.trouble: ConnectorError | None = None

    def write_back(self, proven: Sequence[ProvenRow], /) -> int:
        if self.trouble is not None:
            raise self.trouble
        self.days.append(list(proven))
        return len(proven)


@pytest.fixture
def ward(found: Found) -> Harness:
    """A register that gets days, and a group of four whose admin stays; one member's removal is open."""
    harness = found(inventory_type=KeptByPeople)
    harness.hire(*CREW)
    harness.wards.can = Capabilities(sees_all_groups=True, is_kept_by_people=True, takes_days=True)
    harness.group("ward-7", *CREW[:-1], admins=["joe"], name="Ward 7")
    harness.start(harness.app.rules)
    harness.settle()
    harness.leave("ann")
    harness.settle()
    return harness


def remove(harness: Harness, person: str = "ann") -> None:
    harness.later(hours=1)
    harness.drop("ward-7", person)
    harness.inventory()


def listed(harness: Harness) -> KeptByPeople:
    assert isinstance(harness.wards, KeptByPeople)
    return harness.wards


def test_what_was_verified_is_written_once_with_the_local_day(ward: Harness) -> None:
    ward.start(replace(ward.app.rules, timezone="Asia/Dubai"))
    ward.now = ward.now.replace(hour=21)  # one in the morning of the next day in Dubai, when it is read
    remove(ward)
    report = ward.verify()
    assert ward.ticket().state is TicketState.VERIFIED
    [[row]] = listed(ward).days
    assert (row.group_id, row.handles) == ("ward-7", (ward.number("ann"),))
    assert row.day == ward.now.date() + timedelta(days=1)
    assert report.counts["days_written"] == 1

    ward.later(minutes=1)
    ward.verify()
    count = len(listed(ward).days)
    for _ in range(3):
        ward.later(minutes=1)
        ward.verify()
    assert len(listed(ward).days) == count, "nothing is written while nothing is verified"


def test_nothing_verified_is_nothing_written(ward: Harness) -> None:
    assert "days_written" not in ward.verify().counts
    assert listed(ward).days == []


def test_a_list_that_is_open_is_told_when_it_is_closed(ward: Harness) -> None:
    listed(ward).trouble = InUse("groups.xlsx: it is open in an editor.")
    remove(ward)
    for _ in range(3):
        report = ward.verify()
        assert (report.is_ok, report.counts["lists_waiting"]) == (True, 1)
        ward.later(hours=1)
    listed(ward).trouble = None
    assert ward.verify().counts["days_written"] == 1


@pytest.mark.parametrize(
    "trouble",
    [
        BadConfig("groups.xlsx: it is signed.", remedy="Save it without one."),
        Transient("groups.xlsx: no day can be written to it (No space left on device)."),
    ],
)
def test_a_list_that_can_not_be_written_to_is_said(ward: Harness, trouble: ConnectorError) -> None:
    listed(ward).trouble = trouble
    remove(ward)
    report = ward.verify()
    assert not report.is_ok
    assert f"wards: {trouble.message}" in report.troubles[0]
    assert "lists_waiting" not in report.counts
    assert ward.ticket().state is TicketState.VERIFIED, "the proof doesn't wait for it"
    listed(ward).trouble = None
    assert ward.verify().counts["days_written"] == 1


def test_a_clock_that_was_wrong_hides_nothing(ward: Harness) -> None:
    now = ward.now
    with ward.store.begin() as uow:
        uow.kept_lists.told("wards", now + timedelta(days=400))
    remove(ward)
    ward.verify()
    assert len(listed(ward).days) == 1


def test_a_list_that_wants_no_days_is_not_asked(ward: Harness) -> None:
    ward.wards.can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    ward.start(ward.app.rules)
    remove(ward)
    ward.verify()
    assert listed(ward).days == []
