"""The quiet hours of one person: by their own zone, country and holidays, as far as these are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.domain.escalation.quiet import QuietHours, held_until, zone_of
from worker.domain.escalation.wall_clock import timezones
from worker.domain.messages.message import Recipient
from worker.domain.model import AccountFacts, Standing
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class PersonalQuiet:
    """The port `Quiet` of `holding`. `timezone` (IANA) and `country` (ISO 3166) are for all; None: each one's own.

    `organisation` is the time zone of people of whom neither the directory nor a channel (`uow.zones`) says one, and
    whose country has several; `region` is the country of those of whom the directory says none.
    """

    hours: QuietHours
    organisation: str
    region: str
    timezone: str | None = None
    country: str | None = None

    def held_until(self, uow: UnitOfWork, to: Recipient, at: datetime) -> datetime | None:
        return held_until(self.hours, at, *self.place_of(uow, to))

    def place_of(self, uow: UnitOfWork, to: Recipient) -> tuple[str, str]:
        """The time zone and the country whose clock and holidays count for somebody."""
        facts = _facts(uow, to)
        country = self.country or (facts.country if facts else None) or self.region
        stated = facts.timezone if facts else None
        timezone = self.timezone or zone_of(
            stated, uow.zones.of(to.address), facts.country if facts else None, self.organisation
        )
        return timezone, country

    def lacks_zone(self, uow: UnitOfWork, to: Recipient) -> bool:
        if self.timezone is not None:
            return False
        facts = _facts(uow, to)
        return facts is None or facts.timezone not in timezones()

    def is_for(self, ticket: Ticket | None) -> bool:
        return not (self.hours.exempt_sensitive and ticket is not None and ticket.is_sensitive)


def _facts(uow: UnitOfWork, to: Recipient) -> AccountFacts | None:
    known = [one for one in uow.people.find(to.address) if one.standing is not Standing.LEFT]
    return known[0].facts if known else None
