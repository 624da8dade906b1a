"""What a page, a command and the API show of one thing: read in one place, under every account of a person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from builders import NOW
from harness import Harness
from worker.app.reads.group import said_facts, shown_facts, whole_group
from worker.app.reads.person import Happening, history_of, life_of, whole_person
from worker.app.reads.source import judged_sources
from worker.app.reads.ticket import listed_tickets, whole_ticket
from worker.app.tell.health import Freshness, SourceHealth
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey, Fact, GroupFacts, RegisterFacts, Role
from worker.ports import Port

Start = Callable[..., Harness]
ANN = AccountKey("corp", "ann")
NEVER_OLD = Freshness(timedelta(days=999), {})


@pytest.fixture
def left(company: Harness) -> Harness:
    """Ann has left and is still in a group; a step of the ticket about it was taken."""
    company.leave("ann")
    company.settle()
    company.later(hours=30)
    company.escalate()
    return company


def test_a_ticket_is_read_with_its_steps_accounts_history_and_who_has_its_link(left: Harness) -> None:
    with left.store.reading() as uow:
        [ticket] = uow.tickets.of_person(ANN)
    left.assigned.show_link(ticket.id, Actor("sam"), left.now)

    with left.store.reading() as uow:
        whole = whole_ticket(uow, ticket, left.now, left.app.rules.holding, left.assigned.links)
        listed = listed_tickets(uow, [ticket], left.now, left.app.rules.holding)
        explained = left.app.explainer.explain(uow, ticket)

    assert [account.key for account in whole.accounts] == [ANN]
    assert list(whole.link_known_to) == ["sam"]
    assert whole.history[0].entry.kind == events.TICKET_OPENED
    assert [(one.ticket, list(one.steps), list(one.seen_in)) for one in listed] == [
        (ticket, list(whole.steps), list(whole.seen_in))
    ]
    assert [(seen.source, seen.shows) for seen in whole.seen_in] == [("wards", True)]
    assert whole.steps
    assert (explained.ticket, explained.policy) == (ticket, left.rules.policy(ticket).name)
    assert [step.coming.is_taken for step in explained.steps][:2] == [True, True]


def test_of_a_ticket_that_is_over_the_steps_are_read_that_were_taken(left: Harness) -> None:
    with left.store.reading() as uow:
        [ticket] = uow.tickets.of_person(ANN)
        before = left.app.explainer.explain(uow, ticket).steps
    left.desk.waive(ticket.id, Actor("sam"), "helps out", left.now)
    with left.store.reading() as uow:
        after = left.app.explainer.explain(uow, uow.tickets.many([ticket.id])[ticket.id]).steps
    assert [one.coming for one in after] == [one.coming for one in before if one.coming.is_taken]
    assert 0 < len(after) < len(before)


def test_a_person_is_read_with_groups_tickets_and_directory(left: Harness) -> None:
    with left.store.reading() as uow:
        account = uow.people.get(ANN)
        assert account is not None
        whole = whole_person(uow, account)
        history = history_of(uow, whole)
        of_group = [whole_group(uow, group, left.app.witnesses) for group, _ in whole.groups]

    assert (whole.account, [one.key for one in whole.human.accounts]) == (account, [ANN])
    assert whole.directories["corp"].last_success_at is not None
    assert {sealed.entry.subject for sealed in history} == {"person:corp/ann"}
    assert of_group
    for whole_one in of_group:
        assert ANN in {person.key for _, _, person in whole_one.members if person}
        assert [one.id for one in whole_one.tickets] == [one.id for one in whole.tickets]


def life(harness: Harness, key: AccountKey) -> list[tuple[Happening, str]]:
    with harness.store.reading() as uow:
        account = uow.people.get(key)
        assert account is not None
        moments = life_of(uow, whole_person(uow, account), 500)
    assert [one.at for one in moments] == sorted((one.at for one in moments), reverse=True)
    return [(one.what, one.group.name if one.group else "") for one in reversed(moments)]


def test_a_life_runs_from_joining_to_the_proof_that_somebody_is_out(company: Harness) -> None:
    company.hire("zoe")
    company.later()
    company.settle()
    company.group("pool", "zoe", admins=["dee"])
    company.later()
    company.settle()
    company.later()
    company.leave("zoe")
    company.settle()
    company.later()
    [ticket] = [one for one in company.tickets() if one.person and one.person.person_id == "zoe"]
    company.desk.acknowledge(ticket.id, Actor("dee"), company.now)
    company.desk.done(ticket.id, Actor("dee"), company.now)
    company.later()
    company.drop("pool", "zoe")
    company.settle()

    assert life(company, AccountKey("corp", "zoe")) == [
        (Happening.JOINED, ""),
        (Happening.LEFT, ""),
        (Happening.TICKET_OPENED, "Pool"),
        (Happening.TICKET_DONE, "Pool"),
        (Happening.GROUP_LEFT, "Pool"),
    ]


def test_somebody_in_a_group_has_joined_it_and_whoever_came_first_was_only_seen(company: Harness) -> None:
    company.later()
    company.group("pool", "ben", admins=["dee"])
    company.settle()
    company.later()
    company.wards.add_member("pool", company.member("ann"))
    company.settle()

    assert life(company, ANN) == [(Happening.FIRST_SEEN, ""), (Happening.GROUP_JOINED, "Pool")]


def test_whoever_had_left_before_the_first_read_has_left_all_the_same() -> None:
    with closing(Harness()) as harness:
        harness.hire("old")
        harness.leave("old")
        harness.settle()

        assert sorted(life(harness, AccountKey("corp", "old"))) == [
            (Happening.FIRST_SEEN, ""),
            (Happening.LEFT, ""),
        ]


def test_a_verified_ticket_that_was_no_removal_is_only_verified(start: Start) -> None:
    harness = start()
    harness.hire("kay", "lea", "dee")
    harness.group("night", "lea", admins=["kay"])
    harness.settle()
    harness.later()
    harness.leave("kay")
    harness.settle()
    harness.later()
    harness.wards.set_role("night", harness.number("lea"), Role.ADMIN)
    harness.settle()

    turns = [turn for turn, _ in life(harness, AccountKey("corp", "kay"))]

    assert Happening.GROUP_LEFT not in turns


def test_a_source_that_is_configured_is_judged_whether_or_not_it_was_read(company: Harness) -> None:
    configured = [
        ("hr", Port.DIRECTORY, "file"),
        ("corp", Port.DIRECTORY, "file"),
        ("wards", Port.INVENTORY, "register"),
    ]
    with company.store.reading() as uow:
        found = judged_sources(
            uow, configured, Freshness(timedelta(0), {}), NEVER_OLD, NOW + timedelta(days=9)
        )

    assert [(one.state.name, one.kind) for one in found] == [(name, kind) for name, _, kind in configured]
    assert [one.judged.health for one in found] == [
        SourceHealth.UNREAD,
        SourceHealth.STALE,
        SourceHealth.GOOD,
    ]


def test_what_is_known_of_a_group_is_told_from_what_is_not() -> None:
    facts = GroupFacts(description="", approval=False, is_archived=None)
    assert shown_facts(facts) == [Fact.DESCRIPTION, Fact.APPROVAL]
    assert said_facts(RegisterFacts(purpose="Nights", sensitive=False)) == ["purpose", "sensitive"]
    assert said_facts(None) == []
