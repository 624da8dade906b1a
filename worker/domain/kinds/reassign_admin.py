"""Make somebody an admin of a group that has lost its admins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import itemgetter

from worker.domain.escalation.calendar import last_day
from worker.domain.groups.case import GroupCase, MemberView, name_of
from worker.domain.kinds import phrases, removals
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.kind import Asks, Choice, Contradiction, Deed, InGroup, Kind, Mark, Sees, Turn
from worker.domain.model import AccountKey, Coverage, Evidence, Role, Standing
from worker.domain.people.leaving import Leaving
from worker.domain.text.reason import Reason, because, because_many, together
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About, whole_group
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKey, TicketKind

# The last resort if nobody who could make an admin is there, or does it. WhatsApp picks a member at random (its help,
# "How to manage group admins", read 2026-11). If a company runs the messenger itself, its operators can make one
_PICKED = N_(
    "If the last admin just leaves the group, {messenger} makes a member an admin at random: "
    "look in the list of members who it is, and ask them."
)
_NEW_GROUP = N_("If that doesn't work, make a new group, add everybody who belongs in it, and close {group}.")
_ASK_OPERATORS = N_(
    "If that doesn't work, ask the people who run {messenger} for you: they can make anybody an admin of {group}."
)
_ORPHAN_STEPS = {
    "whatsapp": (_PICKED, _NEW_GROUP),
    "teams": (_ASK_OPERATORS,),
    "slack": (_ASK_OPERATORS,),
    "matrix": (_ASK_OPERATORS,),
    "xmpp": (_ASK_OPERATORS,),
}
_ORPHAN_STEPS_ELSEWHERE = (_NEW_GROUP,)

_STAYING, _NEEDED = "staying", "needed"  # in a ticket's details: how many admins, where none of them left
_ONLY_AN_ADMIN = N_("Only an admin of {group} can do this: ask {admins}.")
_ONLY_THE_LEAVER = N_("Only an admin of {group} can make somebody an admin, and {person} is the only one.")
_LOOK_FOR_ONE = N_(
    "Look in the list of members for an admin who still works here, and ask them to make another member an admin."
)
_ASKS_FOR_ADMIN = N_(
    "Hello {person}, you are still an admin of the group {group} in {messenger}. "
    "Please make {candidate} an admin there, and then leave the group. Thank you!"
)
_ASKS_FOR_ANY_ADMIN = N_(
    "Hello {person}, you are still an admin of the group {group} in {messenger}. "
    "Please make somebody who still works with us an admin there, and then leave the group. Thank you!"
)


def _why(ticket: Ticket, timezone: str, tongue: Tongue, names: Mapping[str, str]) -> str:
    if not ticket.person_name:
        staying, needed = ticket.details.get(_STAYING, 0), ticket.details.get(_NEEDED, 0)
        if staying:
            return tongue.say(
                "The group has too few active admins: {found}, and {wanted} are needed.",
                found=staying,
                wanted=needed,
            )
        return tongue.say("The group has no admin any more.")
    if ticket.left_at is not None and ticket.is_early:
        day = tongue.day(last_day(ticket.left_at, timezone))
        return tongue.say(
            "The last day of {person}, who is an admin here, is {day}. The group needs another admin by then.",
            **names, day=day,
        )  # fmt: skip
    if ticket.evidence is Evidence.MOVED:
        return tongue.say("{person} was an admin here and has moved. The group needs a new admin.", **names)
    return tongue.say("{person} was an admin here and has left. The group needs a new admin.", **names)


def _steps(ticket: Ticket, aid: Help | None) -> tuple[str, ...]:
    """The steps in the assignee's own app. If they need help, {admins} have the button, or only the leaver has it."""
    return (*_promoting(ticket, aid), N_("If the group has a register, note the new admin in it."))


def _promoting(ticket: Ticket, aid: Help | None) -> tuple[str, ...]:
    app = ticket.messenger.casefold()
    steps = phrases.making_admin(app)
    if aid is None:
        return steps
    if aid.admins:
        return (_ONLY_AN_ADMIN, *steps)
    orphaned = _ORPHAN_STEPS.get(app, _ORPHAN_STEPS_ELSEWHERE)
    if aid.text:
        return (_ONLY_THE_LEAVER, phrases.ASK_THE_LEAVER, *orphaned)
    return (_LOOK_FOR_ONE, *orphaned)


def _plea(has_candidate: bool) -> str:  # noqa: FBT001  the kind's signature
    return _ASKS_FOR_ADMIN if has_candidate else _ASKS_FOR_ANY_ADMIN


def _find(case: GroupCase, admins_min: int) -> list[Finding]:
    """A group that loses its admins: some are leavers, or admins were seen before and there are none now.

    Admins who are to go though they have not left count as gone. A group that never had an admin in the inventory is
    not news; neither is one whose roles are not all known. The latest leaving names the ticket, so that a waiver or a
    proof stands for its own case only. An admin who is about to leave counts as one who left.
    """
    soon = [(one, v) for v in case.known_admins if (one := _coming(v, case.view.handing_over)) is not None]
    active = len(case.known_admins) - len(soon)
    members = case.known.members
    leavers = [(v.leaving, v) for v in members if v.member.role.is_admin and v.leaving is not None]
    leavers += soon
    if (
        active >= admins_min
        or case.view.is_without_roles
        or not (leavers or _has_lost_admins(case) or _has_asked_out_admins(case))
    ):
        return []
    if not leavers:
        key = TicketKey(TicketKind.REASSIGN_ADMIN, whole_group(case.key), "")
        why = because("no admin is left in the group, {needed} needed", needed=admins_min)
        if active:
            why = because(
                "The group has too few active admins: {found}, and {wanted} are needed.",
                found=active,
                wanted=admins_min,
            )
        return [Finding(key, why, details={_STAYING: active, _NEEDED: admins_min})]
    leaving, view = max(leavers, key=lambda pair: (pair[0].at, pair[1].member.handle))
    key = TicketKey(TicketKind.REASSIGN_ADMIN, whole_group(case.key), leaving.name)
    remaining = because_many(
        "{n} active admin remains, {needed} needed",
        "{n} active admins remain, {needed} needed",
        active,
        needed=admins_min,
    )
    why = together((*_who_goes(leavers, case.view.handing_over), remaining))
    return [Finding(key, why, view, leaving, view.person)]


def _who_goes(
    leavers: Iterable[tuple[Leaving, MemberView]], handing_over: Collection[AccountKey]
) -> Iterator[Reason]:
    left, moved, soon = list[str](), list[str](), list[str]()
    for name, leaving in sorted(((name_of(v), one) for one, v in leavers), key=itemgetter(0)):
        is_mover = leaving.evidence is Evidence.MOVED
        (soon if leaving.person in handing_over else moved if is_mover else left).append(name)
    if left:
        yield because_many(
            "{names} left and was an admin", "{names} left and were admins", len(left), names=", ".join(left)
        )
    if moved:
        yield because_many(
            "{names} moved and was an admin",
            "{names} moved and were admins",
            len(moved),
            names=", ".join(moved),
        )
    if soon:
        yield because_many(
            "{names} leaves and is an admin", "{names} leave and are admins", len(soon), names=", ".join(soon)
        )


def _coming(view: MemberView, handing_over: Collection[AccountKey]) -> Leaving | None:
    """The leaving of an admin who is still here and hands over, under the name that it will have."""
    one = view.person
    if one is None or one.key not in handing_over or one.leaves_at is None or one.evidence is None:
        return None
    return Leaving(one.key, one.evidence, one.leaves_at)


def _has_asked_out_admins(case: GroupCase) -> bool:
    listed = (case.by_handle.get(handle) for handle in case.asked_out)
    return any(view is not None and view.member.role.is_admin for view in listed)


def _has_lost_admins(case: GroupCase) -> bool:
    """True if there was an admin and there surely is none now. Partial rosters and unknown roles prove nothing."""
    group = case.known
    may_have_one = any(v.member.role.is_admin or v.member.role is Role.UNKNOWN for v in group.members)
    return group.has_had_admin and group.coverage is Coverage.FULL and group.size > 0 and not may_have_one


def _is_same_work(ticket: Ticket, _finding: Finding) -> bool:
    """True for any live one: a group needs one reassignment at a time, for all of its leavers."""
    return ticket.is_live


def _why_over(ticket: Ticket, case: GroupCase, timezone: str) -> Reason | None:
    if case.coverage is Coverage.FULL and case.size == 0:
        return because("nobody is left in the group")
    accounts = {key: account for view in case.active_admins for key, account in view.known_as.items()}
    account = accounts.get(ticket.person) if ticket.person else None
    if account is None or (account.leaves_at is not None and account.leaves_at == ticket.left_at):
        return None
    if account.standing is Standing.LEAVING and account.leaves_at is None:
        return None  # their day is unknown, and nothing says that they stay
    return removals.why_no_leaver(ticket, account, timezone)


def _is_done_in(sight: Sight, admins_min: int) -> bool:
    return sight.active_admins >= admins_min


KIND = Kind(
    code=TicketKind.REASSIGN_ADMIN,
    about=About.GROUP,
    word=N_("new admin"),
    title=N_("Make somebody an admin of {group}"),
    why=_why,
    steps=_steps,
    row=N_("Note the new admin ({ticket})"),
    plea=_plea,
    asks=Asks.ADMIN,
    answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
    creator_kind=None,
    is_of_creator=False,
    choice=Choice.ADMIN,
    mark=Mark.STAR,
    turn=Turn.FIRST,
    is_exposure=False,
    found=InGroup(_find, _is_same_work, _why_over),
    waits=None,
    again=Reopened.NEEDED_AGAIN,
    is_news_at_once=True,
    sees=Sees.ADMINS,
    is_done_in=_is_done_in,
    contradiction=Contradiction(
        needs_full=True, text=N_("marked done, but there is no other active admin in {roster}")
    ),
    deed=Deed.MAKE_ADMIN,
    control="leaving.hand_over",
)
