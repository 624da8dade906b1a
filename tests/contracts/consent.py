"""What every store notes of who left a group by themself, and whose private number is about to be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import DAY, HOUR, NOW, facts, key, ticket
from contracts.unit_of_work import read_people, read_rosters, roster
from worker.domain.controls.consent import Numbers
from worker.domain.controls.others import CONSENT, POLICY
from worker.domain.controls.statements import (
    Assurance,
    AttestAnswer,
    Attestation,
    Statement,
    StatementRule,
    TextSeen,
)
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import AccountKey, GroupKey, HandleKey
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.attestations import AskingRule
from worker.ports.state.groups import Expectation
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.store import Store

WARD = GroupKey("wards", "g")
ANN, BEN = "+447700900101", "+447700900102"
RULE = StatementRule(
    Statement.CONSENT, CONSENT.id, ControlSwitch(Mode.TICKET), "", "1", is_gate=True, private=("home",)
)
HERE = replace(RULE, switch=ControlSwitch(Mode.TICKET, Where(groups=("g",))))
GATE = StatementRule(
    Statement.POLICY, POLICY.id, ControlSwitch(Mode.TICKET), "chat", "1", texts={"en": "x"}, is_gate=True
)


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


def said(
    store: Store,
    person: str,
    answer: AttestAnswer,
    at: datetime = NOW,
    statement: Statement = Statement.CONSENT,
) -> None:
    """Somebody answers."""
    subject = "chat" if statement is Statement.POLICY else ""
    one = Attestation(statement, subject, "1", key(person), answer, at, Assurance.LINK)
    with store.begin() as uow:
        uow.attestations.add(one, [key(person)])


def asked(person: str, **changes: object) -> Ticket:
    return ticket(
        TicketKind.ATTEST,
        group=None,
        person=key(person),
        occasion="consent",
        evidence=None,
        left_at=None,
        **changes,
    )


def placed(store: Store, *people: str) -> None:
    with store.begin() as uow:
        for one in people:
            uow.rosters.expect(key(one), {WARD: Expectation.DUE}, NOW)


class ConsentContract:
    """The part of the suite about consent."""

    def test_who_vanishes_from_a_complete_roster_left_by_themself(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)), facts("ben", phones=(BEN,)))
        read_rosters(store, roster("g", ANN, BEN))
        tied(store, ann=ANN, ben=BEN)
        placed(store, "ann", "ben")
        read_rosters(store, roster("g", BEN, at=NOW + HOUR), at=NOW + 2 * HOUR)
        assert went(store) == [(key("ann"), NOW + HOUR)]
        read_rosters(store, roster("g", ANN, BEN, at=NOW + DAY), at=NOW + DAY)
        read_rosters(store, roster("g", BEN, at=NOW + 2 * DAY), at=NOW + 2 * DAY)
        assert went(store) == [(key("ann"), NOW + 2 * DAY)]

    def test_a_removal_of_ours_explains_it(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)), facts("ben", phones=(BEN,)))
        read_rosters(store, roster("g", ANN, BEN))
        tied(store, ann=ANN, ben=BEN)
        placed(store, "ann", "ben")
        with store.begin() as uow:
            uow.tickets.insert(
                [
                    ticket(group=WARD, handle=ANN, person=key("ann")),
                    ticket(group=WARD, handle=BEN, person=key("ben"), state=TicketState.WAIVED),
                ]
            )
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        assert went(store) == [(key("ben"), NOW + HOUR)]

    @pytest.mark.parametrize(
        "cancelled_at, is_noted", [(NOW - HOUR, True), (NOW, False), (NOW + HOUR / 2, False)]
    )
    def test_a_removal_of_ours_that_was_live_at_the_last_roster_explains_it(
        self, store: Store, cancelled_at: datetime, is_noted: bool
    ) -> None:
        read_people(store, facts("ann", phones=(ANN,)))
        read_rosters(store, roster("g", ANN))
        tied(store, ann=ANN)
        placed(store, "ann")
        over = replace(ticket(group=WARD, handle=ANN, person=key("ann")), state=TicketState.CANCELLED)
        with store.begin() as uow:
            uow.tickets.insert([replace(over, weighed_at=cancelled_at)])
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        assert went(store) == ([(key("ann"), NOW + HOUR)] if is_noted else [])

    def test_of_whom_the_rules_do_not_place_there_nothing_is_noted(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)), facts("ben", phones=(BEN,)))
        read_rosters(store, roster("g", ANN, BEN))
        tied(store, ann=ANN, ben=BEN)
        placed(store, "ben")
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        assert went(store) == [(key("ben"), NOW + HOUR)]
        with store.begin() as uow:
            uow.rosters.expect(key("ben"), {WARD: Expectation.FORMER}, NOW + 2 * HOUR)
        read_rosters(store, roster("g", at=NOW + DAY), at=NOW + DAY)
        assert went(store) == []

    def test_whom_the_rules_place_by_another_account_is_noted(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,), employee_id="E-1"), facts("ann2", employee_id="E-1"))
        read_rosters(store, roster("g", ANN))
        tied(store, ann=ANN)
        placed(store, "ann2")
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        assert went(store) == [(key("ann"), NOW + HOUR)]

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

    def test_a_consent_given_since_counts_for_who_left(self, store: Store) -> None:
        read_people(store, facts("ann", phones=(ANN,)))
        read_rosters(store, roster("g", ANN))
        tied(store, ann=ANN)
        placed(store, "ann")
        said(store, "ann", AttestAnswer.ACCEPTED)
        read_rosters(store, roster("g", at=NOW + HOUR), at=NOW + HOUR)
        assert len(went(store)) == 1
        said(store, "ann", AttestAnswer.ACCEPTED, NOW + 2 * HOUR)
        assert went(store) == []

    def test_groups_that_may_be_about_to_show_a_number(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"))
        read_rosters(store, roster("g", BEN), roster("other"))
        tied(store, ben=BEN)
        with store.reading() as uow:
            assert uow.consents.groups(RULE, None, 9, is_everywhere=True) == (None, [])
        placed(store, "ben")
        with store.reading() as uow:
            assert uow.consents.groups(RULE, None, 9, is_everywhere=True) == (None, [])
        placed(store, "ann")
        with store.begin() as uow:
            last, views = uow.consents.groups(RULE, None, 9, is_everywhere=True)
            assert (last, [view.key for view in views]) == (WARD, [WARD])
            assert [one.person.key for one in views[0].missing] == [key("ann")]
            assert uow.consents.groups(RULE, WARD, 9, is_everywhere=True) == (None, [])
            assert uow.consents.groups(HERE, None, 9, is_everywhere=False) == (None, [])
            uow.attestations.scope(HERE.name, [WARD], NOW)
            assert uow.consents.groups(HERE, None, 9, is_everywhere=False)[0] == WARD
            assert uow.attestations.groups_of(HERE, [WARD, GroupKey("wards", "other")]) == {WARD}

    def test_who_is_asked_is_looked_at_though_they_are_listed(self, store: Store) -> None:
        read_people(store, facts("ben"))
        read_rosters(store, roster("g", BEN))
        tied(store, ben=BEN)
        placed(store, "ben")
        with store.begin() as uow:
            uow.tickets.insert([asked("ben")])
            assert uow.consents.asked() == {key("ben")}
            assert uow.consents.groups(RULE, None, 9, is_everywhere=True)[0] == WARD
            [one] = uow.consents.tickets([key("ann"), key("ben")])
            assert one.person == key("ben")

    def test_only_private_numbers_are_asked_about_and_unknown_ones_counted(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"), facts("cem"), facts("dee", enabled=False))
        with store.begin() as uow:
            uow.consents.note(dict.fromkeys(map(key, ("ann", "dee")), Numbers.PRIVATE), NOW)
            uow.consents.note({key("ben"): Numbers.UNKNOWN}, NOW)
            uow.consents.note({key("cem"): Numbers.PRIVATE}, NOW - DAY)
            uow.consents.forget_before(NOW)
        with store.reading() as uow:
            assert uow.attestations.count_to_ask(RULE, NOW, is_everywhere=True) == 1
            counts = uow.attestations.counts(RULE, NOW, is_everywhere=True)
        assert (counts.subjects, counts.passed, counts.declined, counts.unknown) == (1, 0, 0, 1)

    def test_the_newest_answer_counts(self, store: Store) -> None:
        read_people(store, facts("ann"))
        with store.begin() as uow:
            uow.consents.note({key("ann"): Numbers.PRIVATE}, NOW)
        found = []
        for hours, answer in enumerate((AttestAnswer.ACCEPTED, AttestAnswer.DECLINED, AttestAnswer.ACCEPTED)):
            said(store, "ann", answer, NOW + timedelta(hours=hours))
            with store.reading() as uow:
                counts = uow.attestations.counts(RULE, NOW + DAY, is_everywhere=True)
                passed = uow.attestations.passed(RULE, [key("ann")], NOW + DAY)
                declined = uow.attestations.declined(RULE, [key("ann")])
                assert uow.attestations.count_to_ask(RULE, NOW + DAY, is_everywhere=True) == 0
                assert uow.consents.answered(None, 9) == [key("ann")]
                assert uow.consents.answered(key("ann"), 9) == []
                assert [one.person.key for one in uow.consents.people([key("ann")])] == [key("ann")]
            found.append((counts.passed, counts.declined, len(passed), len(declined)))
        assert found == [(1, 0, 1, 0), (0, 1, 0, 1), (1, 0, 1, 0)]

    def test_whose_last_word_is_no_is_looked_at_at_night(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"), facts("cem"))
        said(store, "ann", AttestAnswer.DECLINED)
        said(store, "ben", AttestAnswer.ACCEPTED)
        said(store, "cem", AttestAnswer.DECLINED)
        said(store, "cem", AttestAnswer.ACCEPTED, NOW + HOUR)
        with store.begin() as uow:
            uow.people.take_dirty(9)
            uow.consents.mark_withdrawn_dirty(NOW)
            count, cases = uow.people.take_dirty(9)
        assert (count, [case.key for case in cases]) == (1, [key("ann")])

    def test_a_policy_that_is_a_gate_asks_who_is_to_be_added_too(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"), facts("cem"))
        read_rosters(store, roster("g", BEN))
        tied(store, ben=BEN)
        placed(store, "ann")
        with store.begin() as uow:
            assert uow.attestations.count_to_ask(GATE, NOW, is_everywhere=True) == 2
            assert uow.attestations.count_to_ask(GATE, NOW, is_everywhere=False) == 0
            uow.attestations.scope(GATE.name, [WARD], NOW)
            assert uow.attestations.count_to_ask(GATE, NOW, is_everywhere=False) == 2
            waived = replace(
                asked("ann"), occasion="policy:chat@1", state=TicketState.WAIVED, waived_until=NOW + HOUR
            )
            uow.tickets.insert([waived])
            assert uow.attestations.excused(GATE, [key("ann"), key("ben")], NOW) == {key("ann")}
            assert uow.attestations.excused(GATE, [key("ann")], NOW + DAY) == set()
            uow.attestations.see_texts([TextSeen(GATE.name, "1", "en", "")], NOW)
            new = replace(GATE, version="2")
            assert uow.attestations.excused(new, [key("ann")], NOW) == set()
            assert uow.attestations.excused(replace(new, is_material=False), [key("ann")], NOW) == {
                key("ann")
            }
        said(store, "ben", AttestAnswer.ACCEPTED, statement=Statement.POLICY)
        with store.begin() as uow:
            assert uow.attestations.passed(GATE, [key("ann"), key("ben")], NOW) == {key("ben")}
            assert uow.attestations.needless([AskingRule(GATE, True)]) == []
