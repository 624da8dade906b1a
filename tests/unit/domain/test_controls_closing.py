"""A group that is to be closed: a register alone does not show that somebody is still in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import DAY, HOUR, NOW, rules
from good_group import GOOD, ROW, Changes, policy, said
from worker.domain.controls.examining import examine
from worker.domain.controls.state import GroupState
from worker.domain.model import RegisterStatus
from worker.domain.reconcile.controlling import opened, wanted_in, weigh_control
from worker.domain.reconcile.verification import CLAIM_LIFE, Verdict
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

TO_CLOSE = [
    {"messenger": "whatsapp"},
    said(status=RegisterStatus.CLOSED),
    said(closed_on=(NOW - DAY).date()),
    said(ends_on=(NOW - DAY).date()),
]


def claimed(group: GroupState) -> Ticket:
    """Closed two hours ago, as somebody says: after the messenger was read, and before the register was saved."""
    [ticket] = [
        action.ticket
        for one in wanted_in(group, examine(group, policy(), NOW))
        if (action := opened(one, group, rules(), ("en",), NOW)) is not None
        and action.ticket.kind is TicketKind.CLOSE_GROUP
    ]
    return replace(ticket, id=1, opened_at=NOW - DAY, state=TicketState.DONE, done_at=NOW - 2 * HOUR)


def verdict(group: GroupState) -> Verdict:
    examined = examine(group, policy(), NOW)
    return weigh_control(claimed(group), group, examined, NOW, CLAIM_LIFE).verdict


@pytest.mark.parametrize("changes", TO_CLOSE)
def test_a_register_that_is_saved_first_contradicts_nobody(changes: Changes) -> None:
    saved = replace(GOOD, **changes)
    assert saved.row is not None
    assert saved.row.taken_at == NOW - HOUR
    assert verdict(replace(saved, taken_at=NOW - 3 * HOUR)) is Verdict.INCONCLUSIVE
    assert verdict(saved) is Verdict.REOPENED


@pytest.mark.parametrize("changes", TO_CLOSE)
def test_a_register_that_was_not_saved_since_does_not_either(changes: Changes) -> None:
    saved = replace(GOOD, **changes)
    assert saved.row is not None
    old = replace(saved, row=replace(saved.row, taken_at=NOW - 3 * HOUR))
    assert verdict(old) is Verdict.INCONCLUSIVE


def test_where_no_messenger_shows_who_is_in_it_the_register_alone_says_so() -> None:
    listed = replace(GOOD, grade=Grade.B, taken_at=NOW - 3 * HOUR, **said(ends_on=(NOW - DAY).date()))
    assert listed.row is not None
    assert listed.row.taken_at == ROW.taken_at
    assert verdict(listed) is Verdict.REOPENED
