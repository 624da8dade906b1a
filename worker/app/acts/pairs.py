"""Say that two groups of two sources are one, or that they are two."""

from __future__ import annotations

from datetime import datetime

from worker.app.acts.looking_up import one_group
from worker.app.acts.pairing import Pairing
from worker.app.refused import Refused, answered_already
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.groups.pairing import Pair, PairState
from worker.domain.model import GroupKey
from worker.domain.text.reason import in_own_words
from worker.ports.state.store import Store, UnitOfWork


class PairActs:
    """People's word on pairs of groups."""

    def __init__(self, store: Store, pairing: Pairing) -> None:
        self._store = store
        self._pairing = pairing

    def pair(
        self, one: str, other: str, by: Actor, reason: str, now: datetime, *, is_asked: bool = False
    ) -> Pair:
        """Say that two groups, named by id, name or `source/id`, are one. Raises Refused.

        `is_asked`: it was shown as an open question, so an answer that somebody gave meanwhile stays.
        """
        return self._say(
            one, other, PairState.CONFIRMED, events.GROUP_PAIRED, by, reason, now, is_asked=is_asked
        )

    def unpair(
        self, one: str, other: str, by: Actor, reason: str, now: datetime, *, is_asked: bool = False
    ) -> Pair:
        """Say that two groups are two, whatever they have in common. As `pair`."""
        return self._say(
            one, other, PairState.APART, events.GROUP_UNPAIRED, by, reason, now, is_asked=is_asked
        )

    def _say(
        self,
        one: str,
        other: str,
        state: PairState,
        kind: str,
        by: Actor,
        reason: str,
        now: datetime,
        *,
        is_asked: bool,
    ) -> Pair:
        with self._store.begin() as uow:
            a, b = self._pairing.in_order(one_group(uow, one).key, one_group(uow, other).key)
            if a.source == b.source:
                raise Refused(f"Both groups are in {a.source}; a pair is one group in two sources.")
            known = [one.state for one in uow.pairs.of(a, b) if (one.a, one.b) == (a, b)]
            if is_asked and known != [PairState.SUGGESTED]:
                raise answered_already()
            pair = Pair(a, b, state, in_own_words(reason), now, by.name)
            if state.is_one:
                _require_alone(uow, pair)
            uow.pairs.put(pair)
            data = {"with": "/".join(b)}
            uow.journal.append([acted(by, now, kind, f"group:{a.source}/{a.group_id}", reason, data)])
            self._pairing.follow(uow, now)
        return pair


def _require_alone(uow: UnitOfWork, wanted: Pair) -> None:
    """Raise Refused if one of the groups is one with another group of the same source already."""
    for known in uow.pairs.of(wanted.a, wanted.b):
        is_same = (known.a, known.b) == (wanted.a, wanted.b)
        shares = (known.a == wanted.a and known.b.source == wanted.b.source) or (
            known.b == wanted.b and known.a.source == wanted.a.source
        )
        if known.state.is_one and shares and not is_same:
            raise Refused(f"{_named(known.a)} is paired with {_named(known.b)}; unpair these first.")


def _named(key: GroupKey) -> str:
    return "/".join(key)
