"""What is decided about each name of the census, and what the public form adds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import key
from counted import ASKS, WARD_9, YEARLY, Made, answer, asking, candidates, counts, token
from fakes.interleaved import Interleaved
from harness import Harness
from worker.app.acts.census import TooManyNames
from worker.app.reads.census import CandidateShown, census_shown
from worker.app.refused import Refused
from worker.app.tell.signed_links import Dead, LinkDead, SignedLinks
from worker.domain.controls.census import CandidateDecision, CensusCandidate, CensusRow
from worker.domain.controls.policy import ControlPolicy, RegisterRule
from worker.domain.controls.switch import ControlSwitch
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import AssigneeWhy, Grade, Ticket, TicketKind, TicketState

REGISTER = RegisterRule(ASKS, required=("owner_email",))
NIA = Actor("Nia")


@pytest.fixture
def asked(start: Made) -> Made:
    return asking(start)


@pytest.fixture
def named(found: Made) -> Made:
    """A company with a register that was read; Ann named a group that it does not have."""

    def make(*rows: CensusRow, register: RegisterRule = REGISTER, **wishes: object) -> Harness:
        policy = ControlPolicy(statements=(YEARLY,), register=(register,), daily_max=10)
        harness = found(controls=policy, registers=("list",), **wishes)
        harness.hire("ann", "dee", "eve")
        harness.hire("ben", manager_id="ann")
        harness.group("ward-7", "ann", "ben", admins=["dee"])
        harness.group("ward-7", "ann", "ben", admins=["dee"], at=1, owner_email="dee@corp.example")
        harness.settle()
        harness.control()
        harness.decide()
        harness.control()
        answer(harness, "Ann", *(rows or (WARD_9,)))
        harness.later(minutes=5)
        return harness

    return make


def decide(
    harness: Harness, decision: CandidateDecision, label: str = "C-1", group: str = ""
) -> CensusCandidate:
    return harness.app.census.decide(label, decision, NIA, harness.now, group, "so")


def asked_for(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.REGISTER_GROUP)


def shown(harness: Harness) -> list[CandidateShown]:
    with harness.store.reading() as uow:
        return census_shown(uow, harness.app.controls.rules.lists)


class TestDeciding:
    def test_a_name_alone_opens_nothing(self, named: Made) -> None:
        harness = named()
        harness.control()
        harness.verify()
        assert not asked_for(harness)
        [one] = shown(harness)
        assert one.is_open
        assert not one.is_known
        assert (one.match.same, one.match.alike, one.ticket) == ((), (), None)

    def test_what_an_inventory_has_under_the_same_name_is_known(self, named: Made) -> None:
        harness = named(
            CensusRow("WARD  7", "whatsapp"), CensusRow("ward-7", "whatsapp"), CensusRow("Ward 7", "signal")
        )
        by_name = {(one.candidate.name, one.candidate.messenger): one for one in shown(harness)}
        assert by_name["WARD  7", "whatsapp"].match.same
        assert by_name["WARD  7", "whatsapp"].is_known
        assert by_name["ward-7", "whatsapp"].match.same  # its id
        assert by_name["Ward 7", "signal"].match.alike
        assert not by_name["Ward 7", "signal"].match.same

    def test_asking_for_it_opens_a_ticket_for_the_admin_whom_the_words_name(self, named: Made) -> None:
        harness = named()
        after = decide(harness, CandidateDecision.ASKED)
        assert (after.decision, after.decided_by) == (CandidateDecision.ASKED, "Nia")
        [one] = asked_for(harness)
        assert (one.group_name, one.messenger, one.occasion) == ("Ward 9 nights", "whatsapp", "register")
        assert one.home == GroupKey("~census", "C-000001")
        assert one.assignee
        assert (one.assignee.email, one.assignee.why) == ("dee@corp.example", AssigneeWhy.ADMIN)
        assert harness.kinds()[-2:] == ["census.decided", "ticket.opened"]

    @pytest.mark.parametrize(
        "words, who, why",
        [
            ("", "ann@corp.example", AssigneeWhy.REPORTER),
            ("the matron", "ann@corp.example", AssigneeWhy.REPORTER),
            ("EVE@corp.example", "eve@corp.example", AssigneeWhy.ADMIN),
        ],
    )
    def test_else_whoever_named_it_is_asked(
        self, named: Made, words: str, who: str, why: AssigneeWhy
    ) -> None:
        harness = named(replace(WARD_9, admin=words))
        decide(harness, CandidateDecision.ASKED)
        [one] = asked_for(harness)
        assert one.assignee
        assert (one.assignee.email, one.assignee.why) == (who, why)

    def test_else_the_accountable_person_is_asked(self, named: Made) -> None:
        harness = named(replace(WARD_9, admin=""))
        with harness.store.begin() as uow:
            uow.people.erase(key("ann"))
        decide(harness, CandidateDecision.ASKED)
        [one] = asked_for(harness)
        assert one.assignee is None or one.assignee.why is AssigneeWhy.ACCOUNTABLE

    def test_two_people_of_the_name_are_nobody(self, named: Made) -> None:
        harness = named()
        harness.hire("dee2", display_name="Dee")
        harness.poll()
        decide(harness, CandidateDecision.ASKED)
        [one] = asked_for(harness)
        assert one.assignee
        assert one.assignee.email == "ann@corp.example"

    def test_it_fails_until_the_register_has_it_and_a_claim_alone_proves_nothing(self, named: Made) -> None:
        harness = named()
        before = counts(harness, "group.registered")
        decide(harness, CandidateDecision.ASKED)
        assert counts(harness, "group.registered") == (before[0] + 1, before[1], before[2] + 1, 0)
        harness.control()
        [one] = asked_for(harness)
        assert one.state is TicketState.OPEN
        harness.app.assigned.done(token(harness, one), harness.now)
        harness.later(minutes=5)
        harness.verify()
        assert asked_for(harness)[0].state is TicketState.DONE

        harness.later(minutes=5)
        harness.group("row-9", at=1, name="ward 9  NIGHTS", owner_email="dee@corp.example")
        harness.inventory()
        harness.verify()
        [one] = asked_for(harness)
        assert (one.state, one.grade, one.verified_by) == (TicketState.VERIFIED, Grade.B, "list")
        assert counts(harness, "group.registered")[2] == before[2]

    def test_a_register_read_after_the_claim_without_it_contradicts(self, named: Made) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        harness.app.assigned.done(token(harness, asked_for(harness)[0]), harness.now)
        harness.later(minutes=5)
        harness.group("other", at=1, name="Porters", owner_email="dee@corp.example")
        harness.inventory()
        harness.verify()
        [one] = [one for one in asked_for(harness) if one.home.source == "~census"]
        assert one.state is TicketState.OPEN
        assert one.contradicted == 1

    def test_a_row_without_the_required_columns_is_not_enough(self, named: Made) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        harness.later(minutes=5)
        harness.group("row-9", at=1, name="Ward 9 nights")
        harness.inventory()
        harness.control()
        harness.verify()
        [one] = [one for one in asked_for(harness) if one.home.source == "~census"]
        assert one.state is TicketState.OPEN
        assert [fault["control"] for fault in one.details["faults"]] == ["group.complete"]

    def test_it_ends_when_a_messenger_shows_the_group(self, named: Made) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        harness.group("120@g.us", "ann", name="Ward 9 nights", admins=["dee"])
        harness.inventory()
        harness.control()
        [one] = [one for one in asked_for(harness) if one.home.source == "~census"]
        assert one.state is TicketState.CANCELLED
        with pytest.raises(Refused, match="An inventory shows this group now"):
            decide(harness, CandidateDecision.ASKED)

    def test_another_decision_ends_the_ticket(self, named: Made) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        decide(harness, CandidateDecision.NOT_A_GROUP)
        [one] = asked_for(harness)
        assert one.state is TicketState.CANCELLED
        decide(harness, CandidateDecision.ASKED)
        [one] = asked_for(harness)
        assert one.state is TicketState.OPEN
        assert not shown(harness)[0].is_open

    @pytest.mark.parametrize("decision", [CandidateDecision.NOT_A_GROUP, CandidateDecision.OPEN])
    def test_a_ticket_that_is_reopened_though_nobody_asks_for_it_ends_again(
        self, named: Made, decision: CandidateDecision
    ) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        decide(harness, decision)
        [one] = asked_for(harness)
        harness.later()
        harness.desk.reopen(one.id, NIA, "it is one after all", harness.now)
        harness.later()
        harness.inventory()
        assert harness.verify().counts["inconclusive"] == 1
        harness.later()
        harness.control()
        [one] = asked_for(harness)
        assert (one.state, str(one.reason)) == (
            TicketState.CANCELLED,
            "somebody decided that it is not asked for",
        )

    @pytest.mark.parametrize("at", range(1, 12))
    def test_a_run_ends_whenever_somebody_decides_that_it_is_no_group(self, named: Made, at: int) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        harness.later()
        harness.group("row-9", at=1, name="Ward 9 nights", owner_email="dee@corp.example")
        harness.inventory()
        harness.verify()
        harness.later()
        harness.group("row-9", at=1, name="Ward 9 nights")
        harness.inventory()
        run, deed = harness.app.run_controls, lambda: decide(harness, CandidateDecision.NOT_A_GROUP)
        run._store = store = Interleaved(harness.store, at, deed)
        harness.control()
        assert store.is_done
        run._store = harness.store
        harness.control()
        [one] = [one for one in asked_for(harness) if one.home.source == "~census"]
        assert not one.is_live

    def test_asking_twice_is_asking_once(self, named: Made) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        decide(harness, CandidateDecision.ASKED)
        assert len(asked_for(harness)) == 1

    def test_it_is_asked_for_whatever_the_mode_of_the_section(self, named: Made) -> None:
        harness = named(register=replace(REGISTER, switch=ControlSwitch()))
        decide(harness, CandidateDecision.ASKED)
        harness.control()
        [one] = asked_for(harness)
        assert one.state is TicketState.OPEN

    def test_it_may_be_a_group_that_is_known(self, named: Made) -> None:
        harness = named()
        after = decide(harness, CandidateDecision.GROUP, group="Ward 7")
        assert after.group == GroupKey("wards", "ward-7")
        [one] = shown(harness)
        assert one.is_known
        assert not one.is_open
        [entry] = [one for one in harness.journal() if one.entry.kind == "census.decided"]
        assert entry.entry.data == {"decision": "group", "group": "wards/ward-7"}

    def test_what_is_unknown_is_refused(self, named: Made) -> None:
        harness = named()
        for label in ("C-9", "x", ""):
            with pytest.raises(Refused, match="Nobody named a group"):
                decide(harness, CandidateDecision.NOT_A_GROUP, label)
        with pytest.raises(Refused, match="There is no group"):
            decide(harness, CandidateDecision.GROUP, group="Nowhere")
        assert candidates(harness)[0].decision is CandidateDecision.OPEN

    def test_without_a_register_that_was_read_nobody_is_asked(self, asked: Made) -> None:
        harness = asked(register=(REGISTER,))
        answer(harness, "Ann", WARD_9)
        with pytest.raises(Refused, match="Nothing asks for it"):
            decide(harness, CandidateDecision.ASKED)
        assert candidates(harness)[0].decision is CandidateDecision.OPEN

    def test_whoever_should_do_it_and_left_is_followed(self, named: Made) -> None:
        harness = named()
        decide(harness, CandidateDecision.ASKED)
        harness.leave("dee")
        harness.poll()
        harness.control()
        [one] = [one for one in asked_for(harness) if one.home.source == "~census"]
        assert one.assignee
        assert one.assignee.email == "ann@corp.example"


class TestPublicForm:
    def test_there_is_one_link_until_a_new_one_is_made(self, named: Made) -> None:
        harness = named()
        census = harness.app.census
        first = census.url(NIA, harness.now)
        assert len(first.rpartition("/c/")[2]) == 22
        assert census.url(NIA, harness.now) == first
        second = census.url(NIA, harness.later(), is_new=True)
        census.check_link(second.rpartition("/")[2])
        with pytest.raises(LinkDead) as dead:
            census.check_link(first.rpartition("/")[2])
        assert dead.value.why is Dead.REVOKED
        with pytest.raises(LinkDead) as dead:
            census.check_link("a" * 22)
        assert dead.value.why is Dead.FORGED
        assert harness.kinds().count("census.link_made") == 2
        elsewhere = census.at(SignedLinks("https://elsewhere.example", timedelta(days=1)))
        assert elsewhere.url(NIA, harness.now) == f"https://elsewhere.example/c/{second.rpartition('/')[2]}"

    def test_a_new_link_replaces_one_that_was_made_while_the_clock_was_ahead(self, named: Made) -> None:
        harness = named()
        census = harness.app.census
        first = census.url(NIA, harness.now + timedelta(days=180))
        second = census.url(NIA, harness.now, is_new=True)
        census.check_link(second.rpartition("/")[2])
        with pytest.raises(LinkDead) as dead:
            census.check_link(first.rpartition("/")[2])
        assert dead.value.why is Dead.REVOKED
        assert census.url(NIA, harness.now) == second

    def test_without_the_register_section_there_is_no_link(self, asked: Made) -> None:
        harness = asked()
        with pytest.raises(Refused, match="which is off"):
            harness.app.census.url(NIA, harness.now)

    def test_it_keeps_names_and_nothing_of_who_wrote_them(self, named: Made) -> None:
        harness = named()
        token_ = harness.app.census.url(NIA, harness.now).rpartition("/")[2]
        for _ in range(3):
            harness.app.census.name(token_, [CensusRow("Kitchen", "signal")], harness.now)
        one = candidates(harness)[-1]
        assert (one.name, one.named_by, one.anonymous) == ("Kitchen", 0, 3)
        harness.control()
        assert not asked_for(harness)

    def test_so_many_new_names_a_day_are_kept(self, named: Made) -> None:
        harness = named()
        token_ = harness.app.census.url(NIA, harness.now).rpartition("/")[2]
        for at in range(9):
            rows = [CensusRow(f"Group {at}-{row}") for row in range(11)]
            harness.app.census.name(token_, rows, harness.now)
        for _ in range(2):
            with pytest.raises(TooManyNames):
                harness.app.census.name(token_, [CensusRow("Porters"), CensusRow("Kitchen")], harness.now)
        assert len(candidates(harness)) == 100
        harness.app.census.name(token_, [CensusRow("Porters"), CensusRow("Group 0-0")], harness.now)
        assert len(candidates(harness)) == 101
        harness.later(days=1)
        harness.app.census.name(token_, [CensusRow("Kitchen")], harness.now)
        assert len(candidates(harness)) == 102

    def test_rows_without_a_name_are_refused(self, named: Made) -> None:
        harness = named()
        token_ = harness.app.census.url(NIA, harness.now).rpartition("/")[2]
        for rows in ([], [CensusRow("Kitchen"), CensusRow("", admin="Dee")]):
            with pytest.raises(Refused, match="name of each"):
                harness.app.census.name(token_, rows, harness.now)
        assert len(candidates(harness)) == 1
