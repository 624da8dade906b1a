"""Groups with a live ticket whose assignee has left, by every account with the address."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.storage.candidates.states import LIVE_STATES
from worker.storage.sql.tables import person, ticket


def left_assignees() -> sa.Select[Any]:
    """Nobody else would look at a ticket whose assignee is in no group: a manager, an owner, whoever was chosen."""
    with_address = sa.exists().where(person.c.email == ticket.c.assignee_email)
    has_left = person.c.standing.concat("") == Standing.LEFT.value  # or SQLite would go through all leavers
    return sa.select(ticket.c.source, ticket.c.group_id).where(
        ticket.c.state.in_(LIVE_STATES),
        with_address.where(has_left),
        ~with_address.where(~has_left),
    )
