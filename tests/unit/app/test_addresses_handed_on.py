"""An e-mail address that passes to somebody else: whoever has it now is not who had it before."""

from __future__ import annotations

import pytest

from builders import facts
from harness import Harness
from hybrid import CORP, OPEN, TENANT, Start, leave, states
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketKind

REMOVAL = TicketKind.REMOVE_MEMBER
CHIEF = "chief@corp.example"


def pass_days(harness: Harness) -> None:
    harness.settle()
    harness.later(days=2)
    harness.settle(full=True)


@pytest.mark.parametrize("rule", AccountsRule)
def test_a_removal_goes_on_though_a_joiner_elsewhere_is_given_the_address(
    found: Start, rule: AccountsRule
) -> None:
    harness = found(directories=("corp", "tenant"), accounts=rule)
    harness.hire("ben", "dee")
    harness.hire("john", display_name="John Smithson", email=CHIEF, employee_id="E0015")
    harness.directories[TENANT].put(facts("cloud-zoe", email=None))
    harness.group("ward-8", "ben", "john", admins=["dee"])
    harness.settle()
    harness.later()
    leave(harness, CORP, "john")
    assert states(harness, REMOVAL) == [OPEN]

    harness.directories[TENANT].put(
        facts("jane", display_name="Jane Doherty", email=CHIEF, phones=("+447700900777",))
    )
    pass_days(harness)

    assert states(harness, REMOVAL) == [OPEN]


@pytest.mark.parametrize("rule", AccountsRule)
def test_nobody_is_asked_out_for_who_had_their_address_before(found: Start, rule: AccountsRule) -> None:
    harness = found(directories=("corp", "hr"), accounts=rule)
    harness.hire("ben", "dee")
    harness.hire("john", display_name="John Smithson", employee_id="E0014")
    hr = harness.directories[1]
    hr.put(facts("annabel", display_name="Annabel Leigh", email=CHIEF, phones=("+447700900599",)))
    harness.group("ward-8", "ben", "john", admins=["dee"])
    harness.settle()
    harness.later()
    hr.disable("annabel")
    pass_days(harness)

    harness.corp.change("john", email=CHIEF)
    pass_days(harness)

    assert harness.tickets() == []
