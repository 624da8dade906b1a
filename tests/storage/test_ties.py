"""Handles over time, in both databases: what a read adds, what it ends, and what it leaves alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from harness import Harness
from plans_of_queries import steps_of
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import HandleKey, Member, Renumbered
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.storage.hidden_members import note_hidden
from worker.storage.sql.tables import handle_tie, link

LID, OTHER_LID = "76699677012110@lid", "81160099417703@lid"
OLD, NEW = "+447700900800", "+447700900900"


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """Ann is in a group, under a number that has a LID."""
    harness = Harness(engine=engine)
    harness.hire("ann", "dee", phones=(OLD,))
    harness.hire("dee")
    harness.group("ward-7", admins=["dee"])
    harness.wards.add_member("ward-7", Member(OLD, "Ann", phone=OLD, lid=LID))
    harness.settle()
    harness.later()
    return harness


def ties(harness: Harness) -> list[tuple[str, str, str, datetime, datetime | None]]:
    columns = (handle_tie.c[name] for name in ("kind", "handle", "other", "at", "until"))
    with harness.engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).order_by(handle_tie.c.at, handle_tie.c.other)).all()
        assert not connection.execute(sa.select(handle_tie).where(handle_tie.c.is_new == 1)).all()
    return [(*row,) for row in rows]


def state(harness: Harness, handle: str) -> IdentityState:
    with harness.store.reading() as uow:
        found = uow.identities.get(HandleKey("wards", handle))
    assert found is not None
    return found.state


def test_a_read_that_shows_nothing_new_adds_nothing(ward: Harness) -> None:
    before = ties(ward)
    assert [tie[:3] + tie[4:] for tie in before] == [("lid", OLD, LID, None)]
    ward.settle()
    assert ties(ward) == before


def test_the_account_has_another_number(ward: Harness) -> None:
    ward.wards.replace_member("ward-7", OLD, Member(NEW, "Ann", phone=NEW, lid=LID))
    ward.settle()

    assert [(tie[1:3], tie[4]) for tie in ties(ward)] == [((OLD, LID), ward.now), ((NEW, LID), None)]
    assert state(ward, NEW) is IdentityState.LINKED


def test_the_number_has_another_account_and_the_first_comes_back_to_it(ward: Harness) -> None:
    ward.wards.replace_member("ward-7", OLD, Member(OLD, "Zoe", phone=OLD, lid=OTHER_LID))
    ward.settle()
    second = ward.now
    assert [(tie[2], tie[4]) for tie in ties(ward)] == [(LID, second), (OTHER_LID, None)]

    ward.later()
    ward.wards.replace_member("ward-7", OLD, Member(OLD, "Ann", phone=OLD, lid=LID))
    ward.settle()
    assert [(tie[2], tie[3], tie[4]) for tie in ties(ward)] == [
        (OTHER_LID, second, ward.now),
        (LID, ward.now, None),
    ]


def test_a_record_of_a_change_is_kept_once_and_ends_when_the_number_has_another_account(
    ward: Harness,
) -> None:
    ward.wards.replace_member("ward-7", OLD, Member(NEW, "Ann", phone=NEW, lid=LID))
    ward.wards.record_change("ward-7", OLD, NEW)
    ward.settle()
    ward.settle()
    changes = [tie for tie in ties(ward) if tie[0] == "number"]
    assert [tie[1:3] + tie[4:] for tie in changes] == [(OLD, NEW, None)]

    ward.later()
    ward.wards.replace_member("ward-7", NEW, Member(NEW, "Zoe", phone=NEW, lid=OTHER_LID))
    ward.settle()
    assert [tie[4] for tie in ties(ward) if tie[0] == "number"] == [ward.now]
    assert state(ward, NEW) is IdentityState.UNMATCHED


def tell(ward: Harness, at: datetime) -> None:
    """A call says that Ann's number was changed."""
    with ward.store.begin() as uow:
        uow.rosters.renumbered("wards", [Renumbered(OLD, NEW, at)])


def test_a_change_that_a_call_told_is_kept_once_with_its_own_date(ward: Harness) -> None:
    early, at = ward.now - timedelta(days=2), ward.now - timedelta(days=1)
    for one in (early, at, early, at):
        tell(ward, one)
    assert [tie[1:] for tie in ties(ward) if tie[0] == "number"] == [(OLD, NEW, at, None)]


def test_a_change_told_again_has_nobody_matched_again(ward: Harness) -> None:
    at = ward.now
    ward.wards.replace_member("ward-7", OLD, Member(NEW, "Ann", phone=NEW, lid=LID))
    ward.settle()
    dirty = sa.select(link.c.handle).where(link.c.is_dirty == 1)
    told = []
    for _ in range(2):
        tell(ward, at)
        with ward.engine.connect() as connection:
            told.append(connection.execute(dirty).scalars().all())
        ward.reconcile()
    assert told == [[NEW], []]


def test_a_change_told_again_does_not_hold_again_when_it_is_over(ward: Harness) -> None:
    at = ward.now
    tell(ward, at)
    ward.wards.replace_member("ward-7", OLD, Member(NEW, "Ann", phone=NEW, lid=LID))
    ward.settle()
    ward.later()
    ward.wards.replace_member("ward-7", NEW, Member(NEW, "Zoe", phone=NEW, lid=OTHER_LID))
    ward.settle()
    tell(ward, at)
    assert [tie[4] for tie in ties(ward) if tie[0] == "number"] == [ward.now]


def test_a_read_that_breaks_off_ties_nothing(ward: Harness) -> None:
    before = ties(ward)
    ward.wards.record_change("ward-7", OLD, NEW)
    ward.wards.cut_after(1)
    ward.inventory()
    assert ties(ward) == before


def test_who_had_a_number_until_now_is_looked_up_by_the_number(ward: Harness) -> None:
    if ward.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    ward.wards.replace_member("ward-7", OLD, Member(NEW, "Ann", phone=NEW, lid=LID))
    plans = steps_of(ward.engine, ward.settle, "handle_tie AS new")
    looked_up = [step for plan in plans for step in plan if step.startswith("SEARCH link") and len(plan) > 8]
    assert len(looked_up) == 6  # its source, its id and how it was known; both ways
    assert all("phone_key=?" in step for step in looked_up), looked_up


def test_no_removal_is_proven_by_a_list_that_hides_the_number_that_it_had(ward: Harness) -> None:
    ward.hire("eve", "joe")
    ward.group("ward-8", "eve", "joe")
    ward.settle()
    ward.leave("eve")
    ward.later()
    ward.settle()
    for who, lid in (("eve", "1@lid"), ("joe", "2@lid")):
        ward.wards.replace_member("ward-8", ward.number(who), Member(lid, lid=lid))
    for _ in range(2):
        ward.later()
        ward.settle()
    [ticket] = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert ticket.state is TicketState.OPEN
    for lid in ("1@lid", "2@lid"):
        ward.identifying.reject(lid, Actor("sam"), "from outside", ward.now)
    ward.later()
    ward.settle()
    assert ward.ticket(ticket.id).state is TicketState.VERIFIED


def test_whose_number_may_be_hidden_is_looked_for_among_the_removals_of_what_was_read(ward: Harness) -> None:
    if ward.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")

    def note() -> None:
        with ward.engine.begin() as connection:
            note_hidden(connection, "wards")

    [steps] = steps_of(ward.engine, note, "staged_group")
    assert "SEARCH ticket USING INDEX ix_ticket_due (state=?)" in steps
    assert not [step for step in steps if step.startswith("SCAN")]
