"""A proof is as old as what proved it: a list that is weighed long after its date tells nothing of the time between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from recording import Recording, leaver_with_export
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Departed
from worker.domain.tickets.proof import EVIDENCE_AT
from worker.domain.tickets.ticket import TicketState

Found = Callable[..., Harness]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def arrives(harness: Harness, *, old: timedelta) -> None:
    """The list as it is now, dated so long ago, is read and weighed."""
    harness.wards.lag(old)
    harness.settle()


@pytest.fixture
def proven(company: Harness) -> Harness:
    """Ann has left, and a list of an hour ago proved that she is out."""
    company.leave("ann")
    company.settle()
    company.later(hours=3)
    company.drop("ward-7", "ann")
    arrives(company, old=HOUR)
    assert company.ticket().state is TicketState.VERIFIED
    assert company.ticket().verified_at == company.now
    company.wards.add_member("ward-7", company.member("ann"))
    company.later(minutes=20)
    return company


def test_a_list_of_between_the_evidence_and_its_weighing_shows_who_came_back(proven: Harness) -> None:
    arrives(proven, old=40 * MINUTE)  # 20 minutes before the proof, 40 after the list that proved it

    ticket = proven.ticket()
    assert (ticket.state, ticket.reopened) == (TicketState.OPEN, 1)
    assert EVIDENCE_AT not in ticket.details


@pytest.mark.parametrize("old", [80 * MINUTE, 100 * MINUTE])
def test_a_list_of_the_same_date_or_before_is_no_news(proven: Harness, old: timedelta) -> None:
    arrives(proven, old=old)

    assert proven.ticket().state is TicketState.VERIFIED


def test_a_proof_from_before_dates_were_kept_is_as_old_as_its_weighing(proven: Harness) -> None:
    before = proven.ticket()
    details = {name: value for name, value in before.details.items() if name != EVIDENCE_AT}
    with proven.store.begin() as uow:
        uow.tickets.update([replace(before, details=details)])

    arrives(proven, old=40 * MINUTE)
    assert proven.ticket().state is TicketState.VERIFIED
    proven.wards.lag(10 * MINUTE)
    proven.settle(full=True)
    assert proven.ticket().state is TicketState.OPEN


def test_a_list_of_a_clock_ahead_proves_nothing_about_what_comes(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.later(hours=3)
    company.drop("ward-7", "ann")
    arrives(company, old=-24 * HOUR)
    assert company.ticket().state is TicketState.VERIFIED

    company.wards.add_member("ward-7", company.member("ann"))
    company.later()
    arrives(company, old=timedelta())
    assert company.ticket().state is TicketState.OPEN


# --- records --------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(found: Found) -> Harness:
    """Ann has left. An export records that she went after the claim, and the register lacks her by then."""
    harness = leaver_with_export(found)
    harness.desk.done(1, Actor("ben"), harness.now)
    exports = harness.inventories[1]
    assert isinstance(exports, Recording)
    number = harness.number("ann")
    exports.went = (Departed(number, "Ann", number, harness.now + 10 * MINUTE),)
    harness.later(hours=2)
    harness.drop("ward-7", "ann")
    harness.wards.mark("ward-7", Coverage.PARTIAL)
    arrives(harness, old=HOUR)
    assert (harness.ticket().state, harness.ticket().verified_by) == (TicketState.VERIFIED, "exports")
    return harness


def test_a_part_that_lacks_who_is_recorded_as_gone_does_not_show_them_again(recorded: Harness) -> None:
    for _ in range(2):
        recorded.later()
        recorded.settle(full=True)
        assert recorded.ticket().state is TicketState.VERIFIED


def test_who_is_listed_after_what_is_recorded_came_back(recorded: Harness) -> None:
    recorded.wards.add_member("ward-7", recorded.member("ann"))
    recorded.later(minutes=20)
    arrives(recorded, old=40 * MINUTE)  # after what was recorded, and before it was weighed
    assert recorded.ticket().state is TicketState.OPEN
