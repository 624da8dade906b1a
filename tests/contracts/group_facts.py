"""What every `ports.store.Store` keeps of groups besides their members."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

from builders import DAY, HOUR, NOW
from contracts.live import ANN, BEN, LIST, PHONE, read
from contracts.unit_of_work import roster
from worker.domain.groups.pairing import Pair, PairState
from worker.domain.model import (
    Allowed,
    GroupFacts,
    GroupKey,
    RegisterFacts,
    RegisterStatus,
    Roster,
)
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import Store

DAY_ON = date(2026, 11, 24)
SHOWN = GroupFacts(
    description="Rules", picture_sha256="", link_sha256="ab", approval=True, edit=Allowed.ADMINS,
    write=Allowed.MEMBERS, add=Allowed.ADMINS, last_activity_at=NOW - DAY, is_archived=False, read_at=NOW,
    read_apart=(("picture_sha256", NOW - HOUR),),
)  # fmt: skip
SAID = RegisterFacts(
    purpose="Hand-over", owner_department="Nursing", data_class="patient", sensitive=True,
    externals_allowed=False, description_ok=True, picture_ok=False, approval=True, created_on=DAY_ON,
    ends_on=DAY_ON, status=RegisterStatus.CLOSED, review_due=DAY_ON, move_to="teams", closed_on=DAY_ON,
)  # fmt: skip


def known(store: Store, key: GroupKey) -> GroupRow:
    with store.reading() as uow:
        row = uow.rosters.group(key)
    assert row is not None
    return row


def dirty(store: Store) -> list[GroupKey]:
    with store.begin() as uow:
        return [view.key for view in uow.rosters.take_dirty(99).views]


def showing(facts: GroupFacts = SHOWN) -> Roster:
    return replace(roster("120@g.us", ANN), facts=facts)


def saying(said: RegisterFacts = SAID) -> Roster:
    return replace(roster("ward-7", ANN), registered=said)


def paired(store: Store) -> None:
    read(store, "list", saying())
    read(store, "phone", showing())
    with store.begin() as uow:
        uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, "so", NOW))
        uow.pairs.follow(["phone", "list"], NOW)


class GroupFactsContract:
    """The part of the suite about group facts, and about what a register says of groups."""

    def test_the_samples_leave_nothing_out(self, store: Store) -> None:
        link_history = {"link_changed_at", "link_before_at"}  # the store itself keeps these
        for one in (SHOWN, SAID):
            unsaid = {f.name for f in fields(one) if getattr(one, f.name) is None}
            assert unsaid - link_history == set()

    def test_facts_come_back_as_they_were_shown(self, store: Store) -> None:
        read(store, "phone", showing())
        assert known(store, PHONE).facts == replace(SHOWN, link_changed_at=NOW)

    def test_what_is_not_shown_stays_unknown(self, store: Store) -> None:
        read(store, "phone", showing(GroupFacts(description="")))
        assert known(store, PHONE).facts == GroupFacts(description="")
        assert known(store, PHONE).registered is None

    def test_what_a_read_did_not_ask_for_is_kept_with_its_age(self, store: Store) -> None:
        read(store, "phone", showing())
        later = GroupFacts(description="New", read_at=NOW + DAY, read_apart=(("link_sha256", None),))
        read(store, "phone", showing(later))
        facts = known(store, PHONE).facts
        assert (facts.description, facts.link_sha256, facts.picture_sha256) == ("New", "ab", None)
        assert (facts.read_at_of("description"), facts.read_at_of("link_sha256")) == (NOW + DAY, NOW)

    def test_a_link_that_changed_is_seen_to_have_changed(self, store: Store) -> None:
        read(store, "phone", showing())
        read(store, "phone", showing(replace(SHOWN, link_sha256="cd", read_at=NOW + DAY)))
        facts = known(store, PHONE).facts
        assert (facts.link_changed_at, facts.link_before_at) == (NOW + DAY, NOW)

    def test_facts_that_changed_make_the_group_dirty_and_a_new_age_alone_does_not(self, store: Store) -> None:
        read(store, "phone", showing())
        dirty(store)
        read(store, "phone", showing(replace(SHOWN, read_at=NOW + DAY, last_activity_at=NOW)))
        assert dirty(store) == []
        read(store, "phone", showing(replace(SHOWN, approval=False)))
        assert dirty(store) == [PHONE]

    def test_what_a_register_says_comes_back_as_it_was_said(self, store: Store) -> None:
        read(store, "list", saying())
        assert known(store, LIST).registered == SAID
        read(store, "list", saying(RegisterFacts()))
        assert known(store, LIST).registered == RegisterFacts()

    def test_the_register_speaks_for_the_live_group_of_a_pair(self, store: Store) -> None:
        paired(store)
        assert known(store, PHONE).registered == SAID
        with store.reading() as uow:
            view = uow.rosters.view(PHONE)
        assert view is not None
        assert (view.registered, view.facts.description) == (SAID, "Rules")

    def test_another_word_of_the_register_makes_both_groups_of_a_pair_dirty(self, store: Store) -> None:
        paired(store)
        dirty(store)
        read(store, "list", saying(replace(SAID, sensitive=False)))
        assert sorted(dirty(store)) == [LIST, PHONE]

    def test_a_row_that_is_gone_from_the_register_says_nothing_any_more(self, store: Store) -> None:
        others = [roster(f"ward-{number}", BEN) for number in range(20, 60)]
        paired(store)
        read(store, "list", saying(), *others)
        assert known(store, PHONE).registered == SAID
        read(store, "list", *others)
        assert known(store, PHONE).registered is None

    def test_of_two_registers_the_first_speaks(self, store: Store) -> None:
        paired(store)
        read(store, "list2", saying(RegisterFacts(purpose="Other")))
        with store.begin() as uow:
            uow.pairs.put(Pair(GroupKey("list2", "ward-7"), PHONE, PairState.CONFIRMED, "so", NOW))
            uow.pairs.follow(["phone", "list", "list2"], NOW)
        assert known(store, PHONE).registered == SAID
