"""What whoever takes over a rota does by the link in their message: they look, and they tap once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.app.tell.addressing import have_left, whoever_has
from worker.app.tell.handover_links import missed_keys, read_handover, stands_in_for
from worker.app.tell.periods import ever_used
from worker.app.tell.recipients import OnCall
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted
from worker.domain.evidence.journal import stamp
from worker.domain.model import Account, Standing
from worker.domain.text.tongue import Languages
from worker.ports.state.handovers import ToldHandover
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class ShownHandover:
    """A handover as its page shows it: `until_at` is in the rota's `timezone` (IANA).

    `stands_in_for` is the name of the person on call, if it is somebody else's page. `taken_by` is the name of who has
    taken over; empty: nobody has.
    """

    rota: str
    until_at: datetime
    timezone: str
    stands_in_for: str
    taken_by: str
    taken_at: datetime | None
    language: str | None


class TakeOver:
    """Opens the links of handovers. `zones` are the time zones (IANA) of the configured rotas, by name."""

    def __init__(self, store: Store, zones: Mapping[str, str], on_call: OnCall, languages: Languages) -> None:
        self._store = store
        self._zones = zones
        self._on_call = on_call
        self._languages = languages

    def look(self, token: str, now: datetime) -> ShownHandover:
        """The data for the link's page; nothing changes. Raises LinkDead."""
        with self._store.reading() as uow:
            one = self._opened(uow, token, now)
            taken = next((row for row in _told(uow, one) if row.taken_at is not None), None)
            person = stands_in_for(uow, one, self._languages)
            return ShownHandover(
                one.rota,
                one.until_at,
                self._zones[one.rota],
                person.label if person else "",
                whoever_has(uow, taken.told, self._languages).label if taken else "",
                taken.taken_at if taken else None,
                whoever_has(uow, one.told, self._languages).language,
            )

    def take(self, token: str, now: datetime) -> None:
        """Take over, once: a second tap changes nothing, nor does a deputy's after the person's. Raises LinkDead.

        A message that nobody has taken over is taken back if it was not sent.
        """
        with self._store.begin() as uow:
            one = self._opened(uow, token, now)
            if any(row.taken_at for row in _told(uow, one)) or not uow.handovers.take(one, now):
                return
            uow.outbox.withdraw(ever_used(missed_keys(one)))
            by = Actor(person_id(uow, one.told), via=Via.LINK)
            uow.journal.append([acted(by, now, events.HANDOVER_ACCEPTED, *about(uow, one))])

    def _opened(self, uow: UnitOfWork, token: str, now: datetime) -> ToldHandover:
        """The handover, while its person is on call and whoever it was told has not left."""
        one = read_handover(uow, token, now)
        if one.rota not in self._zones:
            raise LinkDead(Dead.REVOKED)
        people = uow.people.find(one.told)
        language = people[0].facts.language if people else None
        if have_left(uow, people):
            raise LinkDead(Dead.LEFT, language)
        if one.person not in {address.casefold() for address in self._on_call(uow, one.rota, now)}:
            raise LinkDead(Dead.MOVED, language)
        return one


def about(uow: UnitOfWork, one: ToldHandover) -> tuple[str, str, dict[str, str]]:
    """What the journal says of a handover: its subject, no reason, and its data."""
    data = {"from": stamp(one.from_at), "until": stamp(one.until_at), "person": person_id(uow, one.person)}
    return f"rota:{one.rota}", "", data


def person_id(uow: UnitOfWork, address: str) -> str:
    """The journal's name for somebody: the id if the directory knows them, else the address."""
    found: Sequence[Account] = uow.people.find(address)
    here = [one for one in found if one.standing is not Standing.LEFT]
    return "/".join((here or found)[0].key) if found else address


def _told(uow: UnitOfWork, one: ToldHandover) -> list[ToldHandover]:
    """Everybody whom the same handover was told."""
    which = (one.rota, one.from_at, one.person)
    return [row for row in uow.handovers.all() if (row.rota, row.from_at, row.person) == which]
