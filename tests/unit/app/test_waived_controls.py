"""A waiver is of what the ticket asked for: no other fault, and no later review, is waived with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from attested import POLICY_3, asking, rule_anew, tickets
from harness import Harness
from reviewed import released, reviewed_ward, reviews
from worker.domain.controls.policy import (
    ControlPolicy,
    DescriptionRule,
    DormantRule,
    JoinRule,
    ProfileRule,
    RightsRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Allowed, GroupFacts
from worker.domain.tickets.ticket import TicketKind, TicketState

Start = Callable[..., Harness]
ME = Actor("sam", "os:sam")


def shown(h: Harness, *, approval: bool) -> None:
    h.wards.show("ward-7", GroupFacts(read_at=h.now, description="hello", approval=approval))
    h.inventory()


def test_one_about_the_description_hides_no_other_fault(start: Start) -> None:
    rule = ProfileRule(
        ControlSwitch(Mode.TICKET),
        description=DescriptionRule({"en": "Be kind."}),
        join=JoinRule(has_approval=True),
    )
    h = start(controls=ControlPolicy(profile=(rule,)))
    shown(h, approval=True)
    released(h)
    [ticket] = h.tickets(TicketKind.FIX_PROFILE)
    h.desk.waive(ticket.id, ME, "the description is agreed", h.now)
    h.later(days=2)
    shown(h, approval=True)
    h.control()
    [ticket] = h.tickets(TicketKind.FIX_PROFILE)
    assert ticket.state is TicketState.WAIVED
    shown(h, approval=False)
    h.control()
    waived, asked = h.tickets(TicketKind.FIX_PROFILE)
    assert (waived.state, asked.state) == (TicketState.WAIVED, TicketState.OPEN)
    assert [one["control"] for one in asked.details["faults"]] == ["profile.join"]


def test_one_of_a_permission_hides_no_other_permission(start: Start) -> None:
    rights = RightsRule(write=Allowed.ADMINS, add=Allowed.ADMINS)
    h = start(controls=ControlPolicy(profile=(ProfileRule(ControlSwitch(Mode.TICKET), rights=rights),)))

    def read(**shown: Any) -> list[tuple[TicketState, str]]:
        h.later(days=1)
        facts = GroupFacts(read_at=h.now, write=Allowed.MEMBERS, add=Allowed.ADMINS)
        h.wards.show("ward-7", replace(facts, **shown))
        h.inventory()
        h.control()
        return [(one.state, one.details["faults"][0]["found"]) for one in h.tickets(TicketKind.FIX_PROFILE)]

    read()
    released(h)
    [ticket] = h.tickets(TicketKind.FIX_PROFILE)
    h.desk.waive(ticket.id, ME, "all of them may write here", h.now)
    waived = (TicketState.WAIVED, "write: members")
    assert read() == [waived]
    assert read(add=Allowed.MEMBERS) == [waived, (TicketState.OPEN, "add: members")]
    assert read() == [waived, (TicketState.OPEN, "add: members")]
    h.verify()
    assert read() == [waived, (TicketState.VERIFIED, "add: members")]
    assert read(add=Allowed.MEMBERS) == [waived, (TicketState.OPEN, "add: members")]


def test_one_of_a_quarter_s_review_waives_no_other(start: Start) -> None:
    h = reviewed_ward(start)
    for one in reviews(h):
        h.desk.waive(one.id, ME, "no time this quarter", h.now)
    h.later(days=7)
    h.settle(full=True)
    h.control()
    assert {one.state for one in reviews(h)} == {TicketState.WAIVED}
    h.later(days=93)
    h.settle(full=True)
    h.control()
    assert TicketState.OPEN in {one.state for one in reviews(h)}


def test_one_of_a_group_of_one_lasts_however_often_it_is_read(start: Start) -> None:
    h = start(controls=ControlPolicy(dormant=(DormantRule(ControlSwitch(Mode.TICKET)),)))
    h.group("archive", "ann")
    h.settle()
    released(h)
    [ticket] = h.tickets(TicketKind.CLOSE_GROUP)
    h.desk.waive(ticket.id, ME, "it is kept to read", h.now)
    for _ in range(3):
        h.later(days=1)
        h.settle()
        h.control()
        assert [one.state for one in h.tickets(TicketKind.CLOSE_GROUP)] == [TicketState.WAIVED]
    h.group("archive", "ann", "ben")
    h.wards.show("archive", GroupFacts(read_at=h.now, last_activity_at=h.now - timedelta(days=400)))
    h.settle()
    h.control()
    assert [one.state for one in h.tickets(TicketKind.CLOSE_GROUP)] == [TicketState.WAIVED, TicketState.OPEN]


def test_one_of_a_policy_s_version_excuses_from_no_later_one(start: Start) -> None:
    h = asking(start)(POLICY_3)
    h.desk.waive(tickets(h, "ann")[0].id, ME, "she works elsewhere for now", h.now)
    h.later(days=1)
    rule_anew(h, replace(POLICY_3, version="4", is_material=False, texts={"en": "Be kind, please."}))
    h.control()
    assert [one.state for one in tickets(h, "ann")] == [TicketState.WAIVED]
    rule_anew(h, replace(POLICY_3, version="5", texts={"en": "Be kind, always."}))
    h.control()
    assert [(one.occasion, one.state) for one in tickets(h, "ann")] == [
        ("policy:messaging@3", TicketState.WAIVED),
        ("policy:messaging@5", TicketState.OPEN),
    ]


def test_one_with_an_end_is_over_with_all_faults(start: Start) -> None:
    rule = ProfileRule(ControlSwitch(Mode.TICKET), description=DescriptionRule({"en": "Be kind."}))
    h = start(controls=ControlPolicy(profile=(rule,)))
    shown(h, approval=True)
    released(h)
    [ticket] = h.tickets(TicketKind.FIX_PROFILE)
    h.desk.waive(ticket.id, ME, "until the summer", h.now, until=h.now + timedelta(days=3))
    h.later(days=4)
    shown(h, approval=True)
    h.control()
    [ticket] = h.tickets(TicketKind.FIX_PROFILE)
    assert ticket.state is TicketState.OPEN
