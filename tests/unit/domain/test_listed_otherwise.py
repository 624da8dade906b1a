"""A person whom the newest list shows under another handle, while it is not known whether the old one is there, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import group, leaver, ticket, view
from reconciling import ANN, BOB, CANCELLED, NEW_ADMIN, OPEN, REMOVE, VERIFIED, WAIVED, plan
from worker.domain.model import Coverage
from worker.domain.reconcile.following import followed
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.ticket import Ticket

HIDDEN = replace(view(leaver(), ANN), is_listed=False)
SHOWN = view(leaver(), BOB)


@pytest.mark.parametrize(
    "tickets, opened",
    [
        ((), [BOB]),
        ((ticket(handle=BOB),), []),
        ((ticket(), ticket(handle=BOB, id=2)), []),
        ((ticket(state=VERIFIED), ticket(handle=BOB, id=2)), []),
        ((ticket(state=CANCELLED), ticket(handle=BOB, id=2)), []),
        ((ticket(state=WAIVED), ticket(handle=BOB, id=2)), []),
    ],
)
def test_nobody_is_asked_about_twice(tickets: tuple[Ticket, ...], opened: list[str]) -> None:
    """What is asked of the old handle goes on: both may be in the group."""
    seen = group(HIDDEN, SHOWN, NEW_ADMIN, tickets=tickets, coverage=Coverage.PARTIAL)
    actions = plan(seen)
    assert [(one.kind, one.ticket.handle) for one in actions] == [(ActionKind.OPEN, one) for one in opened]


def test_who_is_under_no_other_handle_is_asked_out_although_they_are_not_listed() -> None:
    seen = group(HIDDEN, NEW_ADMIN, coverage=Coverage.PARTIAL)
    assert [(one.kind, one.ticket.kind) for one in plan(seen)] == [(ActionKind.OPEN, REMOVE)]


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_ticket_follows_to_the_handle_that_is_listed(*, is_listed: bool) -> None:
    old = replace(HIDDEN, is_listed=is_listed)
    moved = followed(group(old, SHOWN, NEW_ADMIN, tickets=(ticket(),), coverage=Coverage.PARTIAL))
    assert [(one.handle, one.state) for one in moved] == [(BOB, OPEN)] * (not is_listed)
