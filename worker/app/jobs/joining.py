"""Have what people said count under each account of theirs that becomes known later, and their tickets follow them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.matching import Matching
from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.model import AccountKey
from worker.domain.text.reason import NO_REASON
from worker.ports.state.attestations import AskingRule
from worker.ports.state.store import UnitOfWork

PAGE = 500  # people in one transaction: a directory that got another name has all of them


def join_statements(matching: Matching, asking: Iterable[AskingRule], now: datetime) -> None:
    """Look at whom these rules would ask, before they are asked or counted; nearly always that is nobody."""
    for one in asking:
        with matching.begin() as uow:
            people = uow.attestations.under_other_accounts(one, now)
        for at in range(0, len(people), PAGE):
            with matching.begin() as uow:
                _join(uow, one, people[at : at + PAGE], now)


def _join(uow: UnitOfWork, asking: AskingRule, people: Sequence[AccountKey], now: datetime) -> None:
    others = {key: accounts - {key} for key, accounts in uow.people.accounts(people).items()}
    uow.attestations.share(asking.rule, others)
    moved = [replace(one, person=key) for one, key in uow.attestations.left_behind(asking, others, now)]
    uow.tickets.update(moved)
    uow.journal.append(
        Entry(now, "whosleft", events.TICKET_MOVED, f"ticket:{one.label}", NO_REASON, ticket_facts(one))
        for one in moved
    )
