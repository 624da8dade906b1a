"""The states of tickets that candidates are looked for by."""

from __future__ import annotations

from worker.domain.kinds import REMOVALS
from worker.domain.tickets.ticket import LIVE, TicketState

LIVE_STATES = tuple(state.value for state in sorted(LIVE))


SETTLED = (*LIVE_STATES, TicketState.WAIVED.value)


REMOVAL_CODES = tuple(kind.value for kind in sorted(REMOVALS))
