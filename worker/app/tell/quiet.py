"""The quiet hours of one person: by their own zone, country and holidays, as far as these are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from worker.app.tell.addressing import all_who_have
from worker.domain.escalation.quiet import QuietHours, held_until, zone_of
from worker.domain.escalation.wall_clock import timezones
from worker.domain.messages.message import Recipient
from worker.domain.model import AccountFacts
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class PersonalQuiet:
    """The port `Quiet` of `holding`. `timezone` (IANA) and `country` (ISO 3166) are for all; None: each one's own.

    `organisation` is the time zone of people of whom neither a directory nor a channel (`uow.zones`) says one, and
    whose country has several; `region` is the country of those of whom no directory says one.
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
        known = _known(uow, to)
        stated = next((one.country for one in known if one.country), None)
        timezone = self.timezone or zone_of(
            _zone_in(known), uow.zones.of(to.address), stated, self.organisation
        )
        return timezone, self.country or stated or self.region

    def lacks_zone(self, uow: UnitOfWork, to: Recipient) -> bool:
        return self.timezone is None and _zone_in(_known(uow, to)) is None

    def is_for(self, ticket: Ticket | None) -> bool:
        return not (self.hours.exempt_sensitive and ticket is not None and ticket.is_sensitive)


def _known(uow: UnitOfWork, to: Recipient) -> list[AccountFacts]:
    """What the directories say of somebody who is here, in a fixed order: one may state what another does not."""
    return [one.facts for one in all_who_have(uow, to.address)]


def _zone_in(known: Iterable[AccountFacts]) -> str | None:
    """The first zone that is stated; what is no zone is none."""
    return next((one.timezone for one in known if one.timezone in timezones()), None)
