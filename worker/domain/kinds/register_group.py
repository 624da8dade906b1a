"""Put a group into the register, or complete its row."""

from __future__ import annotations

from worker.domain.kinds import controlled
from worker.domain.kinds.kind import Asks, Choice, InControls, Kind, Sees, Turn
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Open the register of groups, at the row of {group}."),
        *map(controlled.asks, controlled.faults_of(ticket)),
        N_("Save the register."),
    )


KIND = Kind(
    code=TicketKind.REGISTER_GROUP,
    about=About.GROUP,
    word=N_("register the group"),
    title=N_("Put {group} into the register"),
    why=controlled.why,
    steps=_steps,
    row=N_("Complete the row of the group ({ticket})"),
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=None,
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
