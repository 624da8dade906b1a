"""A directory that the configuration gives another name, while somebody is asked to remove a leaver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import facts
from exported import export
from fakes.directory import FakeDirectory
from harness import Harness
from worker.app.evidence.scope import Selection
from worker.app.reads.person import Happening, history_of, life_of, whole_person
from worker.app.reads.replay import ChangedRules
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import AccountKey, Evidence, HandleKey
from worker.domain.reconcile.guard import HoldState
from worker.domain.replay.comparing import PlayEffect
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.running.replaying import replay_of
from worker.running.wiring import rules_of
from worker.settings import Settings

STAFF = ("ann", "bo", "cy", "dee", "eve", "fay", "gus")


@pytest.fixture
def asked() -> Iterator[Harness]:
    """Ann left, and Bo was asked to remove her from Ward 7."""
    harness = Harness()
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "dee", "eve", admins=["bo", "cy"])
    harness.settle()
    harness.later(hours=30)
    harness.leave("ann")
    run(harness)
    assert [one.state for one in harness.tickets()] == [TicketState.OPEN]
    yield harness
    harness.close()


def run(harness: Harness) -> None:
    for _ in range(3):
        harness.settle(full=True)
        harness.escalate()
        harness.deliver()
        harness.later()


def rename(harness: Harness, before: str = "") -> None:
    """Another directory takes its place in one change; `before` stands before each id there."""
    renamed = FakeDirectory("hr", now=harness.clock)
    renamed.put(*(replace(one, person_id=before + one.person_id) for one in harness.corp.people()))
    harness.directories[0] = harness.corp = renamed
    harness.settings = Settings.model_validate({
        "organisation": {"name": "St Mary's", "timezone": "Europe/London"},
        "directories": [{"name": "hr", "kind": "fake"}],
        "inventories": [{"name": "wards", "kind": "register"}],
    })  # fmt: skip
    new = rules_of(harness.settings)
    harness.start(
        replace(harness.app.rules, paces=new.paces, takes=new.takes, fresh_directories=new.fresh_directories)
    )


@pytest.mark.parametrize("ids", ["", "new-"], ids=["the same ids", "ids of their own"])
def test_the_ticket_goes_on_while_the_leaving_by_the_new_name_is_held(asked: Harness, ids: str) -> None:
    before = len(asked.soc.sent)
    rename(asked, ids)
    run(asked)
    [cohort] = [one for plan in asked.plans() for one in plan.cohorts]
    assert cohort.state is HoldState.HELD, "a directory has a first run of its own"
    assert [one.state for one in asked.tickets()] == [TicketState.OPEN]
    asked.decide("c1")
    run(asked)
    assert [one.state for one in asked.tickets()] == [TicketState.OPEN]
    assert not [one.title for one in asked.soc.sent[before:] if "Remove Ann" in one.title]
    asked.drop("ward-7", "ann")
    run(asked)
    assert [one.state for one in asked.tickets()] == [TicketState.VERIFIED]


@pytest.mark.parametrize("ids", ["", "new-"], ids=["the same ids", "ids of their own"])
def test_who_is_back_by_the_new_name_is_asked_out_no_more(asked: Harness, ids: str) -> None:
    asked.corp.change("ann", enabled=True)
    rename(asked, ids)
    run(asked)
    [ticket] = asked.tickets()
    assert (ticket.state, ticket.reason) == (
        TicketState.CANCELLED, "the member is known under another account now",
    )  # fmt: skip


def test_a_leaver_of_another_directory_who_has_the_number_is_not_the_ticket_s(asked: Harness) -> None:
    asked.corp.change("ann", email="zoe@corp.example", display_name="Zoe")
    rename(asked, "new-")
    run(asked)
    [ticket] = asked.tickets()
    assert (ticket.state, ticket.reason) == (
        TicketState.CANCELLED, "the member is known under another account now",
    )  # fmt: skip


def test_whom_somebody_is_not_they_are_not_by_the_new_name_either(asked: Harness) -> None:
    handle = HandleKey("wards", asked.number("dee"))
    asked.identifying.reject("/".join(handle), Actor("sam"), "it is the ward's phone", asked.now)
    rename(asked)
    run(asked)
    with asked.store.reading() as uow:
        known = uow.identities.get(handle)
    assert known is not None
    assert (known.state, known.person) == (IdentityState.UNMATCHED, None)


@pytest.fixture
def renamed(asked: Harness) -> Harness:
    """Ann was removed from Ward 7, which was verified, before the directory got its other name."""
    asked.desk.done(1, Actor("bo@corp.example"), asked.now)
    asked.drop("ward-7", "ann")
    run(asked)
    rename(asked)
    run(asked)
    return asked


@pytest.mark.parametrize("text", ["corp/ann", "hr/ann", "ann@corp.example"])
def test_a_pack_has_what_was_done_by_either_name(renamed: Harness, text: str) -> None:
    pack = export(renamed, Selection(person=text))
    assert pack.tickets == ["T-000001"]
    assert "ticket.verified" in pack.kinds
    assert pack.verdict.manifest is not None
    assert pack.verdict.manifest.covered.ids == ("corp/ann", "hr/ann")


def test_a_person_s_page_has_their_tickets_and_history_by_either_name(renamed: Harness) -> None:
    with renamed.store.reading() as uow:
        account = uow.people.get(AccountKey("hr", "ann"))
        assert account is not None
        whole = whole_person(uow, account)
        subjects = {one.entry.subject for one in history_of(uow, whole)}
        moments = [one.what for one in life_of(uow, whole, 500)]
    assert [one.key for one in whole.human.accounts] == [AccountKey("hr", "ann")]
    assert [one.label for one in whole.tickets] == ["T-000001"]
    assert "person:corp/ann" in subjects
    assert Happening.GROUP_LEFT in moments


def test_days_before_it_are_played_again_as_they_were(renamed: Harness) -> None:
    replay, begins = replay_of(renamed.app), renamed.now - timedelta(days=30)
    found = replay.play(begins, renamed.now, renamed.now)
    assert (found.count(PlayEffect.SAME), found.count(PlayEffect.FEWER)) == (1, 0)
    without_disabled = replace(replay.rules.gate, evidence=frozenset({Evidence.DELETED}))
    changed = ChangedRules(replace(replay.rules, gate=without_disabled))
    found = replay.play(begins, renamed.now, renamed.now, changed)
    assert (found.count(PlayEffect.SAME), found.count(PlayEffect.FEWER)) == (0, 1)


def test_people_who_are_known_by_their_numbers_alone_stay_known() -> None:
    harness = Harness()
    harness.hire(*STAFF, email=None)
    harness.group("ward-7", "ann", "dee", "eve", admins=["bo", "cy"])
    run(harness)
    rename(harness)
    run(harness)
    harness.leave("ann")
    run(harness)
    [ticket] = harness.tickets()
    harness.close()
    assert (ticket.kind, ticket.person) == (TicketKind.REMOVE_MEMBER, AccountKey("hr", "ann"))


def test_a_number_that_two_directories_have_is_nobodys_while_both_are_configured() -> None:
    harness = Harness(directories=("corp", "other"))
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "dee", "eve", admins=["bo", "cy"])
    harness.directories[1].put(facts("zoe", display_name="Zoe", phones=(harness.number("ann"),)))
    run(harness)
    assert [one.kind for one in harness.tickets()] == [TicketKind.IDENTIFY_MEMBER]
    other = harness.directories.pop()
    harness.start(harness.app.rules)
    run(harness)
    assert known(harness) == AccountKey("corp", "ann")
    harness.directories.append(other)
    harness.start(harness.app.rules)
    run(harness)
    assert known(harness) is None
    harness.close()


def known(harness: Harness) -> AccountKey | None:
    """Who has Ann's number."""
    with harness.store.reading() as uow:
        found = uow.identities.get(HandleKey("wards", harness.number("ann")))
    assert found is not None
    return found.person
