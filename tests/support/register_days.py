"""A small register, and the days that were written into it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import openpyxl

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory
from fakes.office import Rows, write_xlsx
from fakes.register_files import SAVED_AT, context, register
from worker.ports.connectors.kept_list import ProvenRow

ANA, BOB, CEM = "+447700900101", "+447700900102", "+447700900103"
HEAD = ["Group name", "Member name", "Phone", "Role"]
ROWS: Rows = [
    HEAD,
    ["Ward 7", "Ana", ANA, "admin"],
    ["", "Bob", BOB, "member"],
    ["Ward 8", "Cem", CEM, "member"],
]
DAY, LATER = date(2026, 11, 24), date(2026, 11, 25)


def inventory(path: Path, **options: object) -> RegisterInventory:
    config = RegisterConfig.model_validate({"path": path.name, "write_back": True, **options})
    return register(config, context(path.parent))


def proven(group: str, *handles: str, day: date = DAY) -> ProvenRow:
    return ProvenRow(group, handles, day)


def cells(path: Path, sheet: str = "Groups") -> list[list[object]]:
    page = openpyxl.load_workbook(path)[sheet]
    return [list(row) for row in page.iter_rows(values_only=True)]


def days(path: Path) -> list[object]:
    """The last column, from its heading on."""
    return [row[-1] for row in cells(path)]


def small_register(tmp_path: Path) -> Path:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, ROWS)
    os.utime(path, (SAVED_AT.timestamp(), SAVED_AT.timestamp()))
    return path
