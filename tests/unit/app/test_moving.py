"""A group that moves to another messenger: joiners go to the new one only, leavers out of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness import Harness
from worker.domain.controls.policy import ClassRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import GroupFacts
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

Found = Callable[..., Harness]
MOVES = ClassRule(ControlSwitch(Mode.TICKET), "patient", ("teams",), ("Ward*",), move_to="teams")
STAFF = tuple(f"p{number}" for number in range(16))


@pytest.fixture
def make(found: Found) -> Found:
    """Ward 7 in WhatsApp, and joiner rules that place the nurses in each group of that name."""

    def company(*groups: str, **wishes: object) -> Harness:
        harness = found(
            inventories=("wards", "rooms"),
            controls=replace(ControlPolicy(), classes=(MOVES,)),
            joiners=(Placement((("title", ("Nurse",)),), groups or ("Ward 7",)),),
            **wishes,
        )
        harness.hire("ann", "dee", "eve", *STAFF)
        harness.group("w7", "ann", admins=["dee"], name="Ward 7")
        harness.group("other", "eve", admins=["dee"], at=1, messenger="teams", name="Other")
        harness.settle()
        harness.later()
        harness.control()
        return harness

    return company


def asked_to_add(harness: Harness) -> list[tuple[str, str]]:
    return sorted(
        (one.home.group_id, one.person.person_id if one.person else "")
        for one in harness.tickets(TicketKind.ADD_MEMBER)
        if one.is_live
    )


def move(harness: Harness) -> None:
    """The ticket to close ward 7 is released, and the team that goes on is there."""
    harness.decide()
    harness.control()
    harness.group("t7", "ann", admins=["dee"], at=1, messenger="teams", name="Ward 7")
    harness.later()
    harness.settle()


def join(harness: Harness, who: str) -> None:
    harness.later()
    harness.hire(who, title="Nurse")
    harness.settle()


def test_who_joins_while_both_groups_exist_is_added_to_the_new_one_only(make: Found) -> None:
    harness = make()
    join(harness, "zoe")
    assert asked_to_add(harness) == [("w7", "zoe")], "nothing moves yet"
    move(harness)
    assert [one.details["move_to"] for one in harness.tickets(TicketKind.CLOSE_GROUP)] == ["teams"]
    join(harness, "yan")
    assert ("t7", "yan") in asked_to_add(harness)
    assert ("w7", "yan") not in asked_to_add(harness)


def test_what_was_asked_before_is_taken_back(make: Found) -> None:
    harness = make()
    harness.group("t7", "ann", admins=["dee"], at=1, messenger="teams", name="Ward 7")
    harness.settle()
    join(harness, "zoe")
    assert asked_to_add(harness) == [("t7", "zoe"), ("w7", "zoe")]
    harness.decide()
    harness.control()
    join(harness, "yan")
    assert asked_to_add(harness) == [("t7", "yan"), ("t7", "zoe")]
    [old] = [one for one in harness.tickets(TicketKind.ADD_MEMBER) if not one.is_live]
    assert "added there alone" in str(old.reason)


def test_whom_no_rule_places_in_the_new_group_is_added_to_the_old_one(make: Found) -> None:
    harness = make("w7")
    move(harness)
    join(harness, "yan")
    assert asked_to_add(harness) == [("w7", "yan")]


def archive(harness: Harness) -> None:
    harness.wards.show("w7", GroupFacts(read_at=harness.now, is_archived=True))


def empty(harness: Harness) -> None:
    harness.drop("w7", "ann")
    harness.drop("w7", "dee")


def closing(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.CLOSE_GROUP)
    return ticket


@pytest.mark.parametrize("end", [archive, empty])
def test_a_group_that_is_archived_or_emptied_as_its_ticket_says_is_closed(
    make: Found, end: Callable[[Harness], None]
) -> None:
    harness = make(has_links=True)
    move(harness)
    harness.later()
    harness.assigned.done(harness.link(closing(harness).id).rpartition("/")[2], harness.now)
    harness.later()
    end(harness)
    harness.settle()
    harness.control()
    harness.verify()
    assert (closing(harness).state, closing(harness).grade) == (TicketState.VERIFIED, Grade.A)
    join(harness, "yan")
    assert asked_to_add(harness) == [("t7", "yan")], "nobody is added to what was closed"


def test_who_joins_a_group_that_may_stay_after_all_is_added_to_it(make: Found) -> None:
    harness = make()
    move(harness)
    harness.later()
    allowing = replace(MOVES, messengers=("teams", "whatsapp"), move_to="")
    harness.start(replace(harness.app.rules, controls=replace(ControlPolicy(), classes=(allowing,))))
    harness.settle()
    harness.control()
    harness.verify()
    assert closing(harness).state is TicketState.VERIFIED
    join(harness, "yan")
    assert asked_to_add(harness) == [("t7", "yan"), ("w7", "yan")]


def test_leavers_go_out_of_both(make: Found) -> None:
    harness = make()
    move(harness)
    harness.leave("ann")
    harness.later()
    harness.settle()
    assert sorted(one.home.group_id for one in harness.tickets(TicketKind.REMOVE_MEMBER)) == ["t7", "w7"]
