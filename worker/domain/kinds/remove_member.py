"""Remove somebody from a group: they have left the company, or moved to another place in it."""

from __future__ import annotations

from worker.domain.groups.case import GroupCase
from worker.domain.kinds import phrases, removals
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, Deed, InGroup, Kind, Mark, Sees, Turn
from worker.domain.messengers import messenger
from worker.domain.model import Role
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKind

_STEPS = {
    # Android says "Remove Ann", the iPhone "Remove from group"
    "whatsapp": (phrases.OPEN, phrases.ITS_NAME, phrases.THE_MEMBER, N_("Tap Remove, and confirm.")),
    "signal": (phrases.OPEN, phrases.ITS_NAME, phrases.THE_MEMBER, N_("Tap Remove from group, and confirm.")),
    "telegram": (
        phrases.OPEN,
        phrases.ITS_NAME,
        N_("In the list of members, touch and hold {member}."),
        N_("Tap Remove from group, and confirm."),
    ),
    "teams": (phrases.OPEN, phrases.ITS_LIST, N_("Next to {member}, choose Remove.")),
    "slack": (
        phrases.OPEN,
        phrases.ITS_MEMBERS,
        N_("Choose {member}, then Remove from channel."),
    ),
    "matrix": (phrases.OPEN, phrases.ITS_LIST, N_("Choose {member}, then Remove from room.")),
    "xmpp": (phrases.OPEN, phrases.ITS_LIST, phrases.REMOVE),
}
_STEPS_ELSEWHERE = (phrases.OPEN_ANY, phrases.ITS_LIST, phrases.REMOVE)


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    steps = _STEPS.get(ticket.messenger.casefold(), _STEPS_ELSEWHERE)
    return (*steps, N_("If the group has a register, take {member} off it too."))


def _find(case: GroupCase, _admins_min: int) -> list[Finding]:
    """Leavers who are members, and those who are to go though they have not left.

    A creator who left counts only in messengers where others can remove one.
    """
    any_role, kind = messenger(case.messenger).can_remove_creator, TicketKind.REMOVE_MEMBER
    left = removals.leavers(case, kind, lambda role: any_role or role is not Role.CREATOR)
    return left + removals.asked_out(case, kind)


KIND = Kind(
    code=TicketKind.REMOVE_MEMBER,
    about=About.MEMBERSHIP,
    word=N_("remove member"),
    title=N_("Remove {person} from {group}"),
    why=removals.why,
    steps=_steps,
    row=removals.DELETE_ROW,
    plea=None,
    asks=Asks.NOBODY,
    answers=(
        Answer.NOT_MY_GROUP, Answer.STILL_WORKS_HERE, Answer.NOT_IN_GROUP, Answer.CREATOR, Answer.OTHER,
    ),
    creator_kind=TicketKind.CREATOR_MUST_LEAVE,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=Mark.MINUS,
    turn=Turn.BY_MEMBER,
    is_exposure=True,
    found=InGroup(_find, removals.is_of_same_leaver, removals.why_over),
    waits=removals.WAITS,
    again=Reopened.CAME_BACK,
    is_news_at_once=False,
    sees=Sees.MEMBER,
    is_done_in=removals.is_not_listed,
    contradiction=removals.STILL_IN,
    deed=Deed.REMOVE,
    control="people.leaver",
)  # fmt: skip
