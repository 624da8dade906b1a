"""A company as two files: an export of its directory, and the list that somebody keeps of its groups.

Each person is in two groups of twenty. Half of the numbers are written as machines write them, the rest as people do.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from pathlib import Path

PEOPLE, GROUPS = "people.csv", "groups.csv"
HEADS = (
    "DistinguishedName",
    "Enabled",
    "ObjectGUID",
    "SamAccountName",
    "DisplayName",
    "mail",
    "mobile",
    "Department",
)


def write_people(folder: Path, size: int, left: Collection[int] = ()) -> None:
    """As `Get-ADUser | Export-Csv` writes it; whose number is in `left` has left."""
    with (folder / PEOPLE).open("w") as file:
        file.write(",".join(f'"{head}"' for head in HEADS) + "\n")
        for n in range(size):
            cells = (
                f"CN=Person {n},OU=Staff,DC=corp,DC=example", str(n not in left),
                f"00000000-0000-4000-8000-{n:012d}", f"p{n}", f"Person {n}", f"p{n}@corp.example", phone(n, n),
                f"Department {n % 50}",
            )  # fmt: skip
            file.write(",".join(f'"{cell}"' for cell in cells) + "\n")


def write_groups(folder: Path, size: int) -> None:
    """A register of the groups, a row for each member."""
    with (folder / GROUPS).open("w") as file:
        file.write("Group name,Messenger,Owner e-mail,Member name,Phone,Role\n")
        for n in range(2 * size):
            who, group = n % size, n // 20
            role = "admin" if n % 20 < 2 else "member"
            file.write(
                f"Group {group},WhatsApp,p{group}@corp.example,Person {who},{phone(who, n + 1)},{role}\n"
            )


def phone(number: int, way: int) -> str:
    """The phone number of somebody, in one of four ways of writing it."""
    area, rest = f"77{number:08d}"[:4], f"{number:08d}"[2:]
    return (f"+44{area}{rest}", f"+44{area}{rest}", f"+44 {area} {rest}", f"0{area} {rest}")[way % 4]


def some_left(size: int, how_many: int) -> frozenset[int]:
    return frozenset(random.Random(1).sample(range(size), how_many))
