"""Ask an admin to say once more who is in a group whose roster people declare, since it was said long ago."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from worker.domain.groups.case import GroupCase
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, Contradiction, InGroup, Kind, Sees, Turn
from worker.domain.model import Standing
from worker.domain.text.reason import Reason, Written, because
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About, whole_group
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKey, TicketKind

_OCCASION = "roster@"  # and the instant that the roster is true for: one ticket for each that became too old


def _why(ticket: Ticket, timezone: str, tongue: Tongue, _names: Mapping[str, str]) -> str:
    day = tongue.day(_confirmed_at(ticket).astimezone(ZoneInfo(timezone)).date())
    return tongue.say(
        "The members of this group were last confirmed on {day}. Please look through the list again.", day=day
    )


def _confirmed_at(ticket: Ticket) -> datetime:
    return datetime.fromisoformat(ticket.occasion.removeprefix(_OCCASION))


def _steps(_ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Open the list of members of {group} with the button on the page of this ticket."),
        N_("Take the tick off whoever is not in the group any more."),
        N_("Check the list, and say that this is everybody."),
    )


def _find(case: GroupCase, _admins_min: int) -> list[Finding]:
    """A roster that is older than it may be. The group's owner, if it has one, answers for it."""
    if not case.view.is_unconfirmed:
        return []
    at = case.view.taken_at
    key = TicketKey(TicketKind.CONFIRM_ROSTER, whole_group(case.key), f"{_OCCASION}{at.isoformat()}")
    why = because("nobody has confirmed the members since {day}", day=Written(f"{at:%Y-%m-%d}", at.date()))
    return [Finding(key, why, accountable=_owner(case))]


def _owner(case: GroupCase) -> str:
    """The owner's e-mail address, unless they have left."""
    owner = case.view.owner
    has_left = owner is not None and owner.standing is Standing.LEFT
    return "" if has_left else case.view.owner_email or ""


def _is_same_work(ticket: Ticket, _finding: Finding) -> bool:
    return ticket.is_live


def _why_over(_ticket: Ticket, case: GroupCase, _timezone: str) -> Reason | None:
    return because("another source shows the group's members now") if case.view.is_followed else None


def _is_done_in(_sight: Sight, _admins_min: int) -> bool:
    """True for any roster: only one of a later date is asked."""
    return True


KIND = Kind(
    code=TicketKind.CONFIRM_ROSTER,
    about=About.GROUP,
    word=N_("confirm the members"),
    title=N_("Say who is in {group}"),
    why=_why,
    steps=_steps,
    row=None,
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.ROSTER,
    mark=None,
    turn=Turn.LAST,
    is_exposure=False,
    found=InGroup(_find, _is_same_work, _why_over),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.ROSTER,
    is_done_in=_is_done_in,
    contradiction=Contradiction(
        needs_full=True, text=N_("marked done, but nobody declared the roster ({roster})")
    ),
    deed=None,
    control="",
)
