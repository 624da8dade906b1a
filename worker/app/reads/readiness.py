"""Which groups can move to another messenger now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from worker.app.reads.controls import PAGE, ControlReads
from worker.app.refused import Refused
from worker.domain.controls.readiness import MemberCounts, Readiness, goals, readiness_of
from worker.domain.controls.state import GroupState
from worker.domain.messengers import MESSENGERS, messenger
from worker.ports.state.store import Store, UnitOfWork

_NOBODY = MemberCounts()


class ReadinessReads:
    """Looks at groups that are not on the target yet. Writes nothing."""

    def __init__(self, store: Store, controls: ControlReads) -> None:
        self._store = store
        self._controls = controls

    def target(self, wanted: str) -> str:
        """A messenger's key, by that or by its name; if none is wanted: the one that classes send their groups to.

        Raises Refused if it is not known, or if classes don't name exactly one.
        """
        by_class = goals(self._controls.rules.policy)
        if not wanted:
            if len(by_class) == 1:
                return by_class[0]
            raise Refused(f"Say where to: --target {' or '.join(by_class or sorted(MESSENGERS))}.")
        names = {key: key for key in (*MESSENGERS, *by_class)}
        names |= {messenger(key).name.casefold(): key for key in MESSENGERS}
        if (found := names.get(wanted.strip().casefold())) is None:
            raise Refused(
                f"'{wanted}' is no messenger that is known; they are {', '.join(sorted(MESSENGERS))}."
            )
        return found

    def of(self, target: str, now: datetime) -> Iterator[Readiness]:
        """All governed groups that are not on the target, by key, read as they are needed."""
        with self._store.reading() as uow:
            after = None
            while page := uow.group_states.groups(after, PAGE, self._controls.rules.lists, frozenset()):
                yield from self._page(uow, page, target, now)
                after = page[-1].key

    def _page(
        self, uow: UnitOfWork, page: list[GroupState], target: str, now: datetime
    ) -> Iterator[Readiness]:
        rules = self._controls.rules
        groups = [rules.seen(one, now) for one in page if one.messenger.casefold() != target]
        counts = uow.moving.members(
            [one.key for one in groups], target, rules.policy.accounts.get(target, ())
        )
        return (readiness_of(one, counts.get(one.key, _NOBODY), target, rules.policy) for one in groups)
