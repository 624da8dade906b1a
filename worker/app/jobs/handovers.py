"""Handovers of rotas: whoever takes over is told and asked for one tap; without it, the fallback is warned.

    time on call begins -> told, with a link -> tapped, or 30 minutes later the fallback is told -> over, forgotten

State and message are committed together, and keys are unique: each is told once, whatever crashes. What a clock
that was ahead told is told again in its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from worker.app.acts.handovers import about
from worker.app.reads.away import Away, with_deputies
from worker.app.reads.rotas import Rotas
from worker.app.tell.addressing import who_is_here
from worker.app.tell.handover_links import (
    fresh_link,
    handover_key,
    handover_url,
    missed_key,
    missed_keys,
    stands_in_for,
)
from worker.app.tell.periods import begins, ever_used, set_right, unused
from worker.app.tell.recipients import Recipients
from worker.app.tell.teller import Teller
from worker.domain.escalation.policy import Named, NamedKind, Policy, Whom
from worker.domain.escalation.rota import Rota, handovers
from worker.domain.escalation.spans import Span
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry, stamp
from worker.domain.messages.handovers import handover_paragraph, missed_paragraph
from worker.domain.messages.message import CHANNEL
from worker.ports.state.handovers import HANDOVER, ToldHandover
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

NEWS = timedelta(minutes=90)  # who has been on call for longer than this needs no message
PATIENCE = timedelta(minutes=30)


def rotas_asked(policies: Iterable[Policy], alarms: Iterable[Whom]) -> tuple[str, ...]:
    """The rotas that a policy's step or the watch's alarms name, each once, in their order."""
    steps = (whom for policy in policies for step in policy.steps for whom in step.to)
    every = (*steps, *alarms)
    names = (one.name for one in every if isinstance(one, Named) and one.kind is NamedKind.ON_CALL)
    return tuple(dict.fromkeys(names))


class TellHandovers:
    """Tells the handovers of the rotas with these names, as they are at that instant."""

    def __init__(self, store: Store, rotas: Rotas, names: Sequence[str], away: Away, teller: Teller) -> None:
        self._store = store
        self._rotas = rotas
        self._names = names
        self._away = away
        self._teller = teller

    def run(self, now: datetime, lease: Lease | None = None) -> dict[str, int]:
        """Tell who takes over, and of whom nobody took over; return how many messages of each. `now` is aware UTC.

        Told are those who took over within the last hour and a half and are on call still: neither a first start nor
        the end of a downtime announces what began long ago. Whoever is away is told, and so is their deputy: one
        tap of either is enough. Who has left is not told, and somebody else is warned at once. Without a desk's
        address there is nothing to tap, and nobody is warned of who is here.
        """
        with self._store.begin(lease) as uow:
            over = uow.handovers.forget(now)
            uow.outbox.withdraw([key for one in over for key in _keys(one)])
            for name in self._names:
                set_right(uow, _period_of(name), stamp(now), now)
            told = sum(self._tell(uow, self._rotas.current(uow, name, now), now) for name in self._names)
            missed = self._warn(uow, now)
        return {"handovers": told, "missed": missed} if self._names else {}

    # --- taking over -----------------------------------------------------------------------------

    def _tell(self, uow: UnitOfWork, rota: Rota, now: datetime) -> int:
        found = handovers(rota, now - NEWS, now)
        return sum(self._tell_one(uow, rota, one, now) for one in found if now < one.until_at)

    def _tell_one(self, uow: UnitOfWork, rota: Rota, turn: Span[str], now: datetime) -> int:
        is_new = begins(uow, _period_of(rota.name), stamp(turn.from_at), now)
        if is_new:
            uow.handovers.drop(rota.name, turn.from_at)
        found = Recipients(uow, self._teller.languages)
        named = found.present([found.at(turn.value)])
        if not named:
            uow.handovers.add(ToldHandover(rota.name, turn.from_at, turn.until_at, turn.value, "", now))
        told, _ = with_deputies(named, self._away, now, found)
        new, links = 0, self._teller.links
        for to in told:
            one = ToldHandover(rota.name, turn.from_at, turn.until_at, turn.value, to.address, now)
            one = replace(one, link=fresh_link()) if links else one
            link = handover_url(uow, links.base, one) if links else None
            person = stands_in_for(uow, one, self._teller.languages)
            body = handover_paragraph(
                rota.name,
                turn.until_at,
                rota.timezone,
                link,
                person.label if person else "",
                self._teller.languages.of(to.language),
            )
            key = handover_key(one)
            key = unused(uow, [key])[key] if is_new else key
            message = OutMessage(key, to, body.headline, body, is_urgent=True, is_day_or_night=True)
            if uow.outbox.add([message], now):
                uow.handovers.add(one)
                new += 1
        return new

    # --- nobody took over ------------------------------------------------------------------------

    def _warn(self, uow: UnitOfWork, now: datetime) -> int:
        rows = uow.handovers.all()
        told = 0
        for (rota, _, person), group in groupby(rows, lambda one: (one.rota, one.from_at, one.person)):
            same = list(group)
            if (
                rota in self._names
                and self._is_missed(same, now)
                and self._is_on_call(uow, rota, person, now)
            ):
                told += self._warn_of(uow, same, now)
        return told

    def _is_missed(self, same: Sequence[ToldHandover], now: datetime) -> bool:
        """Whether nobody else was told yet that the person has left, or that nobody has tapped in time."""
        if any(one.taken_at or one.missed_at for one in same):
            return False
        has_links = bool(self._teller.links) and all(one.link for one in same)
        return _has_left(same) or (has_links and now >= min(one.told_at for one in same) + PATIENCE)

    def _is_on_call(self, uow: UnitOfWork, rota: str, person: str, now: datetime) -> bool:
        return person in {one.casefold() for one in self._rotas.planned(uow, rota, now, now)}

    def _warn_of(self, uow: UnitOfWork, same: Sequence[ToldHandover], now: datetime) -> int:
        """Tell the fallback, or the channel if the fallback is who is on call, has left, or is nobody."""
        one, asked_at = same[0], None if _has_left(same) else same[0].told_at
        rota, found = self._rotas.named(one.rota), Recipients(uow, self._teller.languages)
        person = found.at(one.person)
        fallback = who_is_here(uow, rota.fallback or "")
        named = found.at(fallback) if fallback else CHANNEL
        named = CHANNEL if named == person else named
        told, _ = with_deputies([named], self._away, now, found)
        messages = []
        for number, to in enumerate(to for to in told if to != person):
            tongue = self._teller.languages.of(to.language)
            body = missed_paragraph(rota.name, person.label, asked_at, one.until_at, rota.timezone, tongue)
            key = missed_key(one, number)
            key = unused(uow, [key])[key]
            messages.append(OutMessage(key, to, body.headline, body, is_urgent=True, is_day_or_night=True))
        uow.handovers.miss(one, now)
        subject, reason, data = about(uow, one)
        uow.journal.append([Entry(now, "whosleft", events.HANDOVER_MISSED, subject, reason, data)])
        return uow.outbox.add(messages, now)


def _has_left(same: Sequence[ToldHandover]) -> bool:
    """Whether a handover's person was found to have left."""
    return any(not one.told for one in same)


def _keys(one: ToldHandover) -> Sequence[str]:
    return ever_used([handover_key(one), *missed_keys(one)])


def _period_of(rota: str) -> str:
    return f"{HANDOVER}{rota}"
