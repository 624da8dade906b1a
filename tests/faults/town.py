"""A small company as files, changed while everything breaks; what it wrote is what effects are held against."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from connectors.inventory.register.tools.writer import write_register
from integration.company import COLUMNS, _line, _roster, phone

PEOPLE = 60
WARDS = {f"Ward {number}": range(8 * number, 8 * number + 8) for number in range(6)}

Place = tuple[str, int]  # ward, person


class Town:
    """Sixty people, six wards. `gone`: who has left; `members` and `admins`: who is in which ward."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.gone: set[int] = set()
        self.members = {ward: set(numbers) for ward, numbers in WARDS.items()}
        self.admins = {ward: {numbers[0], numbers[1]} for ward, numbers in WARDS.items()}
        self.registers: list[tuple[datetime, frozenset[Place]]] = []  # each with its date
        self.export()
        self.register()

    # --- what is written -------------------------------------------------------------------------

    def export(self) -> None:
        """Write the directory's export, in one step."""
        lines = ["#TYPE Microsoft.ActiveDirectory.Management.ADUser", COLUMNS]
        lines += [_line(number, number not in self.gone) for number in range(PEOPLE)]
        beside = self._folder / ".people.csv.writing"
        beside.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")
        beside.replace(self._folder / "people.csv")

    def register(self) -> None:
        """Write the register of the wards, in one step."""
        path = self._folder / "groups.csv"
        rosters = [_roster(ward, sorted(found), self.admins[ward]) for ward, found in self.members.items()]
        write_register(path, rosters)
        self.registers.append((datetime.fromtimestamp(path.stat().st_mtime, UTC), frozenset(self.places())))

    # --- what is true ----------------------------------------------------------------------------

    def places(self) -> list[Place]:
        return [(ward, number) for ward, found in self.members.items() for number in found]

    def wanted(self) -> list[Place]:
        """Who should be removed from where."""
        return sorted((ward, number) for ward, number in self.places() if number in self.gone)

    def active_admins(self, ward: str) -> set[int]:
        return (self.admins[ward] & self.members[ward]) - self.gone

    # --- what people do --------------------------------------------------------------------------

    def leave(self, *numbers: int) -> None:
        self.gone |= set(numbers)
        self.export()

    def come_back(self, *numbers: int) -> None:
        self.gone -= set(numbers)
        self.export()

    def remove(self, *places: Place) -> None:
        for ward, number in places:
            self.members[ward].discard(number)
        self.register()

    def staff(self) -> None:
        """Every ward without an active admin gets one, and one without active members new ones."""
        for ward, numbers in WARDS.items():
            here = self.members[ward] - self.gone
            if not here:
                self.gone -= set(numbers)
                self.members[ward] = here = set(numbers)
            if not self.active_admins(ward):
                self.admins[ward].add(min(here))
        self.export()
        self.register()

    def live_on(self, draw: Random) -> None:
        """Let happen what happens in any company: people leave, come back, and wards get new admins."""
        inside = sorted({number for _, number in self.places()} - self.gone)
        outside = sorted(self.gone)
        what = draw.random()
        if len(inside) <= PEOPLE // 3:  # nobody is left to leave
            self.gone.clear()
            self.members = {ward: set(numbers) for ward, numbers in WARDS.items()}
            self.staff()
        elif what < 0.6:
            self.leave(*draw.sample(inside, draw.randint(1, 3)))
        elif what < 0.8 and outside:
            self.come_back(draw.choice(outside))
        else:
            returned = set(draw.sample(outside, min(2, len(outside))))
            self.gone -= returned
            for ward, numbers in WARDS.items():
                self.members[ward] |= returned & set(numbers)
            self.staff()


def handle(number: int) -> str:
    return phone(number)
