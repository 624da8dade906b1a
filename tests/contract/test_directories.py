"""The Directory contract over every directory, and over the fake."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.directory.file.config import FileConfig
from connectors.directory.file.connector import FileDirectory
from contracts.directory import NOW, DirectoryContract, DirectoryWorld, context
from fakes.directory import FakeDirectory
from worker.domain.model import PersonFacts
from worker.ports import Transient


class FakeWorld(DirectoryWorld):
    def __init__(self, *, has_delta: bool) -> None:
        self._fake = FakeDirectory(now=lambda: NOW, has_delta=has_delta, can_look_up=has_delta)

    @property
    def directory(self) -> FakeDirectory:
        return self._fake

    def put(self, *people: PersonFacts) -> None:
        self._fake.put(*people)

    def disable(self, person_id: str) -> None:
        self._fake.disable(person_id)

    def delete(self, person_id: str) -> None:
        self._fake.delete(person_id)

    def cut(self) -> None:
        self._fake.cut_after(1)

    def shut(self) -> None:
        self._fake.fail(Transient("fake: no answer.", remedy="Look at the network."))

    def mend(self) -> None:
        self._fake.be_honest()


class TestFakeDirectory(DirectoryContract):
    kind: ClassVar[str | None] = None

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld(has_delta=True)


class TestFakeDirectoryWithoutDeltas(DirectoryContract):
    kind: ClassVar[str | None] = None
    can_look_up = False
    has_delta = False
    shows_deletions = False

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld(has_delta=False)


COLUMNS = {
    "ObjectGUID": "person_id",
    "DisplayName": "display_name",
    "mail": "email",
    "UserPrincipalName": "username",
    "EmployeeID": "employee_id",
    "Department": "department",
}


def export(people: dict[str, PersonFacts]) -> bytes:
    """What `Get-ADUser | Export-Csv -Encoding UTF8` makes of them."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*COLUMNS, "mobile", "Enabled"])
    for facts in people.values():
        enabled = "" if facts.enabled is None else str(facts.enabled)
        cells = [getattr(facts, field) or "" for field in COLUMNS.values()]
        writer.writerow([*cells, ";".join(facts.phones), enabled])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


class FileWorld(DirectoryWorld):
    """An administrator who exports anew after every change, into one file or a folder of dated ones."""

    def __init__(self, folder: Path) -> None:
        self._people: dict[str, PersonFacts] = {}
        self._folder = folder
        self._taken_at = NOW - timedelta(days=30)
        self._directory = FileDirectory(FileConfig(path=self.path), context("export", folder))
        self._export()

    path = "people.csv"

    @property
    def directory(self) -> FileDirectory:
        return self._directory

    def put(self, *people: PersonFacts) -> None:
        self._people |= {facts.person_id: facts for facts in people}
        self._export()

    def disable(self, person_id: str) -> None:
        self.put(replace(self._people[person_id], enabled=False))

    def delete(self, person_id: str) -> None:
        del self._people[person_id]
        self._export()

    def cut(self) -> None:
        file = self._target(self._taken_at)
        write(file, export(self._people)[:-20], self._taken_at)

    def shut(self) -> None:
        self._target(self._taken_at).rename(self._folder / "away")

    def mend(self) -> None:
        self._export()

    def _export(self) -> None:
        self._taken_at += timedelta(hours=1)
        write(self._target(self._taken_at), export(self._people), self._taken_at)

    def _target(self, taken_at: datetime) -> Path:
        return self._folder / self.path


class FolderWorld(FileWorld):
    path = "exports"

    def __init__(self, folder: Path) -> None:
        (folder / self.path).mkdir()
        super().__init__(folder)

    def cut(self) -> None:
        file = self._target(self._taken_at)
        write(file, file.read_bytes()[:-20], self._taken_at)

    def shut(self) -> None:
        (self._folder / self.path).rename(self._folder / "away")

    def mend(self) -> None:
        if (self._folder / "away").is_dir():
            (self._folder / "away").rename(self._folder / self.path)
        write(self._target(self._taken_at), export(self._people), self._taken_at)

    def _export(self) -> None:
        if self._people:  # a folder without people is a folder without a file
            super()._export()

    def _target(self, taken_at: datetime) -> Path:
        return self._folder / self.path / f"people-{taken_at:%Y-%m-%dT%H%M}Z.csv"


def write(file: Path, content: bytes, taken_at: datetime) -> None:
    file.write_bytes(content)
    os.utime(file, (taken_at.timestamp(), taken_at.timestamp()))


class TestFile(DirectoryContract):
    kind: ClassVar[str | None] = "file"
    can_look_up = False
    has_delta = False
    shows_deletions = False
    accepts_nobody = False

    @pytest.fixture
    def world(self, tmp_path: Path) -> DirectoryWorld:
        return FileWorld(tmp_path)


class TestFolderOfDatedFiles(TestFile):
    @pytest.fixture
    def world(self, tmp_path: Path) -> DirectoryWorld:
        return FolderWorld(tmp_path)
