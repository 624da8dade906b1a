"""People's acts on copies in trackers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from worker.app.refused import Refused, require_reason
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.mirror.copy import Copy, CopyState
from worker.domain.tickets.ticket import ticket_label
from worker.ports.state.store import Store

_MAY_BE_MADE_AGAIN = frozenset({CopyState.GONE, CopyState.REFUSED})


class MirrorActs:
    """People's acts on copies of tickets in trackers, of which `names` are configured. All raise Refused."""

    def __init__(self, store: Store, names: Collection[str]) -> None:
        self._store = store
        self._names = names

    def again(self, tracker: str, ticket: int, by: Actor, reason: str, now: datetime) -> Copy:
        """Make a copy anew that is gone, or that could not be made; the next run does it, unless it is back."""
        require_reason(reason)
        if tracker not in self._names:
            there_are = ", ".join(sorted(self._names)) or "none"
            raise Refused(
                f"No tracker {tracker} is configured, so no copy would be made; there are: {there_are}."
            )
        with self._store.begin() as uow:
            known = uow.mirrors.find(tracker, ticket)
            if known is None:
                raise Refused(
                    f"{tracker} has no copy of {ticket_label(ticket)}; `whosleft trackers list` shows them."
                )
            if known.state not in _MAY_BE_MADE_AGAIN:
                raise Refused(
                    f"{known.key or 'Its copy'} is {known.shown}: only one that is gone, or could not be made, "
                    "is made again."
                )
            # Without a mark, all that is there is looked through: a tracker that was put back may count from before it
            new = Copy(
                tracker, ticket, known.identity, known.place, CopyState.UNCLEAR, attempts=1,
                attempted_at=known.attempted_at, look_again_at=known.look_again_at,
            )  # fmt: skip
            uow.mirrors.put(new)
            data = {"tracker": tracker, "was": known.key}
            subject = f"ticket:{ticket_label(ticket)}"
            uow.journal.append([acted(by, now, events.TICKET_COPY_REQUESTED, subject, reason, data)])
        return new
