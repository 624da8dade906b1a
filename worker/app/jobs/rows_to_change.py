"""Tell the keepers of lists, in one digest a day, which rows to change so that the lists prove the claims.

A list that is dated before a claim can't prove it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from worker.app.jobs.matching import Matching
from worker.app.tell.addressing import who_is_here, whoever_has
from worker.app.tell.periods import begins, unused
from worker.app.tell.teller import Teller
from worker.domain.escalation.wall_clock import MORNING
from worker.domain.kinds import kind_of
from worker.domain.messages.message import CHANNEL, Recipient
from worker.domain.messages.sentences import Row, rows_paragraph
from worker.domain.model import GroupKey
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.verification import is_done_in
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

PAGE = 500
_ROWS = "rows"
ROWS_MAX = 15  # in one paragraph; more are several


class RowsToChange:
    """Looks once a day. The outbox keeps the digests by key, so that no other process sends them again."""

    def __init__(self, rules: TicketRules, teller: Teller, with_rows: Collection[str]) -> None:
        self._rules = rules
        self._zone = ZoneInfo(teller.timezone)
        self._languages = teller.languages
        self._with_rows = with_rows
        self._told_on: date | None = None

    def tell(self, matching: Matching, now: datetime) -> None:
        """Queue the day's digests, from `MORNING` on. `now` is aware UTC."""
        local = now.astimezone(self._zone)
        if not self._with_rows or local.time() < MORNING or self._told_on == local.date():
            return
        with matching.begin() as uow:
            digests = self._digests(uow, local.date())
            if begins(uow, _ROWS, str(local.date()), now):
                keys = unused(uow, [one.key for one in digests])
                digests = [replace(one, key=keys[one.key]) for one in digests]
            uow.outbox.add(digests, now)
        self._told_on = local.date()

    def _digests(self, uow: UnitOfWork, day: date) -> list[OutMessage]:
        by_owner: dict[tuple[str, Recipient], list[Row]] = defaultdict(list)
        owners: dict[GroupKey, Recipient] = {}
        for ticket, sight in _claims(uow, self._with_rows):
            group = ticket.home
            if group not in owners:
                owners[group] = self._owner(uow, group)
            row = Row(ticket, is_right=is_done_in(ticket, sight, self._rules.admins_min))
            by_owner[group.source, owners[group]].append(row)
        return [
            self._digest(source, owner, day, at, rows[at : at + ROWS_MAX])
            for (source, owner), rows in by_owner.items()
            for at in range(0, len(rows), ROWS_MAX)
        ]

    def _digest(self, source: str, owner: Recipient, day: date, at: int, rows: Sequence[Row]) -> OutMessage:
        body = rows_paragraph(source, rows, self._languages.of(owner.language))
        key = f"{_ROWS}:{source}:{owner.kind.value}:{owner.address}:{day}:{at}"
        return OutMessage(key, owner, body.headline, body)

    def _owner(self, uow: UnitOfWork, key: GroupKey) -> Recipient:
        """The keeper of a group's rows: its owner, else the accountable person, else the channel."""
        group = uow.rosters.group(key)
        owner = who_is_here(uow, (group.owner_email if group else None) or "")
        address = owner or who_is_here(uow, self._rules.accountable)
        return whoever_has(uow, address, self._languages) if address else CHANNEL


def _claims(uow: UnitOfWork, sources: Collection[str]) -> Iterator[tuple[Ticket, Sight]]:
    """Claims that wait for a list, of kinds that a list can prove."""
    after = 0
    while found := uow.tickets.claims(sources, after, PAGE):
        after = found[-1].ticket.id
        for ticket, sight in found:
            if sight is not None and ticket.group is not None and kind_of(ticket).row is not None:
                yield ticket, sight
