"""The ticket states and kinds that the queries for candidates use."""

from __future__ import annotations

from worker.domain.kinds import REMOVALS
from worker.domain.tickets.ticket import LIVE, TicketState

LIVE_STATES = tuple(state.value for state in sorted(LIVE))


SETTLED = (*LIVE_STATES, TicketState.WAIVED.value)


REMOVAL_CODES = tuple(kind.value for kind in sorted(REMOVALS))
