"""Workers whose controls say more than they know, remove by silence, or keep leavers waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import worker.domain.controls.profile.description
from sim.breaking import Make, Mutant
from sim.controls import SECTION
from worker.app.acts.reviewing import Reviewing
from worker.app.jobs.controls import RunControls
from worker.domain.controls.control import CheckValue, ControlResult
from worker.domain.controls.examining import Examined
from worker.storage.outbox import SqlOutbox

_DESCRIPTION = worker.domain.controls.profile.description
CONTROLS: Mapping[str, Any] = {"controls": SECTION}


def _what_is_not_shown(value: CheckValue) -> Make:
    return lambda _original: lambda _why: ControlResult(value)


def _asks_of_what_is_not_shown(original: Any) -> Any:
    def asks(self: Examined) -> bool:
        return original.fget(self) or self.result.value is CheckValue.UNKNOWN

    return property(asks)


def _silence_removes(_original: Any) -> Any:
    """Whom no reviewer answered for by the first reminder is asked out."""

    def remind(self: Reviewing, uow: Any, now: Any) -> int:
        for ticket in uow.tickets.many(uow.reviews.open_tickets()).values():
            if ticket.due_at - now < timedelta(days=3):
                self._remove(uow, ticket, self.shown(uow, ticket).left, now)
        return 0

    return remind


def _asks_all_at_once(original: Any) -> Any:
    """Whatever a person was asked today already, they are asked more."""

    def new(self: Any, page: Any, said_no: Any, allowed: Any, _opened_today: Any, left: int, now: Any) -> Any:
        return original(self, page, said_no, allowed, Unlimited(), left, now)

    return new


class Unlimited(Counter[str]):
    """Counts nothing."""

    def __getitem__(self, _key: str) -> int:
        return 0


def _newest_first(original: Any) -> Any:
    """What waits longest goes out last, with whatever comes of controls before it."""

    def pending(self: SqlOutbox, to: Any, now: Any, limit: int, *, is_alarm: bool) -> Any:
        rows = sorted(original(self, to, now, 1000, is_alarm=is_alarm), key=lambda row: row.id, reverse=True)
        of = {(row.recipient_kind, row.address, row.via): list[Any]() for row in rows}
        for row in rows:
            of[row.recipient_kind, row.address, row.via].append(row)
        return [row for those in of.values() for row in those[:limit]]

    return pending


CONTROL_MUTANTS = (
    Mutant(
        10,
        "what-is-not-shown-fails",
        ((_DESCRIPTION, "unknown", _what_is_not_shown(CheckValue.FAIL)),),
        CONTROLS,
        days=5,
    ),
    Mutant(
        10,
        "what-is-not-shown-passes",
        ((_DESCRIPTION, "unknown", _what_is_not_shown(CheckValue.PASS)),),
        CONTROLS,
        days=3,
    ),
    Mutant(10, "what-is-not-shown-is-asked-for", ((Examined, "asks", _asks_of_what_is_not_shown),), CONTROLS),
    Mutant(11, "silence-removes", ((Reviewing, "remind", _silence_removes),), CONTROLS, 2, 5),
    Mutant(2, "controls-ask-without-end", ((RunControls, "_new", _asks_all_at_once),), CONTROLS, 2, 3),
    Mutant(
        2, "controls-overtake-leavers", ((SqlOutbox, "_pending", _newest_first),), CONTROLS, days=7, first=2
    ),
)
