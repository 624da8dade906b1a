"""Accounts that are deleted or put out of scope: what is left of them, and who has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from builders import facts
from fakes.directory import FakeDirectory
from harness import Harness
from worker.domain.model import AccountFacts, Evidence, Standing
from worker.domain.tickets.ticket import TicketKind
from worker.ports import (
    DirectoryPage,
    PassEnd,
)
from worker.ports.state.episodes import EpisodeKind

Start = Callable[..., Harness]


def tombstone(person_id: str) -> AccountFacts:
    return AccountFacts(person_id, display_name="gone", is_deleted=True)


def test_of_a_stripped_tombstone_what_was_known_is_kept(company: Harness) -> None:
    company.corp.put(tombstone("ann"))
    company.settle()

    known = company.person("ann")
    assert (known.standing, known.evidence) == (Standing.LEFT, Evidence.DELETED)
    assert (known.facts.display_name, known.facts.phones) == ("Ann", (company.number("ann"),))
    assert [ticket.handle for ticket in company.tickets(TicketKind.REMOVE_MEMBER)] == [company.number("ann")]


def test_a_deleted_account_that_says_more_is_believed(company: Harness) -> None:
    company.corp.put(facts("ann", phones=("+447700900999",), is_deleted=True))
    company.poll()

    assert company.person("ann").facts.phones == ("+447700900999",)


def test_a_deleted_account_that_lost_its_manager_does_not_send_its_ticket_elsewhere(start: Start) -> None:
    company = start()
    company.corp.change("ann", manager_id="eve")
    company.group("ward-9", "ann", "ben", admins=[])
    company.settle()

    company.corp.change("ann", manager_id=None, is_deleted=True)
    company.settle()

    assert company.person("ann").facts.manager_id == "eve"
    (ticket,) = (one for one in company.tickets() if one.group_name == "Ward 9")
    assert ticket.assignee is not None
    assert ticket.assignee.email == "eve@corp.example"


def test_a_tombstone_that_keeps_an_employee_id_is_known_by_its_number(company: Harness) -> None:
    company.corp.put(replace(tombstone("eve"), employee_id="E7"))
    company.settle()
    company.group("ward-9", "eve", "ben", admins=["dee"])
    company.settle()

    assert [(ticket.kind, ticket.handle) for ticket in company.tickets()] == [
        (TicketKind.REMOVE_MEMBER, company.number("eve"))
    ]


def test_a_tombstone_of_a_stranger_is_nobody(company: Harness) -> None:
    company.corp.put(tombstone("stranger"))

    counts = company.poll().counts

    assert (counts["left"], counts["changed"]) == (0, 0)
    assert company.leavers() == []


def test_a_deleted_stranger_with_a_number_is_somebody(company: Harness) -> None:
    company.corp.put(facts("stranger", phones=("+447700900999",), is_deleted=True))

    assert company.poll().counts["left"] == 1


# --- accounts that are out of scope -----------------------------------------------------------------------


class Narrow(FakeDirectory):
    """Lists only who is in scope in a full pass, as a search with a filter does; deltas name everybody."""

    def __init__(self, *args: object, **wishes: object) -> None:
        super().__init__(*args, **wishes)  # type: ignore[arg-type]  # whatever the harness gives
        self.asked: list[str] = []

    def look_up(self, person_id: str) -> AccountFacts | None:
        self.asked.append(person_id)
        return super().look_up(person_id)

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        for item in super().changes(cursor, full=full):
            if isinstance(item, DirectoryPage):
                is_delta = cursor is not None and not full
                yield DirectoryPage(tuple(one for one in item.records if is_delta or one.is_in_scope))
            else:
                yield replace(item, total=None)


def test_accounts_out_of_scope_that_a_delta_named_are_not_missing_from_a_full_pass(start: Start) -> None:
    company = start(directory_type=Narrow)
    for number in range(15):
        company.hire(f"service-{number}", is_in_scope=False)
    assert company.poll().is_ok

    report = company.poll(full=True)

    assert isinstance(company.corp, Narrow)
    assert (report.troubles, company.corp.asked) == ((), [])
    with company.store.begin() as uow:
        assert uow.people.staged("corp").known == 20
        assert uow.episodes.population("corp", EpisodeKind.LEFT, company.now).active == 20


def test_who_is_put_out_of_scope_and_disabled_at_once_has_left(start: Start) -> None:
    company = start(directory_type=Narrow)
    company.group("ward-9", "ann", admins=["dee"])
    company.corp.change("ann", is_in_scope=False, enabled=False, employee_id=None)
    company.settle(full=True)
    company.settle(full=True)

    assert [ticket.person_name for ticket in company.tickets()] == ["Ann", "Ann"]


@pytest.mark.parametrize("way", ["disabled", "deleted"])
def test_who_is_put_out_of_scope_first_and_put_away_later_has_left(start: Start, way: str) -> None:
    company = start(directory_type=Narrow)
    company.group("ward-9", "ann", admins=["dee"])
    company.corp.change("ann", is_in_scope=False)
    company.settle()
    company.settle(full=True)
    assert company.standing("ann") is Standing.ACTIVE
    if way == "disabled":
        company.corp.disable("ann")
    else:
        company.corp.put(replace(tombstone("ann"), is_in_scope=False))
    company.settle()
    company.settle(full=True)

    assert [ticket.person_name for ticket in company.tickets()] == ["Ann", "Ann"]


def test_who_was_deleted_out_of_scope_while_the_cursor_was_lost_is_looked_up(start: Start) -> None:
    company = start(directory_type=Narrow)
    assert isinstance(company.corp, Narrow)
    company.corp.change("ann", is_in_scope=False)
    company.corp.change("eve", is_in_scope=False)  # in no group
    company.settle()
    company.corp.erase("ann")
    company.settle(full=True)
    assert (company.corp.asked, company.standing("ann")) == ([], Standing.ACTIVE)

    company.corp.forget_cursors()
    company.settle()

    assert company.corp.asked == ["ann"]
    assert [ticket.person_name for ticket in company.tickets()] == ["Ann"]


@pytest.mark.parametrize("can_look_up", [True, False])
def test_who_was_never_in_scope_is_no_leaver_however_they_go(start: Start, can_look_up: bool) -> None:
    company = start(can_look_up=can_look_up)
    company.hire("guest", "other", is_in_scope=False, enabled=False)
    company.hire("visitor", is_in_scope=False)
    company.group("ward-9", "guest", "other", "visitor", admins=["dee"])
    company.settle()
    company.corp.disable("visitor")
    company.corp.put(tombstone("guest"))
    company.settle()
    company.settle(full=True)

    assert company.leavers() == []
    assert company.tickets() == []


def test_somebody_who_goes_out_of_scope_is_no_leaver_and_comes_back_as_they_were(company: Harness) -> None:
    company.corp.change("ann", is_in_scope=False)
    assert company.poll().counts["left"] == 0
    company.corp.change("ann", is_in_scope=True)

    assert company.poll().counts["left"] == 0
    assert company.standing("ann") is Standing.ACTIVE
