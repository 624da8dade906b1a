"""Where an export's events leave its people: who is in the group, and who has gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.kit.whatsapp_export.events import Event, Kind, Who
from connectors.kit.whatsapp_export.names import key
from worker.domain.groups.exported import NewNumber
from worker.domain.model import Departed, Going, Member, Renumbered, Role


def standing(events: Iterable[Event]) -> Standing:
    """Return where these events, in their order, leave everybody whom they name but the exporter."""
    seen = Standing()
    for event in events:
        seen.take(event)
    return seen


@dataclass(slots=True)
class Standing:
    """Who is known to be in the group, and who to have gone, after some of its events; both by handle.

    `numbers` are the changes of numbers, in their order. A name that an event joins with a number stands for the number
    from then on.
    """

    members: dict[str, Member] = field(default_factory=dict)
    departed: dict[str, Departed] = field(default_factory=dict)
    numbers: list[NewNumber] = field(default_factory=list)
    renumbered: list[Renumbered] = field(
        default_factory=list
    )  # those of whom the old number is known, and when
    _numbers: dict[str, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Go on by one event."""
        if event.kind is Kind.NUMBER:
            self._change_number(event)
            return
        for person in event.subjects:
            if person.is_exporter:
                continue  # whose export it is, no line says
            if event.kind.is_arrival:
                self._arrive(person, event.at)
            elif event.kind.is_departure:
                self._depart(person, event)

    def _arrive(self, person: Who, at: datetime | None) -> None:
        handle = self._handle(person)
        self.departed.pop(handle, None)
        if handle not in self.members:
            self.members[handle] = _member(handle, person, at)

    def _depart(self, person: Who, event: Event) -> None:
        handle = self._handle(person)
        member = self.members.pop(handle, None) or _member(handle, person, None)
        how = Going.LEFT if event.kind is Kind.LEFT else Going.REMOVED
        self.departed[handle] = Departed(handle, member.display_name, member.phone, event.at, how)

    def _change_number(self, event: Event) -> None:
        """Who changes the number stays, under the new one; without a new number nothing is known."""
        new = next((person.phone for person in event.subjects), None)
        if event.actor is None or new is None or event.actor.is_exporter:
            return
        self.departed.pop(new, None)
        self.numbers.append(NewNumber(event.actor.name, event.actor.phone, new, event.at))
        before = [self._handle(one) for one in _forms(event.actor)]
        found = [member for handle in before if (member := self.members.pop(handle, None))]
        old = next((handle for handle in before if handle.startswith("+")), None)
        if old is not None and old != new and event.at is not None:
            self.renumbered.append(Renumbered(old, new, event.at))
        if event.actor.name:
            self._numbers[key(Who(name=event.actor.name))] = new
        if found:
            name = event.actor.name or found[0].display_name
            self.members[new] = replace(found[0], handle=new, phone=new, display_name=name)

    def _handle(self, person: Who) -> str:
        known = key(person)
        return self._numbers.get(known, known)


def _forms(person: Who) -> list[Who]:
    """Return a person by the number, and by the name."""
    forms = [Who(phone=person.phone)] if person.phone else []
    return forms + ([Who(name=person.name)] if person.name else [])


def _member(handle: str, person: Who, at: datetime | None) -> Member:
    phone = handle if handle.startswith("+") else None
    return Member(handle, person.name, Role.UNKNOWN, phone, joined_at=at)
