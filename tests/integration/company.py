"""A small company's real files, as its administrators keep them: an AD export, a register, a configuration."""

import json
import sys
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from connectors.inventory.register.tools.writer import write_register
from forked import run_command
from worker.domain.model import Group, Member, Role, Roster

COMMAND = Path(sys.executable).parent / "whosleft"
CONFIG = """
organisation: {name: "St Mary's", default_region: GB, timezone: Europe/London, language: en}
database: {url: "%s"}
directories:
  - {name: corp, kind: file, path: people.csv}
inventories:
  - {name: wards, kind: register, path: groups.xlsx}
tickets: {accountable: it-security@example.org}
escalation: {digest_window: 0s}
ops: {listen: "127.0.0.1:0"}
desk: {listen: "127.0.0.1:0"}
"""
COLUMNS = "DistinguishedName,Enabled,ObjectGUID,SamAccountName,UserPrincipalName,DisplayName,mail,mobile"


def phone(number: int) -> str:
    return f"+447700900{number:03d}"


def guid(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"person {number}"))


@dataclass(frozen=True)
class Company:
    """Two hundred people and two wards, in one folder."""

    folder: Path
    database: str = "sqlite:///whosleft.db"

    def furnish(self, *, disabled: Collection[int] = ()) -> None:
        """Write the configuration, an export of everybody and a register of both wards."""
        self.configure()
        self.export(disabled)
        self.register()

    def configure(self, *, write_back: bool = False) -> None:
        text = CONFIG % self.database
        if write_back:
            text = text.replace("groups.xlsx}", "groups.xlsx, write_back: true}")
        (self.folder / "whosleft.yaml").write_text(text)

    def cells(self, name: str) -> list[tuple[object, ...]]:
        """The rows of an Excel file of one sheet."""
        return list(load_workbook(self.folder / name).worksheets[0].iter_rows(values_only=True))

    def export(self, disabled: Collection[int] = ()) -> None:
        lines = ["#TYPE Microsoft.ActiveDirectory.Management.ADUser", COLUMNS]
        lines += [_line(number, number not in disabled) for number in range(200)]
        (self.folder / "people.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")

    def register(self, gone: Collection[int] = (), admins: Collection[int] = (0, 10, 11)) -> None:
        wards = {"Ward 7 nights": range(10), "Ward 8": range(8, 20)}
        rosters = [
            _roster(name, [n for n in numbers if n not in gone], admins) for name, numbers in wards.items()
        ]
        write_register(self.folder / "groups.xlsx", rosters)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command in the folder; its standard output. Fails on another exit code."""
        ended, out, err = run_command(*arguments, cwd=self.folder, env={"WHOSLEFT_CONFIG": "whosleft.yaml"})
        assert ended == code, out + err
        return out if code == 0 else out + err

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def tickets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("tickets", "list", "--all")["items"]
        return found


def _line(number: int, enabled: bool) -> str:
    name = f"Person {number}"
    values = (f"CN={name},OU=Staff,DC=corp,DC=example", str(enabled), guid(number), f"p{number}",
              f"p{number}@corp.example", name, f"p{number}@example.org", f"07700 900{number:03d}")  # fmt: skip
    return ",".join(f'"{value}"' for value in values)


def _roster(name: str, numbers: Collection[int], admins: Collection[int]) -> Roster:
    members = tuple(
        Member(phone(n), f"Person {n}", Role.ADMIN if n in admins else Role.MEMBER, phone=phone(n))
        for n in numbers
    )
    return Roster(Group(name.casefold().replace(" ", "-"), name), members, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """The company, of which one has left."""
    found = Company(tmp_path)
    found.furnish(disabled={15})
    return found
