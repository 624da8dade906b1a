"""The names of the journal's events: `noun.verb_past`, each written through its constant.

A test proves that each is used, and that nothing else is written. Entries are sealed and never rewritten: names of
earlier releases stay in the chain, and are read as today's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

TICKET_OPENED: Final = "ticket.opened"
TICKET_ASSIGNED: Final = "ticket.assigned"
TICKET_ACKNOWLEDGED: Final = "ticket.acknowledged"
TICKET_SNOOZED: Final = "ticket.snoozed"
TICKET_PASSED_ON: Final = "ticket.passed_on"
TICKET_BLOCKED: Final = "ticket.blocked"
TICKET_UNBLOCKED: Final = "ticket.unblocked"
TICKET_HELD: Final = "ticket.held"  # by an approver, until an instant
TICKET_HOLD_ENDED: Final = "ticket.hold_ended"  # by an approver, before that instant
TICKET_ESCALATED: Final = "ticket.escalated"
TICKET_DONE: Final = "ticket.done"
TICKET_UNDONE: Final = "ticket.undone"
TICKET_VERIFIED: Final = "ticket.verified"
TICKET_REOPENED: Final = "ticket.reopened"
TICKET_CANCELLED: Final = "ticket.cancelled"
TICKET_WAIVED: Final = "ticket.waived"
TICKET_DAY_MOVED: Final = "ticket.day_moved"  # the last day that a handover is for
# To the group of another source, its group's new name, or another handle or account of the person
TICKET_MOVED: Final = "ticket.moved"
TICKET_COPY_REQUESTED: Final = "ticket.copy_requested"  # a copy in a tracker is made anew
TICKET_REMEDIATION_STARTED: Final = "ticket.remediation_started"  # a machine acts, as a rule allowed it
TICKET_REMEDIATION_DONE: Final = "ticket.remediation_done"  # for a ticket that was settled by then: no claim
TICKET_REMEDIATION_REFUSED: Final = "ticket.remediation_refused"  # by the source
TICKET_REMEDIATION_NOT_DONE: Final = "ticket.remediation_not_done"  # it may be tried again
TICKET_LINK_SHOWN: Final = "ticket.link_shown"
TICKET_LINKS_REVOKED: Final = "ticket.links_revoked"

# The assignee's answers other than "done"
TICKET_DISOWNED: Final = "ticket.disowned"  # not my group
TICKET_DISPUTED: Final = "ticket.disputed"  # the person still works here
TICKET_FOUND_GONE: Final = "ticket.found_gone"  # the member is not in the group
TICKET_LEFT_TO_CREATOR: Final = "ticket.left_to_creator"  # the creator can't be removed
TICKET_DECLINED: Final = "ticket.declined"  # something else
TICKET_ANSWERED: Final = "ticket.answered"  # with a statement: accepted, declined, or an exception asked for
TICKET_NOTED: Final = "ticket.noted"  # a part of a checklist
TICKET_REPORTED_AGAIN: Final = "ticket.reported_again"  # it takes a further report

ATTESTATIONS_IMPORTED: Final = "attestations.imported"
ATTESTATIONS_DELETED: Final = "attestations.deleted"  # of people who left long ago

CENSUS_DECIDED: Final = "census.decided"  # what a group is that somebody named
CENSUS_LINK_MADE: Final = "census.link_made"  # of the public form; earlier ones are over

REPORT_LINK_MADE: Final = "report.link_made"  # for a group, or for another text of its rules
REPORT_RECEIVED: Final = "report.received"  # by a form without an account
REPORT_CONFIRMED: Final = "report.confirmed"  # by whoever has its receipt: it is settled
REPORT_TEXTS_DELETED: Final = "report.texts_deleted"

EVIDENCE_SEALED: Final = "evidence.sealed"  # a file, under a ticket; its hash is in the event
EVIDENCE_HANDED_OVER: Final = "evidence.handed_over"  # the same file, hashed again

PLAN_HELD: Final = "plan.held"
PLAN_APPROVED: Final = "plan.approved"  # the first of two people to release it
PLAN_OBJECTED: Final = "plan.objected"  # the first of two people to reject it
PLAN_RELEASED: Final = "plan.released"
PLAN_REJECTED: Final = "plan.rejected"

LINK_CONFIRMED: Final = "link.confirmed"
LINK_REJECTED: Final = "link.rejected"
LINK_CARRIED: Final = "link.carried"  # a person's answer, to the member as now shown, or to another handle

PERSON_JOINED: Final = "person.joined"
PERSON_MOVED: Final = "person.moved"
PERSON_LEAVING_ANNOUNCED: Final = "person.leaving_announced"
PERSON_LEFT: Final = "person.left"
PERSON_RETURNED: Final = "person.returned"
PERSON_ERASED: Final = "person.erased"

GROUP_SEEN: Final = "group.seen"
GROUP_GONE: Final = "group.gone"
GROUP_PAIRED: Final = "group.paired"
GROUP_UNPAIRED: Final = "group.unpaired"
GROUP_DECLARED: Final = "group.declared"  # an admin said by a link who is in it
GROUP_LINK_MADE: Final = "group.link_made"  # and shown to whoever made it
GROUP_LINKS_REVOKED: Final = "group.links_revoked"
GROUP_ROSTER_CHANGED: Final = "group.roster_changed"

SOURCE_FIRST_READ: Final = "source.first_read"
SOURCE_FAILED: Final = "source.failed"
SOURCE_RECOVERED: Final = "source.recovered"
SOURCE_REPAIRED: Final = "source.repaired"
SOURCE_READ_ASKED: Final = "source.read_asked"

SILENCE_MADE: Final = "silence.made"
SILENCE_ENDED: Final = "silence.ended"

ADVISORY_ANNOUNCED: Final = "advisory.announced"  # that a messenger has a vulnerability
ADVISORY_DISMISSED: Final = "advisory.dismissed"

HANDOVER_ACCEPTED: Final = "handover.accepted"  # whoever takes over a rota said so
HANDOVER_MISSED: Final = "handover.missed"  # and nobody did in time

DELIVERY_RETRIED: Final = "delivery.retried"
DELIVERY_DROPPED: Final = "delivery.dropped"

DESK_SIGNED_IN: Final = "desk.signed_in"
DESK_LOGIN_LINK_MADE: Final = "desk.login_link_made"
DESK_TOKEN_MADE: Final = "desk.token_made"  # noqa: S105  no secret
DESK_TOKEN_REVOKED: Final = "desk.token_revoked"  # noqa: S105  no secret
DESK_KEY_ROTATED: Final = "desk.key_rotated"

AUDIT_EXPORTED: Final = "audit.exported"

_EARLIER = {
    "ticket.open": TICKET_OPENED,
    "ticket.assign": TICKET_ASSIGNED,
    "ticket.acknowledge": TICKET_ACKNOWLEDGED,
    "ticket.block": TICKET_BLOCKED,
    "ticket.unblock": TICKET_UNBLOCKED,
    "ticket.verify": TICKET_VERIFIED,
    "ticket.reopen": TICKET_REOPENED,
    "ticket.cancel": TICKET_CANCELLED,
    "ticket.waive": TICKET_WAIVED,
    "ticket.not_my_group": TICKET_DISOWNED,
    "ticket.still_works_here": TICKET_DISPUTED,
    "ticket.not_in_group": TICKET_FOUND_GONE,
    "ticket.creator": TICKET_LEFT_TO_CREATOR,
    "ticket.other": TICKET_DECLINED,
    "person.leaving": PERSON_LEAVING_ANNOUNCED,
}


def current(kind: str) -> str:
    """Return today's name of an event; `kind` may be an earlier release's name."""
    return _EARLIER.get(kind, kind)


def spellings(kind: str) -> tuple[str, ...]:
    """Return every name under which the journal may hold an event, given any of them."""
    today = current(kind)
    return (today, *(old for old, new in _EARLIER.items() if new == today))


def all_spellings(kinds: Iterable[str]) -> list[str]:
    """As `spellings`, for several events, in order."""
    return sorted({each for kind in kinds for each in spellings(kind)})


def is_kind(kind: str, wanted: str) -> bool:
    """True if an event is the wanted one, under any of its names, or of the wanted noun (`ticket.*`)."""
    return kind.startswith(wanted[:-1]) if wanted.endswith(".*") else current(kind) == current(wanted)
