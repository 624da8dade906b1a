"""From what is wrong with one group to the actions that mend it. Level-triggered and pure.

`reconcile_group(view, rules, now)` compares findings with the tickets that exist. The same state gives the
same plan; a state that is right gives none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.domain.escalation.calendar import add, elapsed, last_day
from worker.domain.escalation.policy import Policy, policy_for
from worker.domain.groups.case import (
    Finding,
    GroupView,
    MemberView,
    active_admins,
    belonging,
    look,
    with_movers,
)
from worker.domain.identity.matching import LinkState
from worker.domain.model import ENDS_WITH_A_DAY, Coverage, Evidence, Person, PersonKey, Role, Standing
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import (
    REMOVALS,
    Assignee,
    Move,
    Ticket,
    TicketKind,
    TicketState,
    handed_to,
    next_state,
)
from worker.domain.tickets.verification import CLAIM_LIFE


@dataclass(frozen=True, slots=True)
class TicketRules:
    """What tickets are made by: how long they have in their policy's time, and who answers for them.

    `claim_life`: how long a claim stands that nothing proves.
    """

    due: timedelta
    due_sensitive: timedelta
    accountable: str
    admins_min: int = 1
    policies: tuple[Policy, ...] = ()
    claim_life: timedelta = CLAIM_LIFE
    timezone: str = "UTC"  # of the days that reasons name

    def policy(self, ticket: Ticket) -> Policy:
        """The escalation policy of one ticket."""
        return policy_for(
            self.policies, ticket.kind, ticket.evidence, ticket.messenger, sensitive=ticket.is_sensitive
        )

    def allowed(self, ticket: Ticket) -> timedelta:
        """The time that one ticket has, in its policy's calendar."""
        return self.due_sensitive if ticket.is_sensitive else self.due

    def started(self, ticket: Ticket, at: datetime) -> Ticket:
        """The ticket with its clock started (again) at `at`: due_at follows, an acknowledgement ends."""
        due_at = add(self.policy(ticket).calendar, at, self.allowed(ticket))
        return replace(ticket, clock_from=at, due_at=due_at, waited_us=0, acknowledged_until=None)

    def resumed(self, ticket: Ticket, claimed_at: datetime, at: datetime) -> Ticket:
        """The ticket with its clock going on at `at` where it stood at `claimed_at`, when it was claimed."""
        calendar = self.policy(ticket).calendar
        waited = elapsed(calendar, claimed_at, at)
        return replace(
            ticket,
            due_at=add(calendar, ticket.due_at, waited),
            waited_us=ticket.waited_us + waited // timedelta(microseconds=1),
            acknowledged_until=None,
        )


def reconcile_group(group: GroupView, rules: TicketRules, now: datetime) -> tuple[Action, ...]:
    """Return what is to be done about one group, in order: reassignments before what they block.

    | finding | ticket        | action                                                          |
    | yes     | none          | open (blocked when it must wait for an admin)                   |
    | yes     | open          | block when it must wait; assign anew if its assignee left       |
    | yes     | blocked       | unblock when it need not wait; block again to say by what       |
    | yes     | done          | - (verification weighs it)                                      |
    | yes     | verified      | reopen when that is news: came back, or needed again            |
    | yes     | cancelled     | reopen: needed after all                                        |
    | yes     | waived        | - (until the waiver is over: reopen)                            |
    | no      | live          | cancel when its reason is gone (returned, identity, gone group) |

    A live removal whose member is not in the roster is left to verification. All instants aware UTC.
    """
    group = with_movers(group)
    tickets = {ticket.key: ticket for ticket in group.tickets}
    findings = [_under_known_ticket(finding, group) for finding in look(group, rules.admins_min)]
    wanted = {finding.key for finding in findings}
    actions = [_open_or_keep(f, tickets.get(f.key), group, rules, now) for f in findings]
    ended = [
        _end(ticket, group, rules, now)
        for ticket in sorted(group.tickets, key=lambda t: t.id)
        if ticket.is_live and ticket.group == group.key and ticket.key not in wanted
    ]
    return tuple(action for action in (*ended, *actions) if action is not None)


def _under_known_ticket(finding: Finding, group: GroupView) -> Finding:
    """A group needs one reassignment at a time, whichever leaver it was opened for; and one removal of a
    human, whichever account of theirs it was opened for.
    """
    if finding.key.kind is TicketKind.REASSIGN_ADMIN:
        known = (t for t in group.tickets if t.kind is TicketKind.REASSIGN_ADMIN and t.is_live)
    else:
        known = (t for t in group.tickets if _is_of_same_leaver(t, finding))
    ticket = next(known, None)
    return finding if ticket is None else replace(finding, key=ticket.key)


def _is_of_same_leaver(ticket: Ticket, finding: Finding) -> bool:
    """Whether a ticket asks for the same on the word of another directory.

    That directory may have taken its word back: while the human is out, their ticket goes on. A waiver
    stands only as long as the word that it was about.
    """
    view, leaving = finding.view, finding.leaving
    if view is None or leaving is None or Evidence.MOVED in {leaving.evidence, ticket.evidence}:
        return False
    if (ticket.kind, ticket.handle) != (finding.key.kind, finding.key.handle):
        return False
    if ticket.state is TicketState.WAIVED:
        return ticket.episode in leaving.also
    is_elsewhere = ticket.person in view.known_as and ticket.person.source != leaving.person.source
    return ticket.is_live and ticket.episode != leaving.name and is_elsewhere


def _open_or_keep(
    finding: Finding, ticket: Ticket | None, group: GroupView, rules: TicketRules, now: datetime
) -> Action | None:
    if ticket is None:
        return _open(finding, group, rules, now)
    if ticket.state is TicketState.BLOCKED:
        if not finding.needs_admin:
            return _unblock(ticket, finding, group, rules, now)
        return _name_blocker(ticket, finding, group, now)
    if ticket.state is TicketState.OPEN:
        return (
            _block(ticket, finding, now) if finding.needs_admin else _hand_on(ticket, finding, group, rules)
        )
    if ticket.state is TicketState.DONE:
        return None
    return _reopen(ticket, finding, group, rules, now)


def _open(finding: Finding, group: GroupView, rules: TicketRules, now: datetime) -> Action:
    key, view, leaving = finding.key, finding.view, finding.leaving
    draft = Ticket(
        kind=key.kind,
        group=group.key,
        group_name=group.name,
        messenger=group.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        state=TicketState.BLOCKED if finding.needs_admin else TicketState.OPEN,
        handle=key.handle,
        member_name=view.member.display_name if view and key.handle else "",
        member_role=_role(finding) if key.handle else None,
        person=finding.person.key if finding.person else None,
        person_name=finding.person.facts.display_name if finding.person else "",
        evidence=leaving.evidence if leaving else None,
        left_at=leaving.at if leaving else None,
        episode=key.episode,
        assignee=assignee_for(finding, group, rules),
        accountable=rules.accountable,
        is_sensitive=group.is_sensitive,
        reason=finding.why,
    )
    return Action(ActionKind.OPEN, rules.started(draft, now), finding.why, is_blocked=finding.needs_admin)


def _block(ticket: Ticket, finding: Finding, now: datetime) -> Action:
    why = "waits until the group has another admin"
    blocked = replace(
        ticket,
        state=next_state(ticket.state, Move.BLOCK),
        reason=why,
        member_role=_role(finding),
        weighed_at=now,
    )
    return Action(ActionKind.BLOCK, blocked, f"{finding.why}; {why}", is_blocked=True)


def _name_blocker(ticket: Ticket, finding: Finding, group: GroupView, now: datetime) -> Action | None:
    """Say what a ticket waits for that was reopened as blocked; nothing, when that was waived."""
    reassignments = [t for t in group.tickets if t.kind is TicketKind.REASSIGN_ADMIN]
    if ticket.blocked_by is not None or any(_is_waived(t, now) for t in reassignments):
        return None
    why = "waits until the group has another admin"
    return Action(ActionKind.BLOCK, replace(ticket, weighed_at=now), f"{finding.why}; {why}", is_blocked=True)


def _unblock(ticket: Ticket, finding: Finding, group: GroupView, rules: TicketRules, now: datetime) -> Action:
    """Set a ticket free, and give it to the new admin unless a person chose the assignee."""
    why = "the group has another admin now" if active_admins(group) else "the member is no longer an admin"
    current = ticket.assignee
    is_chosen = current is not None and current.why not in _WHY_THEY and not _has_left(current.person, group)
    free = replace(
        handed_to(ticket, current if is_chosen else assignee_for(finding, group, rules)),
        state=next_state(ticket.state, Move.UNBLOCK),
        blocked_by=None,
        reason=why,
        member_role=_role(finding),
    )
    return Action(ActionKind.UNBLOCK, rules.started(free, now), why)


def _role(finding: Finding) -> Role | None:
    return finding.view.member.role if finding.view else None


def _hand_on(ticket: Ticket, finding: Finding, group: GroupView, rules: TicketRules) -> Action | None:
    """Give a ticket to somebody else when the person who should do it has left."""
    if ticket.assignee is None or not _has_left(ticket.assignee.person, group):
        return None
    assignee = assignee_for(finding, group, rules)
    if assignee == ticket.assignee:
        return None
    return Action(ActionKind.ASSIGN, handed_to(ticket, assignee), "the assignee has left")


def _has_left(person: PersonKey | None, group: GroupView) -> bool:
    others = (group.owner, *(manager for _, manager in group.managers))
    return any(v.leaving for v in group.members if person in v.known_as) or any(
        other.standing is Standing.LEFT for other in others if other and other.key == person
    )


def _reopen(
    ticket: Ticket, finding: Finding, group: GroupView, rules: TicketRules, now: datetime
) -> Action | None:
    if ticket.state is TicketState.WAIVED:
        if _is_waived(ticket, now):
            return None
        why = "the waiver is over"
    elif ticket.state is TicketState.VERIFIED:
        if not _is_news(ticket, group):
            return None
        why = f"{'came back' if ticket.kind in REMOVALS else 'needed again'}: {finding.why}"
    else:
        why = f"needed after all: {finding.why}"
    reopened = replace(
        handed_to(reopen(ticket, rules, now, why), assignee_for(finding, group, rules)),
        group=group.key,  # a question goes on in the group where it was asked again
        group_name=group.name,
        member_role=_role(finding) if ticket.handle else None,
        blocked_by=None,
    )
    if finding.needs_admin:
        reopened = replace(reopened, state=next_state(reopened.state, Move.BLOCK))
    return Action(ActionKind.REOPEN, reopened, why, is_blocked=finding.needs_admin)


def _is_waived(ticket: Ticket, now: datetime) -> bool:
    """Whether a waiver holds: for good, or until an instant that has not come."""
    until = ticket.waived_until
    return ticket.state is TicketState.WAIVED and (until is None or now < until)


def _is_news(ticket: Ticket, group: GroupView) -> bool:
    """Whether what is wrong again came after the proof.

    The roster that proved a removal, or an older one, says nothing new. Who somebody is, and who is still
    an active admin, changes in the directory too, without any new roster.
    """
    if ticket.kind in {TicketKind.IDENTIFY_MEMBER, TicketKind.REASSIGN_ADMIN}:
        return True
    return ticket.verified_at is None or group.taken_at > ticket.verified_at


def reopen(ticket: Ticket, rules: TicketRules, now: datetime, why: str) -> Ticket:
    """The ticket put back to open: claim and proof are void, and it says why.

    A claim that is not true buys no time: the clock goes on where it was. After a proof, a waiver or a
    cancellation it starts anew.
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
    )
    if ticket.state is not TicketState.DONE:
        return rules.started(replace(void, contradicted=0), now)
    return rules.resumed(replace(void, contradicted=ticket.contradicted + 1), ticket.done_at or now, now)


def _end(ticket: Ticket, group: GroupView, rules: TicketRules, now: datetime) -> Action | None:
    """Cancel a live ticket whose reason is gone; None leaves it to verification."""
    why = _why_over(ticket, group, rules)
    if why is None:
        return None
    over = replace(
        ticket, state=next_state(ticket.state, Move.CANCEL), reason=why, blocked_by=None, weighed_at=now
    )
    return Action(ActionKind.CANCEL, over, why)


def _why_over(ticket: Ticket, group: GroupView, rules: TicketRules) -> str | None:
    if group.is_gone:
        return "the group is no longer in the inventory"
    if ticket.kind in REMOVALS:
        return _why_removal_over(ticket, group, rules)
    if ticket.kind is TicketKind.REASSIGN_ADMIN:
        return _why_reassignment_over(ticket, group, rules)
    if ticket.kind is TicketKind.ADD_MEMBER:
        return _why_addition_over(ticket, group)
    is_surely_gone = group.coverage is Coverage.FULL and _by_handle(ticket, group) is None
    return "the member is no longer in the group" if is_surely_gone else None


def _why_removal_over(ticket: Ticket, group: GroupView, rules: TicketRules) -> str | None:
    view = _by_handle(ticket, group)
    if view is None:
        return None
    if view.leaving is not None:
        return "superseded by a newer leaving or another kind of ticket"
    if view.person is None:
        is_nobody = view.link.state is LinkState.NOBODY
        return "not somebody of the directory" if is_nobody else "who this member is, is in question now"
    account = view.known_as.get(ticket.person) if ticket.person else None
    if account is None:
        return "the member is known under another account now"
    return _why_no_leaver(ticket, account, rules)


def _why_no_leaver(ticket: Ticket, account: Person, rules: TicketRules) -> str | None:
    """Why somebody whom no leaving keeps out of the group is in it rightly; None when that isn't so."""
    has_left = account.standing is Standing.LEFT
    if ticket.evidence is Evidence.MOVED:
        return None if has_left else "belongs in the group again"  # the guard may hold the leaving
    if has_left and account.left_at == ticket.left_at:
        return "another account of the person is active"
    if ticket.evidence in ENDS_WITH_A_DAY and (ends_at := _leaves_at(account)) is not None:
        return f"the last day was moved to {ENGLISH.day(last_day(ends_at, rules.timezone))}"
    return "the person returned"


def _leaves_at(account: Person) -> datetime | None:
    """The date at which somebody is going to leave."""
    if account.standing is not Standing.LEAVING:
        return None
    return account.facts.leave_at if account.evidence is Evidence.LEAVE_DATE else account.facts.expires_at


def _why_reassignment_over(ticket: Ticket, group: GroupView, rules: TicketRules) -> str | None:
    if group.coverage is Coverage.FULL and group.size == 0:
        return "nobody is left in the group"
    accounts = {key: account for view in active_admins(group) for key, account in view.known_as.items()}
    account = accounts.get(ticket.person) if ticket.person else None
    return None if account is None else _why_no_leaver(ticket, account, rules)


def _why_addition_over(ticket: Ticket, group: GroupView) -> str | None:
    person = ticket.person
    if person is None or person not in belonging(group):
        return "the joiner rules no longer place this person in the group"
    is_listed = any(person in view.known_as for view in group.members)
    if is_listed or group.coverage is not Coverage.FULL:
        return None
    return "superseded: the person's number or the joiner rule changed"


def _by_handle(ticket: Ticket, group: GroupView) -> MemberView | None:
    return next((view for view in group.members if view.member.handle == ticket.handle), None)


_AN_ADMIN = "active admin of the group"
_OWNER = "owner of the group"
_MANAGER = "manager of the person who left"
_ACCOUNTABLE = "accountable person"
_WHY_THEY = frozenset({_AN_ADMIN, _OWNER, _MANAGER, _ACCOUNTABLE})  # any other reason is a person's choice


def assignee_for(finding: Finding, group: GroupView, rules: TicketRules) -> Assignee | None:
    """Who should do it: an active admin of the group other than the leaver; else the group's owner; else
    the leaver's manager; else the accountable person.

    Only people with an e-mail address, since nobody else can be reached.
    """
    leaver = finding.leaving.person if finding.leaving else None
    choices = (_an_admin(group, leaver), _owner(group), _manager(group, leaver), _accountable(rules))
    return next((choice for choice in choices if choice is not None), None)


def _an_admin(group: GroupView, leaver: PersonKey | None) -> Assignee | None:
    people = [
        view.person
        for view in sorted(active_admins(group), key=lambda v: (v.first_seen_at is not None, v.member.handle))
        if view.person and view.person.facts.email and view.person.key != leaver
    ]
    staying = [p for p in people if p.standing is Standing.ACTIVE] or people
    return _person(staying[0], _AN_ADMIN) if staying else None


def _owner(group: GroupView) -> Assignee | None:
    if group.owner is not None and group.owner.facts.email and group.owner.standing is not Standing.LEFT:
        return _person(group.owner, _OWNER)
    if group.owner is None and group.owner_email:
        return Assignee(group.owner_email, why=_OWNER)
    return None


def _manager(group: GroupView, leaver: PersonKey | None) -> Assignee | None:
    manager = None if leaver is None else group.manager_of(leaver)
    if manager is None or not manager.facts.email or manager.standing is Standing.LEFT:
        return None
    return _person(manager, _MANAGER)


def _accountable(rules: TicketRules) -> Assignee | None:
    return Assignee(rules.accountable, why=_ACCOUNTABLE) if rules.accountable else None


def _person(person: Person, why: str) -> Assignee:
    return Assignee(person.facts.email or "", person.facts.display_name, why, person.key)
