"""Who has left, and is still in a group? A script as an administrator writes it, run by cron each hour.

    python -I script.py PEOPLE.csv GROUPS.csv|GROUPS.xlsx [--country 44]

PEOPLE is an export of the directory (Get-ADUser | Export-Csv), GROUPS the list that somebody keeps of the groups. It
compares everything each time, remembers nothing, and prints a line for each membership of somebody who has left, as
a mail to the person who looks after the group would have it.
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

NO_DIGIT = re.compile(r"\D+")


def number(text: str, country: str) -> str:
    """A phone number as it is dialled from anywhere; empty if there is none."""
    digits = NO_DIGIT.sub("", text)
    if text.strip().startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return country + digits[1:] if digits.startswith("0") else digits


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table, by their headings."""
    if path.suffix == ".xlsx":
        from openpyxl import load_workbook  # noqa: PLC0415  not needed for CSV

        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        lines = sheet.iter_rows(values_only=True)
        heads = [str(head or "") for head in next(lines)]
        for line in lines:
            yield dict(zip(heads, ("" if cell is None else str(cell) for cell in line), strict=False))
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def leavers(people: Path, country: str) -> dict[str, str]:
    """By phone number, the names of those who have left and whose number nobody else has who is still here."""
    left, here = dict[str, str](), set[str]()
    for person in rows(people):
        phone = number(person["mobile"], country)
        if not phone:
            continue
        if person["Enabled"].strip().lower() == "true":
            here.add(phone)
        else:
            left[phone] = person["DisplayName"]
    return {phone: name for phone, name in left.items() if phone not in here}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("people", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("--country", default="44")
    given = parser.parse_args()
    left = leavers(given.people, given.country)
    for member in rows(given.groups):
        phone = number(member["Phone"], given.country)
        if phone in left:
            sys.stdout.write(
                f"{member['Owner e-mail']}: please remove {left[phone]} (+{phone}) from {member['Group name']}\n"
            )


if __name__ == "__main__":
    main()
