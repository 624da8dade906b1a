"""Make another member an admin, where nobody left and there are too few."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import Asks, Choice, InControls, Kind, Mark, Sees, Turn
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return phrases.making_admin(ticket.messenger)


KIND = Kind(
    code=TicketKind.ADD_ADMIN,
    about=About.GROUP,
    word=N_("one more admin"),
    title=N_("Make another member an admin of {group}"),
    why=controlled.why,
    steps=_steps,
    row=N_("Note the new admin ({ticket})"),
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=Mark.STAR,
    turn=Turn.LAST,
    is_exposure=False,
    found=InControls((AssigneeWhy.ADMIN, AssigneeWhy.OWNER, AssigneeWhy.ACCOUNTABLE)),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.CONTROLS,
    is_done_in=controlled.is_done_in,
    contradiction=controlled.STILL_SO,
    deed=None,
    control="",
)
