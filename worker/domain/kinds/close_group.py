"""Close a group that nobody needs, or that may not be in its messenger."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import Asks, Choice, InControls, Kind, Mark, Sees, Turn
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind

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


KIND = Kind(
    code=TicketKind.CLOSE_GROUP,
    about=About.GROUP,
    word=N_("close the group"),
    title=N_("Close the group {group}"),
    why=controlled.why,
    steps=_steps,
    row=N_("Note in the row of the group that it is closed ({ticket})"),
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=Mark.DOOR,
    turn=Turn.LAST,
    is_exposure=False,
    found=InControls((AssigneeWhy.OWNER, AssigneeWhy.ADMIN, AssigneeWhy.ACCOUNTABLE), is_done_when_gone=True),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.CONTROLS,
    is_done_in=controlled.is_done_in,
    contradiction=controlled.STILL_SO,
    deed=None,
    control="",
)
