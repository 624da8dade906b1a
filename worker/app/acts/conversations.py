"""Review the work conversations of somebody who leaves: by the role's link, on a page with a checklist.

What is saved in part is kept, and read again by whoever has the link. Once nothing is missing, the review is closed by
the reviewer's word; a second person confirms it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.app.acts.assignees import language_of, people_behind
from worker.app.acts.by_link import act_by_link, can_undo, claimants_by_link
from worker.app.acts.changes import change_ticket
from worker.app.refused import Refused
from worker.app.tell.signed_links import SignedLinks
from worker.domain.controls.conversations import CHECKLIST, WORDS_MAX, Checklist, as_details, from_details
from worker.domain.controls.seals import Seal
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via
from worker.domain.evidence.explained import assignee_id
from worker.domain.kinds import CONVERSATIONS
from worker.domain.messengers import messenger
from worker.domain.model import GroupKey
from worker.domain.reconcile.leaving import completed
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ports.state.store import Store, UnitOfWork

GROUPS_MAX = 100  # on the page
NOTHING_SAID = Checklist()


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """A group of the leaver, and who of its active admins could export."""

    key: GroupKey
    name: str
    messenger: str
    admins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewOfConversations:
    """A reviewer's ticket, what was said so far, and the leaver's groups. `undo_until`: it can be taken back."""

    ticket: Ticket
    checklist: Checklist
    groups: Sequence[WorkGroup]
    seals: Sequence[Seal]
    language: str | None = None
    undo_until: datetime | None = None


class ReviewingConversations:
    """The reviewer's side."""

    def __init__(self, store: Store, links: SignedLinks) -> None:
        self._store = store
        self._links = links

    def look(self, token: str, now: datetime) -> ReviewOfConversations:
        """What a link's review says so far. Raises LinkDead."""
        with self._store.reading() as uow:
            ticket = self._links.ticket(uow, token, now)
            undo = uow.access.undo_of(ticket.id)
            can = undo is not None and can_undo(ticket, undo, now)
            return ReviewOfConversations(
                ticket,
                from_details(ticket.details),
                _groups(uow, ticket),
                uow.seals.of_ticket(ticket.id),
                language_of(people_behind(uow, ticket.assignee)),
                undo.until if undo is not None and can else None,
            )

    def save(self, token: str, said: Checklist, now: datetime, shown: Checklist = NOTHING_SAID) -> Ticket:
        """Keep what was said; close the review once nothing is missing. Raises Refused, LinkDead.

        `shown`: what the page said when it was opened. What is still as it was there stays as somebody else saved it.
        """
        tidy = replace(
            said, words={one: " ".join(text.split())[:WORDS_MAX] for one, text in said.words.items()}
        )
        with self._store.begin() as uow:
            ticket = self._links.ticket(uow, token, now)
            if ticket.kind is not CONVERSATIONS or ticket.state is not TicketState.OPEN:
                raise Refused("There is nothing to review any more.")

            stands = from_details(ticket.details).with_changes(tidy, shown)

            def keep(one: Ticket) -> Ticket:
                return replace(one, details={**one.details, CHECKLIST: as_details(stands)})

            by = Actor(assignee_id(ticket.assignee), via=Via.LINK)
            _, kept = change_ticket(uow, ticket.id, keep, events.TICKET_NOTED, by, now)
            if stands.needs:
                return kept
            marks = claimants_by_link(uow, self._links, ticket, now)

            def complete(one: Ticket) -> Ticket:
                return completed(one, marks, now)

            return act_by_link(
                uow, self._links, kept, complete, events.TICKET_ANSWERED, now, said=str(stands.result)
            )


def _groups(uow: UnitOfWork, ticket: Ticket) -> list[WorkGroup]:
    """The groups that list the person under any account."""
    human = uow.people.human(ticket.person) if ticket.person else None
    found = {
        row.key: row
        for account in (human.accounts if human else ())
        for row, _ in uow.rosters.groups_of(account.key)
    }
    mine = {account.key for account in human.accounts} if human else set()
    return [
        WorkGroup(
            row.key,
            row.name,
            messenger(row.messenger).name,
            tuple(
                one.facts.display_name for one in uow.rosters.active_admins(row.key) if one.key not in mine
            )[:3],
        )
        for row in sorted(found.values(), key=lambda one: one.name.casefold())[:GROUPS_MAX]
    ]
