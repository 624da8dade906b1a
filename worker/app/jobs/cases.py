"""Tell the accountable person of each leaver whose case is over, and owners what was kept of their sensitive groups.

removals that were proven lately -> people of whom nothing is open -> what they keep -> one message for each leaving
"""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.app.reads.keeps import KeepsReads
from worker.app.tell.addressing import whoever_has
from worker.app.tell.teller import Teller
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.messages.cases import case_paragraph, risk_paragraph
from worker.domain.messages.message import CHANNEL
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

LATELY = timedelta(days=7)  # what was over before is not told any more


class TellCases:
    """Tells each leaving once. `is_on` is whether the organisation asked for it."""

    def __init__(self, keeps: KeepsReads, teller: Teller, *, is_on: bool) -> None:
        self._keeps = keeps
        self._teller = teller
        self._is_on = is_on

    def tell(self, uow: UnitOfWork, now: datetime) -> int:
        """Queue the messages; return of how many leavings. `now` is aware UTC."""
        last = {
            f"case:{one.occasion}": one
            for one in (uow.leavings.cases_over(now - LATELY) if self._is_on else ())
        }
        told = 0
        for key in sorted(last.keys() - uow.outbox.known(last)):
            messages = self._messages(uow, key, last[key], now)
            uow.outbox.add(messages, now)
            told += bool(messages)
        return told

    def _messages(self, uow: UnitOfWork, key: str, ticket: Ticket, now: datetime) -> list[OutMessage]:
        """Nobody is told while a group still lists the person, though no ticket is open: a plan may be held."""
        human = uow.people.human(ticket.person) if ticket.person else None
        kept = self._keeps.of(uow, [one.key for one in human.accounts]) if human else []
        mine = [one for one in kept if one.ticket and one.ticket.occasion == ticket.occasion]
        if not mine or any(one.is_open for one in kept):
            return []
        messages = self._case(uow, key, ticket, mine, now)
        for one in mine:
            is_other = one.owner.casefold() not in {"", ticket.accountable.casefold()}
            if one.is_sensitive and is_other:
                messages.append(self._risk(uow, f"{key}:{'/'.join(one.group)}", ticket, one))
        return messages

    def _case(
        self, uow: UnitOfWork, key: str, ticket: Ticket, kept: list[KeptGroup], now: datetime
    ) -> list[OutMessage]:
        has_one = bool(ticket.accountable)
        to = whoever_has(uow, ticket.accountable, self._teller.languages) if has_one else CHANNEL
        tongue = self._teller.languages.of(to.language)
        body = case_paragraph(ticket.person_name, kept, self._teller.timezone, tongue)
        return self._teller.linked(
            uow, ticket, OutMessage(key, to, body.headline, body, ticket=ticket.id), now
        )

    def _risk(self, uow: UnitOfWork, key: str, ticket: Ticket, one: KeptGroup) -> OutMessage:
        to = whoever_has(uow, one.owner, self._teller.languages)
        tongue = self._teller.languages.of(to.language)
        body = risk_paragraph(ticket.person_name, one, self._teller.timezone, tongue)
        return OutMessage(key, to, body.headline, body, ticket=ticket.id)
