"""Ask for somebody to be taken out of a group that shows a number for which they took their consent back. Pure.

| the roster shows the number, and       | ticket               | action                                        |
| the person is its only admin           | any                  | - (never the last admin: once there is another) |
| else                                   | none                 | open                                          |
|                                        | live, or waived      | - (a waiver of a leaving is none of this)     |
|                                        | verified             | reopen, if the roster is newer than the proof |
|                                        | cancelled            | reopen                                        |
| consent was given again                | live                 | cancel                                        |

Where the number is for work by now, or is somebody else's, the removal ends.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from worker.domain.groups.case import GroupCase, GroupView, MemberView
from worker.domain.identity.phones import canonical
from worker.domain.kinds import REMOVAL, REMOVALS
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.removals import CONSENT
from worker.domain.kinds.settled import settle
from worker.domain.messengers import messenger
from worker.domain.model import Member
from worker.domain.reconcile.assigning import assignee_for
from worker.domain.reconcile.engine import reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.domain.tickets.proof import is_later
from worker.domain.tickets.subject import About, membership
from worker.domain.tickets.ticket import (
    Reopened,
    Ticket,
    TicketKey,
    TicketState,
    handed_to,
)


def removals_after(
    group: GroupView, asked: Ticket, numbers: Collection[str], rules: TicketRules, now: datetime
) -> list[Action]:
    """What to do in one group about somebody who took their consent back.

    `asked`: the ticket that asked for it. `numbers`: theirs that are private, in the form in which they are compared.
    """
    if group.is_gone or group.is_followed or not messenger(group.messenger).is_by_number:
        return []
    case = settle(group)
    theirs = (one for one in case.view.members if one.person is not None and asked.person in one.known_as)
    actions = (_removal(one, case, asked, rules, now) for one in theirs if shows(one.member, numbers))
    return [action for action in actions if action is not None]


def shows(member: Member, numbers: Collection[str]) -> bool:
    """Whether a roster shows one of these numbers, which are in the form in which they are compared."""
    return member.phone is not None and canonical(member.phone) in numbers


def _removal(
    view: MemberView, case: GroupCase, asked: Ticket, rules: TicketRules, now: datetime
) -> Action | None:
    others = tuple(one for one in case.active_admins if not set(one.known_as) & set(view.known_as))
    handle = view.member.handle
    about = [one for one in case.view.tickets if one.kind in REMOVALS and one.handle == handle]
    if (view.member.role.is_admin and not others) or any(one.is_live for one in about):
        return None
    name = view.person.facts.display_name if view.person else ""
    why = because("{name} took back the consent to show a private number", name=name)
    key = TicketKey(REMOVAL, membership(case.key, handle), asked.occasion)
    finding = Finding(key, why, view, person=view.person)
    assignee = assignee_for(finding, replace(case, active_admins=others), rules)
    known = next((one for one in about if one.key == key), None)
    if known is not None:
        is_news = known.state is TicketState.CANCELLED or (
            known.state is TicketState.VERIFIED and is_later(known, case.view.taken_at)
        )
        again = handed_to(reopen(known, rules, now, why), assignee) if is_news else None
        return Action(ActionKind.REOPEN, again, why, reopened=Reopened.CAME_BACK) if again else None
    draft = Ticket(
        kind=REMOVAL,
        about=About.MEMBERSHIP,
        group=case.key,
        group_name=case.view.name,
        messenger=case.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        handle=handle,
        member_name=view.member.display_name,
        member_role=view.member.role,
        person=view.person.key if view.person else None,
        person_name=name,
        occasion=asked.occasion,
        assignee=assignee,
        accountable=rules.accountable,
        is_sensitive=case.view.is_sensitive,
        reason=why,
        details={CONSENT: asked.label},
    )
    return Action(ActionKind.OPEN, rules.started(draft, now), why)
