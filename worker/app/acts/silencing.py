"""People's acts on what is told: silences, and messages that reached nobody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from worker.app.refused import Refused, require_reason
from worker.app.tell.holding import hold_calls
from worker.domain.escalation.silences import Silence
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.reconcile.rules import TicketRules
from worker.ports.state.deliveries import Post
from worker.ports.state.store import Store, UnitOfWork


class Silencing:
    """Makes and ends silences; sends the dead once more, or gives them up. All raise Refused."""

    def __init__(
        self,
        store: Store,
        rules: TicketRules,
        configured: tuple[Silence, ...] = (),
        inventories: Collection[str] = (),
    ) -> None:
        self._store = store
        self._rules = rules
        self._configured = configured
        self._inventories = inventories

    def silence(self, wanted: Silence, by: Actor, now: datetime) -> Silence:
        """Make a silence; return it with its id. Whoever is named, and the reason, stay out of the journal.

        Of one that was sent twice, the second is the first.
        """
        for name in wanted.sources:
            if name not in self._inventories:
                known = ", ".join(self._inventories) or "none"
                raise Refused(f"There is no inventory '{name}'; there are: {known}.")
        # Not refused by Silence itself: earlier releases stored such ones, and they are still read
        if not all(name.strip() for name in (*wanted.groups, *wanted.people)):
            raise Refused("A silence of a blank name covers nothing; name a group or a person.")
        with self._store.begin() as uow:
            if before := next((one for one in uow.silences.on(now) if wanted.repeats(one)), None):
                return before
            made = uow.silences.add(wanted, now)
            data = {"until": made.until_at.isoformat(), "kinds": [kind.value for kind in made.kinds]}
            uow.journal.append([acted(by, now, events.SILENCE_MADE, f"silence:{made.id}", made.reason, data)])
        return made

    def end(self, silence_id: str, by: Actor, now: datetime, reason: str = "") -> Silence:
        """End a silence before its time. What it held goes out at once, or when nothing else holds it."""
        with self._store.begin() as uow:
            ended = uow.silences.end(silence_id, now)
            if ended is None:
                if any(one.id == silence_id for one in self._configured):
                    raise Refused(f"Silence '{silence_id}' stands in the configuration; take it out there.")
                raise Refused(
                    f"There is no silence '{silence_id}' that could be ended; `whosleft silence list` shows them."
                )
            about = uow.deliveries.release(f"silence:{ended.id}", now)
            for ticket in uow.tickets.many(about).values():
                hold_calls(uow, ticket, self._rules.policy(ticket), now)
            uow.journal.append([acted(by, now, events.SILENCE_ENDED, f"silence:{ended.id}", reason)])
        return ended

    def all(self, uow: UnitOfWork) -> list[Silence]:
        """Every silence: those of the configuration first, then the newest first."""
        counts = uow.silences.counts()
        return [*(replace(one, fired=counts.get(one.id, 0)) for one in self._configured), *uow.silences.all()]

    def retry(self, post_id: str, by: Actor, now: datetime, reason: str = "") -> Post:
        """Send a dead message once more, over the same notifier."""
        with self._store.begin() as uow:
            post = uow.deliveries.retry(post_id, now)
            if post is None:
                raise Refused(
                    f"There is no dead message '{post_id}'; `whosleft deliveries list --state dead` shows them."
                )
            uow.journal.append([acted(by, now, events.DELIVERY_RETRIED, f"delivery:{post.id}", reason)])
        return post

    def drop(self, post_id: str, by: Actor, reason: str, now: datetime) -> Post:
        """Give up a message that is not sent."""
        require_reason(reason)
        with self._store.begin() as uow:
            post = uow.deliveries.drop(post_id)
            if post is None:
                raise Refused(
                    f"There is no unsent message '{post_id}'; `whosleft deliveries list` shows them."
                )
            uow.journal.append([acted(by, now, events.DELIVERY_DROPPED, f"delivery:{post.id}", reason)])
        return post
