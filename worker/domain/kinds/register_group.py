"""Put a group into the register, or complete its row."""

from __future__ import annotations

from worker.domain.controls.state import CENSUS_SOURCE
from worker.domain.kinds import controlled
from worker.domain.kinds.kind import InControls
from worker.domain.text.tongue import N_
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import AssigneeWhy, Ticket, TicketKind

_ASSIGNED = (AssigneeWhy.ADMIN, AssigneeWhy.OWNER, AssigneeWhy.REPORTER, AssigneeWhy.ACCOUNTABLE)
_FIRST = N_(
    "Find out whether {group} is a work group: somebody named it. If it isn't one, say so on this page."
)


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    is_only_named = ticket.home.source == CENSUS_SOURCE
    return (
        *((_FIRST,) if is_only_named else ()),
        N_("Open the register of groups, at the row of {group}."),
        *map(controlled.asks, controlled.faults_of(ticket)),
        N_("Save the register."),
    )


KIND = controlled.kind(
    code=TicketKind.REGISTER_GROUP,
    word=N_("register the group"),
    title=N_("Put {group} into the register"),
    steps=_steps,
    found=InControls(_ASSIGNED),
    row=N_("Complete the row of the group ({ticket})"),
)
