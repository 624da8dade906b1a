"""Make another member an admin, where nobody left and there are too few."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import InControls, Mark
from worker.domain.text.tongue import N_
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return phrases.making_admin(ticket.messenger)


KIND = controlled.kind(
    code=TicketKind.ADD_ADMIN,
    word=N_("one more admin"),
    title=N_("Make another member an admin of {group}"),
    steps=_steps,
    found=InControls(controlled.ADMIN_FIRST),
    row=N_("Note the new admin ({ticket})"),
    mark=Mark.STAR,
)
