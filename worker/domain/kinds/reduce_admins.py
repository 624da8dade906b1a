"""Take the admin right from those who do not need it, or should not have it."""

from __future__ import annotations

from worker.domain.kinds import controlled, phrases
from worker.domain.kinds.kind import Asks, Choice, InControls, Kind, Mark, Sees, Turn
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind

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


KIND = Kind(
    code=TicketKind.REDUCE_ADMINS,
    about=About.GROUP,
    word=N_("fewer admins"),
    title=N_("Take admin rights away in {group}"),
    why=controlled.why,
    steps=_steps,
    row=N_("Note who is an admin ({ticket})"),
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=Mark.MINUS,
    turn=Turn.LAST,
    is_exposure=False,
    found=InControls((AssigneeWhy.OWNER, AssigneeWhy.ADMIN, AssigneeWhy.ACCOUNTABLE)),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.CONTROLS,
    is_done_in=controlled.is_done_in,
    contradiction=controlled.STILL_SO,
    deed=None,
    control="",
)
