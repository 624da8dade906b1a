"""Whom every `ports.store.Store` would ask about updates and providers, and what of their answers still counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import DAY, HOUR, NOW, facts, key, rules, ticket
from contracts.live import read
from contracts.unit_of_work import read_people, read_rosters, roster
from worker.domain.controls.others import ADVISORIES, DEVICE, POLICY, PROVIDER, TRAINING
from worker.domain.controls.reviewing import Review, RowAnswer
from worker.domain.controls.statements import (
    COMPLETE,
    Assurance,
    AttestAnswer,
    Attestation,
    ItemAnswer,
    Statement,
    StatementRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.groups.pairing import Pair, PairState
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import AccountKey, Coverage, GroupKey, HandleKey, RegisterFacts, RegisterStatus
from worker.domain.reconcile.attesting import ask
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ports import Port
from worker.ports.state.attestations import SENSITIVE, AskingRule
from worker.ports.state.group_states import Lists
from worker.ports.state.groups import Unlisted
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.reviews import AnsweredRow
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store

ASKS = ControlSwitch(Mode.TICKET)
YEAR = timedelta(days=365)
UPDATE = StatementRule(
    Statement.UPDATE, ADVISORIES.id, ASKS, "CVE-2026-1000", "1", sensitive_due=timedelta(days=7),
    messengers=("whatsapp",),
)  # fmt: skip
LONGER = replace(UPDATE, subject="CVE-2026-10001")
LOOK = StatementRule(
    Statement.PROVIDER, PROVIDER.id, ASKS, "whatsapp", "1", every=YEAR, to="ann@corp.example",
    messengers=("whatsapp",),
)  # fmt: skip

PHONE = StatementRule(Statement.DEVICE, DEVICE.id, ASKS, "", "1", every=YEAR, items=("screen_lock",))
COURSE = StatementRule(Statement.TRAINING, TRAINING.id, ASKS, "MSG-101", "1", every=YEAR)
TEXT = StatementRule(Statement.POLICY, POLICY.id, ASKS, "messaging", "3", every=YEAR)
DUTIES = StatementRule(Statement.DUTIES, "", ASKS, "", "2", for_each_group=True)
CENSUS = StatementRule(Statement.CENSUS, "group.census", ASKS, "", "1", every=YEAR)


def seeded(store: Store) -> None:
    """Ann and Ben in a group of WhatsApp, Cem in one of Signal; they are identified, and one more handle is nobody."""
    read_people(store, facts("ann", email="Ann@corp.example"), facts("ben"), facts("cem"))
    ward, porters = roster("ward", "1", "2", "4"), roster("porters", "3")
    read_rosters(
        store,
        replace(ward, group=replace(ward.group, messenger="WhatsApp")),
        replace(porters, group=replace(porters.group, messenger="signal")),
    )
    with store.begin() as uow:
        for name in ("corp", "other"):
            uow.sources.put(SourceState(name, Port.DIRECTORY))
        known = {"1": "ann", "2": "ben", "3": "cem"}
        links = [
            HandleIdentity(
                HandleKey("wards", handle),
                Identity(IdentityState.LINKED, "", key(one), How.CONFIRMED, Reason("they said so")),
            )
            for handle, one in known.items()
        ]
        uow.identities.answer(links, NOW, "Nia")


def asked(store: Store, rule: StatementRule, now: datetime = NOW) -> list[str]:
    with store.reading() as uow:
        found = uow.attestations.to_ask(rule, now, 9, is_everywhere=True)
        assert uow.attestations.count_to_ask(rule, now, is_everywhere=True) == len(found)
    return [one.person.key.person_id for one in found]


def answered(store: Store, rule: StatementRule, who: str = "ann", at: datetime = NOW, **more: object) -> None:
    new = Attestation(
        rule.statement, rule.subject, rule.version, key(who), AttestAnswer.ACCEPTED, at, Assurance.LINK
    )
    expires_at = at + rule.every if rule.every else None
    with store.begin() as uow:
        uow.attestations.add(replace(new, expires_at=expires_at, **more), [])  # type: ignore[arg-type]


class AskedContract:
    """Subclasses give the fixture `store`, over an empty database."""

    def test_an_update_asks_the_members_of_its_messengers(self, store: Store) -> None:
        seeded(store)
        assert asked(store, UPDATE) == ["ann", "ben"]
        assert asked(store, replace(UPDATE, messengers=("signal", "whatsapp"))) == ["ann", "ben", "cem"]
        with store.reading() as uow:
            assert uow.attestations.counts(UPDATE, NOW, is_everywhere=True).subjects == 2

    def test_a_ticket_for_one_vulnerability_is_none_for_another_that_begins_alike(self, store: Store) -> None:
        seeded(store)
        with store.begin() as uow:
            [first, *_] = uow.attestations.to_ask(LONGER, NOW, 9, is_everywhere=True)
            uow.tickets.insert([ask(first, LONGER, rules(), NOW).ticket])
        assert asked(store, LONGER) == ["ben"]
        assert asked(store, UPDATE) == ["ann", "ben"]
        with store.reading() as uow:
            assert not uow.attestations.needless([AskingRule(LONGER, True)])
            assert len(uow.attestations.needless([AskingRule(UPDATE, True)])) == 1

    def test_whoever_is_in_a_sensitive_group_of_it_is_marked(self, store: Store) -> None:
        seeded(store)
        with store.begin() as uow:
            uow.attestations.scope(SENSITIVE, [GroupKey("wards", "ward")], NOW)
        with store.reading() as uow:
            found = uow.attestations.to_ask(replace(UPDATE, messengers=()), NOW, 9, is_everywhere=True)
            assert {one.person.key.person_id: one.is_sensitive for one in found} == {
                "ann": True, "ben": True, "cem": False,
            }  # fmt: skip
            elsewhere = replace(UPDATE, messengers=("signal",))
            assert not any(
                one.is_sensitive for one in uow.attestations.to_ask(elsewhere, NOW, 9, is_everywhere=True)
            )

    def test_an_answer_that_is_no_pass_is_not_asked_for_again_for_its_version(self, store: Store) -> None:
        seeded(store)
        answered(store, UPDATE, items={"whatsapp.ios": ItemAnswer.CANNOT})
        assert asked(store, UPDATE) == ["ben"]
        assert asked(store, replace(UPDATE, version="2")) == ["ann", "ben"]
        with store.reading() as uow:
            counts = uow.attestations.counts(UPDATE, NOW, is_everywhere=True)
        assert (counts.subjects, counts.passed, counts.declined) == (2, 0, 0)

    def test_one_who_has_the_address_is_asked_of_a_provider(self, store: Store) -> None:
        seeded(store)
        assert asked(store, LOOK) == ["ann"]
        assert asked(store, replace(LOOK, to="nobody@corp.example")) == []
        read_people(store, facts("eve", email="ann@corp.example"), source="other")
        assert asked(store, LOOK) == ["ann"]
        read_people(
            store, facts("ann", email="ann@corp.example", enabled=False), is_full=False, at=NOW + HOUR
        )
        assert asked(store, LOOK) == ["eve"]

    def test_the_newest_answer_that_counts_is_found_whoever_gave_it(self, store: Store) -> None:
        seeded(store)
        with store.reading() as uow:
            assert uow.attestations.newest(LOOK, NOW) is None
        answered(store, LOOK, "ben", items={COMPLETE: ItemAnswer.YES})
        answered(store, replace(LOOK, subject="signal"), at=NOW + DAY, items={COMPLETE: ItemAnswer.NO})
        with store.reading() as uow:
            found = uow.attestations.newest(LOOK, NOW + DAY)
            assert found
            assert (found.person, found.is_pass) == (key("ben"), True)
            assert uow.attestations.newest(replace(LOOK, version="2"), NOW) is None
            assert uow.attestations.newest(LOOK, NOW + YEAR) is None
        answered(store, LOOK, at=NOW + DAY, items={COMPLETE: ItemAnswer.NO})
        with store.reading() as uow:
            found = uow.attestations.newest(LOOK, NOW + DAY)
            assert found
            assert not found.is_pass

    def test_what_was_said_of_a_phone_counts_until_something_else_is_said(self, store: Store) -> None:
        seeded(store)
        secure, open_ = ({"screen_lock": one} for one in (ItemAnswer.YES, ItemAnswer.NO))

        def passed() -> set[AccountKey]:
            with store.reading() as uow:
                return uow.attestations.passed(PHONE, [key("ann"), key("ben")], NOW + DAY)

        answered(store, PHONE, items=secure, assurance=Assurance.IMPORTED)
        answered(store, replace(PHONE, version="2"), at=NOW + HOUR, items=open_)
        answered(store, PHONE, "ben", at=NOW + HOUR, items=open_)
        assert (asked(store, PHONE), passed()) == (["cem"], {key("ann")})
        answered(store, PHONE, at=NOW + HOUR, items=open_, assurance=Assurance.IMPORTED)
        assert (asked(store, PHONE), passed()) == (["ann", "cem"], set())
        answered(store, PHONE, at=NOW + 2 * HOUR, items=secure)
        assert (asked(store, PHONE), passed()) == (["cem"], {key("ann")})

    @pytest.mark.parametrize("rule", [CENSUS, LOOK, PHONE])
    def test_a_waiver_for_good_is_of_one_time_of_what_is_asked_again_and_again(
        self, store: Store, rule: StatementRule
    ) -> None:
        seeded(store)
        read_people(store, facts("ben", manager_id="ann"), is_full=False)
        with store.begin() as uow:
            [first, *_] = uow.attestations.to_ask(rule, NOW, 9, is_everywhere=True)
            ticket = replace(ask(first, rule, rules(), NOW).ticket, state=TicketState.WAIVED)
            [stored] = uow.tickets.insert([ticket])

        def said(now: datetime) -> tuple[bool, bool, int]:
            with store.reading() as uow:
                counts = uow.attestations.counts(rule, now, is_everywhere=True)
                excused = uow.attestations.excused(rule, [key("ann")], now)
            return "ann" in asked(store, rule, now), bool(excused), counts.waived

        assert (said(NOW + YEAR - DAY), said(NOW + YEAR)) == ((False, True, 1), (True, False, 0))
        with store.begin() as uow:
            uow.tickets.update([replace(stored, waived_until=NOW + 2 * YEAR)])
        assert (said(NOW + YEAR), said(NOW + 2 * YEAR)) == ((False, True, 1), (True, False, 0))

    @pytest.mark.parametrize("rule, count", [
        (COURSE, 2), (PHONE, 2), (TEXT, 1), (DUTIES, 1), (UPDATE, 1), (LOOK, 1), (CENSUS, 1),
    ])  # fmt: skip
    def test_who_is_asked_again_is_asked_by_the_ticket_of_the_occasion_whichever_is_the_newest(
        self, store: Store, rule: StatementRule, count: int
    ) -> None:
        seeded(store)
        read_people(store, facts("ben", manager_id="ann"), is_full=False)
        made = []
        for now in (NOW, NOW + DAY, NOW, NOW + DAY):
            with store.begin() as uow:
                [first, *_] = uow.attestations.to_ask(rule, now, 9, is_everywhere=True)
                action = ask(first, rule, rules(), now)
                assert first.person.key == key("ann")
                over = replace(action.ticket, state=TicketState.CANCELLED)
                if over.id:
                    uow.tickets.update([over])
                else:
                    [over] = uow.tickets.insert([over])
            made.append((over.id, over.occasion))
        assert (len(set(made)), made[2:]) == (count, made[:2])

    def test_what_a_list_says_it_has_said_since_it_said_so_without_a_break(self, store: Store) -> None:
        seeded(store)
        yes, no = ({"screen_lock": one} for one in (ItemAnswer.YES, ItemAnswer.NO))

        def said(items: dict[str, ItemAnswer], at: datetime) -> Attestation:
            return Attestation(
                Statement.DEVICE, "", "1", key("ann"), AttestAnswer.ACCEPTED, at, Assurance.IMPORTED,
                items=items, source="mdm.csv",
            )  # fmt: skip

        def since(one: Attestation, rule: StatementRule = PHONE) -> datetime | None:
            with store.reading() as uow:
                return uow.attestations.said_since(one, rule)

        later = said(yes, NOW + 3 * HOUR)
        assert since(later) is None
        with store.begin() as uow:
            uow.attestations.add(said(yes, NOW), [])
        assert since(later) == NOW
        assert since(said(yes, NOW + YEAR)) is None, "it is over"
        assert (
            since(replace(later, source="other.csv")) is since(replace(later, expires_at=NOW + DAY)) is None
        )
        with store.begin() as uow:
            uow.attestations.add(said(no, NOW + HOUR), [])
        assert (since(said(no, NOW + 2 * HOUR)), since(later)) == (NOW + HOUR, None)


OUT_OF_SIGHT = Unlisted(is_gone=lambda _group_id, _name: False)


def differing(store: Store, at: datetime = NOW) -> datetime | None:
    """Note what differs, as a run at this instant does; since when the ward does."""
    lists, ward = Lists(frozenset({"list"}), frozenset({"list"})), GroupKey("wards", "ward")
    with store.begin() as uow:
        uow.controls.note_differences([ward, GroupKey("wards", "porters")], lists, at)
        uow.controls.forget_before(at)
    with store.reading() as uow:
        return uow.group_states.states([ward], lists)[ward].differs_since


def paired(store: Store, state: PairState = PairState.CONFIRMED) -> None:
    """Decide whether the register's row is the ward."""
    both = (GroupKey("list", "w7"), GroupKey("wards", "ward"))
    with store.begin() as uow:
        uow.pairs.put(Pair(*both, state, Reason("so"), NOW))
    follow(store)


def follow(store: Store) -> None:
    with store.begin() as uow:
        uow.pairs.follow({"wards": 3, "list": 1}, NOW)


class ListsContract:
    """What every store keeps of lists that are not sure. Subclasses give the fixture `store`."""

    def test_a_register_differs_since_it_was_first_seen_to(self, store: Store) -> None:
        read_rosters(store, roster("ward", "1", "2"), roster("porters", "3"))
        read(store, "list", roster("w7", "1"))
        assert differing(store) is None, "they are no pair"
        paired(store)
        assert differing(store) == NOW
        assert differing(store, NOW + DAY) == NOW
        read(store, "list", roster("w7", "1", "2", at=NOW + DAY), at=NOW + DAY)
        assert differing(store, NOW + 2 * DAY) is None

    def test_a_difference_that_cannot_be_looked_at_keeps_its_age(self, store: Store) -> None:
        read_rosters(store, roster("ward", "1", "2"), roster("porters", "3"))
        read(store, "list", roster("w7", "1"))
        paired(store)
        assert differing(store) == NOW
        read(store, "list", roster("w7", "1", at=NOW + DAY, coverage=Coverage.PARTIAL), at=NOW + DAY)
        assert differing(store, NOW + DAY) == NOW
        read(store, "list", roster("w7", "1", at=NOW + 2 * DAY), at=NOW + 2 * DAY)
        assert differing(store, NOW + 2 * DAY) == NOW
        read(store, "wards", roster("porters", "3"), at=NOW + 3 * DAY, rest=OUT_OF_SIGHT)
        follow(store)
        assert differing(store, NOW + 3 * DAY) == NOW, "the messenger did not show the ward"
        paired(store, PairState.APART)
        assert differing(store, NOW + 4 * DAY) is None, "they are no pair any more"

    @pytest.mark.parametrize("said", [RegisterFacts(), RegisterFacts(status=RegisterStatus.CLOSED)])
    def test_a_register_that_lists_nobody_differs_in_no_member(
        self, store: Store, said: RegisterFacts
    ) -> None:
        read_rosters(store, roster("ward", "1", "2"))
        named = replace(roster("w7", at=NOW + HOUR), registered=said)
        read(store, "list", replace(named, registered=None))  # as an older release saw it
        paired(store)
        assert differing(store) == NOW
        read(store, "list", named, at=NOW + HOUR)
        assert differing(store, NOW + HOUR) is None

    def test_reviews_are_of_another_group_once_they_are_moved(self, store: Store) -> None:
        read_rosters(store, roster("ward", "1", "2"))
        home, other = GroupKey("wards", "ward"), GroupKey("list", "w7")
        review = Review(1, "review:1", 1, "s", is_full=True, started_at=NOW, due_at=NOW, only=frozenset("1"))
        with store.begin() as uow:
            uow.reviews.start(review, home)
            uow.reviews.start(replace(review, ticket=2, only=frozenset()), home)
            uow.reviews.answer(2, home, [AnsweredRow("1", RowAnswer.KEEP, "", "dee", NOW, NOW, 1)])
            uow.reviews.complete(2, Grade.C, NOW, is_full=True)
            assert uow.reviews.behind_rows(home) == {"1": None}
            uow.reviews.move(home, other, {})
        with store.reading() as uow:
            assert uow.reviews.last_of([home, other]) == {other: (NOW, Grade.C)}
            assert uow.reviews.of_ticket(1) == review
            assert uow.reviews.answers(2).keys() == {"1"}

    def test_a_review_that_is_put_back_is_looked_at_once_more(self, store: Store) -> None:
        home = GroupKey("wards", "ward")
        with store.begin() as uow:
            [one] = uow.tickets.insert([ticket(group=home)])
            review = Review(one.id, "review:1", 1, "s", is_full=True, started_at=NOW, due_at=NOW)
            uow.reviews.start(review, home)
            assert uow.reviews.take_handed_on() == []
            uow.reviews.put_back({one.id})
            assert uow.reviews.take_handed_on() == [one.id]
            assert uow.reviews.take_handed_on() == []

    def test_a_review_of_some_rows_forgets_what_was_said_of_those_that_it_asks_about_again(
        self, store: Store
    ) -> None:
        home = GroupKey("wards", "ward")
        review = Review(1, "review:1", 1, "s", is_full=True, started_at=NOW, due_at=NOW)
        with store.begin() as uow:
            uow.reviews.start(review, home)
            said = [AnsweredRow(one, RowAnswer.KEEP, "", "dee", NOW, NOW, 2) for one in ("1", "2")]
            uow.reviews.answer(1, home, said)
            uow.reviews.start(replace(review, only=frozenset({"2", "3"})), home)
            assert uow.reviews.answers(1).keys() == {"1"}
            uow.reviews.start(review, home)
            assert uow.reviews.answers(1) == {}

    def test_the_last_review_of_everybody_is_known_beside_the_last(self, store: Store) -> None:
        home = GroupKey("wards", "ward")
        with store.begin() as uow:
            for number, is_full in ((1, True), (2, False)):
                review = Review(number, f"review:{number}", 1, "s", is_full=False, started_at=NOW, due_at=NOW)
                uow.reviews.start(review, home)
                uow.reviews.complete(number, Grade.C, NOW + number * DAY, is_full=is_full)
        with store.reading() as uow:
            assert uow.reviews.last_of([home]) == {home: (NOW + 2 * DAY, Grade.C)}
            assert uow.reviews.last_of([home], is_full=True) == {home: (NOW + DAY, Grade.C)}
            assert uow.reviews.last_of([GroupKey("wards", "porters")], is_full=True) == {}
            found = uow.reviews.of_ticket(1)
            assert found
            assert found.is_full
