"""What every `ports.store.Store` keeps of reports of bad messages, and of the links by which people report them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import DAY, HOUR, NOW, ticket
from worker.domain.controls.reports import BadMessage, ReportOutcome, SeenWhen, Tier
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, Grade, TicketKind, TicketState
from worker.ports.state.bad_messages import ReportedPlace, ReportLink
from worker.ports.state.store import Store, UnitOfWork

WARD, HALL = GroupKey("wards", "w7"), GroupKey("wards", "hall")
MINUTE = HOUR / 60


def bad(receipt: str, **changes: Any) -> BadMessage:
    one = BadMessage(WARD, "Ward 7", Tier.OTHER, False, NOW, receipt, "a joke", department="Nursing")
    return replace(one, **changes)


def handled(uow: UnitOfWork, occasion: str, **changes: Any) -> int:
    draft = ticket(TicketKind.HANDLE_REPORT, about=About.GROUP, handle="", person=None, occasion=occasion)
    [stored] = uow.tickets.insert([replace(draft, **changes)])
    return stored.id


class BadMessagesContract:
    """The part of the suite about reports."""

    def test_a_group_has_a_link_for_each_text_of_its_rules(self, store: Store) -> None:
        first, second = ReportLink("a" * 22, WARD, "one", NOW), ReportLink("b" * 22, WARD, "two", NOW)
        with store.begin() as uow:
            uow.bad_messages.add_link(first)
            uow.bad_messages.add_link(second)
        with store.reading() as uow:
            assert uow.bad_messages.link(first.token) == first
            assert uow.bad_messages.link_of(WARD, "two") == second
            assert uow.bad_messages.link_of(WARD, "three") is None
            assert uow.bad_messages.link_of(HALL, "one") is None
            assert uow.bad_messages.link("c") is None

    def test_a_report_is_kept_with_its_number_and_found_again(self, store: Store) -> None:
        with store.begin() as uow:
            kept = uow.bad_messages.add(bad("ONE", seen=SeenWhen.TODAY, about_admin=True))
            number = handled(uow, "report:R-000001")
            uow.bad_messages.under(kept, number)
            other = uow.bad_messages.add(bad("TWO"))
        with store.reading() as uow:
            assert (kept.label, other.label) == ("R-000001", "R-000002")
            assert uow.bad_messages.by_receipt("ONE") == replace(kept, ticket=number)
            assert uow.bad_messages.by_receipt("THREE") is None
            assert [one.label for one in uow.bad_messages.page(0, 9)] == ["R-000001", "R-000002"]
            assert [one.label for one in uow.bad_messages.page(1, 9)] == ["R-000002"]
            assert [one.label for one in uow.bad_messages.page(0, 1)] == ["R-000001"]
            assert [one.label for one in uow.bad_messages.of_ticket(number, 9)] == ["R-000001"]
            assert uow.bad_messages.count_of_ticket(number) == 1
        with store.begin() as uow:
            uow.bad_messages.under(other, number)
            shared = uow.bad_messages.by_receipt("ONE")
            assert shared == replace(kept, ticket=number, is_among_others=True)
        with store.reading() as uow:
            assert uow.bad_messages.count_since(WARD, NOW) == 2
            assert uow.bad_messages.count_since(WARD, NOW + MINUTE) == 0
            assert uow.bad_messages.count_since(HALL, NOW) == 0

    def test_the_same_text_by_the_same_form_is_the_same_report(self, store: Store) -> None:
        with store.begin() as uow:
            text = uow.bad_messages.add(bad("ONE", once="form"))
            empty = uow.bad_messages.add(bad("TWO", words="", once="empty"))
            uow.bad_messages.add(bad("THREE"))
        before = NOW - MINUTE
        with store.reading() as uow:
            assert uow.bad_messages.same(bad("X", once="form"), before) == text
            assert uow.bad_messages.same(bad("X", words="", once="empty"), before) == empty
            for other in (
                {"words": "another"}, {"group": HALL}, {"tier": Tier.HARM}, {"about_admin": True},
                {"once": "other"}, {"once": ""},
            ):  # fmt: skip
                assert uow.bad_messages.same(bad("X", **({"once": "form"} | other)), before) is None
            assert uow.bad_messages.same(bad("X", once="form"), NOW) is None

    def test_outcomes_are_counted_and_can_be_taken_back(self, store: Store) -> None:
        with store.begin() as uow:
            verified = {"state": TicketState.VERIFIED, "grade": Grade.B}
            numbers = [
                handled(uow, "1", **verified), handled(uow, "2"), handled(uow, "3", state=TicketState.WAIVED)
            ]  # fmt: skip
            for at, number in enumerate(numbers):
                uow.bad_messages.under(uow.bad_messages.add(bad(str(at))), number)
            uow.bad_messages.settle(numbers[0], ReportOutcome.TOO_LATE, "a line", NOW)
        with store.begin() as uow:
            counts = uow.bad_messages.counts()
            assert (counts.settled, counts.waiting, counts.waived) == (1, 1, 1)
            assert (counts.grades, counts.oldest_at) == ({"B": 1}, NOW)
            found = uow.bad_messages.by_receipt("0")
            assert found is not None
            assert (found.outcome, found.outcome_words, found.outcome_at, found.grade) == (
                ReportOutcome.TOO_LATE, "a line", NOW, Grade.B,
            )  # fmt: skip
            uow.bad_messages.void(numbers[0])
            assert uow.bad_messages.counts().settled == 0
            assert uow.bad_messages.counts().oldest_at is None

    def test_texts_are_forgotten_after_the_outcome_and_where_a_ticket_is_waived(self, store: Store) -> None:
        with store.begin() as uow:
            states = [TicketState.VERIFIED, TicketState.OPEN, TicketState.WAIVED]
            numbers = [handled(uow, str(at), state=state) for at, state in enumerate(states)]
            for at, number in enumerate(numbers):
                uow.bad_messages.under(uow.bad_messages.add(bad(str(at))), number)
            uow.bad_messages.settle(numbers[0], ReportOutcome.TOO_LATE, "a line", NOW)
            assert uow.bad_messages.forget_texts(NOW) == 0
            assert uow.bad_messages.forget_texts(NOW + DAY) == 2
            assert uow.bad_messages.forget_texts(NOW + DAY) == 0
            found = [uow.bad_messages.by_receipt(str(at)) for at in range(3)]
            assert [one.words for one in found if one] == [None, "a joke", None]
            assert [one.outcome_words for one in found if one] == ["", "", ""]

    def test_places_with_several_reports_are_named_and_no_person(self, store: Store) -> None:
        with store.begin() as uow:
            for at, group in enumerate((WARD, WARD, WARD, HALL)):
                name = "Ward 7" if group == WARD else "Hall"
                uow.bad_messages.add(bad(str(at), group=group, group_name=name))
            uow.bad_messages.add(bad("5", group=GroupKey("wards", "x"), group_name="X", department=""))
        with store.reading() as uow:
            assert list(uow.bad_messages.repeated()) == [
                ReportedPlace("Ward 7", "", 3),
                ReportedPlace("", "Nursing", 4),
            ]

    def test_live_tickets_are_those_that_wait_for_an_outcome(self, store: Store) -> None:
        with store.begin() as uow:
            first = handled(uow, "1", assignee=Assignee("ann@corp.example", person=AccountKey("corp", "ann")))
            handled(uow, "2", state=TicketState.VERIFIED)
            last = handled(uow, "3")
            assert [one.id for one in uow.bad_messages.live_tickets()] == [first, last]
