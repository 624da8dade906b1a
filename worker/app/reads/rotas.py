"""Who is on call, and where nobody will be: the configured rotas, with what their calendars said last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.app.refused import Refused
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.feeds import FeedRules, is_stale, with_feed
from worker.domain.escalation.rota import Gap, Rota, Shift, all_on_call, gaps, shifts
from worker.domain.reconcile.plan import instant
from worker.ports import Concern
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class RotaRules:
    """The configured rotas, by name, in the configuration's order.

    `feeds` are the rules of those that have a calendar. `gap_warnings` are how long before a gap it is told.
    `automatic_replies` is the name of the directory that is asked who is away.
    """

    rotas: Mapping[str, Rota] = field(default_factory=dict)
    feeds: Mapping[str, FeedRules] = field(default_factory=dict)
    gap_warnings: Mapping[str, timedelta] = field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    automatic_replies: str | None = None


@dataclass(frozen=True, slots=True)
class RotaGap:
    """A gap of one rota."""

    rota: str
    gap: Gap


class Rotas:
    """Looks into the rotas. No calendar is read for it: the job `watch` does that."""

    def __init__(self, store: Store, rules: RotaRules) -> None:
        self._store = store
        self._rules = rules

    def named(self, name: str) -> Rota:
        """A configured rota, without its calendar's turns. Raises Refused if there is none of this name."""
        if name not in self._rules.rotas:
            known = ", ".join(self._rules.rotas) or "none"
            raise Refused(f"There is no rota {name!r}. The configuration has: {known}.")
        return self._rules.rotas[name]

    def current(self, uow: UnitOfWork, name: str, now: datetime) -> Rota:
        """The rota as it is now, with its calendar's turns while its copy is not too old. Raises Refused."""
        rota, rules = self.named(name), self._rules.feeds.get(name)
        return rota if rules is None else with_feed(rota, uow.rota_feeds.get(name), rules, now)

    def planned(self, uow: UnitOfWork, name: str, at: datetime, now: datetime) -> list[str]:
        """The e-mail addresses of whoever is on call at an instant, who took over last at the end, left or not."""
        found = all_on_call(self.current(uow, name, now), at)
        return list(dict.fromkeys(one.person for one in found if one.person is not None))

    def on_call(self, uow: UnitOfWork, name: str, at: datetime, now: datetime) -> list[str]:
        """As `planned`, without whoever has left; the fallback if all have. Nobody: empty."""
        found = self.planned(uow, name, at, now)
        left = uow.people.who_left({one.casefold() for one in found})
        here = [one for one in found if one.casefold() not in left]
        fallback = self.named(name).fallback
        return here or ([fallback] if found and fallback is not None else [])

    def shifts(self, name: str, since: datetime, until: datetime, now: datetime) -> tuple[Shift, ...]:
        """Who is on call in [since, until), as `domain.escalation.rota.shifts` has it. Raises Refused."""
        with self._store.reading() as uow:
            return shifts(self.current(uow, name, now), since, until)

    def gaps(self, now: datetime) -> tuple[RotaGap, ...]:
        """The gaps of all rotas within the time of their warnings, rota by rota.

        Somebody whom the directory knows as left is not there; an address that it does not know counts as there.
        """
        found, absences = [], self._rules.absences
        deputies = {one.deputy.casefold() for one in absences if one.deputy is not None}
        with self._store.reading() as uow:
            for name, warning in self._rules.gap_warnings.items():
                rota, until = self.current(uow, name, now), now + warning
                gone = _gone(uow, shifts(rota, now, until), deputies)
                found += [RotaGap(name, one) for one in gaps(rota, now, until, absences, gone)]
        return tuple(found)

    def concerns(self, now: datetime) -> tuple[Concern, ...]:
        """What the watch tells of: for each rota its gaps to come, and that its calendar is too old.

        Of a calendar that nobody tried to read yet it says nothing: the watch reads it after it looked.
        """
        with self._store.reading() as uow:
            copies = uow.rota_feeds.all()
        untried = self._rules.feeds.keys() - copies.keys()
        spans: dict[str, list[str]] = {}
        for one in self.gaps(now):
            if one.rota in untried:
                continue
            span = f"from {instant(one.gap.from_at)} until {instant(one.gap.until_at)}"
            spans.setdefault(one.rota, []).append(span)
        found = [
            Concern(f"{name}, gap", f"Nobody is on call {', '.join(gaps)}.", "`whosleft rota gaps` says why.")
            for name, gaps in spans.items()
        ]
        for name, rules in self._rules.feeds.items():
            copy = copies.get(name)
            if copy is not None and is_stale(copy, rules, now):
                message = "It was not read for too long, so that the fallback is asked."
                found.append(Concern(f"{name}, calendar", message, copy.problem))
        return tuple(found)

    def notes(self, name: str, now: datetime) -> tuple[str, ...]:
        """Sentences about the rota's calendar: that it is too old, what was odd, why it could not be read."""
        rules = self._rules.feeds.get(name)
        if rules is None:
            return ()
        with self._store.reading() as uow:
            copy = uow.rota_feeds.get(name)
        stale = f"Rota {name}: its calendar was not read for too long, so that the fallback is asked."
        said = () if copy is None else (copy.problem, *copy.notes)
        return tuple(filter(None, (stale if is_stale(copy, rules, now) else "", *said)))


def _gone(uow: UnitOfWork, found: tuple[Shift, ...], deputies: set[str]) -> frozenset[str]:
    """The people on call, and their deputies, who have left, by their address in lower case."""
    people = {one.person.casefold() for one in found if one.person is not None}
    return frozenset(uow.people.who_left(people | deputies))
