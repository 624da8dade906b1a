"""A synchroniser in the manner of user-sync: what should be is compared with what is, as a whole, and applied.

    python -I user_sync.py PEOPLE.csv GROUPS.csv COMMANDS.jsonl

What should be: of each group's members, those whom the directory has and who are active. What is: the list of groups.
The difference of the two sets is applied in requests of ten commands, which are written to COMMANDS in place of being
sent. It remembers nothing between two runs. Its one limit is --max, the share of all memberships that it may remove.
"""

import argparse
import csv
import json
import re
from collections import defaultdict
from itertools import islice
from pathlib import Path

NO_DIGIT = re.compile(r"\D+")
COUNTRY = "44"
IN_A_REQUEST = 10
Memberships = dict[str, set[str]]  # by group, its members' numbers


def number(text: str) -> str:
    digits = NO_DIGIT.sub("", text)
    if text.strip().startswith("+"):
        return digits
    return COUNTRY + digits[1:] if digits.startswith("0") else digits


def directory(path: Path) -> dict[str, bool]:
    """By number, whether its owner is active."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        people = ((number(row["mobile"]), row["Enabled"] == "True") for row in csv.DictReader(file))
        found = dict[str, bool]()
        for phone, is_active in people:
            found[phone] = found.get(phone, False) or is_active
        return found


def groups(path: Path) -> Memberships:
    found: Memberships = defaultdict(set)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found[row["Group name"]].add(number(row["Phone"]))
    return found


def wanted(actual: Memberships, people: dict[str, bool]) -> Memberships:
    """Whom the directory does not know stays: it may be a guest."""
    return {group: {one for one in members if people.get(one, True)} for group, members in actual.items()}


def differences(actual: Memberships, target: Memberships) -> list[tuple[str, str]]:
    """(group, number) of everybody who is there and should not be."""
    return [(group, phone) for group, members in actual.items() for phone in sorted(members - target[group])]


def apply(removals: list[tuple[str, str]], out: Path) -> None:
    some = iter(removals)
    with out.open("w") as file:
        while batch := list(islice(some, IN_A_REQUEST)):
            commands = [{"do": "remove", "group": group, "user": phone} for group, phone in batch]
            file.write(f"{json.dumps(commands)}\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("people", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--max", type=float, default=0.1)
    given = parser.parse_args()
    actual = groups(given.groups)
    removals = differences(actual, wanted(actual, directory(given.people)))
    total = sum(map(len, actual.values()))
    if total and len(removals) / total > given.max:
        parser.exit(1, f"{len(removals)} of {total} memberships would be removed, which is too many\n")
    apply(removals, given.out)
    print(f"{len(removals)} removed")


if __name__ == "__main__":
    main()
