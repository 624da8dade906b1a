"""What goes wrong outside of the worker, by logical operation and seed: sources that lie, channels that fail.

A fault lasts from one instant to another; how it ends is scheduled when it begins.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from sim.company import FILE, LIVE, LOOKED_UP, REGISTER, Company
from sim.effects import SimNotifier
from sim.sources import Lie, SimDirectory, SimInventory, broke_off
from worker.ports import AuthFailed, NotDone, Rejected, Transient

HOUR = timedelta(hours=1)
FEW_GROUPS_FROM = 12  # half of them is more than the guard takes for no storm
DIRECTORY_FAULTS_A_WEEK, INVENTORY_FAULTS_A_WEEK, CHANNEL_FAULTS_A_WEEK = 6, 5, 12


class Breakable(Protocol):
    """What can go wrong."""

    @property
    def company(self) -> Company: ...
    @property
    def directories(self) -> Mapping[str, SimDirectory]: ...
    @property
    def inventories(self) -> Mapping[str, SimInventory]: ...
    @property
    def notifiers(self) -> Mapping[str, SimNotifier]: ...

    def at(self, when: datetime, deed: Callable[[], None]) -> None: ...


class Faults:
    """Draws faults and lets them happen."""

    def __init__(self, rng: random.Random, world: Breakable) -> None:
        self._rng = rng
        self._world = world

    def schedule(self, begin: datetime, end: datetime) -> None:
        """Spread faults over a time."""
        weeks = (end - begin) / timedelta(days=7)
        for a_week, fault in (
            (DIRECTORY_FAULTS_A_WEEK, self._directory),
            (INVENTORY_FAULTS_A_WEEK, self._inventory),
            (CHANNEL_FAULTS_A_WEEK, self._channel),
        ):
            for _ in range(int(a_week * weeks)):
                latest = (end - begin) / HOUR - 40
                self._world.at(begin + timedelta(hours=self._rng.uniform(0, max(1.0, latest))), fault)
        for notifier in self._world.notifiers.values():
            notifier.unreachable |= {f"h{self._rng.randrange(170)}@corp.example" for _ in range(12)}

    def _later(self, hours: float, deed: Callable[[], None]) -> None:
        self._world.at(self._world.company.now() + timedelta(hours=hours), deed)

    # --- directories -------------------------------------------------------------------------------

    def _directory(self) -> None:
        name = self._rng.choice((LOOKED_UP, FILE))
        directory = self._world.directories[name]
        if directory.is_lying:
            return
        broken: dict[str, Callable[[], None]] = {
            "empty": directory.answer_empty,
            "half": lambda: directory.shrink_to(0.6),
            "cut": lambda: directory.cut_after(1),
            "down": lambda: directory.fail(Transient(f"{name}: no answer.", remedy="Wait.")),
            "refused": lambda: directory.fail(AuthFailed(f"{name}: wrong password.", remedy="Mend it.")),
            "some": lambda: directory.shrink_to(0.93),  # few enough to be believed: look-ups must tell
            "forgotten": directory.forget_cursors,
            "stale": lambda: None,  # a file that is not written anew
        }
        kinds = [kind for kind in broken if kind not in ({"stale"} if name == LOOKED_UP else {"forgotten"})]
        kind = self._rng.choice(kinds)
        directory.is_lying = kind != "forgotten"
        broken[kind]()
        self._later(self._rng.uniform(0.5, 40), lambda: self._be_honest(directory))

    def _be_honest(self, directory: SimDirectory) -> None:
        directory.be_honest()
        directory.is_lying = False
        if directory.is_file:
            directory.export()

    # --- inventories -------------------------------------------------------------------------------

    def _inventory(self) -> None:
        name = self._rng.choice((REGISTER, LIVE))
        inventory = self._world.inventories[name]
        if inventory.lie is not None:
            return
        rooms = sorted(
            room.group.group_id for room in self._world.company.rooms.values() if room.source == name
        )
        kind = self._rng.choice(
            ("down", "refused", "cut", "few_groups", "miscounted", "partial", "shrunken", "stale")
        )
        if kind == "few_groups" and len(rooms) < FEW_GROUPS_FROM:
            return  # some of so few may really be gone, and are believed to be
        error = {
            "down": Transient(f"{name}: no answer.", remedy="Wait."),
            "refused": AuthFailed(f"{name}: wrong password.", remedy="Mend it."),
            "cut": None if self._rng.random() < 0.5 else broke_off(name),
        }.get(kind)
        inventory.lie = Lie(kind, self._rng.choice(rooms), error)
        # a roster that is short twice, later the second time, is to be believed: so only once
        lasts = 11.9 if kind == "shrunken" else self._rng.uniform(3, 30)
        self._later(lasts, lambda: self._tell_truth(inventory))

    def _tell_truth(self, inventory: SimInventory) -> None:
        inventory.lie = None
        inventory.write()

    # --- channels ----------------------------------------------------------------------------------

    def _channel(self) -> None:
        name = self._rng.choice(sorted(self._world.notifiers))
        notifier = self._world.notifiers[name]
        kind = self._rng.choice(("lost", "lost", "busy", "down", "refused", "rejected", "unclear"))
        if kind == "lost":
            notifier.lose_next_answer()
        elif kind == "busy":
            notifier.fail_next(NotDone("Too many requests.", remedy="Wait.", retry_after_s=90.0), times=2)
        elif kind == "unclear":
            notifier.fail_next(Transient("No answer.", remedy="Wait."), times=self._rng.randint(1, 9))
        elif kind == "rejected":
            notifier.fail_next(Rejected("The message was refused.", remedy="Look at it."))
        else:
            down = AuthFailed("The token is not valid.", remedy="Renew it.")
            notifier.down = down if kind == "refused" else Transient("No answer.", remedy="Wait.")
            self._later(self._rng.uniform(1, 12), lambda: self._be_up(notifier))

    def _be_up(self, notifier: SimNotifier) -> None:
        notifier.down = None
