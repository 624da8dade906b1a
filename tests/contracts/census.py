"""What every `ports.store.Store` keeps of the census, and whom it would ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from builders import DAY, HOUR, NOW, facts, key, ticket
from contracts.live import read
from contracts.unit_of_work import read_people, read_rosters, roster
from worker.domain.controls.census import CandidateDecision, CensusMention, CensusRow, KnownName
from worker.domain.controls.others import CENSUS
from worker.domain.controls.state import CENSUS_SOURCE
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.groups.pairing import Pair, PairState
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import GroupKey, HandleKey
from worker.domain.text.reason import Reason
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports.state.attestations import AskingRule
from worker.ports.state.group_states import Lists
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.store import Store

WARD, PORTERS = CensusRow("Ward 9", "whatsapp", "Dee", 12), CensusRow("Porters")
RULE = StatementRule(
    Statement.CENSUS, CENSUS.id, ControlSwitch(Mode.TICKET), "", "1", every=timedelta(days=365)
)


def by(person: str = "ann", number: int = 1, at: datetime = NOW) -> CensusMention:
    return CensusMention(at, key(person), ticket=number)


class CensusContract:
    """The part of the suite about the census."""

    def test_managers_are_whom_a_census_asks(self, store: Store) -> None:
        read_people(
            store,
            facts("ann", manager_id="ann"),
            facts("ben", manager_id="cem"),
            facts("cem", manager_id="gone"),
            facts("dee", manager_id="eve", enabled=False),
            facts("eve", manager_id="cem"),
        )
        with store.reading() as uow:
            assert uow.attestations.count_to_ask(RULE, NOW, is_everywhere=True) == 1
            assert uow.attestations.counts(RULE, NOW, is_everywhere=True).subjects == 1
            assert not uow.attestations.needless([AskingRule(RULE, True)])
        read_people(store, facts("ben", manager_id="eve"), is_full=False, at=NOW + HOUR)
        with store.reading() as uow:
            assert uow.attestations.count_to_ask(RULE, NOW, is_everywhere=True) == 2

    def test_a_name_is_one_candidate_whoever_writes_it(self, store: Store) -> None:
        with store.begin() as uow:
            uow.census.note([WARD, PORTERS], by())
            uow.census.note([replace(WARD, name="WARD  9")], by("ben", 2, NOW + HOUR))
            uow.census.note([replace(WARD, messenger="signal")], by("ben", 2, NOW + HOUR))
            uow.census.note([WARD], by())  # once more
        with store.reading() as uow:
            ward, porters, other = uow.census.candidates()
            assert (ward.name, ward.messenger, ward.named_by, ward.named_at) == ("Ward 9", "whatsapp", 2, NOW)
            assert [one.person for one in ward.mentions] == [key("ben"), key("ann")]
            assert (porters.label, other.messenger) == ("C-000002", "signal")
            assert uow.census.of_ticket(1) == [WARD, PORTERS]
            assert uow.census.get(2) == porters
            assert uow.census.get(9) is None

    def test_what_an_answer_named_is_forgotten_unless_others_did_or_it_was_decided(
        self, store: Store
    ) -> None:
        with store.begin() as uow:
            uow.census.note([PORTERS], by())
            uow.census.note([WARD, CensusRow("Kitchen"), CensusRow("Theatre")], by(at=NOW + HOUR))
            uow.census.note([WARD], by("ben", 2))
            uow.census.decide(4, CandidateDecision.NOT_A_GROUP, None, "Nia", NOW)
            uow.census.forget(1, NOW + HOUR)
        with store.reading() as uow:
            assert [one.name for one in uow.census.candidates()] == ["Porters", "Ward 9", "Theatre"]
            assert uow.census.of_ticket(1) == [PORTERS]

    def test_a_decision_is_kept_with_the_group_and_who(self, store: Store) -> None:
        with store.begin() as uow:
            uow.census.note([WARD, PORTERS], by())
            uow.census.decide(1, CandidateDecision.GROUP, GroupKey("wards", "w9"), "Nia", NOW + DAY)
        with store.reading() as uow:
            [one] = uow.census.candidates({CandidateDecision.GROUP})
            assert (one.id, one.group, one.decided_by) == (1, GroupKey("wards", "w9"), "Nia")
            assert one.decided_at == NOW + DAY
            assert [one.id for one in uow.census.candidates({CandidateDecision.OPEN})] == [2]

    def test_the_public_form_counts_a_name_once_a_day_and_brings_so_many_new_ones(self, store: Store) -> None:
        with store.begin() as uow:
            assert uow.census.note_anonymous([WARD, PORTERS], NOW, NOW, 1) == 1
            assert uow.census.note_anonymous([WARD], NOW, NOW + HOUR, 1) == 0
            uow.census.note([CensusRow("Kitchen")], by(at=NOW + HOUR))
            assert uow.census.note_anonymous([CensusRow("Kitchen")], NOW, NOW + 2 * HOUR, 1) == 0
            assert uow.census.note_anonymous([PORTERS, WARD], NOW + DAY, NOW + DAY, 1) == 0
        with store.reading() as uow:
            ward, kitchen, porters = uow.census.candidates()
            assert (ward.named_by, ward.anonymous, ward.last_named_at) == (0, 3, NOW + DAY)
            assert [one.times for one in ward.mentions] == [1, 2]
            assert (kitchen.named_by, kitchen.anonymous) == (1, 1)
            assert porters.anonymous == 1

    def test_names_come_with_the_group_that_they_lead_to(self, store: Store) -> None:
        read(store, "list", roster("ward-7", "+447700900100"))
        read_rosters(store, roster("w7", "+447700900100"), roster("w8", "+447700900100"))
        one, other = GroupKey("list", "ward-7"), GroupKey("wards", "w7")
        with store.begin() as uow:
            uow.pairs.put(Pair(one, other, PairState.CONFIRMED, Reason("so"), NOW))
            uow.pairs.follow({"wards": 3, "list": 1}, NOW)
        with store.reading() as uow:
            found = list(uow.census.names(Lists(frozenset({"list"}), frozenset({"list"}))))
        w7, w8, row = GroupKey("wards", "w7"), GroupKey("wards", "w8"), GroupKey("list", "ward-7")
        assert found == [
            KnownName(w7, "ward-7", "whatsapp", is_register=True, row=row),
            KnownName(w7, "w7", "whatsapp"),
            KnownName(w8, "w8", "whatsapp"),
        ]

    def test_people_are_known_by_their_whole_name_or_address(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben", enabled=False), facts("ann2", display_name="Ann"))
        with store.reading() as uow:
            assert [one.key for one in uow.census.known_as("Ann")] == [key("ann"), key("ann2")]
            assert [one.key for one in uow.census.known_as("ANN@corp.example")] == [key("ann")]
            assert not uow.census.known_as("Ben")
            assert not uow.census.known_as("An")

    def test_groups_under_somebody_are_those_of_their_people(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben", manager_id="ann", phones=("+447700900100",)))
        read_rosters(store, roster("w7", "+447700900100"), roster("w8", "+447700900101"))
        link = Identity(IdentityState.LINKED, "", key("ben"), How.CONFIRMED, Reason("they said so"))
        with store.begin() as uow:
            uow.identities.answer([HandleIdentity(HandleKey("wards", "+447700900100"), link)], NOW, "Nia")
            assert uow.census.groups_under(key("ann"), 9) == ["w7"]
            assert uow.census.groups_under(key("ben"), 9) == []

    def test_live_tickets_about_names_are_told_from_others(self, store: Store) -> None:
        where = GroupKey(CENSUS_SOURCE, "C-1")
        named = ticket(TicketKind.REGISTER_GROUP, about=About.GROUP, handle="", person=None, group=where)
        over = replace(named, occasion="x", state=TicketState.CANCELLED)
        with store.begin() as uow:
            uow.tickets.insert([ticket(), named, over])
        with store.reading() as uow:
            assert [one.id for one in uow.census.live_tickets()] == [2]

    def test_the_newest_link_counts(self, store: Store) -> None:
        with store.begin() as uow:
            assert uow.census.links() == []
            uow.census.add_link("a" * 22, NOW)
            uow.census.add_link("b" * 22, NOW + HOUR)
        with store.reading() as uow:
            assert uow.census.links() == ["b" * 22, "a" * 22]
