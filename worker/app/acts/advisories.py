"""People's acts on advisories: one does not concern them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.app.refused import Refused, require_reason
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.watch.advisories import Advisory, Dismissal
from worker.ports.state.store import Store


class AdvisoryActs:
    """Dismisses advisories. Raises Refused."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def dismiss(self, id_: str, by: Actor, reason: str, now: datetime) -> list[Advisory]:
        """Close a CVE for good, in every messenger that it is known to be about; return what was closed.

        Of these it is told no more, whatever feeds say of it later. Nobody has looked at another that they name later.
        """
        require_reason(reason)
        with self._store.begin() as uow:
            found = [one for one in uow.advisories.all().values() if one.key.id == id_.upper()]
            if not found:
                raise Refused(f"There is no advisory '{id_}'; `whosleft advisories list` shows them.")
            gone = [
                replace(one, dismissal=Dismissal(by.name, now, reason))
                for one in found
                if one.dismissal is None
            ]
            if not gone:
                raise Refused(f"{found[0].key.id} is dismissed already.")
            uow.advisories.put(gone)
            subject = f"advisory:{gone[0].key.id}"
            uow.journal.append([acted(by, now, events.ADVISORY_DISMISSED, subject, reason)])
        return gone
