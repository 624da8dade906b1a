"""A company of any size that takes no memory: each person is computed from their number, until somebody changes them.

Names, addresses and numbers are invented; mobile numbers are from the range that Ofcom keeps for drama, so from the
thousandth person on they repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
MARK = "-7e57-4000-8000-0000c0ffee00"  # what every computed id ends with
NAMES = (
    "Amina Yusuf",
    "Ben Okafor",
    "Chloe Martin",
    "Dmitri Volkov",
    "Elif Kaya",
    "Farah Nasser",
    "Grace Obi",
)
TEAMS = ("Nursing", "Pharmacy", "Radiology", "Estates", "Finance", "Theatre", "IT")
SPAN = 10  # people who report to one manager


def computed_id(number: int) -> str:
    return f"{number:08x}{MARK}"


def sample(number: int) -> Json:
    """Return the properties of one invented person; the same ones for the same number."""
    team = TEAMS[number % 7]
    address = f"person{number}@corp.example"
    return {
        "accountEnabled": True,
        "userType": "Member",
        "userPrincipalName": address,
        "mail": address,
        "displayName": f"{NAMES[number % 7]} {number}",
        "mobilePhone": f"+44 7700 900{number % 1000:03}",
        "businessPhones": ["+44 1632 960000"],
        "department": team,
        "jobTitle": f"{team} practitioner",
        "companyName": "St Mary's",
        "officeLocation": f"Building {number % 40}",
        "employeeId": f"E{number:07}",
        "employeeType": "Employee",
        "employeeHireDate": "2020-01-06T00:00:00Z",
        "preferredLanguage": "en-GB",
        "usageLocation": "GB",
        "createdDateTime": "2020-01-02T09:30:00Z",
        "onPremisesImmutableId": f"{number:022x}==",
        "onPremisesSyncEnabled": True,
    }


class Population:
    """People 0 to `count` - 1; `make` gives their properties. Person n reports to person (n - 1) // SPAN."""

    def __init__(self, count: int = 0, make: Callable[[int], Json] = sample) -> None:
        self.count = count
        self.make = make

    def number(self, user_id: str) -> int | None:
        """Return whose id this is, or None."""
        head, mark = user_id[:8], user_id[8:]
        if mark != MARK:
            return None
        try:
            number = int(head, 16)
        except ValueError:
            return None
        return number if number < self.count else None

    def manager(self, number: int) -> str | None:
        return computed_id((number - 1) // SPAN) if number else None

    def number_of_address(self, address: str) -> int | None:
        """Return whose userPrincipalName this is, where `make` is `sample`; or None."""
        head, _, domain = address.lower().partition("@")
        digits = head.removeprefix("person")
        if domain != "corp.example" or not digits.isdecimal() or int(digits) >= self.count:
            return None
        return int(digits)
