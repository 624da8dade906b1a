"""Where the desk has an address, each message links to what it speaks of; and whose page that is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import ACCOUNTABLE, Harness
from worker.app.acts.access import Access
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.reconcile.guard import GuardLimits

BASE = "https://whosleft.example.org"
DEE = "dee@corp.example"


@pytest.fixture
def ward() -> Iterator[Harness]:
    harness = Harness(has_links=True)
    harness.hire("ann", "ben", "cem", "dee")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    yield harness
    harness.close()


def links_to(harness: Harness, address: str) -> list[str | None]:
    """What the messages to somebody link to, in order; an empty address is the channel."""
    harness.deliver()
    return [one.link for message in harness.soc.to(address) for one in message.paragraphs]


def test_the_assignee_s_message_opens_their_own_ticket(ward: Harness) -> None:
    [link] = links_to(ward, DEE)

    assert link is not None
    assert link.startswith(f"{BASE}/t/")
    assert ward.assigned.look(link.removeprefix(f"{BASE}/t/"), ward.now).ticket.label == "T-000001"


def test_an_escalation_opens_the_console_for_those_who_are_not_the_assignee(ward: Harness) -> None:
    links_to(ward, DEE)
    ward.later(hours=25)
    ward.escalate()

    assert links_to(ward, ACCOUNTABLE)[-1] == f"{BASE}/tickets/T-000001"
    again = links_to(ward, DEE)[-1]
    assert again is not None
    assert again.startswith(f"{BASE}/t/")


def test_a_ticket_that_is_reopened_or_handed_on_is_linked_too(ward: Harness) -> None:
    links_to(ward, DEE)
    ward.desk.done(1, Actor(DEE), ward.now)
    ward.later()
    ward.settle()
    reopened = links_to(ward, DEE)
    ward.desk.assign(1, "ben@corp.example", Actor("sam"), ward.now)

    assert len(reopened) == 2
    assert all(link is not None and link.startswith(f"{BASE}/t/") for link in reopened)
    [handed_on] = links_to(ward, "ben@corp.example")
    assert handed_on is not None
    assert ward.assigned.look(handed_on.removeprefix(f"{BASE}/t/"), ward.now).ticket.label == "T-000001"


def test_whoever_has_a_ticket_gets_it_again_with_a_good_link_when_it_is_given_to_them_again(
    ward: Harness,
) -> None:
    [old] = links_to(ward, DEE)
    Access(ward.store).rotate_key(Actor("sam"), ward.now)
    for _ in range(2):
        ward.later()
        ward.desk.assign(1, DEE, Actor("sam"), ward.now)
        said = links_to(ward, DEE)

    assert len(said) == 3
    assert [each.entry.kind for each in ward.journal()].count("ticket.assigned") == 2
    for link in said[1:]:
        assert link is not None
        assert ward.assigned.look(link.removeprefix(f"{BASE}/t/"), ward.now).ticket.label == "T-000001"
    assert old is not None
    with pytest.raises(LinkDead):
        ward.assigned.look(old.removeprefix(f"{BASE}/t/"), ward.now)


def test_a_held_plan_opens_its_page_in_the_console() -> None:
    harness = Harness(has_links=True, limits=GuardLimits(leavers_max=1))
    people = [f"temp-{number}" for number in range(4)]
    harness.hire("dee", *people)
    harness.group("hall", *people, admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave(*people)
    harness.settle()

    assert links_to(harness, "")[-1] == f"{BASE}/plans/P-000001"
    harness.close()


def test_a_plan_about_people_who_are_missing_is_told_and_written_down_as_any_other() -> None:
    harness = Harness(has_links=True)
    harness.hire(*(f"temp-{number}" for number in range(10)))
    harness.settle()
    harness.later()
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)

    [held] = [one.entry for one in harness.journal() if one.entry.kind == "plan.held"]
    assert held.data == {"source": "corp", "people": 5, "cohorts": 1}
    assert f"{BASE}/plans/P-000001" in links_to(harness, "")
    harness.close()


def test_without_an_address_there_are_no_links(company: Harness) -> None:
    company.leave("ann")
    company.settle()

    assert set(links_to(company, DEE)) == {None}
