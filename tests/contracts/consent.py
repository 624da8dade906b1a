"""What every store notes of who left a group by themself, and whose private number is about to be shown."""

from __future__ import annotations

from datetime import datetime

from builders import DAY, HOUR, NOW, facts, key, ticket
from contracts.unit_of_work import read_people, read_rosters, roster
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import AccountKey, GroupKey, HandleKey
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.groups import Expectation
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.store import Store

WARD = GroupKey("wards", "g")
ANN, BEN = "+447700900101", "+447700900102"


def tied(store: Store, **handles: str) -> None:
    """People, by id, behind these handles."""
    found = [
        HandleIdentity(
            HandleKey("wards", handle),
            Identity(IdentityState.LINKED, "mark", key(person), How.PHONE, Reason("its number")),
        )
        for person, handle in handles.items()
    ]
    with store.begin() as uow:
        uow.identities.answer(found, NOW, "test")


def went(store: Store) -> list[tuple[AccountKey, datetime]]:
    with store.reading() as uow:
        view = uow.rosters.view(WARD)
    assert view is not None
    return list(view.went)


class ConsentContract:
    """The part of the suite about consent."""

    def test_who_vanishes_from_a_complete_roster_left_by_themself(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)), facts("ben", phones=(BEN,)))
        read_rosters(store, roster("g", ANN, BEN))
        tied(store, ann=ANN, ben=BEN)
        read_rosters(store, roster("g", BEN, at=NOW + HOUR), at=NOW + 2 * HOUR)
        assert went(store) == [(key("ann"), NOW + HOUR)]
        read_rosters(store, roster("g", ANN, BEN, at=NOW + DAY), at=NOW + DAY)
        read_rosters(store, roster("g", BEN, at=NOW + 2 * DAY), at=NOW + 2 * DAY)
        assert went(store) == [(key("ann"), NOW + 2 * DAY)]

    def test_a_removal_of_ours_explains_it(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)), facts("ben", phones=(BEN,)))
        read_rosters(store, roster("g", ANN, BEN))
        tied(store, ann=ANN, ben=BEN)
        with store.begin() as uow:
            uow.tickets.insert(
                [
                    ticket(group=WARD, handle=ANN, person=key("ann")),
                    ticket(group=WARD, handle=BEN, person=key("ben"), state=TicketState.WAIVED),
                ]
            )
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        assert went(store) == [(key("ben"), NOW + HOUR)]

    def test_at_night_nobody_looks_for_who_left_by_themself(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)))
        read_rosters(store, roster("g", ANN))
        tied(store, ann=ANN)
        with store.begin() as uow:
            uow.rosters.expect(key("ann"), {WARD: Expectation.DUE}, NOW)
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        with store.begin() as uow:
            uow.rosters.take_dirty(10)
            assert uow.rosters.mark_wrong_groups_dirty(NOW + DAY) == 0
            uow.rosters.expect(key("ann"), {WARD: Expectation.DUE}, NOW + DAY)
            assert uow.rosters.mark_wrong_groups_dirty(NOW + DAY) == 1
