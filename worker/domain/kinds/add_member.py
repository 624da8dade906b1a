"""Add somebody to a group in which the joiner rules place them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from worker.domain.groups.case import Expected, GroupCase
from worker.domain.identity.matching import QUESTIONS
from worker.domain.kinds import phrases
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, Contradiction, InGroup, Kind, Mark, Sees, Turn
from worker.domain.model import Coverage
from worker.domain.people.leaving import episode_name
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About, membership
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKey, TicketKind, TicketState

_STEPS = {
    "whatsapp": (phrases.OPEN, phrases.ITS_NAME, phrases.ADD_MEMBERS, phrases.CHOOSE),
    "signal": (phrases.OPEN, phrases.ITS_NAME, phrases.ADD_MEMBERS, phrases.CHOOSE),
    "telegram": (phrases.OPEN, phrases.ITS_NAME, phrases.ADD_MEMBERS, phrases.CHOOSE),
    "teams": (phrases.OPEN, phrases.ENTER),
    "slack": (phrases.OPEN, phrases.ITS_MEMBERS, phrases.ENTER),
    "matrix": (phrases.OPEN, N_("Choose Invite, and enter {member}.")),
    "xmpp": (phrases.OPEN, phrases.ADD_AS_MEMBER),
}
_STEPS_ELSEWHERE = (phrases.OPEN_ANY, phrases.ADD_AS_MEMBER)


def _why(ticket: Ticket, timezone: str, tongue: Tongue, names: Mapping[str, str]) -> str:
    day = tongue.day(_belongs_since(ticket).astimezone(ZoneInfo(timezone)).date())
    return tongue.say("{person} belongs in this group since {day}.", **names, day=day)


def _belongs_since(ticket: Ticket) -> datetime:
    """The instant in the episode's name, from which the joiner rules place the person here."""
    try:
        return datetime.fromisoformat(ticket.occasion.rpartition("@")[2])
    except ValueError:
        return ticket.opened_at


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return _STEPS.get(ticket.messenger.casefold(), _STEPS_ELSEWHERE)


def _find(case: GroupCase, _admins_min: int) -> list[Finding]:
    """People whom a joiner rule names and who are missing; only a complete roster shows that.

    Of a group that moves, whoever is placed in the group that goes on is added there alone. Who left the group by
    themself is not asked for again, and who is to consent first, or refused, is not asked for. Nor is anybody by a
    number of a member who is in question: it is there. Verification sees that of what was asked before.
    """
    if case.coverage is not Coverage.FULL:
        return []
    wanted = {expected.person.key: expected for expected in case.belonging.values()}
    elsewhere = case.present | case.view.placed_there
    missing = [one for _, one in sorted(wanted.items()) if not one.keys & elsewhere]
    view = case.view
    known: defaultdict[str, list[Ticket]] = defaultdict(list)
    for ticket in view.tickets:
        if ticket.kind is TicketKind.ADD_MEMBER:
            known[ticket.occasion].append(ticket)
    wanted_now = (one for one in missing if not view.has_left(one) and view.why_kept_out(one) is None)
    found = [_addition(case, one, known) for one in wanted_now]
    live = {ticket.key for ticket in view.tickets if ticket.is_live}
    return [one for one in found if one.key in live or not _is_asked_about(case, one.key.subject.handle)]


def _is_asked_about(case: GroupCase, handle: str) -> bool:
    """Whether a member who is listed under it is in question."""
    seen = case.by_handle.get(handle)
    return seen is not None and seen.link.state in QUESTIONS


def _addition(case: GroupCase, expected: Expected, known: Mapping[str, Sequence[Ticket]]) -> Finding:
    """Ask for somebody under the best number, unless a ticket (`known`, by occasion) does so by one that serves."""
    facts = expected.person.facts
    numbers = expected.numbers or facts.phones
    handle = next(iter(numbers), f"person:{expected.person.key.person_id}")
    episode = episode_name(expected.person.key, expected.since)
    key = TicketKey(TicketKind.ADD_MEMBER, membership(case.key, handle), episode)
    serving = [one for one in known.get(episode, ()) if _serves(one, numbers)]
    if serving:
        key = max(serving, key=lambda one: (one.is_live, one.handle == handle, one.id)).key
    why = because("{person} belongs in the group by the joiner rules", person=facts.display_name)
    return Finding(key, why, person=expected.person)


def _serves(ticket: Ticket, numbers: Collection[str]) -> bool:
    """Whether somebody can be added by a ticket's number. One that was claimed or waived needs none any more."""
    return ticket.handle in numbers or ticket.state in {TicketState.DONE, TicketState.WAIVED}


def _is_same_work(_ticket: Ticket, _finding: Finding) -> bool:
    return False


def _why_over(ticket: Ticket, case: GroupCase, _timezone: str) -> Reason | None:
    person = ticket.person
    if person is None or person not in case.belonging:
        return because("the joiner rules no longer place this person in the group")
    if case.belonging[person].keys & case.view.placed_there:
        return because("the group moves to another messenger: who joins is added there alone")
    if person not in case.present and case.view.has_left(case.belonging[person]):
        return because("the person left the group by themself")
    why = case.view.why_kept_out(case.belonging[person])
    if why is not None and person not in case.present:
        return None if ticket.state is TicketState.DONE else because(why.value)
    if person in case.present or case.coverage is not Coverage.FULL:
        return None
    return because("superseded: the person's number or the joiner rule changed")


def _is_done_in(sight: Sight, _admins_min: int) -> bool:
    return sight.role is not None


KIND = Kind(
    code=TicketKind.ADD_MEMBER,
    about=About.MEMBERSHIP,
    word=N_("add member"),
    title=N_("Add {person} to {group}"),
    why=_why,
    steps=_steps,
    row=N_("Add a row for {person} ({ticket})"),
    plea=None,
    asks=Asks.NOBODY,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.NOTHING,
    mark=Mark.PLUS,
    turn=Turn.LAST,
    is_exposure=False,
    found=InGroup(_find, _is_same_work, _why_over),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=False,
    sees=Sees.PERSON,
    is_done_in=_is_done_in,
    contradiction=Contradiction(needs_full=True, text=N_("marked done, but not in the group in {roster}")),
    deed=None,
    control="people.joiner",
)
