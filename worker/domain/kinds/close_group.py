"""Close a group that nobody needs, or that may not be in its messenger."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import InControls, Mark
from worker.domain.text.tongue import N_
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind

_NOTE = N_("If what was written there has to be kept, export the chat first.")
_MOVE = N_("Tell the members where the group goes on, and add everybody there.")
_STEPS = {
    "whatsapp": (
        phrases.OPEN,
        phrases.ITS_NAME,
        N_("Remove all other members, one after the other."),
        N_("Tap Exit group, and then Delete group."),
    ),
    "teams": (phrases.OPEN_ANY, N_("Choose Archive team, or Delete team.")),
    "slack": (phrases.OPEN_ANY, N_("Open its settings, and choose Archive channel for everyone.")),
}
_STEPS_ELSEWHERE = (phrases.OPEN_ANY, N_("Remove all other members, leave the group, and delete it."))


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    """Export, remove everybody, leave, delete: in this order, as whoever left a group can do nothing there any more."""
    move = (_MOVE,) if ticket.details.get("move_to") else ()
    return (*move, _NOTE, *_STEPS.get(ticket.messenger.casefold(), _STEPS_ELSEWHERE))


KIND = controlled.kind(
    code=TicketKind.CLOSE_GROUP,
    word=N_("close the group"),
    title=N_("Close the group {group}"),
    steps=_steps,
    found=InControls(controlled.OWNER_FIRST, is_done_when_gone=True),
    row=N_("Note in the row of the group that it is closed ({ticket})"),
    mark=Mark.DOOR,
)
