"""What is kept of links to groups, and of who declared a roster, in both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import NOW
from declaring import DECLARED, add_declared
from harness import Harness
from worker.app.acts.declared import FilledIn
from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState
from worker.ports.state.access import GroupLink
from worker.storage.store import SqlStore

WARD = GroupKey("wards", "ward-7")


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    add_declared(harness).settle()
    harness.later()
    return harness


def test_links_are_found_by_their_id_until_one_is_made_after_their_end(engine: sa.Engine) -> None:
    store, day = SqlStore(engine), timedelta(days=1)
    with store.begin() as uow:
        whose = AccountKey("corp", "dee")
        links = [
            GroupLink("a", WARD, whose, NOW, NOW + day, made_by=("kim", "os:kim")),
            GroupLink("b", WARD, whose, NOW, NOW + day, ticket=7, handed=2),
        ]
        for one in links:
            uow.access.add_group_link(one)
        assert [uow.access.group_link(one) for one in "ab"] == links
        assert uow.access.group_link("c") is None
        assert uow.access.revoke_group_links(WARD, NOW) == 2
        assert uow.access.revoke_group_links(WARD, NOW) == 0
        revoked = uow.access.group_link("b")
        assert revoked is not None
        assert revoked.revoked_at == NOW
        uow.access.add_group_link(GroupLink("c", WARD, whose, NOW + day, NOW + 2 * day))
        assert uow.access.group_link("a") is None


def test_a_roster_is_declared_and_proves_until_its_declarer_is_erased(ward: Harness) -> None:
    ward.leave("ann")
    ward.settle()
    ward.later()
    declaring = ward.app.declaring
    token = declaring.link("ward-7", Actor("sam"), ward.now).rpartition("/g/")[2]
    filled = FilledIn(declaring.look(token, ward.now).mark, pasted="Ben, +44 7700 900188, You")
    shown = declaring.check(token, filled, ward.now)
    assert declaring.declare(token, filled, shown.mark, ward.now)
    with ward.store.begin() as uow:
        [(_, sight)] = uow.tickets.to_weigh(0, 10, ward.now, ward.now)
        assert sight is not None
        assert sight.declared_by == {"dee", "dee@corp.example", "sam"}
        assert uow.identities.people_with([ward.number("ben")]).keys() == {ward.number("ben")}
    ward.verify()
    [ticket] = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert (ticket.state, ticket.grade, ticket.home.source) == (TicketState.VERIFIED, Grade.B, DECLARED)
    with ward.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "dee"))
    with ward.engine.connect() as connection:
        kept = connection.execute(
            sa.text("SELECT declared_by FROM chat_group WHERE source = 'said'")
        ).scalar()
        assert "dee" not in str(kept)
        assert connection.execute(sa.text("SELECT count(*) FROM group_link")).scalar() == 0


def test_groups_are_unconfirmed_until_a_ticket_asks_about_the_roster_that_they_have(
    engine: sa.Engine,
) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"])
    add_declared(harness, confirm_every=timedelta(days=30)).settle()
    declaring = harness.app.declaring
    token = declaring.link("ward-7", Actor("sam"), harness.now).rpartition("/g/")[2]
    filled = FilledIn(declaring.look(token, harness.now).mark, pasted="Ann, You")
    declaring.declare(token, filled, declaring.check(token, filled, harness.now).mark, harness.now)
    harness.settle()
    harness.later(days=31)

    def marked(at: timedelta) -> int:
        with harness.store.begin() as uow:
            uow.rosters.mark_unconfirmed_dirty(
                {DECLARED: harness.now - at, "other": harness.now}, harness.now
            )
            return uow.rosters.dirty_count()

    assert (marked(timedelta(days=32)), marked(timedelta(days=31))) == (0, 1)
    harness.settle()
    [ticket] = harness.tickets(TicketKind.CONFIRM_ROSTER)
    assert (ticket.group, marked(timedelta(days=31))) == (GroupKey(DECLARED, "ward-7"), 0)
