"""Find what is wrong with one group, and plan the actions that mend it. Level-triggered and pure.

`reconcile_group(view, rules, now)` compares findings with the tickets that exist. The same state gives the
same plan; a state without faults gives an empty one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from worker.domain.groups.case import GroupCase, GroupView
from worker.domain.kinds import KINDS, REMOVALS, kind_of
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.keeps import since_details
from worker.domain.kinds.kind import InControls, InGroup, InPerson, InReports, Turn
from worker.domain.kinds.person_case import PersonCase
from worker.domain.kinds.removals import HIDDEN_SINCE, UNREAD, is_about_another, unread
from worker.domain.kinds.settled import settle
from worker.domain.reconcile.assigning import (
    MOVED,
    accountable_person,
    as_manager,
    assignee_for,
    readdressed,
    why_another,
)
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.waiting import block, given, name_blocker, role_of, unblock, unblock_unlisted
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import N_
from worker.domain.tickets.proof import EVIDENCE_AT, is_later
from worker.domain.tickets.ticket import (
    Move,
    Reopened,
    Ticket,
    TicketKey,
    TicketKind,
    TicketState,
    handed_to,
    next_state,
)


def reconcile_group(group: GroupView, rules: TicketRules, now: datetime) -> tuple[Action, ...]:
    """Return the actions for one group, in order: reassignments before the tickets that they block.

    | finding | ticket        | action                                                          |
    | yes     | none          | open (blocked when it must wait for an admin)                   |
    | yes     | open          | block when it surely must wait; else assign anew if need be     |
    | yes     | blocked       | unblock when it need not wait; block again to say by what       |
    | yes     | held          | - (until the hold is over: unblock)                             |
    | yes     | done          | - (verification weighs it)                                      |
    | yes     | verified      | reopen when that is news: came back, or needed again            |
    | yes     | cancelled     | reopen: needed after all                                        |
    | yes     | waived        | - (until the waiver is over: reopen)                            |
    | no      | live          | cancel when its reason is gone (returned, identity, gone group) |

    A live removal whose member is not in the roster is left to verification. All instants aware UTC.
    """
    case = settle(group)
    group = case.view
    tickets = {ticket.key: ticket for ticket in group.tickets}
    alike = _by_work(group.tickets)
    found = [] if group.is_followed else findings_of(case, rules.admins_min)
    known = [_under_known_ticket(finding, alike) for finding in found]
    findings = _standing(_unasked(known, group, tickets), tickets, now)
    wanted = {finding.key for finding in findings}
    actions = [_open_or_keep(f, tickets.get(f.key), case, rules, now) for f in findings]
    unwanted = [
        ticket
        for ticket in sorted(group.tickets, key=lambda t: t.id)
        if ticket.is_live and ticket.group == group.key and ticket.key not in wanted
    ]
    after = _after(case, actions) if unwanted else case
    ended = [_end(ticket, after, rules, now) for ticket in unwanted]
    return tuple(action for action in (*ended, *actions) if action is not None)


def _unasked(
    findings: Iterable[Finding], group: GroupView, tickets: Mapping[TicketKey, Ticket]
) -> list[Finding]:
    """Leave out whoever is listed under another handle, which is asked about; what is asked already goes on."""
    otherwise = group.listed_otherwise
    return [
        one
        for one in findings
        if one.view is None or one.view.member.handle not in otherwise or _is_asked(tickets.get(one.key))
    ]


def _is_asked(ticket: Ticket | None) -> bool:
    return ticket is not None and (ticket.is_live or ticket.state is TicketState.WAIVED)


def _after(case: GroupCase, actions: Iterable[Action | None]) -> GroupCase:
    """The case with the tickets as the actions leave them: one that ends may have another one in its place."""
    tickets = {ticket.key: ticket for ticket in case.view.tickets}
    tickets |= {action.ticket.key: action.ticket for action in actions if action is not None}
    return replace(case, view=replace(case.view, tickets=tuple(tickets.values())))


def reconcile_person(case: PersonCase, rules: TicketRules, now: datetime) -> tuple[Action, ...]:
    """Return the actions for one person: as for a group, but no ticket waits for another."""
    tickets = {ticket.key: ticket for ticket in case.tickets}
    ways = [kind.found for kind in KINDS.values()]
    findings = [one for way in ways if isinstance(way, InPerson) for one in way.find(case)]
    wanted = {finding.key for finding in findings}
    ended = [
        _end_about_person(ticket, case, now)
        for ticket in sorted(case.tickets, key=lambda t: t.id)
        if ticket.is_live and ticket.key not in wanted
    ]
    actions = [_about_person(finding, tickets.get(finding.key), case, rules, now) for finding in findings]
    return tuple(action for action in (*ended, *actions) if action is not None)


def _end_about_person(ticket: Ticket, case: PersonCase, now: datetime) -> Action | None:
    way = kind_of(ticket).found
    why = way.why_over(ticket, case) if isinstance(way, InPerson) else None
    return None if why is None else cancelled(ticket, why, now)


def _about_person(
    finding: Finding, ticket: Ticket | None, case: PersonCase, rules: TicketRules, now: datetime
) -> Action | None:
    assignee = as_manager(case.manager) or accountable_person(rules)
    if ticket is None:
        draft = Ticket(
            kind=finding.key.kind,
            about=finding.key.subject.about,
            group=None,
            group_name="",
            messenger="",
            opened_at=now,
            clock_from=now,
            due_at=now,
            person=case.key,
            person_name=case.account.facts.display_name,
            occasion=finding.key.occasion,
            assignee=assignee,
            accountable=rules.accountable,
            reason=finding.why,
        )
        return Action(ActionKind.OPEN, rules.started(draft, now), finding.why)
    again = None if ticket.is_live else _why_again(ticket, finding, now, is_newer=True)
    if again is None:
        return None
    why, reopened_why = again
    reopened = handed_to(reopen(ticket, rules, now, why), assignee)
    return Action(ActionKind.REOPEN, reopened, why, reopened=reopened_why)


def find_all(group: GroupView, admins_min: int) -> tuple[Finding, ...]:
    """Return what is wrong in one group: first the findings that others may wait for, then by member."""
    return findings_of(settle(group), admins_min)


def findings_of(case: GroupCase, admins_min: int) -> tuple[Finding, ...]:
    """As `find_all`, for a settled case.

    A group that is gone has nothing wrong. Only members in the roster are judged. Absence is judged only for
    joiners and for admins seen before, and only on a full roster.
    """
    if case.view.is_gone:
        return ()
    ways = [kind.found for kind in KINDS.values()]
    found = [one for way in ways if isinstance(way, InGroup) for one in way.find(case, admins_min)]
    return tuple(sorted(found, key=_place))


def _place(finding: Finding) -> tuple[Turn, str]:
    turn = KINDS[finding.key.kind].turn
    return turn, finding.key.subject.handle if turn is Turn.BY_MEMBER else ""


def _by_work(tickets: Iterable[Ticket]) -> Mapping[tuple[TicketKind, str], list[Ticket]]:
    """Tickets by kind and handle: only those can be the same work."""
    found: defaultdict[tuple[TicketKind, str], list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        found[ticket.kind, ticket.handle].append(ticket)
    return found


def _under_known_ticket(finding: Finding, alike: Mapping[tuple[TicketKind, str], list[Ticket]]) -> Finding:
    """The finding with the key of a ticket that already asks for the same work, if there is one."""
    key, way = finding.key, KINDS[finding.key.kind].found
    known = alike.get((key.kind, key.subject.handle), [])
    ticket = next((t for t in known if isinstance(way, InGroup) and way.is_same_work(t, finding)), None)
    return finding if ticket is None else replace(finding, key=ticket.key)


def _standing(
    findings: Sequence[Finding], tickets: Mapping[TicketKey, Ticket], now: datetime
) -> list[Finding]:
    """The findings without who was asked out and has left since: that takes its place, unless its removal is waived."""
    removals = [one for one in findings if one.key.kind in REMOVALS]
    left = {
        one.key.subject.handle
        for one in removals
        if one.leaving is not None and not (one.key in tickets and tickets[one.key].is_waived(now))
    }
    over = {one.key for one in removals if one.leaving is None and one.key.subject.handle in left}
    return [one for one in findings if one.leaving is not None or one.key not in over]


def _open_or_keep(
    finding: Finding, ticket: Ticket | None, case: GroupCase, rules: TicketRules, now: datetime
) -> Action | None:
    if ticket is None:
        return _open(finding, case, rules, now)
    if ticket.state is TicketState.BLOCKED:
        if finding.needs_admin:
            return name_blocker(ticket, finding, case.view, now)
        return None if ticket.is_held(now, rules.hold_max) else unblock(ticket, finding, case, rules, now)
    if ticket.state is TicketState.OPEN:
        must_wait = finding.needs_admin and not case.view.is_without_roles
        return block(ticket, finding, now) if must_wait else _hand_on(ticket, finding, case, rules)
    if ticket.state is TicketState.DONE:
        return None
    return _reopen(ticket, finding, case, rules, now)


def _open(finding: Finding, case: GroupCase, rules: TicketRules, now: datetime) -> Action:
    group = case.view
    key, view, leaving = finding.key, finding.view, finding.leaving
    draft = Ticket(
        kind=key.kind,
        about=key.subject.about,
        group=group.key,
        group_name=group.name,
        messenger=group.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        state=TicketState.BLOCKED if finding.needs_admin else TicketState.OPEN,
        handle=key.subject.handle,
        member_name=view.member.display_name if view and key.subject.handle else "",
        member_role=role_of(finding) if key.subject.handle else None,
        person=finding.person.key if finding.person else None,
        person_name=finding.person.facts.display_name if finding.person else "",
        evidence=leaving.evidence if leaving else None,
        left_at=leaving.at if leaving else None,
        occasion=key.occasion,
        assignee=assignee_for(finding, case, rules),
        accountable=finding.accountable or rules.accountable,
        is_sensitive=group.is_sensitive,
        reason=finding.why,
        details=_details(finding),
    )
    started = rules.started(_with_own_time(draft, finding, case, rules), now)
    return Action(ActionKind.OPEN, started, finding.why, is_blocked=finding.needs_admin)


def _details(finding: Finding) -> Mapping[str, Any]:
    """Of a leaver, since when they were in the group; else what was found."""
    view = finding.view
    if finding.leaving is None or view is None:
        return finding.details
    return since_details(view.member.joined_at or view.first_seen_at)


def _with_own_time(draft: Ticket, finding: Finding, case: GroupCase, rules: TicketRules) -> Ticket:
    """The same with the time that a hand-over before the last day may take."""
    leaving = finding.leaving
    if rules.hand_over is None or leaving is None or leaving.person not in case.view.handing_over:
        return draft
    time = rules.hand_over.time(draft, rules.policy(draft).calendar, leaving.at, draft.opened_at)
    return replace(draft, details={**draft.details, TIME_S: time.total_seconds()})


def _hand_on(ticket: Ticket, finding: Finding, case: GroupCase, rules: TicketRules) -> Action | None:
    """Assign a ticket anew if it can't stay with its assignee."""
    why = why_another(ticket, case.departed)
    if why is None:
        moved = readdressed(ticket, case.assignees)
        return None if moved is None else Action(ActionKind.ASSIGN, moved, MOVED)
    to = given(ticket, finding, case, rules)
    return None if to == ticket else Action(ActionKind.ASSIGN, to, why)


def _reopen(
    ticket: Ticket, finding: Finding, case: GroupCase, rules: TicketRules, now: datetime
) -> Action | None:
    group = case.view
    again = _why_again(ticket, finding, now, is_newer=is_later(ticket, _shown_at(finding, group)))
    if again is None:
        return None
    why, reopened_why = again
    back = given(reopen(ticket, rules, now, why), finding, case, rules)
    reopened = replace(
        back,
        group=group.key,  # a question continues in the group where it came up again
        group_name=group.name,
        member_role=role_of(finding) if ticket.handle else None,
        blocked_by=None,
        details={**back.details, **finding.details},
    )
    if finding.needs_admin:
        reopened = replace(reopened, state=next_state(reopened.state, Move.BLOCK))
    return Action(ActionKind.REOPEN, reopened, why, is_blocked=finding.needs_admin, reopened=reopened_why)


def _why_again(
    ticket: Ticket, finding: Finding, now: datetime, *, is_newer: bool
) -> tuple[Reason, Reopened] | None:
    """Why a ticket that is over is opened again; None if nothing is new.

    What is dated no later than what proved it is not new. Some kinds can be wrong again without a newer roster.
    """
    if ticket.state is TicketState.WAIVED:
        return None if ticket.is_waived(now) else (because("the waiver is over"), Reopened.WAIVER_OVER)
    if ticket.state is TicketState.VERIFIED:
        again = kind_of(ticket).again
        is_news = is_newer or kind_of(ticket).is_news_at_once
        return (because(_AGAIN[again], why=finding.why), again) if is_news else None
    return because("needed after all: {why}", why=finding.why), Reopened.NEEDED_AFTER_ALL


def _shown_at(finding: Finding, group: GroupView) -> datetime | None:
    """When what is wrong was last shown: a part of the list that lacks a member does not show them again."""
    view = finding.view
    return group.taken_at if view is None or view.is_listed else view.first_seen_at


HELD_FROM = "held_from"  # in a removal's details: when its first hold began
# Of the details of a ticket that begins anew, what is over
_OVER = frozenset({HELD_FROM, UNREAD, HIDDEN_SINCE, EVIDENCE_AT})
_DECIDED = frozenset({TicketState.VERIFIED, TicketState.WAIVED})
_AGAIN = {Reopened.CAME_BACK: N_("came back: {why}"), Reopened.NEEDED_AGAIN: N_("needed again: {why}")}


def reopen(
    ticket: Ticket, rules: TicketRules, now: datetime, why: Reason, *, is_unproven: bool = False
) -> Ticket:
    """The ticket, open again: claim and proof are void, and `why` is its reason.

    After a claim that was not true, or that `is_unproven`, the clock goes on where it was. After a proof, a waiver or
    a cancellation it starts anew. What nothing could prove is not counted as untrue. A proof or a waiver has decided
    a dispute; a cancellation has not.
    """
    void = replace(
        ticket,
        state=next_state(ticket.state, Move.REOPEN),
        reopened=ticket.reopened + 1,
        reason=why,
        done_at=None,
        done_by=None,
        claimed_by=(),
        verified_at=None,
        verified_by=None,
        grade=None,
        waived_until=None,
        held_until=None,
        disputed_at=None if ticket.state in _DECIDED else ticket.disputed_at,
    )
    if ticket.state is not TicketState.DONE:
        details = {key: said for key, said in ticket.details.items() if key not in _OVER}
        return rules.started(replace(void, contradicted=0, details=details), now)
    contradicted = ticket.contradicted + (not is_unproven)
    return rules.resumed(replace(void, contradicted=contradicted), ticket.done_at or now, now)


def _end(ticket: Ticket, case: GroupCase, rules: TicketRules, now: datetime) -> Action | None:
    """Cancel a live ticket whose reason is gone; None leaves it to verification, or to the controls that ask for it."""
    way = kind_of(ticket).found
    if isinstance(way, InControls | InReports):
        return None
    if case.view.is_gone:
        return cancelled(unread(ticket), because("the group is no longer in the inventory"), now)
    why = way.why_over(ticket, case, rules.timezone) if isinstance(way, InGroup) else None
    if why is None:
        return unblock_unlisted(ticket, case, rules, now)
    over = unread(ticket) if is_about_another(ticket, case.by_handle.get(ticket.handle)) else ticket
    return cancelled(over, why, now)


def cancelled(ticket: Ticket, why: Reason, now: datetime) -> Action:
    """Cancel a live ticket: nothing asks for it any more."""
    over = replace(
        ticket,
        state=next_state(ticket.state, Move.CANCEL),
        reason=why,
        blocked_by=None,
        held_until=None,
        weighed_at=now,
    )
    return Action(ActionKind.CANCEL, over, why)
