"""Handle what somebody reported: a message in a group that should not be there."""

from __future__ import annotations

from collections.abc import Mapping

from worker.domain.controls.others import REPORTS
from worker.domain.controls.reports import TIER_WORDS, Tier
from worker.domain.kinds.kind import Asks, Choice, Contradiction, InReports, Kind, Sees, Turn
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKind

TIER = "tier"  # the most urgent of the ticket's reports
CONFIDENTIAL = "confidential"  # no admin of the group may hear of it
SHARED = "shared"  # it takes all further reports of its day

OCCASION = "report:"


def is_confidential(ticket: Ticket) -> bool:
    """Whether the admins of the ticket's group may not hear of it."""
    return bool(ticket.details.get(CONFIDENTIAL))


def _why(ticket: Ticket, _timezone: str, tongue: Tongue, names: Mapping[str, str]) -> str:
    what = tongue.say(TIER_WORDS[Tier(ticket.details[TIER])])
    return tongue.say("Somebody reported a message in {group}: {what}.", what=what, **names)


def _steps(_ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Keep what is needed: a screenshot stays with you, and is not sent around."),
        N_("Ask whoever wrote the message to delete it for everyone."),
        N_("If they don't, delete it as an admin: the members then see that an admin deleted it."),
        N_("Say in {group} that this isn't allowed, and where the rules are."),
        N_("Talk to whoever wrote it."),
        N_("Open the page of this ticket, and say what came of it."),
    )


def _is_done_in(_sight: Sight, _admins_min: int) -> bool:
    """Never by a roster: no list shows messages."""
    return False


KIND = Kind(
    code=TicketKind.HANDLE_REPORT,
    about=About.GROUP,
    word=N_("reported message"),
    title=N_("Look after a reported message in {group}"),
    why=_why,
    steps=_steps,
    row=None,
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.OUTCOME,
    mark=None,
    turn=Turn.LAST,
    is_exposure=False,
    found=InReports(),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.STATEMENT,
    is_done_in=_is_done_in,
    contradiction=Contradiction(needs_full=True, text=N_("no list of members shows messages ({roster})")),
    deed=None,
    control=REPORTS.id,
)
