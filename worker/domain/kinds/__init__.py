"""Kinds of tickets: a file each, listed here. A new one is a file, its line below, and its code in `TicketKind`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from worker.domain.kinds import (
    add_admin,
    add_member,
    attest,
    close_group,
    confirm_roster,
    creator_must_leave,
    fix_profile,
    handle_report,
    identify_member,
    reassign_admin,
    reduce_admins,
    register_group,
    remove_member,
    review_conversations,
    review_group,
)
from worker.domain.kinds.kind import Choice, Kind, Sees
from worker.domain.tickets.ticket import Ticket, TicketKind

KINDS: Mapping[TicketKind, Kind] = {
    one.KIND.code: one.KIND
    for one in (
        reassign_admin,
        remove_member,
        creator_must_leave,
        identify_member,
        add_member,
        confirm_roster,
        register_group,
        close_group,
        add_admin,
        reduce_admins,
        fix_profile,
        attest,
        review_group,
        handle_report,
        review_conversations,
    )
}

# The kind that asks a person for a statement
STATEMENTS = next(code for code, kind in KINDS.items() if kind.choice is Choice.STATEMENT)

# The kind that asks for a review of a group's members, the one about a reported message, and the one that takes
# somebody out
REVIEWS = next(code for code, kind in KINDS.items() if kind.choice is Choice.ROWS)
REPORTED_MESSAGES = handle_report.KIND.code
# The kind that asks for a review of a leaver's conversations
CONVERSATIONS = review_conversations.KIND.code

REMOVAL = remove_member.KIND.code

# A live ticket of these kinds means that somebody who left is still in a group
REMOVALS = frozenset(code for code, kind in KINDS.items() if kind.is_exposure)


def kind_of(ticket: Ticket) -> Kind:
    return KINDS[ticket.kind]


def proof_source(ticket: Ticket) -> str:
    """The source that proved a ticket; empty for one that somebody's own word closed."""
    return "" if kind_of(ticket).sees is Sees.STATEMENT else ticket.verified_by or ""


def codes(fits: Callable[[Kind], bool]) -> tuple[str, ...]:
    """The codes of all kinds that fit, as stored in tables, in alphabetical order."""
    return tuple(sorted(kind.code.value for kind in KINDS.values() if fits(kind)))


def is_exposure(ticket: Ticket) -> bool:
    """True if a live ticket means that somebody who left is still in a group; see `is_asked_out` for the others."""
    return kind_of(ticket).is_exposure and ticket.evidence is not None


def is_asked_out(ticket: Ticket) -> bool:
    """True if it removes somebody who has not left: a review said so, or they took back their consent."""
    return kind_of(ticket).is_exposure and ticket.evidence is None


def is_waited_for(ticket: Ticket) -> bool:
    """True if tickets of another kind may wait for this one."""
    return any(kind.waits is not None and kind.waits.for_ is ticket.kind for kind in KINDS.values())
