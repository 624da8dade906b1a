"""Whom every `ports.store.Store` names to the retention rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from builders import DAY, NOW, facts, key, ticket
from contracts.unit_of_work import read_people, read_rosters, roster
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.identity.names import Suggestion
from worker.domain.model import AccountKey, Evidence, HandleKey, Standing
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan, HoldState
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.store import Store

LATER = NOW + DAY
ANN = "+447700900101"


def erasable(
    store: Store, before: datetime = LATER, after: AccountKey | None = None, limit: int = 99
) -> list[str]:
    with store.begin() as uow:
        return [one.person_id for one in uow.people.erasable(before, after, limit)]


def link_ann(store: Store) -> None:
    with store.begin() as uow:
        (question,) = uow.identities.questions(9)
        answer = Identity(IdentityState.LINKED, question.fingerprint, key("ann"), How.PHONE)
        uow.identities.answer([HandleIdentity(HandleKey("wards", ANN), answer)], NOW)


class RetentionContract:
    """Subclasses give the fixture `store`, as `contracts.unit_of_work` does."""

    def test_the_deleted_and_the_absent_are_erasable_and_who_is_listed_is_not(self, store: Store) -> None:
        read_people(
            store, facts("absent"), facts("ann"), facts("deleted", is_deleted=True),
            facts("disabled", enabled=False), facts("later", enabled=False),
        )  # fmt: skip
        read_people(store, facts("later", enabled=False, is_deleted=True), is_full=False)
        with store.begin() as uow:
            absent = uow.people.get(key("absent"))
            assert absent is not None
            gone = replace(absent, standing=Standing.LEFT, evidence=Evidence.ABSENT_CONFIRMED, left_at=NOW)
            uow.people.mark_left([gone], NOW, NOW)

        assert erasable(store) == ["absent", "deleted", "later"]

    def test_the_date_is_exclusive(self, store: Store) -> None:
        read_people(store, facts("ann", is_deleted=True))

        assert erasable(store, NOW) == []

    def test_they_come_in_pages(self, store: Store) -> None:
        read_people(store, *(facts(one, is_deleted=True) for one in "abc"))

        assert erasable(store, limit=2) == ["a", "b"]
        assert erasable(store, after=key("b")) == ["c"]
        assert erasable(store, after=key("c")) == []
        assert erasable(store, after=AccountKey("another", "z")) == ["a", "b", "c"]

    def test_who_is_in_a_group_is_not(self, store: Store) -> None:
        read_people(store, facts("ann", is_deleted=True, phones=(ANN,)), facts("ben", is_deleted=True))
        read_rosters(store, roster("g", ANN))
        link_ann(store)
        assert erasable(store) == ["ben"]

        read_rosters(store, roster("g"), at=LATER)
        read_rosters(store, roster("g"), at=LATER + DAY)
        assert erasable(store) == ["ann", "ben"]

    def test_who_has_a_live_ticket_is_not(self, store: Store) -> None:
        read_people(store, facts("ann", is_deleted=True))
        with store.begin() as uow:
            (stored,) = uow.tickets.insert([ticket()])
        assert erasable(store) == []

        with store.begin() as uow:
            uow.tickets.update([replace(stored, state=TicketState.VERIFIED)])
        assert erasable(store) == ["ann"]

    def test_who_is_in_a_plan_of_which_a_part_waits_is_not(self, store: Store) -> None:
        read_people(store, facts("ann", is_deleted=True), facts("ben", is_deleted=True))
        cohorts = [
            Cohort(one, Reason(one), (Departure(key(one), NOW, Evidence.DELETED),)) for one in ("ann", "ben")
        ]
        with store.begin() as uow:
            held = uow.episodes.hold(HeldPlan("corp", Reason("many"), NOW, tuple(cohorts)))
            released = [replace(cohort, state=HoldState.RELEASED) for cohort in cohorts]
            uow.episodes.decide(held, released[:1], "sam", "so", NOW)
            assert uow.episodes.undecided_of(key("ann")) == [held.label]
        assert erasable(store) == []

        with store.begin() as uow:
            uow.episodes.decide(held, released[1:], "sam", "so", NOW)
            assert uow.episodes.undecided_of(key("ann")) == []
        assert erasable(store) == ["ann", "ben"]

    def test_a_name_that_looks_like_the_mark_of_the_deleted_is_none(self, store: Store) -> None:
        read_people(store, facts("ann", enabled=False, display_name='x","is_deleted":true,"y":"'))

        assert erasable(store) == []

    def test_open_questions_about_listed_members_name_whom_they_ask_about_until_these_are_erased(
        self, store: Store
    ) -> None:
        awkward = AccountKey("corp", 'Ann 100% "Ä_nn"')
        read_people(store, facts(awkward.person_id, is_deleted=True), facts("ben"))
        read_rosters(store, roster("g", ANN))
        key_ = HandleKey("wards", ANN)
        named = tuple(Suggestion(one, one.person_id, 1.0) for one in (awkward, key("ben")))
        with store.begin() as uow:
            (question,) = uow.identities.questions(9)
            asked = Identity(IdentityState.AMBIGUOUS, question.fingerprint, suggestions=named)
            uow.identities.answer([HandleIdentity(key_, asked)], NOW)
            assert uow.identities.asked_about(awkward) == [key_]
            assert uow.identities.asked_about(key("ann")) == []

            uow.people.erase(awkward)
            assert uow.identities.asked_about(awkward) == []
            left = uow.identities.get(key_)
            assert (left and left.suggestions, uow.identities.has_questions()) == (named[1:], True)

            by_name = replace(asked, state=IdentityState.UNMATCHED)
            uow.identities.answer([HandleIdentity(key_, by_name)], NOW)
            assert uow.identities.asked_about(key("ben")) == []
            uow.identities.answer([HandleIdentity(key_, asked)], NOW)
        read_rosters(store, roster("g"))
        with store.begin() as uow:
            assert uow.identities.asked_about(key("ben")) == [], "nobody lists it"
