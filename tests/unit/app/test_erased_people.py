"""Whoever is erased is named nowhere any more: not as assignee, admin, reviewed member, or by a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from audit_checks import problems
from erased import dump
from harness import ACCOUNTABLE, Harness
from reviewed import KEEP, RULE, released, say
from several_accounts import CORP, TENANT, known_twice, nights
from worker.app.acts.tickets import Erased
from worker.app.refused import Refused
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey, Role
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports import Capabilities

Start = Callable[..., Harness]
ASKS = ControlSwitch(Mode.TICKET)
ME = Actor("sam", "os:sam")
CAN = Capabilities(sees_all_groups=True, can_remove=True, can_change_admin=True)
KINDS = frozenset({TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN})
MACHINE = RemediationRule("rooms", frozenset({"wards"}), ("Ward *",), KINDS, 20)


@pytest.mark.parametrize("email", ["zoequux@corp.example", ""])
def test_12a_who_had_tickets_to_do_is_erased_from_them(start: Start, email: str) -> None:
    h = start()
    h._numbers["zoe"] = "+447700900777"
    h.hire("zoe", display_name="Zoe Quux", email=email)
    h.group("ward-8", "ann", "ben", admins=["zoe"])
    h.later()
    h.settle()
    h.leave("ann")
    h.later()
    h.settle()
    h.deliver()
    h.drop("ward-7", "ann")
    h.drop("ward-8", "ann")
    h.wards.set_role("ward-8", h.number("ben"), Role.ADMIN)
    h.later()
    h.settle()
    h.leave("zoe")
    h.later()
    h.settle()
    h.drop("ward-8", "zoe")
    h.later()
    h.settle()
    h.deliver()
    h.corp.delete("zoe")
    h.poll(full=True)
    h.desk.erase("zoe", ME, "asked", h.now)
    assert dump(h, "quux", "7700900777") == []


def test_who_had_tickets_to_do_is_erased_from_them_under_former_names_and_addresses_too(start: Start) -> None:
    h = start()
    h._numbers["zoe"] = "+447700900777"
    h.hire("zoe", display_name="Zoe Quux", email="zoequux@corp.example")
    h.group("ward-8", "ann", "ben", admins=["zoe"])
    h.later()
    h.settle()
    h.leave("ann")
    h.later()
    h.settle()
    h.deliver()
    h.drop("ward-7", "ann")
    h.drop("ward-8", "ann")
    h.later()
    h.settle()
    h.corp.change("zoe", display_name="Zoe Married", email="zoemarried@corp.example")
    h.later()
    h.settle()
    h.leave("zoe")
    h.drop("ward-8", "zoe")
    for _ in range(2):
        h.later()
        h.settle()
    h.deliver()
    h.corp.delete("zoe")
    h.poll(full=True)
    assert dump(h, "quux") != []
    h.desk.erase("zoe", ME, "asked", h.now)
    assert dump(h, "quux", "married", "7700900777") == []


def test_12b_who_was_an_admin_who_was_reviewed_and_removed_by_a_machine_is_erased(start: Start) -> None:
    fit = AdminsRule(ASKS, min=1, max=9, departments=("Nursing",))
    h = start(controls=ControlPolicy(review=(RULE,), admins=(fit,)), has_links=True)
    h.wards.can = CAN
    h.start(replace(h.app.rules, remediate=(MACHINE,)))
    h._numbers |= {"zoe": "+447700900777", "ann": "+447700900888"}
    h.hire("zoe", department="Nursing")
    h.hire("ann", department="Kitchen", display_name="Annabella Quux", email="annabella@corp.example")
    h.group("ward-7", "ben", "cem", admins=["zoe", "ann"], name="Ward 7")
    h.settle()
    released(h)
    h.deliver()
    say(h, KEEP, "ann")
    h.leave("ann")
    h.later()
    h.settle()
    h.remediate()
    h.later()
    h.settle()
    h.later()
    h.settle(full=True)
    h.control()
    h.verify()
    h.deliver()
    h.corp.delete("ann")
    h.poll(full=True)
    h.desk.erase("ann", ME, "asked", h.now)
    assert dump(h, "annabella", "7700900888") == []


def test_who_was_accountable_is_erased_from_tickets_that_are_over(start: Start) -> None:
    h = start()
    h.hire("ida", display_name="Ida Quux", email=ACCOUNTABLE)
    h.later()
    h.settle()
    h.leave("ben")
    h.later()
    h.settle()
    h.deliver()
    h.drop("ward-7", "ben")
    h.leave("ida")
    h.later()
    h.settle()
    h.deliver()
    h.corp.delete("ida")
    h.poll(full=True)
    assert h.ticket().state is TicketState.VERIFIED
    h.desk.erase("ida", ME, "asked", h.now)
    assert dump(h, "quux", ACCOUNTABLE) == []
    assert problems(h) == []


# --- whose address somebody else has by now ----------------------------------------------------------------

GIVEN_ON = "z.q@corp.example"


def given_on(start: Start, name: str) -> Harness:
    """Zoe Quux had removed Cem, and left. Her address is Zac's now, who is called `name`, and is to remove Ann."""
    h = start(has_links=True)
    h._numbers |= {"zoe": "+447700900777", "zac": "+447700900778"}
    h.hire("zoe", display_name="Zoe Quux", email=GIVEN_ON)
    h.group("ward-9", "cem", "una", admins=["zoe"])
    h.settle()
    h.later()
    h.leave("cem")
    h.settle()
    h.deliver()
    h.desk.done(2, Actor(GIVEN_ON), h.now)
    for group in ("ward-7", "ward-9"):
        h.drop(group, "cem")
    h.later()
    h.settle()
    h.leave("zoe")
    h.drop("ward-9", "zoe")
    h.settle()
    h.corp.delete("zoe")
    h.later()
    h.settle(full=True)
    h.hire("zac", display_name=name, email=GIVEN_ON)
    h.group("ward-8", "ann", "ben", admins=["zac"])
    h.later()
    h.settle()
    h.leave("ann")
    h.later()
    h.settle()
    return h


def on_ward_8(h: Harness) -> Ticket:
    return next(one for one in h.tickets() if one.group_name == "Ward 8" and one.is_live)


def erase_zoe(h: Harness) -> None:
    assert problems(h) == []
    h.desk.erase("corp/zoe", ME, "asked", h.now)
    assert problems(h) == []


@pytest.mark.parametrize("name", ["Zachary Other", "Zoe Quux"])
def test_who_has_the_address_of_somebody_erased_keeps_their_ticket_and_is_told_of_it(
    start: Start, name: str
) -> None:
    h = given_on(start, name)
    before = on_ward_8(h)
    assert before.assignee is not None
    assert before.assignee.person == AccountKey("corp", "zac")
    erase_zoe(h)
    assert on_ward_8(h) == before
    h.deliver()
    [told] = [one for one in h.soc.sent if one.to.address == GIVEN_ON and "Ann" in one.title]
    assert told.title == "Remove Ann from Ward 8"


@pytest.mark.parametrize("name", ["Zachary Other", "Zoe Quux"])
def test_and_can_open_the_link_that_they_were_sent_and_is_who_did_what_they_did(
    start: Start, name: str
) -> None:
    h = given_on(start, name)
    h.deliver()
    [told] = [one for one in h.soc.sent if one.to.address == GIVEN_ON and "Ann" in one.title]
    token = str(told.paragraphs[0].link).rpartition("/")[2]
    h.assigned.show_link(on_ward_8(h).id, ME, h.now)
    before = shown_links(h)
    assert before
    h.assigned.done(token, h.now)
    assert on_ward_8(h).done_by == GIVEN_ON
    done = on_ward_8(h)
    erase_zoe(h)
    assert (on_ward_8(h), shown_links(h)) == (done, before)
    assert h.assigned.look(token, h.now).ticket == done


def shown_links(h: Harness) -> list[str]:
    return [value for table, name, value in dump(h, GIVEN_ON) if (table, name) == ("shown_link", "email")]


def test_whoever_is_erased_is_named_nowhere_though_somebody_else_has_their_address(start: Start) -> None:
    h = given_on(start, "Zachary Other")
    h.deliver()
    assert [one.done_by for one in of_cem(h)] == [GIVEN_ON]
    erase_zoe(h)
    assert dump(h, "quux", "7700900777") == []
    assert [(one.assignee, one.done_by) for one in of_cem(h)] == [(None, "erased")]


def of_cem(h: Harness) -> list[Ticket]:
    return [one for one in h.tickets() if (one.group_name, one.member_name) == ("Ward 9", "Cem")]


# --- who has several accounts ------------------------------------------------------------------------------


def left_twice(found: Start, **tenant: Any) -> Harness:
    """Ann has left by both directories, and is in no group; what the tenant says of her."""
    h = known_twice(found)
    h.directories[TENANT].change("cloud-ann", display_name="Ann Quux", phones=("+447700900777",), **tenant)
    h.leave("ann")
    nights(h)
    h.drop("ward-7", "ann")
    nights(h)
    return h


CORP_ANN, CLOUD_ANN = AccountKey("corp", "ann"), AccountKey("tenant", "cloud-ann")


@pytest.mark.parametrize("which", ["corp/ann", "tenant/cloud-ann"])
def test_who_has_two_accounts_is_erased_in_both(found: Start, which: str) -> None:
    h = left_twice(found, enabled=False)
    assert h.desk.erase(which, ME, "asked", h.now) == Erased([CORP_ANN, CLOUD_ANN], [])
    assert dump(h, "quux", "7700900777") == []
    erased = [one.entry.subject for one in h.journal() if one.entry.kind == events.PERSON_ERASED]
    assert erased == ["person:corp/ann", "person:tenant/cloud-ann"]
    assert problems(h) == []


def test_an_account_that_is_still_here_is_kept_and_named(found: Start) -> None:
    h = left_twice(found)
    assert h.desk.erase("corp/ann", ME, "asked", h.now) == Erased([CORP_ANN], [CLOUD_ANN])
    with pytest.raises(Refused, match="Only somebody who has left"):
        h.desk.erase("tenant/cloud-ann", ME, "asked", h.now)


def without_corp(h: Harness) -> Harness:
    """The directory corp is not configured any more."""
    h.directories.pop(CORP)
    h.start(h.app.rules)
    nights(h)
    return h


def test_and_so_is_one_of_a_directory_that_is_configured_no_more(found: Start) -> None:
    h = known_twice(found)
    h.directories[TENANT].disable("cloud-ann")
    nights(h)
    h.drop("ward-7", "ann")
    nights(h)
    without_corp(h)
    assert h.desk.erase("tenant/cloud-ann", ME, "asked", h.now) == Erased([CORP_ANN, CLOUD_ANN], [])


def test_but_not_of_somebody_who_is_here_by_the_others(found: Start) -> None:
    h = without_corp(known_twice(found))
    with pytest.raises(Refused, match="Only somebody who has left"):
        h.desk.erase("corp/ann", ME, "asked", h.now)


def test_nobody_is_erased_who_has_a_live_ticket_under_an_account_that_is_configured_no_more(
    found: Start,
) -> None:
    h = known_twice(found)
    h.leave("ann")
    nights(h)
    h.directories[TENANT].disable("cloud-ann")
    nights(h)
    without_corp(h)
    assert h.ticket().person == CORP_ANN
    with pytest.raises(Refused, match="live tickets: T-000001"):
        h.desk.erase("tenant/cloud-ann", ME, "asked", h.now)
