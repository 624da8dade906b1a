"""What a replay can't do, by name: what was not recorded, what is erased, and what it does not play."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


_ANOTHER = "another one held then"
WHY: dict[Limit, str] = {
    Limit.BEFORE_RECORDS: "days, whole or in part, before the journal begins: nothing is known of them",
    Limit.ERASED: (
        "tickets of whose leaving the guard's pass is not known: who left was erased, or the record is older. "
        "They stay as they were"
    ),
    Limit.MEMBERSHIPS: (
        "memberships that came or went without a ticket: they are recorded as counts, so nobody can say whose they were"
    ),
    Limit.NOT_READ: "what the configuration of then left out was never read, or not kept as a leaving",
    Limit.SETTINGS: "changed settings that a replay does not play",
    Limit.SOURCES: (
        "tickets that come of no leaving: what sources, controls and people showed then is not recorded. They stay as "
        "they were, but for groups that are left out, the time to act, and steps"
    ),
    Limit.GUARD: (
        "tickets that the present configuration would not have opened as they were: "
        f"{_ANOTHER}, or the guard saw numbers that are not known any more"
    ),
    Limit.PLANS: (
        "held plans that the guard would not hold, or would hold besides, by what is known today: "
        f"{_ANOTHER}, or somebody in them came back and left again"
    ),
    Limit.DUE: f"tickets that would have been due at another time by the present configuration: {_ANOTHER}",
    Limit.STEPS: (
        "messages that would have come at another time, or not, by the present configuration: "
        f"{_ANOTHER}, the worker did not run, or a message reached nobody"
    ),
    Limit.READERS: "steps of which the readers are not recorded: they are looked up as they are today",
    Limit.NEW_MESSAGES: "tickets that nobody got: who would have got them is not recorded, so they tell nobody",
    Limit.ACTS: (
        "claims, answers and decisions of people stay where they were: nobody knows when they would have acted on "
        "tickets that come at another time"
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
