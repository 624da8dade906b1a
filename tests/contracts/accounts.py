"""What every `ports.store.Store` knows of humans with accounts in two directories, `corp` and `tenant`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from builders import HOUR, NOW, facts, ticket
from contracts.unit_of_work import dirty, read_people, read_rosters, roster
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import AccountFacts, AccountKey, GroupKey, HandleKey, Role, Standing
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Port
from worker.ports.state.episodes import EpisodeKind, EpisodeSort
from worker.ports.state.groups import Expectation
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store

ANN, BEN, CEM = "+447700900101", "+447700900102", "+447700900103"
CORP_ANN, CLOUD_ANN = AccountKey("corp", "ann"), AccountKey("tenant", "cloud-ann")
WARD = GroupKey("wards", "g")


def of_ann(person_id: str, **changes: Any) -> AccountFacts:
    return facts(person_id, **({"employee_id": "E-1", "phones": (ANN,)} | changes))


def read_both(store: Store, *corp: AccountFacts, cloud: tuple[AccountFacts, ...]) -> None:
    """The first pass of each directory."""
    with store.begin() as uow:
        for name in ("corp", "tenant"):
            uow.sources.put(SourceState(name, Port.DIRECTORY, first_pass_at=NOW))
    read_people(store, *corp)
    read_people(store, *cloud, source="tenant")


def link(store: Store, handle: str, person: AccountKey) -> None:
    with store.begin() as uow:
        (question,) = (one for one in uow.identities.questions(9) if one.key.handle == handle)
        answer = Identity(IdentityState.LINKED, question.fingerprint, person, How.PHONE)
        uow.identities.answer([HandleIdentity(HandleKey("wards", handle), answer)], NOW)


def accounts(store: Store, person: AccountKey) -> set[AccountKey]:
    with store.begin() as uow:
        human = uow.people.human(person)
        found = set() if human is None else {one.key for one in human.accounts}
        assert uow.people.accounts([person]) == ({person: found} if found else {})
    return found


def leave_in_cloud(store: Store, at: datetime = NOW + HOUR, *, let_through: bool = True) -> None:
    read_people(store, of_ann("cloud-ann", enabled=False), at=at, source="tenant", is_full=False)
    if let_through:
        with store.begin() as uow:
            for departures in uow.episodes.departures().values():
                uow.episodes.let_through(departures, at)


class AccountsContract:
    """Subclasses give the fixture `store`, as `contracts.unit_of_work` does."""

    def test_accounts_are_joined_by_employee_id_by_immutable_id_and_by_address(self, store: Store) -> None:
        read_both(
            store,
            facts("a", employee_id="E-1", email=None),
            facts("b", immutable_id="guid-b", email=None),
            facts("c", email="c@one.example"),
            facts("d"),
            cloud=(
                facts("a2", employee_id="e-1 ", email=None),
                facts("b2", immutable_id="GUID-B", email=None),
                facts("c2", email="C@one.example"),
                facts("d2"),
            ),
        )

        for person_id in "abc":
            both = {AccountKey("corp", person_id), AccountKey("tenant", f"{person_id}2")}
            assert accounts(store, AccountKey("corp", person_id)) == both
            assert accounts(store, AccountKey("tenant", f"{person_id}2")) == both
        assert accounts(store, AccountKey("corp", "d")) == {AccountKey("corp", "d")}
        assert accounts(store, AccountKey("corp", "nobody")) == set()

    def test_accounts_are_found_through_a_third(self, store: Store) -> None:
        read_both(
            store,
            facts("old", employee_id="E-1", email=None),
            facts("new", employee_id="E-1", immutable_id="guid", email=None),
            cloud=(facts("cloud", immutable_id="guid", email=None),),
        )

        everybody = {AccountKey("corp", "old"), AccountKey("corp", "new"), AccountKey("tenant", "cloud")}
        for person in everybody:
            assert accounts(store, person) == everybody

    def test_a_shared_mailbox_and_a_value_that_too_many_have_join_nobody(self, store: Store) -> None:
        read_both(
            store,
            facts("a", email="ward@one.example"),
            facts("b", email="ward@one.example"),
            *(facts(f"n{number}", employee_id="N/A", email=None) for number in range(4)),
            cloud=(
                facts("a2", email="ward@one.example"),
                *(facts(f"m{number}", employee_id="N/A", email=None) for number in range(4)),
            ),
        )

        for person in (AccountKey("corp", "a"), AccountKey("tenant", "a2"), AccountKey("corp", "n0")):
            assert accounts(store, person) == {person}

    def test_an_employee_id_joins_strangers_of_one_directory_alone(self, store: Store) -> None:
        ann, bob = {"display_name": "Ann Larsen"}, {"display_name": "Bob Moss"}
        read_both(
            store,
            facts("a", employee_id="E-1", **ann),
            facts("b", employee_id="E-2", phones=(BEN,), **ann),
            facts("c", employee_id="E-3", **ann),
            facts("d", employee_id="E-3", **bob),
            cloud=(
                facts("a2", employee_id="E-1", **bob),
                facts("b2", employee_id="E-2", phones=(BEN,), **bob),
            ),
        )

        assert accounts(store, AccountKey("corp", "a")) == {AccountKey("corp", "a")}
        assert accounts(store, AccountKey("tenant", "a2")) == {AccountKey("tenant", "a2")}
        both = {AccountKey("corp", "b"), AccountKey("tenant", "b2")}
        assert accounts(store, AccountKey("corp", "b")) == both
        assert accounts(store, AccountKey("corp", "c")) == {AccountKey("corp", "c"), AccountKey("corp", "d")}

    def test_an_address_does_not_join_two_employee_ids(self, store: Store) -> None:
        read_both(
            store,
            facts("a", employee_id="E-1", email="a@one.example"),
            cloud=(facts("a2", employee_id="E-2", email="a@one.example"),),
        )

        assert accounts(store, AccountKey("corp", "a")) == {AccountKey("corp", "a")}

    def test_a_member_whose_other_account_has_left_is_loaded_as_a_leaver(self, store: Store) -> None:
        read_both(store, of_ann("ann"), facts("ben", phones=(BEN,)), cloud=(of_ann("cloud-ann"),))
        read_rosters(store, roster("g", ANN, BEN, CEM, admin=BEN))
        link(store, ANN, CORP_ANN)
        link(store, BEN, AccountKey("corp", "ben"))
        dirty(store)

        leave_in_cloud(store)

        with store.begin() as uow:
            _, [view] = uow.rosters.take_dirty(9)
            admins = uow.rosters.active_admins(WARD)
        (ann,) = (one for one in view.members if one.member.handle == ANN)
        assert ann.person is not None
        assert (ann.person.key, ann.person.standing) == (CLOUD_ANN, Standing.LEFT)
        assert ann.leaving is not None
        assert set(ann.known_as) == {CORP_ANN, CLOUD_ANN}
        assert [one.key.person_id for one in admins] == ["ben"]

    def test_an_admin_whose_other_account_has_left_does_not_count(self, store: Store) -> None:
        read_both(store, of_ann("ann"), cloud=(of_ann("cloud-ann"),))
        read_rosters(store, roster("g", ANN, BEN, admin=ANN))
        link(store, ANN, CORP_ANN)
        with store.begin() as uow:
            assert [one.key for one in uow.rosters.active_admins(WARD)] == [CORP_ANN]
            uow.tickets.insert([ticket(TicketKind.REASSIGN_ADMIN, group=WARD, opened_at=NOW - HOUR)])
            [(_, before)] = uow.tickets.to_weigh(0, 9, NOW, NOW)

        leave_in_cloud(store)

        with store.begin() as uow:
            assert uow.rosters.active_admins(WARD) == []
            [(_, after)] = uow.tickets.to_weigh(0, 9, NOW, NOW)
        assert before is not None
        assert after is not None
        assert (before.active_admins, after.active_admins) == (1, 0)

    def test_the_nightly_pass_finds_whom_only_the_other_account_shows_as_left(self, store: Store) -> None:
        read_both(store, of_ann("ann"), cloud=(of_ann("cloud-ann"),))
        read_rosters(store, roster("g", ANN), roster("h", BEN))
        link(store, ANN, CORP_ANN)
        link(store, BEN, AccountKey("corp", "nobody"))
        leave_in_cloud(store)
        dirty(store)

        with store.begin() as uow:
            assert uow.rosters.mark_wrong_groups_dirty(NOW) == 1

        assert dirty(store) == ["g"]

    def test_the_nightly_pass_finds_whom_only_the_other_account_shows_as_moved_away(
        self, store: Store
    ) -> None:
        read_both(store, of_ann("ann"), cloud=(of_ann("cloud-ann"),))
        read_rosters(store, roster("g", ANN), roster("h", ANN))
        link(store, ANN, CORP_ANN)
        with store.begin() as uow:
            uow.rosters.expect(CLOUD_ANN, {WARD: Expectation.FORMER}, NOW)
        dirty(store)

        with store.begin() as uow:
            uow.rosters.mark_wrong_groups_dirty(NOW)
            _, views = uow.rosters.take_dirty(9)

        (view,) = views
        assert view.key == WARD
        assert [one.person.key for one in view.members if one.person] == [CORP_ANN]
        assert [one.keys for one in view.expected] == [{CORP_ANN, CLOUD_ANN}]

    def test_a_newcomer_is_in_the_groups_of_every_account_and_is_known_by_the_first_word(
        self, store: Store
    ) -> None:
        read_both(store, of_ann("ann"), cloud=(of_ann("cloud-ann"),))
        read_rosters(store, roster("g", ANN))
        link(store, ANN, CORP_ANN)
        leave_in_cloud(store, let_through=False)
        with store.begin() as uow:
            [departure] = uow.episodes.departures()[EpisodeSort("tenant", EpisodeKind.LEFT)]
            assert (departure.groups, departure.has_left_elsewhere) == ((WARD,), False)
            uow.episodes.let_through([departure], NOW + HOUR)
            assert uow.episodes.loads([WARD], NOW)[WARD].let_through == 1

        read_people(store, of_ann("ann", enabled=False), at=NOW + 2 * HOUR)

        with store.begin() as uow:
            [second] = uow.episodes.departures()[EpisodeSort("corp", EpisodeKind.LEFT)]
            assert second.has_left_elsewhere
            uow.episodes.let_through([second], NOW + 2 * HOUR)
            assert uow.episodes.loads([WARD], NOW)[WARD].let_through == 1

    def test_a_first_runs_leaver_in_a_group_under_another_account_waits(self, store: Store) -> None:
        gone = of_ann("cloud-ann", enabled=False)
        read_both(store, of_ann("ann"), facts("zoe", enabled=False), cloud=(gone,))
        read_rosters(store, roster("g", ANN))
        link(store, ANN, CORP_ANN)

        with store.begin() as uow:
            assert {
                key: [one.person for one in found] for key, found in uow.episodes.departures().items()
            } == {("tenant", "left"): [CLOUD_ANN]}

    def test_leavers_of_a_first_run_are_looked_for_by_themselves(self, store: Store) -> None:
        read_both(store, of_ann("ann"), facts("zoe", enabled=False), cloud=(of_ann("c", enabled=False),))
        read_rosters(store, roster("g", ANN))
        link(store, ANN, CORP_ANN)

        with store.begin() as uow:
            assert uow.episodes.departures(with_early=False) == {}
            assert uow.episodes.is_any_early([AccountKey("corp", "zoe"), CORP_ANN])
            assert not uow.episodes.is_any_early([CORP_ANN, AccountKey("tenant", "zoe")])
            assert not uow.episodes.is_any_early([])

    def test_a_joiner_is_seen_in_the_group_under_any_account(self, store: Store) -> None:
        read_both(store, of_ann("ann"), cloud=(of_ann("cloud-ann"),))
        read_rosters(store, roster("g", ANN))
        link(store, ANN, CORP_ANN)
        with store.begin() as uow:
            wanted = ticket(TicketKind.ADD_MEMBER, group=WARD, handle=BEN, person=CLOUD_ANN)
            uow.tickets.insert([wanted])
            [(_, sight)] = uow.tickets.to_weigh(0, 9, NOW, NOW)

        assert sight is not None
        assert sight.role is Role.MEMBER

    def test_whose_address_is_nobody_s_any_more(self, store: Store) -> None:
        address = "ann@example.org"
        read_both(store, of_ann("ann", email=address), facts("ben", email="ben@example.org"), cloud=())
        read_people(store, of_ann("ann", email=address, enabled=False), at=NOW + HOUR, is_full=False)
        asked = [address, "ben@example.org", "nobody@example.org"]
        with store.begin() as uow:
            assert uow.people.who_left(asked) == set()  # the guard has not let it through
            for departures in uow.episodes.departures().values():
                uow.episodes.let_through(departures, NOW + HOUR)
            assert uow.people.who_left(asked) == {address}
        read_people(store, facts("ann-2", email=address), at=NOW + 2 * HOUR, is_full=False)
        with store.begin() as uow:
            assert uow.people.who_left(asked) == set()

    def test_whose_number_is_nobody_s_any_more(self, store: Store) -> None:
        theirs, as_shown, bens = "+5511987650001", "+551187650001", "+447700900002"
        read_both(store, of_ann("ann", phones=(theirs,)), facts("ben", phones=(bens,)), cloud=())
        read_people(store, of_ann("ann", phones=(theirs,), enabled=False), at=NOW + HOUR, is_full=False)
        asked = [theirs, as_shown, bens, "+447700900003"]
        with store.begin() as uow:
            assert uow.people.who_left(asked) == set()  # the guard has not let it through
            for departures in uow.episodes.departures().values():
                uow.episodes.let_through(departures, NOW + HOUR)
            assert uow.people.who_left(asked) == {theirs, as_shown}
        read_people(store, facts("cem", phones=(as_shown,)), at=NOW + 2 * HOUR, is_full=False)
        with store.begin() as uow:
            assert uow.people.who_left(asked) == set()
