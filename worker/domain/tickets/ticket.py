"""A ticket, which is one piece of a person's work: its kinds, its states, and the moves between them.

`ALLOWED` is the whole state machine; the picture in docs/concepts.md is generated from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from worker.domain.instants import APART_MAX, has_come
from worker.domain.model import AccountKey, Evidence, GroupKey, Role
from worker.domain.text.reason import NO_REASON, Reason, because, together
from worker.domain.text.tongue import N_
from worker.domain.tickets.subject import About, Subject, membership, one_handle, one_person, whole_group

DIGITS_MAX = 18  # of an id: a database's numbers have 64 bits


class TicketKind(StrEnum):
    """What a person is asked to do."""

    REMOVE_MEMBER = "remove_member"
    REASSIGN_ADMIN = "reassign_admin"
    CREATOR_MUST_LEAVE = "creator_must_leave"
    IDENTIFY_MEMBER = "identify_member"
    ADD_MEMBER = "add_member"
    CONFIRM_ROSTER = "confirm_roster"
    REGISTER_GROUP = "register_group"
    CLOSE_GROUP = "close_group"
    ADD_ADMIN = "add_admin"
    REDUCE_ADMINS = "reduce_admins"
    FIX_PROFILE = "fix_profile"
    ATTEST = "attest"
    REVIEW_GROUP = "review_group"
    HANDLE_REPORT = "handle_report"
    REVIEW_CONVERSATIONS = "review_conversations"


class TicketState(StrEnum):
    """Where the work stands. Done is a claim; verified is evidence."""

    OPEN = "open"
    BLOCKED = "blocked"
    DONE = "done"
    VERIFIED = "verified"
    CANCELLED = "cancelled"
    WAIVED = "waived"


LIVE = frozenset({TicketState.OPEN, TicketState.BLOCKED, TicketState.DONE})


class Grade(StrEnum):
    """How good the evidence is.

    A: the worker read the messenger itself. B: a list that people keep, a second person, or an answer to who
    somebody is. C: the closer's word.
    """

    A = "A"
    B = "B"
    C = "C"


class Move(StrEnum):
    """What can happen to a ticket after it was opened."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    CLAIM = "done"
    VERIFY = "verify"
    REOPEN = "reopen"
    CANCEL = "cancel"
    WAIVE = "waive"


_S, _M = TicketState, Move


ALLOWED: dict[tuple[TicketState, Move], TicketState] = {
    (_S.OPEN, _M.BLOCK): _S.BLOCKED,
    (_S.OPEN, _M.CLAIM): _S.DONE,
    (_S.OPEN, _M.VERIFY): _S.VERIFIED,
    (_S.OPEN, _M.CANCEL): _S.CANCELLED,
    (_S.OPEN, _M.WAIVE): _S.WAIVED,
    (_S.BLOCKED, _M.UNBLOCK): _S.OPEN,
    (_S.BLOCKED, _M.VERIFY): _S.VERIFIED,
    (_S.BLOCKED, _M.CANCEL): _S.CANCELLED,
    (_S.BLOCKED, _M.WAIVE): _S.WAIVED,
    (_S.DONE, _M.VERIFY): _S.VERIFIED,
    (_S.DONE, _M.REOPEN): _S.OPEN,
    (_S.DONE, _M.CANCEL): _S.CANCELLED,
    (_S.DONE, _M.WAIVE): _S.WAIVED,
    (_S.VERIFIED, _M.REOPEN): _S.OPEN,  # came back
    (_S.CANCELLED, _M.REOPEN): _S.OPEN,  # needed after all
    (_S.WAIVED, _M.REOPEN): _S.OPEN,
    (_S.WAIVED, _M.CANCEL): _S.CANCELLED,
}


_BY_PEOPLE = {
    _M.CLAIM: because("Mark as done"),
    _M.WAIVE: because("Waive"),
    _M.REOPEN: because("Reopen"),
}


def in_words(state: TicketState) -> Reason:
    """The state as a word, which is said in the reader's language."""
    return because(state.value)


class NotAllowed(ValueError):
    """The move does not exist from this state. The reason says so, and names what people can do instead."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why)
        self.why = why


def next_state(state: TicketState, move: Move) -> TicketState:
    """The state after `move`; raises NotAllowed."""
    try:
        return ALLOWED[state, move]
    except KeyError:
        possible = (word for one, word in _BY_PEOPLE.items() if (state, one) in ALLOWED)
        raise NotAllowed(
            because(
                "{move}: not while the ticket is {state}. Possible: {possible}.",
                move=_BY_PEOPLE.get(move, NO_REASON),  # others are no act of anybody
                state=in_words(state),
                possible=together(possible, ", "),
            )
        ) from None


class Reopened(StrEnum):
    """Why a ticket was reopened, unless a person did it: they give the reason in their own words."""

    NOT_DONE = "not_done"  # a roster contradicts the claim
    UNPROVEN = "unproven"  # nothing could prove the claim in time
    CAME_BACK = "came_back"
    NEEDED_AGAIN = "needed_again"  # after a proof
    NEEDED_AFTER_ALL = "needed_after_all"  # after a cancellation
    WAIVER_OVER = "waiver_over"


class AssigneeWhy(StrEnum):
    """Why somebody is the assignee."""

    ADMIN = "admin"
    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTABLE = "accountable"
    SELF = "self"  # it is about themselves
    ROLE = "role"  # the policy names the address
    REPORTER = "reporter"  # they named the group in a census
    ASSIGNED = "assigned"  # somebody handed it to them
    ANSWERED = "answered"  # the previous assignee's answer left it to the accountable person

    @property
    def is_choice(self) -> bool:
        """True if a person's act made them the assignee; false if the rules did."""
        return self in {AssigneeWhy.ASSIGNED, AssigneeWhy.ANSWERED}

    @property
    def is_accountable(self) -> bool:
        """True if they have it since they are the accountable person."""
        return self in {AssigneeWhy.ACCOUNTABLE, AssigneeWhy.ANSWERED}


WHY_THEY = {
    AssigneeWhy.ADMIN: N_("active admin of the group"),
    AssigneeWhy.OWNER: N_("owner of the group"),
    AssigneeWhy.MANAGER: N_("manager of the person who left"),
    AssigneeWhy.ACCOUNTABLE: N_("accountable person"),
    AssigneeWhy.SELF: N_("it is about themselves"),
    AssigneeWhy.ROLE: N_("named by the policy"),
    AssigneeWhy.REPORTER: N_("named the group when asked"),
    AssigneeWhy.ASSIGNED: N_("assigned by {name}"),
    AssigneeWhy.ANSWERED: N_("accountable person; the assignee says: {name}"),
}


@dataclass(frozen=True, slots=True)
class Assignee:
    """The person who should do the ticket, and why they are the one.

    `email` is the address that they are known by: an e-mail address, or the phone number (E.164) of somebody who has
    none. `by` belongs to a choice: the name of the person who assigned it, or the previous assignee's answer.
    """

    email: str
    name: str = ""
    why: AssigneeWhy | None = None
    person: AccountKey | None = None
    by: str = ""

    @property
    def label(self) -> str:
        """Their e-mail address in lists, or the name of somebody who has none: a number is for those who need it."""
        return self.email if "@" in self.email else self.name or self.email

    @property
    def said(self) -> str:
        """Why they are the assignee, in English, for programs and tables; empty if unknown."""
        return WHY_THEY[self.why].replace("{name}", self.by) if self.why else ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket. `id` 0 is a ticket not stored yet; instants are aware UTC.

    `group` is where it is shown, None for a ticket about a person. `handle` is empty unless the subject has one.
    `occasion` tells repeated questions apart: often it names one leaving (`people.leaving.episode_name`).
    due_at and escalation count from `clock_from`: the opening, or the last unblocking or reopening, since blocked
    time does not count. `waited_us` (microseconds of its policy's time) does not count either: it is the time in
    which claims that were contradicted waited for proof.
    """

    kind: TicketKind
    about: About
    group: GroupKey | None
    group_name: str
    messenger: str
    opened_at: datetime
    clock_from: datetime
    due_at: datetime
    id: int = 0
    state: TicketState = TicketState.OPEN
    handle: str = ""
    member_name: str = ""
    member_role: Role | None = None
    person: AccountKey | None = None
    person_name: str = ""
    evidence: Evidence | None = None
    left_at: datetime | None = None
    occasion: str = ""
    assignee: Assignee | None = None
    accountable: str = ""
    is_sensitive: bool = False
    done_at: datetime | None = None
    done_by: str | None = None
    claimed_by: tuple[str, ...] = ()  # marks of the people who may have claimed it; empty: only `done_by`
    verified_at: datetime | None = None
    verified_by: str | None = None
    grade: Grade | None = None
    blocked_by: int | None = None
    reopened: int = 0
    contradicted: int = 0  # claims that turned out not to be true
    waited_us: int = 0
    waived_until: datetime | None = None
    acknowledged_until: datetime | None = None
    snoozed_until: datetime | None = None
    held_until: datetime | None = None  # nobody may do it before, by an approver's word
    weighed_at: datetime | None = None  # when it was last compared with a roster
    disputed_at: datetime | None = None  # somebody says that the person still works here
    links_from: datetime | None = None  # signed links made before are dead
    handed: int = 0  # how often it went to another assignee, or its links were ended
    reason: Reason = NO_REASON
    remediated_by: str | None = None  # the rule by which a machine made the claim
    remediated_at: datetime | None = None
    version: int = field(
        default=0, compare=False
    )  # counts the changes that a reader would see, from its opening's instant on; storage counts
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)  # only for its kind; JSON

    @property
    def open_since(self) -> datetime:
        """When it was opened, or opened again: nothing that was seen before proves that it is done."""
        return self.clock_from if self.reopened else self.opened_at

    @property
    def subject(self) -> Subject:
        """What it is about. Raises LookupError if a field that its subject needs is empty."""
        if self.about is About.PERSON:
            if self.person is None:
                raise LookupError(f"{self.label} is about a person and names none")
            return one_person(self.person)
        group = self.home
        if self.about is About.HANDLE:
            return one_handle(group.source, self.handle)
        return membership(group, self.handle) if self.about is About.MEMBERSHIP else whole_group(group)

    @property
    def home(self) -> GroupKey:
        """The group that it is shown in. Raises LookupError for a ticket about a person, who has none."""
        if self.group is None:
            raise LookupError(f"{self.label} is in no group")
        return self.group

    @property
    def key(self) -> TicketKey:
        """Two tickets with the same key are the same work; unique in storage."""
        return TicketKey(self.kind, self.subject, self.occasion)

    @property
    def is_live(self) -> bool:
        """True if something is still to be done or to be proved."""
        return self.state in LIVE

    @property
    def is_with_former(self) -> bool:
        """True if somebody has it as the accountable person, and another one is accountable by now."""
        who = self.assignee
        if who is None or who.why is None or not who.why.is_accountable or not self.accountable:
            return False
        return who.email.casefold() != self.accountable.casefold()

    @property
    def is_early(self) -> bool:
        """True if it was opened before the leaving that it is about."""
        return self.left_at is not None and self.opened_at < self.left_at

    def is_acknowledged(self, now: datetime) -> bool:
        """True while somebody has said that they have it."""
        return self.acknowledged_until is not None and now < self.acknowledged_until

    def is_snoozed(self, now: datetime) -> bool:
        """True while nobody is to be told about it."""
        return self.snoozed_until is not None and now < self.snoozed_until

    def is_held(self, now: datetime, longest: timedelta) -> bool:
        """True while it has to wait by an approver's word, at most for the longest time that a hold may last."""
        return self.held_until is not None and not has_come(self.held_until, now, longest + APART_MAX)

    def is_waived(self, now: datetime) -> bool:
        """True while a waiver holds: for good, or until an instant that has not come."""
        until = self.waived_until
        return self.state is TicketState.WAIVED and (until is None or now < until)

    @property
    def label(self) -> str:
        """The id that people see."""
        return ticket_label(self.id)


@dataclass(frozen=True, slots=True)
class TicketKey:
    """Kind, subject and occasion (a leaving, a review, a policy's version; empty: one ticket at a time)."""

    kind: TicketKind
    subject: Subject
    occasion: str


def handed_to(ticket: Ticket, assignee: Assignee | None) -> Ticket:
    """The ticket with this assignee. Signed links of earlier assignees stay dead, also if it comes back to them.

    "I have it" and "later" were the word of the one who had it.
    """
    before, after = (one.email.casefold() if one else "" for one in (ticket.assignee, assignee))
    if before == after:
        return replace(ticket, assignee=assignee)
    return replace(
        ticket, assignee=assignee, handed=ticket.handed + 1, acknowledged_until=None, snoozed_until=None
    )


def ticket_label(number: int) -> str:
    """`T-000123`."""
    return f"T-{number:06d}"


def ticket_number(label: str) -> int:
    """The number behind `T-000123`, `t-123` or `123`; raises ValueError with what is expected."""
    text = label.strip().upper().removeprefix("T-")
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise ValueError(f"'{label}' is not a ticket id; they look like T-000123.")
    return int(text)
