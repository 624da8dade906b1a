"""What happens in a company: one random event at a time, and now and then a mass of them.

Everything goes through HR's books and the messengers' groups; the worker hears of it only as its sources tell.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim.company import DEPARTMENTS, FILE, LIVE, LOOKED_UP, Company, Human, Room
from worker.domain.model import AccountKey, Role

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mass:
    """Many accounts that change at once; `is_true` when the people have really left."""

    at: datetime
    people: set[AccountKey]  # without those of whom HR has said something else since
    is_true: bool


class Life:
    """Draws events. `at` schedules what follows from one later."""

    def __init__(
        self, rng: random.Random, company: Company, at: Callable[[datetime, Callable[[], None]], None]
    ) -> None:
        self._rng = rng
        self._company = company
        self._at = at
        self.masses: list[Mass] = []
        self._events: tuple[tuple[int, Callable[[], None]], ...] = (
            (6, self.join),
            (6, self.move),
            (9, self.leave),
            (3, self.set_leave_date),
            (3, self.change_leave_date),
            (3, self.come_back),
            (3, self.rehire),
            (1, self.go_on_long_leave),
            (3, self.change_phone),
            (2, self.recycle_number),
            (3, self.hand_on_number),
            (1, self.share_number),
            (2, self.regrade),
            (6, self.enter_group),
            (3, self.quit_group),
            (2, self.readd_leaver),
            (2, self.bring_guest),
        )

    def something(self) -> None:
        """Let one event happen."""
        weights, events = zip(*self._events, strict=True)
        self._rng.choices(events, weights)[0]()

    # --- people ----------------------------------------------------------------------------------

    def _one(self, humans: list[Human]) -> Human | None:
        return self._rng.choice(humans) if humans else None

    def _room(self) -> Room:
        return self._rng.choice(list(self._company.rooms.values()))

    def _leaver_to_be(self) -> Human | None:
        """Admins leave more often here than in life: what they leave behind is the hard part."""
        staff = [h for h in self._company.staff() if not self._company.falsely_disabled & set(h.accounts)]
        if self._rng.random() < 0.35:
            admins = {seat.human.number for room in self._company.rooms.values() for seat in room.admins()}
            return self._one([human for human in staff if human.number in admins])
        return self._one(staff)

    def join(self) -> None:
        human = self._company.hire()
        for _ in range(self._rng.randint(1, 3)):
            self._company.seat(self._room(), human)

    def move(self) -> None:
        human = self._one(self._company.staff())
        if human is not None:
            account = self._company.account_here(human)
            self._company.change(account, department=self._rng.choice(DEPARTMENTS))

    def leave(self) -> None:
        human = self._leaver_to_be()
        if human is None:
            return
        account = self._company.account_here(human)
        self._rng.choice((self._disable, self._delete, self._expire, self._move_out, self._disable))(account)

    def _disable(self, account: AccountKey) -> None:
        self._company.change(account, enabled=False)

    def _move_out(self, account: AccountKey) -> None:
        self._company.change(account, is_moved_out=True, org_unit="OU=Leavers")

    def _expire(self, account: AccountKey) -> None:
        self._company.change(
            account, expires_at=self._company.now() - timedelta(hours=self._rng.randint(0, 5))
        )

    def _delete(self, account: AccountKey) -> None:
        if account.source == LOOKED_UP and self._rng.random() < 0.5:
            self._company.change(account, is_deleted=True)
        else:
            self._company.books[account.source].erase(account.person_id)

    def set_leave_date(self) -> None:
        human = self._leaver_to_be()
        if human is not None:
            at = self._company.now() + timedelta(hours=self._rng.randint(2, 150))
            self._company.change(self._company.account_here(human), leave_at=at)

    def change_leave_date(self) -> None:
        """Move a leave date, take it back, or take back that it was taken back."""
        dated = [
            (key, facts)
            for book, source in ((self._company.books[s], s) for s in (LOOKED_UP, FILE))
            for key, facts in ((AccountKey(source, f.person_id), f) for f in book.facts.values())
            if facts.leave_at is not None and not facts.is_deleted
        ]
        if not dated:
            return
        account, facts = self._rng.choice(dated)
        later = self._company.now() + timedelta(hours=self._rng.randint(5, 100))
        self._company.change(account, leave_at=self._rng.choice((None, None, later)))
        if self._rng.random() < 0.5:
            self._at(
                self._company.now() + timedelta(hours=self._rng.randint(3, 60)),
                lambda: self._date_again(account, facts.leave_at),
            )

    def _date_again(self, account: AccountKey, leave_at: datetime | None) -> None:
        if self._company.facts(account) is not None:
            self._company.change(account, leave_at=leave_at)

    def come_back(self) -> None:
        """The same account works again."""
        human = self._one(self._company.leavers())
        if human is None:
            return
        account = human.accounts[-1]
        for mass in self.masses:
            mass.people.discard(account)
        book = self._company.books[account.source]
        facts = book.erased.get(account.person_id)
        if self._company.facts(account) is None and facts is not None:
            book.write(facts)
        back = {"enabled": True, "is_deleted": False, "is_moved_out": False, "org_unit": None}
        self._company.change(account, **back, expires_at=None, leave_at=None)

    def rehire(self) -> None:
        """Somebody who left comes back with a new account: a new id, the same employee id."""
        human = self._one(self._company.leavers())
        if human is not None:
            self._company.open_account(human, self._rng.choice((LOOKED_UP, human.accounts[0].source)))

    def go_on_long_leave(self) -> None:
        human = self._one(self._company.staff())
        if human is not None:
            self._company.change(self._company.account_here(human), is_on_long_leave=True, enabled=False)

    # --- numbers ---------------------------------------------------------------------------------

    def change_phone(self) -> None:
        """A new number in the directory; the groups show the old one for a while, or for good."""
        human = self._one(self._company.staff())
        if human is None or human.is_doubtful:
            return
        self._company.give_phone(human)
        self._company.change(self._company.account_here(human), phones=(human.phone,))

    def recycle_number(self) -> None:
        """A leaver's number goes to somebody new, who is in groups from tomorrow on."""
        old = self._one([h for h in self._company.leavers() if not h.is_doubtful])
        if old is None:
            return
        old.is_doubtful = True
        if self._rng.random() < 0.5 and self._company.facts(old.accounts[-1]) is not None:
            self._company.change(old.accounts[-1], phones=())
        new = self._company.hire(phone=old.phone)
        new.is_doubtful = True
        rooms = [self._room() for _ in range(2)]
        self._at(self._company.now() + 2 * DAY, lambda: self._seat_in(rooms, new))

    def hand_on_number(self) -> None:
        """A ward's phone: its holder leaves, and at once an active colleague has it, in the same groups."""
        old, new = self._leaver_to_be(), self._one(self._company.staff())
        if old is None or new is None or old is new or old.is_doubtful or new.is_doubtful:
            return
        seats = list(self._company.rooms_of(old))
        keys = [self._company.account_here(human) for human in (old, new)]
        if any(room.source == LIVE for room, _ in seats) or any(key.source != LOOKED_UP for key in keys):
            return
        self._company.change(keys[0], enabled=False, phones=())
        self._company.hand_on_phone(old, new)
        self._company.change(keys[1], phones=(new.phone,))

    def _seat_in(self, rooms: list[Room], human: Human) -> None:
        for room in rooms:
            self._company.seat(room, human)

    def share_number(self) -> None:
        """Two people with one phone, as on a ward."""
        first = self._one([h for h in self._company.staff() if not h.is_doubtful])
        if first is None:
            return
        first.is_doubtful = True
        second = self._company.hire(phone=first.phone)
        second.is_doubtful = True
        self._seat_in([self._room()], second)

    # --- groups ----------------------------------------------------------------------------------

    def regrade(self) -> None:
        """Somebody is made an admin, or is one no more, without any ticket."""
        room = self._room()
        seats = list(room.seats.values())
        if not seats:
            return
        seat = self._rng.choice(seats)
        is_up = seat.role is Role.MEMBER
        if is_up or len(room.admins()) > 1:
            seat.role = Role.ADMIN if is_up else Role.MEMBER
            room.admins_changed_at = self._company.now()

    def enter_group(self) -> None:
        human = self._one(self._company.staff())
        if human is not None:
            self._company.seat(self._room(), human)

    def quit_group(self) -> None:
        room = self._room()
        if room.seats:
            seat = room.seats.pop(self._rng.choice(sorted(room.seats)))
            if seat.role.is_admin:
                room.admins_changed_at = self._company.now()

    def readd_leaver(self) -> None:
        human = self._one([h for h in self._company.leavers() if not h.is_doubtful])
        if human is not None:
            self._company.seat(self._room(), human)

    def bring_guest(self) -> None:
        guest = self._company.outsider()
        for _ in range(self._rng.randint(1, 3)):
            self._company.seat(self._room(), guest)

    # --- many at once ----------------------------------------------------------------------------

    def mass(self, *, is_true: bool) -> None:
        """A site closes, or somebody's script disables a part of the directory that is still at work."""
        here = [h for h in self._company.staff() if h.accounts[-1].source == LOOKED_UP]
        crowd = self._rng.sample(here, min(len(here), self._rng.randint(14, 20)))
        accounts = [self._company.account_here(human) for human in crowd]
        accounts = [account for account in accounts if account.source == LOOKED_UP]
        self.masses.append(Mass(self._company.now(), set(accounts), is_true))
        if not is_true:
            self._company.falsely_disabled |= set(accounts)
        for account in accounts:
            self._company.change(account, enabled=False)
        if not is_true:
            wait = timedelta(hours=self._rng.randint(30, 60))
            self._at(self._company.now() + wait, lambda: self._repair(accounts))

    def _repair(self, accounts: list[AccountKey]) -> None:
        for account in accounts:
            if self._company.facts(account) is not None:
                self._company.change(account, enabled=True)
        self._at(self._company.now() + DAY / 2, lambda: self._forget(accounts))

    def _forget(self, accounts: list[AccountKey]) -> None:
        self._company.falsely_disabled -= set(accounts)
        for mass in self.masses:
            mass.people.difference_update(accounts)
