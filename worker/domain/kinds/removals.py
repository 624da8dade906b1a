"""What the two kinds that take somebody out of a group have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from worker.domain.escalation.calendar import last_day, left_on
from worker.domain.groups.case import GroupCase, MemberView, name_of, why_out
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Contradiction, Wait
from worker.domain.model import ENDS_WITH_A_DAY, Account, AccountKey, Evidence, Role, Standing
from worker.domain.people.evidence_words import EVIDENCE_ON_DAY
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import membership
from worker.domain.tickets.ticket import Ticket, TicketKey, TicketKind, TicketState

REVIEW = "review"  # in the details of a removal that a review asks for: the review's ticket
UNREAD = (
    "unread"  # and in those of one that ended since its group was not read, or its person not known for sure
)
HIDDEN_SINCE = "hidden_since"  # of one whose number went as members without one came: that list's date
CONSENT = "consent"  # in those of one because consent was taken back: the ticket that asked for it
DELETE_ROW = N_("Delete the row of {person} ({ticket})")


def why(ticket: Ticket, timezone: str, tongue: Tongue, names: Mapping[str, str]) -> str:
    """Say why we know that somebody has left, and on which day they left."""
    if REVIEW in ticket.details:
        return tongue.say("The review of the group says that {person} does not belong in it.", **names)
    if CONSENT in ticket.details:
        return tongue.say(
            "{person} does not want their private number to be shown in this group any more.", **names
        )
    if ticket.left_at is None or ticket.evidence is None:
        return tongue.say("{person} has left.", **names)
    day = tongue.day(left_on(ticket.left_at, ticket.evidence, timezone))
    return tongue.say(EVIDENCE_ON_DAY[ticket.evidence], **names, day=day)


def leavers(case: GroupCase, kind: TicketKind, fits: Callable[[Role], bool]) -> list[Finding]:
    """Members who are leaving and have a role that fits. The last admin's removal waits for another admin."""
    found = []
    for view in case.known.members:
        if view.leaving is None or not fits(view.member.role):
            continue
        key = TicketKey(kind, membership(case.key, view.member.handle), view.leaving.name)
        needs_admin = view.member.role.is_admin and not case.known_admins
        reason = why_out(name_of(view), view.leaving)
        found.append(Finding(key, reason, view, view.leaving, view.person, needs_admin=needs_admin))
    return found


def asked_out(case: GroupCase, kind: TicketKind) -> list[Finding]:
    """Members who are to go whether they left or not. The last admin's removal waits for another admin."""
    found = []
    for handle, ticket in sorted(case.asked_out.items()):
        view = case.by_handle.get(handle)
        if view is None or ticket.kind is not kind:
            continue
        needs_admin = view.member.role.is_admin and not case.known_admins
        reason = ticket.reason if ticket.is_live else _why_sent_away(view)
        found.append(Finding(ticket.key, reason, view, None, view.person, needs_admin=needs_admin))
    return found


def _why_sent_away(view: MemberView) -> Reason:
    return because("the review of the group says that {name} does not belong in it", name=name_of(view))


def unread(ticket: Ticket) -> Ticket:
    """The ticket, marked if a review asks for it: what that said stands once its group and person are known again."""
    return replace(ticket, details={**ticket.details, UNREAD: True}) if REVIEW in ticket.details else ticket


def is_unread(ticket: Ticket) -> bool:
    """True if a review's removal ended only since its group was not read, or its person not known for sure."""
    return ticket.state is TicketState.CANCELLED and UNREAD in ticket.details


def is_of_same_leaver(ticket: Ticket, finding: Finding) -> bool:
    """True if a ticket asks for the same removal because of another directory's leaving.

    That directory may have taken the leaving back: while the person is out, their ticket goes on. A waiver
    stands only while the leaving that it was about stands.
    """
    view, leaving = finding.view, finding.leaving
    if view is None or leaving is None or Evidence.MOVED in {leaving.evidence, ticket.evidence}:
        return False
    if ticket.state is TicketState.WAIVED:
        return ticket.occasion in leaving.also
    is_same = ticket.person in view.known_as and ticket.person.source != leaving.person.source
    is_elsewhere = is_same or _was_theirs(ticket.person, view)
    return ticket.is_live and ticket.occasion != leaving.name and is_elsewhere


def _was_theirs(before: AccountKey | None, view: MemberView) -> bool:
    """Whether it is an account of the member in a directory that another one, or its own new name, took the place of.

    Of a new name it has the same id.
    """
    if before is None or view.person is None:
        return False
    now = view.person.key
    return before in view.formerly or (before.source != now.source and before.person_id == now.person_id)


def why_over(ticket: Ticket, case: GroupCase, timezone: str) -> Reason | None:
    """Return why the removal is no longer needed.

    A member who is not listed is left to verification, unless the person is listed under another handle: that has a
    removal of its own, or they may stay.
    """
    view = case.by_handle.get(ticket.handle)
    if view is None:
        return _why_over_otherwise(ticket, case, timezone)
    if view.leaving is not None:
        return because("superseded by a newer leaving or another kind of ticket")
    if is_asked_for(ticket) and not is_about_another(ticket, view):
        return None
    if view.person is None:
        if view.link.state is IdentityState.NOBODY:
            return because("not somebody of the directory")
        return because("who this member is, is in question now")
    account = view.known_as.get(ticket.person) if ticket.person else None
    if account is None:
        # Of a directory that is new, or has another name now, leavings are held as those of a first run
        has_left = view.person.standing is Standing.LEFT and _was_theirs(ticket.person, view)
        return None if has_left else because("the member is known under another account now")
    return why_no_leaver(ticket, account, timezone)


def is_asked_for(ticket: Ticket) -> bool:
    """True if a review or the person asked for it, and no leaving did."""
    return REVIEW in ticket.details or CONSENT in ticket.details


def is_about_another(ticket: Ticket, view: MemberView | None) -> bool:
    """True if the member is not, or not for sure, the person whom the removal of their handle is about."""
    if view is None or ticket.person is None or ticket.person in view.known_as:
        return False
    return not _was_theirs(ticket.person, view)


_LISTED_OTHERWISE = because("the roster shows the person under another handle, which has its own ticket")


def _why_over_otherwise(ticket: Ticket, case: GroupCase, timezone: str) -> Reason | None:
    """Why the removal is over of a person who is listed under other handles than the ticket's."""
    if ticket.state is TicketState.DONE or ticket.person is None:
        return None  # what an admin says that they did is weighed
    listed = [one for one in case.view.members if ticket.person in one.known_as]
    leaving = {one.member.handle for one in listed if one.leaving is not None}
    if leaving:
        asked = {one.handle for one in case.view.tickets if one.is_live and one.kind is ticket.kind}
        return _LISTED_OTHERWISE if leaving & asked else None
    if not listed or is_asked_for(ticket):
        return None
    return why_no_leaver(ticket, listed[0].known_as[ticket.person], timezone)


def why_no_leaver(ticket: Ticket, account: Account, timezone: str) -> Reason | None:
    """Return why a person without a leaving may stay in the group; None if the account has left after a move."""
    has_left = account.standing is Standing.LEFT
    if ticket.evidence is Evidence.MOVED:
        return None if has_left else because("belongs in the group again")  # the guard may hold the leaving
    if has_left and account.left_at == ticket.left_at:
        return because("another account of the person is active")
    if ticket.evidence in ENDS_WITH_A_DAY and (ends_at := account.leaves_at) is not None:
        day = last_day(ends_at, timezone)
        if ends_at == ticket.left_at:  # it had come by a clock that was ahead
            return because("the last day, {day}, has not come yet", day=day)
        return because("the last day was moved to {day}", day=day)
    return because("the person returned")


def _why_free(case: GroupCase) -> Reason:
    if case.active_admins:
        return because("the group has another admin now")
    return because("the member is no longer an admin")


WAITS = Wait(TicketKind.REASSIGN_ADMIN, because("waits until the group has another admin"), _why_free)
STILL_IN = Contradiction(needs_full=False, text=N_("marked done, but still in the group in {roster}"))


def is_not_listed(sight: Sight, _admins_min: int) -> bool:
    """True if the member is not in the roster."""
    return sight.role is None
