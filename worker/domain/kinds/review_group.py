"""Ask somebody who knows a group whether its members belong in it."""

from __future__ import annotations

from worker.domain.kinds import controlled
from worker.domain.kinds.kind import Asks, Choice, InControls, Kind, Sees, Turn
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind


def _steps(_ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Open the page of this ticket."),
        N_("Say of each member who is shown whether they belong in the group."),
    )


KIND = Kind(
    code=TicketKind.REVIEW_GROUP,
    about=About.GROUP,
    word=N_("review"),
    title=N_("Look through the members of {group}"),
    why=controlled.why,
    steps=_steps,
    row=None,
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.ROWS,
    mark=None,
    turn=Turn.LAST,
    is_exposure=False,
    found=InControls((AssigneeWhy.ADMIN, AssigneeWhy.OWNER, AssigneeWhy.ACCOUNTABLE)),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.STATEMENT,
    is_done_in=controlled.is_done_in,
    contradiction=controlled.STILL_SO,
    deed=None,
    control="",
)
