"""What a replay can't do, by name: what was not recorded, what is erased, and what it does not play."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.domain.text.tongue import N_


class Limit(StrEnum):
    """What can't be replayed."""

    BEFORE_RECORDS = "before_records"
    ERASED = "erased"
    MEMBERSHIPS = "memberships"
    NOT_READ = "not_read"
    SETTINGS = "settings"
    SOURCES = "sources"
    GUARD = "guard"
    PLANS = "plans"
    DUE = "due"
    STEPS = "steps"
    READERS = "readers"
    NEW_MESSAGES = "new_messages"
    ACTS = "acts"


WHY: dict[Limit, str] = {
    Limit.BEFORE_RECORDS: N_("days, whole or in part, before the journal begins: nothing is known of them"),
    Limit.ERASED: N_(
        "tickets of which it is not known any more how the guard judged the leaving: who left was erased, or "
        "left again on the same date. They stay as they were"
    ),
    Limit.MEMBERSHIPS: N_(
        "memberships that came or went without a ticket: they are recorded as counts, so nobody can say whose "
        "they were"
    ),
    Limit.NOT_READ: N_("what the configuration of then left out was never read, or not kept as a leaving"),
    Limit.SETTINGS: N_("changed settings that a replay does not play"),
    Limit.SOURCES: N_(
        "tickets that come of no leaving: what sources, controls and people showed then is not recorded. They "
        "stay as they were, but for groups that are left out, the time to act, and steps"
    ),
    Limit.GUARD: N_(
        "tickets that the present configuration would not have opened as they were: another one held then, or "
        "the guard saw numbers that are not known any more"
    ),
    Limit.PLANS: N_(
        "held plans that the guard would not hold, or would hold besides, by what is known today: another "
        "configuration held then, somebody in them came back and left again, or the guard saw numbers that are "
        "not known any more"
    ),
    Limit.DUE: N_(
        "tickets that would have been due at another time by the present configuration: another one held then, "
        "or whether their group is sensitive has changed since"
    ),
    Limit.STEPS: N_(
        "messages that would have come at another time, or not, by the present configuration: another one "
        "held then, the worker did not run, or a message reached nobody"
    ),
    Limit.READERS: N_("steps of which the readers are not recorded: they are looked up as they are today"),
    Limit.NEW_MESSAGES: N_(
        "tickets that nobody got: who would have got them is not recorded, so they tell nobody"
    ),
    Limit.ACTS: N_(
        "claims, answers and decisions of people stay where they were: nobody knows when they would have "
        "acted on tickets that come at another time"
    ),
}


@dataclass(frozen=True, slots=True)
class Cannot:
    """One thing that a replay can't do. `how_many` is None where nobody can count it; `about` names what it is."""

    what: Limit
    how_many: int | None = None
    about: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        return WHY[self.what]
