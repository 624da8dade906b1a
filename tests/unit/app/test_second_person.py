"""A claim is confirmed by a second person: not by another name, and not by whoever may have made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence.actor import BY_ADDRESS, Actor, Via, logged_in, signed_in, stated
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, TicketState

Start = Callable[..., Harness]
ISSUER = "https://id.example.org"
SAM = Actor("sam@example.org", signed_in(ISSUER, "id-1"), Via.CONSOLE)
KIM = Actor("kim@example.org", signed_in(ISSUER, "id-2"), Via.CONSOLE)


@pytest.fixture
def ward(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; dee, its admin, was told."""
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later()
    return company


def claim(harness: Harness, url: str, number: int = 1) -> None:
    """Tap *Done* at this address."""
    token = url.rpartition("/t/")[2]
    tokens = harness.assigned.mine(token, harness.now).tokens
    harness.assigned.done(tokens.get(number, token), harness.now)


def confirm(harness: Harness, by: Actor, number: int = 1) -> Grade | None:
    return harness.desk.done(number, by, harness.later()).grade


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first, second",
    [
        (SAM, Actor("Somebody Else", SAM.id, Via.CONSOLE)),  # renamed at the provider
        (SAM, Actor("Sam@Example.org")),
        (Actor("sam", logged_in("root")), Actor("kim", logged_in("root"))),  # --by is a claim
        (Actor("api:k1", logged_in("root"), Via.API), Actor("api:k2", logged_in("root"), Via.API)),
        (Actor("kim", stated("Kim")), Actor("api:k1", stated("kim"), Via.API)),
        (Actor("sam"), Actor("sam", SAM.id)),
    ],
)
def test_one_person_under_two_names_confirms_nothing(ward: Harness, first: Actor, second: Actor) -> None:
    ward.desk.done(1, first, ward.now)

    if first.name.casefold() == second.name.casefold():
        assert confirm(ward, second) is Grade.C
    else:
        with pytest.raises(Refused, match="Somebody else has to confirm it"):
            confirm(ward, second)
    assert ward.ticket().grade is Grade.C


@pytest.mark.parametrize(
    "first, second",
    [
        (SAM, KIM),
        (Actor("Kim Lee", stated("Kim Lee")), Actor("Ann Lee", stated("Ann Lee"))),  # who share an account
        (Actor("sam", logged_in("sam")), Actor("api:k1", logged_in("kim"), Via.API)),
    ],
)
def test_two_people_are_a_claim_and_its_confirmation(ward: Harness, first: Actor, second: Actor) -> None:
    ward.desk.done(1, first, ward.now)

    assert confirm(ward, second) is Grade.B


def test_a_claim_of_an_earlier_release_is_compared_by_its_name(ward: Harness) -> None:
    ward.desk.done(1, SAM, ward.now)
    with ward.store.begin() as uow:
        [known] = uow.tickets.page([TicketState.DONE], 0, 1)
        uow.tickets.update([replace(known, claimed_by=())])

    assert confirm(ward, Actor("SAM@example.org", KIM.id)) is Grade.C
    assert confirm(ward, KIM) is Grade.B


def test_the_journal_has_the_account_behind_a_name_and_the_way_it_came(ward: Harness) -> None:
    ward.desk.acknowledge(1, Actor("kim", logged_in("sam"), Via.COMMAND, "sam@host-1"), ward.now)
    ward.desk.done(1, SAM, ward.now)
    acknowledged, done = (sealed.entry for sealed in ward.journal()[-2:])

    assert acknowledged.actor == "kim"
    assert (
        acknowledged.data.items() >= {"actor_id": "os:sam", "via": "command", "login": "sam@host-1"}.items()
    )
    assert done.data.items() >= {"state": "done", "actor_id": f"{ISSUER} id-1", "via": "console"}.items()


# --- links --------------------------------------------------------------------------------------------------


def test_showing_somebody_a_link_is_an_event_with_its_actor(ward: Harness) -> None:
    ward.assigned.show_link(1, SAM, ward.now, "her phone is lost")
    entry = ward.journal()[-1].entry

    assert (entry.kind, entry.actor, entry.reason) == ("ticket.link_shown", SAM.name, "her phone is lost")
    assert entry.subject == "ticket:T-000001"
    assert entry.data == {
        "to": "corp/dee",
        "until": "2026-12-24T14:00:00.000000+00:00",
        "actor_id": SAM.id,
        "via": "console",
    }


def test_a_message_to_the_assignee_is_no_such_event(start: Start) -> None:
    harness = start(has_links=True)
    harness.leave("ann")
    harness.settle()
    harness.deliver()

    assert harness.soc.sent[-1].paragraphs[0].link
    assert "ticket.link_shown" not in harness.kinds()


def test_whoever_was_shown_the_link_does_not_confirm_what_was_claimed_by_it(ward: Harness) -> None:
    claim(ward, ward.assigned.show_link(1, SAM, ward.now))

    for same in (SAM, Actor("Somebody Else", SAM.id), Actor(SAM.name, logged_in("sam"))):
        with pytest.raises(Refused, match="may be you"):
            confirm(ward, same)
    assert ward.ticket().grade is Grade.C
    assert confirm(ward, KIM) is Grade.B


def test_nor_what_was_claimed_by_another_link_of_the_same_assignee(ward: Harness) -> None:
    ward.group("ward-9", "ann", admins=["dee"])
    ward.settle()
    claim(ward, ward.assigned.show_link(2, SAM, ward.now), number=1)

    with pytest.raises(Refused, match="may be you"):
        confirm(ward, SAM, 1)


def test_nor_after_the_links_were_made_dead_or_shown_again_for_an_instant_long_ago(ward: Harness) -> None:
    url = ward.assigned.show_link(1, SAM, ward.now)
    ward.assigned.show_link(1, SAM, ward.now.replace(year=2020))
    claim(ward, url)
    ward.assigned.revoke(1, SAM, ward.later())

    with pytest.raises(Refused, match="may be you"):
        confirm(ward, SAM)


def test_nor_an_answer_that_is_a_claim(ward: Harness) -> None:
    token = ward.assigned.show_link(1, SAM, ward.now).rpartition("/t/")[2]
    ward.assigned.answer(token, Answer.NOT_IN_GROUP, "", ward.now)

    with pytest.raises(Refused, match="may be you"):
        confirm(ward, SAM)


def test_whoever_was_shown_a_link_that_is_over_is_a_second_person_again(ward: Harness) -> None:
    ward.assigned.show_link(1, SAM, ward.now)
    ward.later(days=30)
    claim(ward, ward.link())

    assert confirm(ward, SAM) is Grade.B


def test_how_long_it_works_is_by_the_life_of_links_of_today(ward: Harness) -> None:
    rules = ward.app.rules
    ward.start(replace(rules, links=replace(rules.links, life=timedelta(days=7))))
    url = ward.assigned.show_link(1, SAM, ward.now)
    ward.later(days=8)
    ward.start(rules)  # links work for thirty days again, those that were made meanwhile, too
    claim(ward, url)

    with pytest.raises(Refused, match="may be you"):
        confirm(ward, SAM)


def test_whoever_hands_a_ticket_to_an_address_that_no_directory_has_may_own_it(ward: Harness) -> None:
    ward.desk.assign(1, "agency@example.net", SAM, ward.now)
    claim(ward, ward.link())

    with pytest.raises(Refused, match="may be you"):
        confirm(ward, SAM)
    assert confirm(ward, KIM) is Grade.B


def test_whoever_hands_it_to_somebody_of_the_directory_can_confirm_what_they_claim(ward: Harness) -> None:
    ward.desk.assign(1, "ben@corp.example", SAM, ward.now)
    claim(ward, ward.link())

    assert confirm(ward, SAM) is Grade.B


def test_the_assignee_is_no_second_person_in_the_console_by_whatever_name(ward: Harness) -> None:
    claim(ward, ward.link())

    with pytest.raises(Refused, match="may be you"):  # Entra ID's subject is the directory's id
        confirm(ward, Actor("A new name", signed_in(ISSUER, "dee"), Via.CONSOLE))


@pytest.mark.parametrize("known_as", ["dee@corp.example", "dee"])
def test_nor_by_an_address_that_nobody_vouches_for(ward: Harness, known_as: str) -> None:
    claim(ward, ward.link())
    dee = Actor("Dee Example", signed_in(ISSUER, "u-1"), Via.CONSOLE, known_as=frozenset({known_as}))

    with pytest.raises(Refused, match="may be you: by the same account"):
        confirm(ward, dee)


NAMELESS = Actor("Dee Example", signed_in(ISSUER, "u-1"), Via.CONSOLE, lacks_address=True)


@pytest.mark.parametrize("way", sorted(BY_ADDRESS))
def test_whose_address_nobody_vouches_for_confirms_no_claim_of_an_address(ward: Harness, way: Via) -> None:
    if way is Via.LINK:
        claim(ward, ward.link())
    else:
        ward.desk.done(1, Actor("dee@corp.example", "U1", way), ward.now)

    with pytest.raises(Refused, match="Somebody else has to confirm it, or the sign-in has to give"):
        confirm(ward, NAMELESS)
    assert ward.ticket().grade is Grade.C
    assert confirm(ward, KIM) is Grade.B


def test_nor_one_that_was_given_to_somebody_else_since(ward: Harness) -> None:
    claim(ward, ward.link())
    ward.desk.assign(1, "ben@corp.example", KIM, ward.later())

    with pytest.raises(Refused, match="may be you"):
        confirm(ward, NAMELESS)


def test_whose_address_nobody_vouches_for_confirms_what_another_account_claimed(ward: Harness) -> None:
    claim(ward, ward.link())
    ward.desk.reopen(1, SAM, "still there", ward.later())
    ward.desk.done(1, SAM, ward.later())

    assert confirm(ward, NAMELESS) is Grade.B


def test_a_claim_says_which_way_it_came(ward: Harness) -> None:
    claim(ward, ward.link())
    entry = ward.journal()[-1].entry

    assert (entry.kind, entry.actor) == ("ticket.done", "corp/dee")
    assert entry.data.items() >= {"state": "done", "via": "link"}.items()
