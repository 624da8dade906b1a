"""What every `ports.store.Store` keeps of groups besides their members."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime

import pytest

from builders import DAY, HOUR, NOW, ticket
from contracts.live import ANN, BEN, LIST, PHONE, read
from contracts.unit_of_work import roster
from worker.domain import kinds
from worker.domain.groups.facts import unasked
from worker.domain.groups.pairing import Pair, PairState
from worker.domain.kinds.kind import Sees
from worker.domain.model import (
    NOTHING_SHOWN,
    Allowed,
    Coverage,
    Fact,
    GroupFacts,
    GroupKey,
    RegisterFacts,
    RegisterStatus,
    Roster,
)
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports.state.groups import GroupRow, Unlisted
from worker.ports.state.store import Store

COSTLY = frozenset({Fact.PICTURE, Fact.LINK})
LOOK = GroupFacts(picture_sha256="cd", read_apart=((Fact.PICTURE, NOW + HOUR),))
KIND = TicketKind.CONFIRM_ROSTER  # as if only facts could prove it
DAY_ON = date(2026, 11, 24)
SHOWN = GroupFacts(
    description="Rules", picture_sha256="", link_sha256="ab", approval=True, edit=Allowed.ADMINS,
    write=Allowed.MEMBERS, add=Allowed.ADMINS, last_activity_at=NOW - DAY, is_archived=False, read_at=NOW,
    read_apart=((Fact.PICTURE, NOW - HOUR),),
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
        uow.pairs.put(Pair(LIST, PHONE, PairState.CONFIRMED, Reason("so"), NOW))
        uow.pairs.follow({"phone": 3, "list": 1}, NOW)


def to_look_at(
    store: Store, before: datetime | None, *, limit: int = 9, groups: list[str] | None = None
) -> dict[str, frozenset[Fact]]:
    with store.reading() as uow:
        return uow.rosters.to_look_at("phone", COSTLY, before=before, limit=limit, groups=groups)


def look(store: Store, group_id: str, at: datetime, facts: GroupFacts = LOOK) -> None:
    with store.begin() as uow:
        uow.rosters.looked(GroupKey("phone", group_id), facts, at)


class GroupFactsContract:
    """The part of the suite about group facts, and about what a register says of groups."""

    @pytest.fixture
    def proven_by_facts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert isinstance(kinds.KINDS, dict)
        monkeypatch.setitem(kinds.KINDS, KIND, replace(kinds.KINDS[KIND], sees=Sees.CONTROLS))

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
        later = GroupFacts(description="New", read_at=NOW + DAY, read_apart=((Fact.LINK, None),))
        read(store, "phone", showing(later))
        facts = known(store, PHONE).facts
        assert (facts.description, facts.link_sha256, facts.picture_sha256) == ("New", "ab", None)
        assert (facts.read_at_of(Fact.DESCRIPTION), facts.read_at_of(Fact.LINK)) == (NOW + DAY, NOW)

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

    @pytest.mark.parametrize(
        "said, coverage",
        [
            (None, Coverage.FULL),
            (RegisterFacts(), Coverage.PARTIAL),
            (RegisterFacts(status=RegisterStatus.ACTIVE), Coverage.PARTIAL),
            (RegisterFacts(status=RegisterStatus.CLOSED), Coverage.FULL),
            (RegisterFacts(closed_on=NOW.date()), Coverage.FULL),
        ],
    )
    def test_a_group_that_a_register_only_names_shows_nobody_out(
        self, store: Store, said: RegisterFacts | None, coverage: Coverage
    ) -> None:
        for _ in range(2):
            read(store, "list", replace(roster("ward-7"), registered=said))
            assert known(store, LIST).coverage is coverage

    @pytest.mark.parametrize("admin, after", [("", Coverage.PARTIAL), (ANN, Coverage.FULL)])
    def test_a_group_that_a_register_emptied_shows_them_out(
        self, store: Store, admin: str, after: Coverage
    ) -> None:
        read(store, "list", replace(roster("ward-7", ANN, admin=admin), registered=RegisterFacts()))
        emptied = replace(roster("ward-7"), registered=RegisterFacts())
        read(store, "list", emptied)
        assert (known(store, LIST).coverage, known(store, LIST).size) == (Coverage.FULL, 0)
        read(store, "list", emptied)
        assert known(store, LIST).coverage is after

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
            uow.pairs.put(Pair(GroupKey("list2", "ward-7"), PHONE, PairState.CONFIRMED, Reason("so"), NOW))
            uow.pairs.follow({"phone": 3, "list": 1, "list2": 1}, NOW)
        assert known(store, PHONE).registered == SAID

    def test_groups_that_nobody_looked_at_come_first_and_then_the_longest_ago(self, store: Store) -> None:
        read(store, "phone", *(roster(name, ANN) for name in "abcd"))
        look(store, "a", NOW)
        look(store, "b", NOW - DAY)
        look(store, "c", NOW - DAY - HOUR)
        assert list(to_look_at(store, NOW)) == ["d", "c", "b"]
        assert list(to_look_at(store, NOW, limit=2)) == ["d", "c"]
        assert to_look_at(store, NOW - 2 * DAY) == {"d": COSTLY}
        assert to_look_at(store, None) == {}

    def test_only_costly_facts_that_are_old_are_asked_for(self, store: Store) -> None:
        read(store, "phone", showing())
        assert to_look_at(store, NOW - 2 * HOUR) == {"120@g.us": frozenset()}
        assert to_look_at(store, NOW) == {"120@g.us": {Fact.PICTURE}}

    def test_nobody_looks_at_a_group_that_is_gone_or_out_of_sight(self, store: Store) -> None:
        others = [roster(f"ward-{number}", BEN) for number in range(40)]
        read(store, "phone", roster("a", ANN), roster("b", ANN), *others)
        read(store, "phone", *others, rest=Unlisted(is_gone=lambda group_id, _name: group_id == "a"))
        found = to_look_at(store, NOW, limit=99)
        assert found.keys() == {one.group.group_id for one in others}

    @pytest.mark.usefixtures("proven_by_facts")
    def test_groups_whose_ticket_only_facts_can_prove_come_first(self, store: Store) -> None:
        read(store, "phone", *(replace(roster(name, ANN), facts=SHOWN) for name in "ab"))
        work = ticket(KIND, group=GroupKey("phone", "b"), handle="")
        with store.begin() as uow:
            [stored] = uow.tickets.insert([work])
        for name in "ab":
            look(store, name, NOW, NOTHING_SHOWN)
        assert to_look_at(store, None) == {"b": {Fact.PICTURE}}
        assert list(to_look_at(store, NOW + HOUR)) == ["b", "a"]
        assert to_look_at(store, None, groups=["a"]) == {}
        assert to_look_at(store, None, groups=["a", "b"]).keys() == {"b"}
        with store.begin() as uow:
            uow.tickets.update([replace(stored, state=TicketState.VERIFIED)])
        assert to_look_at(store, None) == {}

    def test_what_a_closer_look_showed_is_kept_with_its_age(self, store: Store) -> None:
        read(store, "phone", showing())
        look(store, "120@g.us", NOW + HOUR)
        facts = known(store, PHONE).facts
        assert (facts.picture_sha256, facts.read_at_of(Fact.PICTURE)) == ("cd", NOW + HOUR)
        assert (facts.description, facts.link_sha256, facts.last_activity_at) == ("Rules", "ab", NOW - DAY)

    def test_a_read_keeps_what_a_closer_look_showed(self, store: Store) -> None:
        read(store, "phone", showing())
        look(store, "120@g.us", NOW + HOUR)
        read(store, "phone", showing(unasked(GroupFacts(description="New", read_at=NOW + DAY), COSTLY)))
        facts = known(store, PHONE).facts
        assert (facts.description, facts.picture_sha256, facts.link_sha256) == ("New", "cd", "ab")

    def test_a_closer_look_that_shows_news_makes_the_group_dirty(self, store: Store) -> None:
        read(store, "phone", showing())
        dirty(store)
        look(store, "120@g.us", NOW + HOUR)
        assert dirty(store) == [PHONE]
        look(store, "120@g.us", NOW + DAY)
        assert dirty(store) == []

    def test_a_closer_look_at_a_group_that_nobody_knows_is_nothing(self, store: Store) -> None:
        look(store, "120@g.us", NOW)
        with store.reading() as uow:
            assert uow.rosters.group(PHONE) is None
