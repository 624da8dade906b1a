"""Put a group into the register, or complete its row."""

from __future__ import annotations

from worker.domain.kinds import controlled
from worker.domain.kinds.kind import InControls
from worker.domain.text.tongue import N_
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Open the register of groups, at the row of {group}."),
        *map(controlled.asks, controlled.faults_of(ticket)),
        N_("Save the register."),
    )


KIND = controlled.kind(
    code=TicketKind.REGISTER_GROUP,
    word=N_("register the group"),
    title=N_("Put {group} into the register"),
    steps=_steps,
    found=InControls(controlled.ADMIN_FIRST),
    row=N_("Complete the row of the group ({ticket})"),
)
