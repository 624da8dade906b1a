"""Ask a group's creator to leave it: they have left the company, and nobody can remove them."""

from __future__ import annotations

from worker.domain.groups.case import GroupCase
from worker.domain.kinds import phrases, removals
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, InGroup, Kind, Mark, Sees, Turn
from worker.domain.messengers import messenger
from worker.domain.model import Role
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKind


def _steps(_ticket: Ticket, aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Nobody can remove the creator of this group: ask {person} to leave {group}."),
        *((phrases.ASK_THE_LEAVER,) if aid else ()),
        N_("If {person} can't be reached, make a new group, invite everybody else, and close {group}."),
    )


def _plea(_has_candidate: bool) -> str:  # noqa: FBT001  the kind's signature
    return N_(
        "Hello {person}, you are still in the group {group} in {messenger}. Please leave the group. Thank you!"
    )


def _find(case: GroupCase, _admins_min: int) -> list[Finding]:
    """Leavers who created the group, where nobody can remove a creator."""
    if messenger(case.messenger).can_remove_creator:
        return []
    return removals.leavers(case, TicketKind.CREATOR_MUST_LEAVE, lambda role: role is Role.CREATOR)


KIND = Kind(
    code=TicketKind.CREATOR_MUST_LEAVE,
    about=About.MEMBERSHIP,
    word=N_("creator must leave"),
    title=N_("Ask {person} to leave {group}"),
    why=removals.why,
    steps=_steps,
    row=removals.DELETE_ROW,
    plea=_plea,
    asks=Asks.LEAVER,
    answers=(Answer.NOT_MY_GROUP, Answer.STILL_WORKS_HERE, Answer.NOT_IN_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=True,
    choice=Choice.NOTHING,
    mark=Mark.DOOR,
    turn=Turn.BY_MEMBER,
    is_exposure=True,
    found=InGroup(_find, removals.is_of_same_leaver, removals.why_over),
    waits=removals.WAITS,
    again=Reopened.CAME_BACK,
    is_news_at_once=False,
    sees=Sees.MEMBER,
    is_done_in=removals.is_not_listed,
    contradiction=removals.STILL_IN,
    deed=None,
    control="people.leaver",
)
