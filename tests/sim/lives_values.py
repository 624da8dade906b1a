"""Lives, messages that wait, and what is said, as the slow reference and its world know them.

Instants are units (`sim.lives_clock`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

OPEN, DONE, WAIVED = "open", "done", "waived"
CLOSED_MEANWHILE = "closed meanwhile"


class To(NamedTuple):
    """A person by e-mail address, or a channel by name."""

    kind: str
    address: str

    @property
    def is_person(self) -> bool:
        return self.kind == "person"


class Step(NamedTuple):
    """A step that was taken; `number` counts from 1, `repeat` from 0."""

    number: int
    repeat: int
    at: int


@dataclass
class Life:
    """One ticket, as far as escalation is concerned. `clock_from` begins its present round of steps."""

    id: int
    group: str
    assignee: str
    is_sensitive: bool
    clock_from: int
    state: str = OPEN
    waited: int = 0  # of the policy's time, while claims that were not true waited for proof
    done_at: int = 0
    acknowledged_until: int = 0
    snoozed_until: int = 0
    taken: list[Step] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"T-{self.id:06d}"


@dataclass
class Hush:
    """A silence of a group or of a reader."""

    group: str
    reader: str
    since: int
    until: int


@dataclass
class Waiting:
    """A message that was not said yet. A call asks its reader to act; news only tell what happened.

    `rests` are how long an acknowledgement and a snooze hold it, `until` what its reader would be told as the end of
    the hold, and `by` what held it; None: nothing has.
    """

    to: To
    over: str  # the notifier
    life: Life
    what: str
    is_call: bool = True
    day_or_night: bool = False
    until_done: bool = False
    rests: dict[str, int] = field(default_factory=dict)
    until: int = 0
    by: object | None = None


class Said(NamedTuple):
    """What one reader is told over one notifier in one tick, in order."""

    to: To
    over: str


Sayings = dict[Said, list[str]]
