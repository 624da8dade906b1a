"""What a kind of ticket is: everything that the rest of the worker asks of it. No field has a default.

Each kind has its own file in this folder; `kinds.KINDS` lists them. The engine, verification, sentences, pages,
console, storage and docs read the fields, and name no kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from worker.domain.groups.case import GroupCase
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.person_case import PersonCase
from worker.domain.text.reason import Reason
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind


class Choice(StrEnum):
    """What the assignee has to choose beside "done"."""

    NOTHING = "nothing"
    ADMIN = "admin"  # the new admin
    PERSON = "person"  # the person who the member is
    STATEMENT = "statement"  # what they say, on a page of its own, which makes "done" needless
    ROWS = "rows"  # which members belong in the group, on a page of its own
    OUTCOME = "outcome"  # what came of it, on a page of its own, which makes "done" needless
    CHECKLIST = "checklist"  # what was done of a list, on a page of its own, which makes "done" needless
    ROSTER = "roster"  # who is in the group, on the page of a link to it, which makes "done" needless


# Where "done" alone says what there is to say
DONE_SAYS_IT = frozenset({Choice.NOTHING, Choice.ADMIN})
# What is answered on a page of its own, which makes "done" needless
OWN_PAGE = frozenset({Choice.STATEMENT, Choice.ROWS, Choice.OUTCOME, Choice.CHECKLIST})


class Sees(StrEnum):
    """The part of the latest roster that shows whether the work is done."""

    MEMBER = "member"  # whether the ticket's handle is in the group
    PERSON = "person"  # whether its person is in the group under any handle
    ADMINS = "admins"  # how many active admins the group has
    IDENTITY = "identity"  # whether the handle's identity is settled
    ROSTER = "roster"  # only that it is of a later date
    ACCOUNT = "account"  # what the directory has of its person
    STATEMENT = "statement"  # nothing: what its person says is the fact
    CONTROLS = "controls"  # what the controls that it is of say now


class Asks(StrEnum):
    """The person whose help an assignee may need if their own app has no button for it."""

    NOBODY = "nobody"
    ADMIN = "admin"  # another admin; if there is none, the person who left
    LEAVER = "leaver"  # the person who left, always


class Mark(StrEnum):
    """What the drawing on the assignee's page shows beside the button."""

    MINUS = "minus"
    PLUS = "plus"
    STAR = "star"
    DOOR = "door"
    PENCIL = "pencil"


class Turn(StrEnum):
    """The place of a kind's findings in a plan; within a turn they are ordered by handle, or as they were found."""

    FIRST = "1"  # others may wait for it
    BY_MEMBER = "2"
    LAST = "3"


class Deed(StrEnum):
    """What a machine can do in a person's place."""

    REMOVE = "remove"  # take the ticket's member out of the group
    MAKE_ADMIN = "make_admin"  # make another member an admin


@dataclass(frozen=True, slots=True)
class Wait:
    """What a kind may have to wait for, and the reasons that are stored. `over`: why it need no longer wait."""

    for_: TicketKind
    why: Reason
    over: Callable[[GroupCase], Reason]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """When a roster shows that a claim is not true, and the reason; in its text `{roster}` is the roster, by date."""

    needs_full: bool  # a missing member is a fact in a complete roster only; a listed one is a fact in any
    text: str


@dataclass(frozen=True, slots=True)
class InGroup:
    """How a kind is found in a group.

    find           (case, how many admins a group needs) -> findings
    is_same_work   whether a ticket of this kind and handle asks for the same work under another key
    why_over       (ticket, case, time zone) -> why its reason is gone; None: it isn't, or verification decides
    """

    find: Callable[[GroupCase, int], Iterable[Finding]]
    is_same_work: Callable[[Ticket, Finding], bool]
    why_over: Callable[[Ticket, GroupCase, str], Reason | None]


@dataclass(frozen=True, slots=True)
class InPerson:
    """How a kind is found in a person; the fields are as in `InGroup`."""

    find: Callable[[PersonCase], Iterable[Finding]]
    why_over: Callable[[Ticket, PersonCase], Reason | None]


@dataclass(frozen=True, slots=True)
class InControls:
    """How a kind is found by controls, which name it.

    assigned            whom it goes to, the first who is there
    is_done_when_gone   whether a complete read without the group proves it
    """

    assigned: tuple[AssigneeWhy, ...]
    is_done_when_gone: bool = False


@dataclass(frozen=True, slots=True)
class InReports:
    """How a kind is found by people alone, who report something: nothing but its own page ends it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of ticket. Texts marked with N_ are English and translated when they are said; they may use {person},
    {member}, {group}, {messenger} and {topic}.

    word                in a table
    title               what is to be done, in one line
    why                 (ticket, time zone, tongue, names) -> a sentence for the person who has to do it
    steps               (ticket, help that is needed) -> the steps in the ticket's messenger
    row                 what to change in a list that people keep; None where no list shows it
    plea                (whether a candidate is known) -> what to send to the person who left; None: they are not asked
    answers             what its page offers beside "done", in this order
    creator_kind        the kind that it becomes when the assignee says that the member created the group
    is_of_creator       whether a live one says that its member is the group's creator
    mark                None: its page has no drawing, and steps only if controls ask for it
    is_exposure         whether a live one means that a person who is out is still in
    found               where its reason is found, and when that is gone
    again               what it is called when it is wrong once more after a proof
    is_news_at_once     whether it may be wrong again without a newer roster, by the directory or by people
    is_done_in          (what the roster shows, how many admins a group needs)
    deed                what a machine does for it where a rule allows that; None: only people can do it
    control             the control that its tickets count for in reports; empty: those that its details name, or none
    """

    code: TicketKind
    about: About
    word: str
    title: str
    why: Callable[[Ticket, str, Tongue, Mapping[str, str]], str]
    steps: Callable[[Ticket, Help | None], tuple[str, ...]]
    row: str | None
    plea: Callable[[bool], str] | None
    asks: Asks
    answers: tuple[Answer, ...]
    creator_kind: TicketKind | None
    is_of_creator: bool
    choice: Choice
    mark: Mark | None
    turn: Turn
    is_exposure: bool
    found: InGroup | InPerson | InControls | InReports
    waits: Wait | None
    again: Reopened
    is_news_at_once: bool
    sees: Sees
    is_done_in: Callable[[Sight, int], bool]
    contradiction: Contradiction
    deed: Deed | None
    control: str
