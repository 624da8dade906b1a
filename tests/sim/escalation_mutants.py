"""Deliberately broken escalation, at least one for each promise: each proves that its promise can be found broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import worker.app.acts.tickets
import worker.app.jobs.escalate
import worker.app.tell.quiet
import worker.domain.escalation.policy
import worker.domain.escalation.quiet
import worker.domain.escalation.rota
import worker.storage.outbox_sending
from sim.breaking import Mutant
from sim.escalation_world import CLOSED, LATE, MISSED, ORDER, TWICE, UNASKED
from worker.domain.escalation.calendar import CalendarClock
from worker.domain.escalation.policy import DueStep
from worker.storage.deliveries import SqlDeliveries
from worker.storage.outbox import SqlOutbox
from worker.storage.sql.tables import outbox

YEARS = timedelta(days=4000)
LONDON = ZoneInfo("Europe/London")


def _again_after_an_hour(original: Any) -> Any:
    """A step without a repeat is taken once more."""

    def due_steps(ticket: Any, policy: Any, taken: Any, allowed: Any, now: datetime) -> Any:
        first = [one for one in taken if (one.step, one.repeat) == (1, 0)]
        again = now - timedelta(hours=1)
        is_again = first and len([one for one in taken if one.step == 1]) == 1 and first[0].at <= again
        found = original(ticket, policy, taken, allowed, now)
        return (*found, DueStep(1, 1, now)) if is_again else found

    return due_steps


def _says_again(original: Any) -> Any:
    """A step's message is queued once more when it was sent."""

    def sent(self: SqlOutbox, delivery: Any, reference: str, now: datetime, following: Any = None) -> Any:
        is_claimed = original(self, delivery, reference, now, following)
        steps = [one for one in delivery.items if ":step" in one.key and not one.key.endswith(":again")]
        self.add([replace(one, key=f"{one.key}:again") for one in steps], now)
        return is_claimed

    return sent


def _by_the_wall(original: Any) -> Any:
    """Plain time is added to the clock on the wall, which is an hour late after clocks go back."""

    def add(calendar: Any, start: datetime, amount: timedelta) -> datetime:
        true: datetime = original(calendar, start, amount)
        if not isinstance(calendar, CalendarClock):
            return true
        wall = start.astimezone(LONDON).replace(tzinfo=None) + amount
        return max(true, wall.replace(tzinfo=LONDON).astimezone(UTC))

    return add


def _for_years(original: Any) -> Any:
    def hold(self: SqlDeliveries, keys: Any, until: datetime, by: str) -> None:
        original(self, keys, until + YEARS, by)

    return hold


def _organisation(_original: Any) -> Any:
    return lambda _stated, _messenger, _country, organisation: organisation


def _backwards(original: Any) -> Any:
    return lambda *args: original(*args)[::-1]


def _newest_first(original: Any) -> Any:
    return original.order_by(None).order_by(outbox.c.id.desc())


def _nothing(value: Any) -> Callable[[Any], Any]:
    return lambda _original: lambda *_args, **_more: value


def _later_handover(original: Any) -> Any:
    """Turns change an hour late."""

    def showing(zone: str, day: Any, wall: Any) -> datetime:
        moment: datetime = original(zone, day, wall)
        return moment + timedelta(hours=1)

    return showing


def _only_the_named(_original: Any) -> Any:
    return lambda named, *_rest, **_more: (tuple(named), False)


_ACTS, _TELL_QUIET = worker.app.acts.tickets, worker.app.tell.quiet
_ESCALATE, _POLICY = worker.app.jobs.escalate, worker.domain.escalation.policy
_QUIET, _ROTA = worker.domain.escalation.quiet, worker.domain.escalation.rota


class Wrong(NamedTuple):
    """A mutant, and the promises that it may be found to break, whichever comes first in its world."""

    mutant: Mutant
    promises: frozenset[str]


def _wrong(promises: set[str], name: str, *changes: tuple[Any, str, Any], first: int = 0) -> Wrong:
    return Wrong(Mutant(7, name, changes, first=first), frozenset(promises))


WRONGS = (
    _wrong({TWICE}, "a-message-is-sent-again", (SqlOutbox, "sent", _says_again)),
    # The newest of its repeats takes the place of the others that wait: they are missed
    _wrong({MISSED, UNASKED}, "a-step-is-taken-again", (_ESCALATE, "due_steps", _again_after_an_hour)),
    _wrong({LATE}, "a-step-is-an-hour-late-over-a-change-of-clocks", (_POLICY, "add", _by_the_wall)),
    _wrong({MISSED, CLOSED}, "what-is-held-is-never-released", (SqlDeliveries, "hold", _for_years)),
    _wrong({ORDER}, "messages-come-backwards", (worker.storage.outbox_sending, "_ITEMS", _newest_first)),
    _wrong({ORDER, UNASKED}, "steps-are-taken-backwards", (_ESCALATE, "due_steps", _backwards), first=1),
    _wrong({LATE, UNASKED}, "quiet-hours-are-the-organisation-s", (_TELL_QUIET, "zone_of", _organisation)),
    _wrong({UNASKED}, "holidays-are-not-quiet", (_QUIET, "is_public_holiday", _nothing(False)), first=1),
    _wrong({UNASKED}, "who-has-it-is-called-nevertheless", (_ACTS, "hold_calls", _nothing(None)), first=1),
    _wrong({UNASKED, CLOSED}, "what-is-closed-is-not-dropped", (SqlDeliveries, "take_dropped", _nothing({}))),
    _wrong({MISSED}, "deputies-are-not-told", (_ESCALATE, "with_deputies", _only_the_named)),
    _wrong(
        {MISSED},
        "turns-change-an-hour-late",
        (_ROTA, "first_showing", _later_handover),
        (_ROTA, "last_showing", _later_handover),
    ),
)
