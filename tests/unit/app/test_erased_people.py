"""Whoever is erased is named nowhere any more: not as assignee, admin, reviewed member, or by a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from harness import Harness
from reviewed import KEEP, RULE, released, say
from worker.app.refused import Refused
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import Capabilities
from worker.storage.sql.tables import metadata

Start = Callable[..., Harness]
ASKS = ControlSwitch(Mode.TICKET)
ME = Actor("sam", "os:sam")
CAN = Capabilities(sees_all_groups=True, can_remove=True, can_change_admin=True)
KINDS = frozenset({TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN})
MACHINE = RemediationRule("rooms", frozenset({"wards"}), ("Ward *",), KINDS, 20)


def dump(h: Harness, *needles: str) -> list[tuple[str, str, str]]:
    found = []
    with h.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                found += [
                    (table.name, name, value[:120])
                    for name, value in row._mapping.items()
                    if isinstance(value, str) and any(one in value.casefold() for one in needles)
                ]
    return found


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


# --- who is in a group -------------------------------------------------------------------------------------


def removed_once(h: Harness) -> None:
    """Ann has left, was taken out of her group, and that was verified."""
    h.leave("ann")
    h.settle()
    h.drop("ward-7", "ann")
    h.later()
    h.settle()
    assert h.ticket().state is TicketState.VERIFIED


def test_a_rehire_who_leaves_again_is_not_erased_before_their_second_ticket(company: Harness) -> None:
    removed_once(company)
    company.corp.change("ann", enabled=True)
    company.wards.add_member("ward-7", company.member("ann"))
    company.later()
    company.settle()
    company.later()
    company.corp.delete("ann")
    company.poll()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_a_leaver_who_was_added_again_is_not_erased_before_their_ticket_is_open_again(
    company: Harness,
) -> None:
    removed_once(company)
    company.corp.delete("ann")
    company.settle(full=True)
    company.later()
    company.wards.add_member("ward-7", company.member("ann"))
    company.inventory()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)
    company.reconcile()
    with pytest.raises(Refused, match="live tickets"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_who_may_stay_in_a_group_by_somebody_s_word_is_erased(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "The group is kept for its pictures", company.now)
    ann = company.person("ann").key
    assert company.desk.erase("ann", ME, "she asked", company.now) == ann


def test_but_not_while_the_ticket_comes_back_when_its_waiver_is_over(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "She hands over", company.now, company.now + timedelta(days=7))
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_nor_is_a_waiver_for_an_earlier_leaving_one_for_the_next(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "The group is kept for its pictures", company.now)
    company.corp.change("ann", enabled=True)
    company.later()
    company.settle()
    company.later()
    company.leave("ann")
    company.poll()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)
