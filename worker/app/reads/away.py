"""Who is away: the configuration's word, then the mailbox's. What nobody knows counts as present."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from worker.app.tell.recipients import Recipients
from worker.domain.escalation.absence import Absence, absence_of, stand_in
from worker.domain.messages.message import Recipient
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import Ticket
from worker.ports import AwayTeller, BadConfig, ConnectorError, Directory


class Away:
    """Says of one person at a time whether they are away now. Keeps nothing."""

    def __init__(self, absences: tuple[Absence, ...] = (), teller: AwayTeller | None = None) -> None:
        self._absences = absences
        self._teller = teller

    @property
    def asks_mailboxes(self) -> bool:
        """Whether `is_away` may ask a directory, over the network."""
        return self._teller is not None

    def is_away(self, email: str, account: AccountKey | None, now: datetime) -> bool:
        """Whether a person is away. Asks the directory about an account of its own that no absence names.

        A directory that does not answer knows nothing. Raises nothing.
        """
        if absence_of(self._absences, email, now) is not None:
            return True
        if self._teller is None or account is None or account.source != self._teller.name:
            return False
        try:
            return self._teller.is_away(account.person_id) is True
        except ConnectorError:
            return False

    def deputy(self, email: str, now: datetime) -> str | None:
        """Who stands in by the configuration, for somebody whom it has as absent; None: nobody."""
        return stand_in(self._absences, email, now)


def with_deputies(
    named: Sequence[Recipient],
    away: Away,
    at: datetime,
    found: Recipients,
    by_mailbox: Collection[str] = (),
    *,
    ticket: Ticket | None = None,
) -> tuple[tuple[Recipient, ...], bool]:
    """The recipients, with a deputy for each who is away and has one; and whether none of all these is there.

    `by_mailbox` are the addresses whose mailboxes said that they are away. `ticket`: what they are told of.
    """
    gone = {
        one.address: away.deputy(one.address, at)
        for one in named
        if one.address in by_mailbox or away.is_away(one.address, None, at)
    }
    told = {(one.kind, one.address): one for one in named}
    for one in found.deputies([deputy for deputy in gone.values() if deputy is not None], ticket):
        told.setdefault((one.kind, one.address), one)
    return tuple(told.values()), all(one.address in gone for one in told.values())


def teller_named(name: str | None, directories: Sequence[Directory]) -> AwayTeller | None:
    """The directory of this name, as one that tells who is away. Raises BadConfig if it can't."""
    found = next((one for one in directories if one.name == name), None)
    if found is None:
        return None
    if not found.can_tell_away:
        raise BadConfig(
            f"absences.automatic_replies: {name} can't tell who is away.",
            remedy="Name a directory that has mailboxes, or null.",
        )
    teller: AwayTeller = found  # type: ignore[assignment]  # `can_tell_away` says so
    return teller
