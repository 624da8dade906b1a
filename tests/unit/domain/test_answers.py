from __future__ import annotations

import pytest

from builders import NOW, ticket
from worker.domain.model import Role
from worker.domain.reconcile.answering import answered, answers_for
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, NotAllowed, TicketKind, TicketState

DEE = Assignee("dee@example.org", "Dee", AssigneeWhy.ADMIN)
BOSS = "boss@example.org"
OPEN = ticket(assignee=DEE, accountable=BOSS)
ALL = set(Answer) - {Answer.NOT_NEEDED}


@pytest.mark.parametrize("kind, messenger, fits", [
    (TicketKind.REMOVE_MEMBER, "whatsapp", ALL),
    (TicketKind.REMOVE_MEMBER, "signal", ALL - {Answer.CREATOR}),
    (TicketKind.CREATOR_MUST_LEAVE, "whatsapp", ALL - {Answer.CREATOR}),
    (TicketKind.IDENTIFY_MEMBER, "whatsapp", ALL - {Answer.CREATOR, Answer.STILL_WORKS_HERE}),
    (TicketKind.REVIEW_GROUP, "whatsapp", {Answer.NOT_MY_GROUP, Answer.OTHER, Answer.NOT_NEEDED}),
    (TicketKind.REASSIGN_ADMIN, "whatsapp", {Answer.NOT_MY_GROUP, Answer.OTHER}),
    (TicketKind.ADD_MEMBER, "whatsapp", {Answer.NOT_MY_GROUP, Answer.OTHER}),
])  # fmt: skip
def test_each_kind_of_ticket_has_its_answers(kind: TicketKind, messenger: str, fits: set[Answer]) -> None:
    assert set(answers_for(ticket(kind, messenger=messenger))) == fits


@pytest.mark.parametrize("answer, said", [
    (Answer.NOT_MY_GROUP, "Dee: not my group: ask the night shift"),
    (Answer.OTHER, "Dee: can't do it: ask the night shift"),
])  # fmt: skip
def test_who_can_t_hands_it_to_the_accountable_person_with_their_words(answer: Answer, said: str) -> None:
    after = answered(OPEN, answer, "ask the night shift", NOW)

    assert (after.assignee and after.assignee.email, after.reason, after.state) == (
        BOSS,
        said,
        TicketState.OPEN,
    )


@pytest.mark.parametrize("accountable", ["", "DEE@example.org"])
def test_without_anybody_else_accountable_it_is_the_channel_s(accountable: str) -> None:
    after = answered(ticket(assignee=DEE, accountable=accountable), Answer.OTHER, "", NOW)

    assert (after.assignee, after.reason) == (None, "Dee: can't do it")


def test_who_still_works_here_is_in_dispute_and_stays_open() -> None:
    after = answered(OPEN, Answer.STILL_WORKS_HERE, "", NOW)

    assert (after.state, after.disputed_at, after.assignee) == (TicketState.OPEN, NOW, None)


def test_who_is_not_in_the_group_is_a_claim() -> None:
    after = answered(OPEN, Answer.NOT_IN_GROUP, "", NOW)

    assert (after.state, after.done_at, after.done_by) == (TicketState.DONE, NOW, "dee@example.org")
    assert after.reason == "Dee: is not in the group"


def test_the_creator_must_leave_by_themselves() -> None:
    after = answered(OPEN, Answer.CREATOR, "", NOW)

    assert (after.kind, after.member_role) == (TicketKind.CREATOR_MUST_LEAVE, Role.CREATOR)


def test_an_assignee_without_a_name_is_named_by_address_and_nobody_is_somebody() -> None:
    unnamed = answered(ticket(assignee=Assignee("dee@example.org")), Answer.OTHER, "", NOW)
    nobody = answered(ticket(), Answer.NOT_IN_GROUP, "", NOW)

    assert unnamed.reason == "dee@example.org: can't do it"
    assert (nobody.reason, nobody.done_by) == ("somebody: is not in the group", "")


@pytest.mark.parametrize("closed", [
    ticket(state=TicketState.BLOCKED), ticket(state=TicketState.DONE), ticket(TicketKind.ADD_MEMBER),
])  # fmt: skip
def test_what_is_not_open_or_no_such_ticket_has_no_answer(closed: object) -> None:
    with pytest.raises(NotAllowed, match="'still_works_here' is no answer to it"):
        answered(closed, Answer.STILL_WORKS_HERE, "", NOW)  # type: ignore[arg-type]
