"""Take the admin right from those who do not need it, or should not have it."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import InControls, Mark
from worker.domain.text.tongue import N_
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind

_DISMISS = {
    "whatsapp": (phrases.OPEN, phrases.ITS_NAME, N_("Tap the admin, then Dismiss as admin.")),
    "signal": (phrases.OPEN, phrases.ITS_NAME, N_("Tap the admin, then Remove as admin.")),
    "telegram": (phrases.OPEN, phrases.ITS_NAME, N_("Touch and hold the admin, then choose Dismiss admin.")),
    "teams": (phrases.OPEN, phrases.ITS_LIST, N_("Change the role of the admin to Member.")),
    "matrix": (phrases.OPEN, phrases.ITS_LIST, N_("Choose the admin, and change the role to Default.")),
}
_DISMISS_ELSEWHERE = (phrases.OPEN_ANY, phrases.ITS_LIST, N_("Take the admin right from them."))


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    """Whom, and how."""
    whom = map(controlled.asks, controlled.faults_of(ticket))
    return (*whom, *_DISMISS.get(ticket.messenger.casefold(), _DISMISS_ELSEWHERE))


KIND = controlled.kind(
    code=TicketKind.REDUCE_ADMINS,
    word=N_("fewer admins"),
    title=N_("Take admin rights away in {group}"),
    steps=_steps,
    found=InControls(controlled.OWNER_FIRST),
    row=N_("Note who is an admin ({ticket})"),
    mark=Mark.MINUS,
)
