"""Ask who a member is: nobody in a directory fits, or several do. One question for a handle in all of its groups."""

from __future__ import annotations

from collections.abc import Mapping

from worker.domain.groups.case import GroupCase
from worker.domain.identity.handles import shown_handle
from worker.domain.identity.matching import QUESTIONS
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, Contradiction, InGroup, Kind, Sees, Turn
from worker.domain.model import Coverage
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About, one_handle
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKey, TicketKind


def _why(_ticket: Ticket, _timezone: str, tongue: Tongue, _names: Mapping[str, str]) -> str:
    return tongue.say("Nobody knows who this member is.")


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    shown = shown_handle(ticket.handle)
    return (
        N_("Find out whose number {member} is. Asking in the group often helps.")
        if shown and shown.is_phone
        else N_("Find out who {member} is. Asking in the group often helps."),
        N_("Tell the team that runs Whosleft who it is, or that nobody knows."),
    )


def _find(case: GroupCase, _admins_min: int) -> list[Finding]:
    """Members without a certain match. One who is leaving already is removed, so nobody asks who they are.

    Whoever only another source lists has no handle here that an answer could be about.
    """
    return [
        Finding(
            TicketKey(TicketKind.IDENTIFY_MEMBER, one_handle(case.key.source, view.member.handle), ""),
            view.link.why,
            view,
        )
        for view in case.known.members
        if view.leaving is None and view.link.state in QUESTIONS and view.member.handle not in case.view.led
    ]


def _is_same_work(_ticket: Ticket, _finding: Finding) -> bool:
    return False


def _why_over(ticket: Ticket, case: GroupCase, _timezone: str) -> Reason | None:
    is_surely_gone = case.coverage is Coverage.FULL and ticket.handle not in case.by_handle
    return because("the member is no longer in the group") if is_surely_gone else None


def _is_done_in(sight: Sight, _admins_min: int) -> bool:
    """True if the member is no longer there: then the question is over. An answer needs no roster."""
    return sight.role is None


KIND = Kind(
    code=TicketKind.IDENTIFY_MEMBER,
    about=About.HANDLE,
    word=N_("identify member"),
    title=N_("Say who {member} in {group} is"),
    why=_why,
    steps=_steps,
    row=None,
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.NOT_IN_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.PERSON,
    mark=None,
    turn=Turn.BY_MEMBER,
    is_exposure=False,
    found=InGroup(_find, _is_same_work, _why_over),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=True,
    sees=Sees.IDENTITY,
    is_done_in=_is_done_in,
    contradiction=Contradiction(
        needs_full=True, text=N_("marked done, but nobody said who the member is ({roster})")
    ),
    deed=None,
    control="",
)
