"""A list of members that is old, or that the register contradicts, is looked through by somebody: everybody in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from declaring import add_declared
from harness import Harness
from worker.app.acts.declared import FilledIn
from worker.app.acts.reviewing import ReviewShown
from worker.app.tell.health import Freshness
from worker.domain.controls.policy import ControlPolicy, RegisterRule, ReviewSection
from worker.domain.controls.reviewing import ReviewRule, RowAnswer
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.groups.capabilities import Capabilities
from worker.domain.kinds import kind_of
from worker.domain.model import Coverage
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports.state.controls import ControlCounts

ASKS = ControlSwitch(Mode.TICKET)
FRESH = RegisterRule(ASKS, required=())
REVIEW = ReviewSection(ASKS, ReviewRule(sample=0, full_every=100))
Made = Callable[..., Harness]
OPEN, VERIFIED, CANCELLED = TicketState.OPEN, TicketState.VERIFIED, TicketState.CANCELLED


def reviews(harness: Harness, *, own: bool = False) -> list[Ticket]:
    found = harness.tickets(TicketKind.REVIEW_GROUP)
    return [one for one in found if one.occasion.endswith("/own") is own]


def run(harness: Harness, **spans: float) -> None:
    harness.later(**spans)
    harness.control()


def look(harness: Harness, ticket: Ticket) -> ReviewShown:
    return harness.app.reviewing.look(harness.link(ticket.id).rpartition("/")[2], harness.now)


def keep_all(harness: Harness, ticket: Ticket) -> Ticket:
    said = {row.member.mark: RowAnswer.KEEP for row in look(harness, ticket).left}
    token = harness.link(ticket.id).rpartition("/")[2]
    return harness.app.reviewing.answer(token, said, harness.now).ticket


def counts(harness: Harness, control: str = "group.roster_fresh") -> ControlCounts:
    return next(one.counts for one in harness.app.controls.report(harness.now) if one.control == control)


@pytest.fixture
def ward(start: Made) -> Harness:
    """Ward 7, whose list was read; the first run, which found nothing, is over."""
    harness = start(controls=ControlPolicy(register=(FRESH,)), are_lists=True, registers=())
    harness.control()
    return harness


class TestOldLists:
    def test_somebody_looks_at_everybody_once(self, ward: Harness) -> None:
        run(ward, days=89)
        assert not reviews(ward)
        run(ward, days=2)
        run(ward, days=1)
        [ticket] = reviews(ward)
        assert ticket.occasion == "review:roster@2026-11-24"
        assert ticket.due_at - ticket.opened_at == timedelta(days=7)
        assert ticket.assignee
        assert ticket.assignee.email == "dee@corp.example"
        said = kind_of(ticket).why(ticket, "Europe/London", ENGLISH, {})
        assert said == "The list of members may be wrong: no complete one is newer than 24 Nov 2026."
        assert [row.member.name for row in look(ward, ticket).left] == ["Ann", "Ben", "Cem"]
        assert [row.member.name for row in look(ward, reviews(ward, own=True)[0]).left] == ["Dee"]

    def test_mode_report_opens_nothing(self, ward: Harness) -> None:
        controls = ControlPolicy(register=(replace(FRESH, switch=ControlSwitch()),))
        ward.start(replace(ward.app.rules, controls=controls))
        run(ward, days=91)
        assert not reviews(ward)
        assert counts(ward).failed == 1

    def test_in_a_sensitive_group_there_are_three_days(self, ward: Harness) -> None:
        ward.start(replace(ward.app.rules, sensitive=("Ward 7",)))
        run(ward, days=91)
        assert reviews(ward)[0].due_at - reviews(ward)[0].opened_at == timedelta(days=3)

    def test_a_review_of_everybody_counts_as_somebodys_word(self, ward: Harness) -> None:
        run(ward, days=91)
        after = keep_all(ward, reviews(ward)[0])
        assert (after.state, after.grade) == (VERIFIED, Grade.C)
        assert (counts(ward).passed, counts(ward).grades) == (1, {"C": 1})
        run(ward, days=89)
        assert len(reviews(ward)) == 1
        run(ward, days=2)
        assert [one.occasion for one in reviews(ward)] == [
            "review:roster@2026-11-24",
            "review:roster@2027-02-23",
        ]
        assert reviews(ward, own=True)[0].state is OPEN, "its row is still nobody's"

    def test_a_newer_list_proves_it(self, ward: Harness) -> None:
        run(ward, days=91)
        ward.later()
        ward.inventory()
        ward.control()
        assert [(one.state, one.grade) for one in ward.tickets(TicketKind.REVIEW_GROUP)] == [
            (VERIFIED, Grade.B)
        ] * 2
        assert counts(ward).grades == {"B": 1}

    def test_one_that_is_never_complete_says_so_without_a_day_and_is_waived_for_good(
        self, ward: Harness
    ) -> None:
        ward.wards.mark("ward-7", Coverage.PARTIAL)

        def read() -> list[str]:
            ward.later(days=1)
            ward.inventory()
            ward.control()
            return [one.state.value for one in reviews(ward)]

        assert [read(), read()] == [["open"], ["open"]]
        [ticket] = reviews(ward)
        said = kind_of(ticket).why(ticket, "Europe/London", ENGLISH, {})
        assert said == "The list of members may be wrong: no complete and fresh roster."
        ward.desk.waive(ticket.id, Actor("sam", "os:sam"), "the gateway shows no more", ward.now)
        assert [read() for _ in range(3)] == [["waived"]] * 3
        ward.wards.mark("ward-7", Coverage.FULL)
        read()
        run(ward, days=91)
        assert [one.state.value for one in reviews(ward)] == ["waived", "open"], (
            "an old list is another fault"
        )

    def test_an_empty_list_asks_nobody(self, ward: Harness) -> None:
        ward.group("ward-9")
        ward.settle()
        run(ward, days=91)
        assert [one.group_name for one in reviews(ward)] == ["Ward 7"]
        assert counts(ward).failed == 2

    def test_a_sample_does_not_count(self, ward: Harness) -> None:
        drawn = replace(REVIEW, review=ReviewRule(sample=1, full_every=100))
        ward.start(replace(ward.app.rules, controls=ControlPolicy(register=(FRESH,), review=(drawn,))))
        ward.control()
        ward.decide()
        ward.control()
        keep_all(ward, reviews(ward)[0])  # the first shows everybody
        ward.later(days=88)
        ward.inventory()
        ward.control()
        ward.later(days=3)
        ward.control()
        assert counts(ward).failed == 0
        keep_all(ward, reviews(ward)[-1])
        home = reviews(ward)[0].home
        with ward.store.reading() as uow:
            assert uow.reviews.last_of([home], is_full=True)[home] < uow.reviews.last_of([home])[home]


class TestWithPeriodicReviews:
    def test_both_are_one_ticket_that_shows_everybody(self, ward: Harness) -> None:
        short = replace(FRESH, roster_max_age=timedelta(days=2))
        ward.start(replace(ward.app.rules, controls=ControlPolicy(register=(short,), review=(REVIEW,))))
        ward.control()
        ward.decide()
        ward.control()
        keep_all(ward, reviews(ward)[0])
        ward.later(days=89)
        ward.inventory()
        ward.control()
        run(ward, days=3)
        assert len(reviews(ward)) == 2
        ticket = reviews(ward)[1]
        assert {fault["control"] for fault in ticket.details["faults"]} == {
            "group.roster_fresh",
            "group.review",
        }
        assert [row.member.name for row in look(ward, ticket).left] == ["Ann", "Ben", "Cem"]
        keep_all(ward, ticket)
        ward.control()
        assert (counts(ward).failed, counts(ward, "group.review").failed) == (0, 0)
        assert len(reviews(ward)) == 2

    def test_a_review_that_is_open_shows_everybody_once_the_list_is_old(self, ward: Harness) -> None:
        short = replace(FRESH, roster_max_age=timedelta(days=5))
        ward.start(replace(ward.app.rules, controls=ControlPolicy(register=(short,), review=(REVIEW,))))
        ward.control()
        ward.decide()
        ward.control()
        keep_all(ward, reviews(ward)[0])
        ward.later(days=91)
        ward.inventory()
        ward.control()
        ticket = reviews(ward)[1]
        assert len(look(ward, ticket).left) == 1
        run(ward, days=6)
        assert len(reviews(ward)) == 2
        assert [row.member.name for row in look(ward, reviews(ward)[1]).left] == ["Ann", "Ben", "Cem"]


class TestRegistersThatDiffer:
    @pytest.fixture
    def two(self, found: Made) -> Harness:
        """A register and a linked phone, which show the same ward."""
        harness = found(inventories=("register", "phone"), controls=ControlPolicy(register=(FRESH,)))
        harness.hire("ann", "ben", "eve", "joe", "dee")
        harness.inventories[0].can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
        harness.inventories[1].can = Capabilities()
        for at, name in enumerate(("ward-7", "120@g.us")):
            harness.group(name, "ann", "ben", "eve", "joe", admins=["dee"], at=at, name="Ward 7")
        harness.start(harness.app.rules)
        harness.settle()
        harness.control()
        return harness

    def read(self, harness: Harness, **spans: float) -> None:
        harness.later(**spans)
        harness.inventory()
        harness.control()

    def test_after_seven_days_somebody_looks(self, two: Harness) -> None:
        two.inventories[0].remove_member("ward-7", two.number("ann"))
        self.read(two)
        self.read(two, days=6)
        assert not reviews(two)
        self.read(two, days=1)
        [ticket] = reviews(two)
        assert (ticket.home.source, ticket.occasion) == ("phone", "review:roster@2026-11-24")
        said = kind_of(ticket).why(ticket, "Europe/London", ENGLISH, {})
        assert "the register and the messenger have differed since 24 Nov 2026" in said
        assert len(look(two, ticket).left) == 4

    def test_it_ends_when_they_agree(self, two: Harness) -> None:
        two.inventories[0].remove_member("ward-7", two.number("ann"))
        self.read(two)
        self.read(two, days=8)
        two.inventories[0].add_member("ward-7", two.member("ann"))
        self.read(two)
        self.read(two)
        assert [(one.state, one.grade) for one in reviews(two)] == [(VERIFIED, Grade.A)]

    def test_a_difference_that_went_away_counts_anew(self, two: Harness) -> None:
        two.inventories[0].remove_member("ward-7", two.number("ann"))
        self.read(two)
        two.inventories[0].add_member("ward-7", two.member("ann"))
        self.read(two, days=5)
        two.inventories[0].remove_member("ward-7", two.number("ann"))
        self.read(two, days=1)
        self.read(two, days=6)
        assert not reviews(two)
        self.read(two, days=1)
        assert len(reviews(two)) == 1


class TestDeclared:
    @pytest.fixture
    def said(self, found: Made) -> Harness:
        """Ward 7, whose admin Dee has declared it; the first run of reviews is released."""
        harness = found(controls=ControlPolicy(register=(FRESH,), review=(REVIEW,)), has_links=True)
        harness.hire("ann", "ben", "dee")
        harness.group("ward-7", "ann", "ben", admins=["dee"])
        add_declared(harness, confirm_every=timedelta(days=30))
        harness.settle()
        harness.later()
        declare(harness)
        harness.settle()
        harness.control()
        return harness

    def test_a_confirmation_counts_as_a_review(self, said: Harness) -> None:
        assert counts(said, "group.review").grades == {"C": 1}
        assert not reviews(said)

    def test_the_confirmation_is_the_one_ticket_and_the_one_page(self, said: Harness) -> None:
        said.later(days=91)
        said.settle()
        said.control()
        assert [one.kind for one in said.tickets()] == [TicketKind.CONFIRM_ROSTER]
        assert counts(said, "group.review").failed + counts(said, "group.review").unknown == 1
        assert counts(said).failed == 1
        said.later()
        declare(said)
        said.settle()
        said.control()
        assert [one.state for one in said.tickets()] == [VERIFIED]
        assert (counts(said, "group.review").passed, counts(said).passed) == (1, 1)

    def test_a_review_that_is_open_makes_way_for_it(self, said: Harness) -> None:
        often = ReviewSection(ASKS, ReviewRule(every=timedelta(days=20)))
        fresh = Freshness(timedelta(days=400), {})
        rules = replace(said.app.rules, controls=ControlPolicy(review=(often,)), fresh_inventories=fresh)
        said.app = replace(said.app, rules=rules)
        add_declared(said, confirm_every=timedelta(days=30))
        said.later(days=21)
        said.control()
        said.control()
        assert {one.state for one in said.tickets(TicketKind.REVIEW_GROUP)} == {OPEN}
        said.later(days=10)
        said.settle()
        said.control()
        assert {one.state for one in reviews(said)} == {CANCELLED}
        assert [one.state for one in said.tickets(TicketKind.CONFIRM_ROSTER)] == [OPEN]


def declare(harness: Harness) -> None:
    declaring = harness.app.declaring
    token = declaring.link("wards/ward-7", Actor("sam"), harness.now).rpartition("/g/")[2]
    shown = declaring.look(token, harness.now)
    said = FilledIn(shown.mark, frozenset(mark for mark, _ in shown.members))
    declaring.declare(token, said, declaring.check(token, said, harness.now).mark, harness.now)
