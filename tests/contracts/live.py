"""What every `ports.store.Store` keeps of live groups: wanted reads, pairs, and what machines did."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from builders import DAY, HOUR, NOW, ticket
from contracts.unit_of_work import roster
from worker.domain.groups.pairing import Difference, Pair, PairState
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.kinds.kind import Deed
from worker.domain.model import Coverage, GroupKey, Member, Roster
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports.state.groups import Unlisted
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.pairs import Follows
from worker.ports.state.remediations import ActState, MachineAct
from worker.ports.state.sources import WHOLE
from worker.ports.state.store import Store
from worker.ports.state.tickets import SeenIn

ANN, BEN, EVE = (f"+44770090010{number}" for number in range(3))
LIST, PHONE = GroupKey("list", "ward-7"), GroupKey("phone", "120@g.us")


def read(
    store: Store, source: str, *rosters: Roster, at: datetime = NOW, rest: Unlisted | None = None
) -> None:
    with store.begin() as uow:
        uow.rosters.clear_stage(source)
        uow.rosters.stage(source, rosters)
        uow.rosters.apply_stage(source, now=at, limits=GuardLimits(), rest=rest or Unlisted())


def act(**changes: object) -> MachineAct:
    one = MachineAct(1, 1, "rooms", Deed.REMOVE, PHONE, ANN, ActState.BEGUN, NOW, "")
    return replace(one, **changes)  # type: ignore[arg-type]


class LiveContract:
    """The part of the suite about live groups."""

    def test_a_read_that_is_wanted_twice_is_wanted_once_since_the_first_time(self, store: Store) -> None:
        with store.begin() as uow:
            uow.sources.want("phone", ["b", "a"], NOW)
            uow.sources.want("phone", ["a", WHOLE], NOW + HOUR)
        with store.begin() as uow:
            wanted = uow.sources.wanted()
            assert [(one.group_id, one.asked_at) for one in wanted] == [
                (WHOLE, NOW + HOUR), ("a", NOW), ("b", NOW),
            ]  # fmt: skip
            uow.sources.had(wanted[:2])
            assert [one.group_id for one in uow.sources.wanted()] == ["b"]

    def test_what_is_wanted_again_meanwhile_is_not_had(self, store: Store) -> None:
        with store.begin() as uow:
            uow.sources.want("phone", ["a"], NOW)
            early = uow.sources.wanted()
            uow.sources.had(early)
            uow.sources.want("phone", ["a"], NOW + HOUR)
            uow.sources.had(early)
            assert len(uow.sources.wanted()) == 1

    def test_groups_of_one_name_with_half_of_the_members_in_common_are_one(self, store: Store) -> None:
        read(store, "list", roster("ward-7", ANN, BEN, EVE))
        phone = roster("120@g.us", ANN, BEN)
        read(store, "phone", replace(phone, group=replace(phone.group, name=roster("ward-7").group.name)))
        with store.begin() as uow:
            assert uow.pairs.find("list", "phone", NOW) == 1
            assert uow.pairs.find("list", "phone", NOW) == 0
            [pair] = uow.pairs.all()
            assert (pair.state, pair.a.source) == (PairState.SURE, "list")
            assert pair.why == "the same name, and 2 members in common"
            assert pair.why.is_translated

    def test_a_group_is_followed_in_the_best_witness_as_long_as_that_shows_it(self, store: Store) -> None:
        read(store, "list", roster("ward-7", ANN))
        read(store, "phone", roster("120@g.us", ANN), roster("other", BEN))
        with store.begin() as uow:
            uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, Reason("so"), NOW, "sam"))
            assert uow.pairs.follow({"phone": 3, "list": 1}, NOW) == [Follows(LIST, PHONE)]
            assert uow.pairs.follow({"phone": 3, "list": 1}, NOW) == []
            [followed] = [view.is_followed for view in uow.rosters.take_dirty(9).views if view.key == LIST]
            assert followed
        read(store, "phone", roster("other", BEN), at=NOW + DAY, rest=Unlisted(is_gone=lambda *_: False))
        with store.begin() as uow:
            assert uow.pairs.follow({"phone": 3, "list": 1}, NOW) == [Follows(PHONE, LIST)]
            uow.pairs.put(Pair(LIST, PHONE, PairState.APART, Reason("no"), NOW, "sam"))
            assert uow.pairs.follow({"phone": 3, "list": 1}, NOW) == []
            assert not any(view.is_followed for view in uow.rosters.take_dirty(9).views)

    def test_a_pair_with_a_group_that_nobody_knows_leads_to_nothing(self, store: Store) -> None:
        read(store, "list", roster("ward-7", ANN))
        with store.begin() as uow:
            uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, Reason("so"), NOW))
            assert uow.pairs.follow({"phone": 3, "list": 1}, NOW) == []

    def test_an_act_is_kept_with_its_latest_state(self, store: Store) -> None:
        with store.begin() as uow:
            uow.remediations.put(act())
            uow.remediations.put(act(attempt=2, begun_at=NOW + HOUR))
            assert [one.attempt for one in uow.remediations.unsettled()] == [1, 2]
            uow.remediations.put(act(state=ActState.REFUSED, said="no"))
            assert uow.remediations.unsettled() == [act(attempt=2, begun_at=NOW + HOUR)]
            assert uow.remediations.of_ticket(1)[0] == act(state=ActState.REFUSED, said="no")

    def test_acts_count_within_the_time_but_for_those_without_an_effect(self, store: Store) -> None:
        with store.begin() as uow:
            for attempt, state in enumerate(ActState):
                uow.remediations.put(act(attempt=attempt, state=state))
            assert uow.remediations.count("rooms", NOW - timedelta(microseconds=1)) == len(ActState) - 2
            assert uow.remediations.count("rooms", NOW) == 0
            assert uow.remediations.count("other", NOW - HOUR) == 0

    def test_tickets_wait_that_no_act_is_on(self, store: Store) -> None:
        kinds, sources = {TicketKind.REMOVE_MEMBER}, {"phone"}
        with store.begin() as uow:
            first = replace(ticket(), id=0, group=PHONE, handle=ANN)
            others = [replace(first, handle=BEN), replace(first, handle=EVE, state=TicketState.DONE)]
            elsewhere = replace(first, group=LIST)
            uow.tickets.insert([first, *others, elsewhere])
            waiting = uow.remediations.waiting(kinds, sources, 0, 9)
            assert [one.handle for one in waiting] == [ANN, BEN]
            uow.remediations.put(act(ticket=waiting[0].id))
            uow.remediations.put(act(ticket=waiting[1].id, state=ActState.OVER))
            assert [one.handle for one in uow.remediations.waiting(kinds, sources, 0, 9)] == [BEN]
            assert uow.remediations.waiting(kinds, sources, waiting[1].id, 9) == []
            assert uow.remediations.waiting({TicketKind.ADD_MEMBER}, sources, 0, 9) == []

    def test_who_a_machine_was_to_remove_is_no_shrinking(self, store: Store) -> None:
        limits = GuardLimits(group_share_max=0.1, share_from=1)
        read(store, "phone", roster("120@g.us", ANN, BEN, EVE))
        with store.begin() as uow:
            uow.remediations.put(act())
            uow.rosters.stage("phone", [roster("120@g.us", BEN, EVE, at=NOW + HOUR)])
            changes = uow.rosters.apply_stage("phone", now=NOW + HOUR, limits=limits, rest=Unlisted())
            assert changes.shrunken == ()
            uow.rosters.stage("phone", [roster("120@g.us", EVE, at=NOW + DAY)])
            changes = uow.rosters.apply_stage("phone", now=NOW + DAY, limits=limits, rest=Unlisted())
            assert len(changes.shrunken) == 1

    def test_each_source_of_a_group_says_whether_it_shows_the_member(self, store: Store) -> None:
        read(store, "list", roster("ward-7", ANN, BEN))
        read(store, "phone", roster("120@g.us", BEN, at=NOW + HOUR))
        with store.begin() as uow:
            uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, Reason("so"), NOW))
            uow.pairs.follow({"phone": 3, "list": 1}, NOW)
            about = replace(ticket(), id=0, group=PHONE, handle=ANN, person=None)
            first, group_s = uow.tickets.insert([about, replace(about, handle="")])
            seen = uow.tickets.seen_in([first, group_s, replace(about, id=99, group=None)])
        assert seen[first.id] == [SeenIn("phone", False, NOW + HOUR), SeenIn("list", True, NOW)]
        assert [one.shows for one in seen[group_s.id]] == [None, None]
        assert seen[99] == []

    def test_a_partial_roster_says_nothing_of_whom_it_does_not_list(self, store: Store) -> None:
        read(store, "phone", roster("120@g.us", BEN, coverage=Coverage.PARTIAL))
        with store.begin() as uow:
            [one] = uow.tickets.insert([replace(ticket(), id=0, group=PHONE, handle=ANN, person=None)])
            assert [seen.shows for seen in uow.tickets.seen_in([one])[one.id]] == [None]

    def test_a_group_that_one_sort_of_source_alone_has_says_so(self, store: Store) -> None:
        read(store, "list", roster("ward-7", ANN), roster("ward-8", BEN))
        read(store, "phone", roster("120@g.us", ANN), roster("121@g.us", EVE))
        keys = [LIST, PHONE, GroupKey("list", "ward-8"), GroupKey("phone", "121@g.us")]
        with store.begin() as uow:
            uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, Reason("so"), NOW))
            uow.pairs.follow({"phone": 3, "list": 1}, NOW)
            assert uow.rosters.differences(keys, ["list"], ["phone"]) == {
                keys[2]: (Difference.NOT_SEEN,),
                keys[3]: (Difference.UNREGISTERED,),
            }
            assert uow.rosters.differences(keys, ["list"], []) == {}, "nothing reads this messenger"

    def test_members_that_one_of_two_sources_lists_are_a_difference_of_both(self, store: Store) -> None:
        hidden = Member("9@lid", "Ann", phone=ANN, lid="9@lid")
        read(store, "list", roster("ward-7", ANN, BEN))
        same = replace(roster("120@g.us", BEN), members=(hidden, *roster("120@g.us", BEN).members))
        read(store, "phone", same)
        with store.begin() as uow:
            uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, Reason("so"), NOW))
            uow.pairs.follow({"phone": 3, "list": 1}, NOW)
            assert uow.rosters.differences([LIST, PHONE], ["list"], ["phone"]) == {}, "the same number"
        read(store, "phone", roster("120@g.us", ANN, EVE, BEN, at=NOW + HOUR))
        with store.begin() as uow:
            found = uow.rosters.differences([LIST, PHONE], ["list"], ["phone"])
            assert found == dict.fromkeys([LIST, PHONE], (Difference.MEMBERS,))

    def test_what_groups_show_of_one_handle_is_one_question_and_asked_once(self, store: Store) -> None:
        ways = (
            Member(ANN, "Ann", phone=ANN, email="Ann@x.example"),
            Member(ANN, "Ann", phone=ANN, lid="9@lid"),
        )
        lists = [replace(roster(f"ward-{at}"), members=(ways[at % 2],)) for at in range(3)]
        read(store, "list", *lists)
        with store.begin() as uow:
            [asked] = uow.identities.questions(9)
            assert asked.fingerprint == f"{ANN}|9@lid||Ann@x.example|"
            answer = Identity(IdentityState.NOBODY, asked.fingerprint)
            uow.identities.answer([HandleIdentity(asked.key, answer)], NOW)
        for order in (lists[::-1], lists):
            read(store, "list", *order, at=NOW + HOUR)
            with store.begin() as uow:
                assert not uow.identities.has_questions()
