"""The Directory contract over every directory, and over the fake."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.directory.file.config import FileConfig
from connectors.directory.file.connector import FileDirectory
from contracts.ad_world import PAGE_SIZE, AdWorld, running_world
from contracts.directory import (
    NOW,
    DirectoryContract,
    DirectoryWorld,
    PassContract,
    context,
    drain,
    person,
    read_until_error,
)
from contracts.entra_world import EntraWorld, entra_world
from fakes.directory import FakeDirectory
from fakes.export_files import write
from fakes.in_process import in_process
from samba import Domain
from worker.domain.model import AccountFacts
from worker.ports import CursorExpired, Transient


class FakeWorld(DirectoryWorld):
    def __init__(self, *, has_delta: bool) -> None:
        self._fake = FakeDirectory(now=lambda: NOW, has_delta=has_delta, can_look_up=has_delta)

    @property
    def directory(self) -> FakeDirectory:
        return self._fake

    def put(self, *people: AccountFacts) -> None:
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


@pytest.fixture
def fake() -> FakeDirectory:
    fake = FakeDirectory(now=lambda: NOW, page_size=2)
    fake.put(*map(person, range(5)))
    return fake


def test_the_fake_can_forget_its_cursors(fake: FakeDirectory) -> None:
    cursor = drain(fake).end.cursor
    fake.forget_cursors()

    with pytest.raises(CursorExpired):
        list(fake.changes(cursor))
    assert len(drain(fake).people) == 5


@pytest.mark.parametrize("share, count", [(0.0, 0), (0.4, 2), (1.0, 5)])
def test_the_fake_can_show_a_shrunken_company_as_if_it_were_whole(
    fake: FakeDirectory, share: float, count: int
) -> None:
    fake.shrink_to(share)

    got = drain(fake)

    assert (len(got.people), got.end.total, got.end.is_full) == (count, count, True)
    fake.be_honest()
    assert len(drain(fake).people) == 5


def test_the_fake_can_say_that_nothing_has_changed(fake: FakeDirectory) -> None:
    cursor = drain(fake).end.cursor
    fake.disable(person(1).person_id)
    fake.answer_empty()

    assert drain(fake, cursor).people == {}


def test_the_fake_can_fail_a_few_times_and_then_answer(fake: FakeDirectory) -> None:
    fake.fail(Transient("fake: busy."), after_pages=1, times=2)

    errors = [read_until_error(fake, None) for _ in range(3)]

    assert [len(items) for items, _ in errors] == [1, 1, 4]
    assert [error is None for _, error in errors] == [False, False, True]


def test_the_fake_shows_who_was_erased_by_absence_alone(fake: FakeDirectory) -> None:
    cursor = drain(fake).end.cursor
    fake.erase(person(1).person_id)

    assert drain(fake, cursor).people == {}
    assert person(1).person_id not in drain(fake).people
    assert fake.look_up(person(1).person_id) is None
    assert fake.reads == ["full", "delta", "full"]


COLUMNS = {
    "ObjectGUID": "person_id",
    "DisplayName": "display_name",
    "mail": "email",
    "UserPrincipalName": "username",
    "EmployeeID": "employee_id",
    "Department": "department",
}


def export(people: dict[str, AccountFacts]) -> bytes:
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
        self._people: dict[str, AccountFacts] = {}
        self._folder = folder
        self._taken_at = NOW - timedelta(days=30)
        self._directory = FileDirectory(FileConfig(path=self.path), context("export", folder), in_process)
        self._export()

    path = "people.csv"

    @property
    def directory(self) -> FileDirectory:
        return self._directory

    def put(self, *people: AccountFacts) -> None:
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


class OverSamba(PassContract):
    """A domain of each test's own, since an objectGUID that was used once is never free again."""

    page_size_max = PAGE_SIZE
    mode: ClassVar[str]

    @pytest.fixture
    def world(self, samba_domain: Domain) -> Iterator[AdWorld]:
        with running_world(samba_domain, self.mode) as world:
            yield world


class TestActiveDirectory(OverSamba, DirectoryContract):
    kind: ClassVar[str | None] = "active_directory"
    is_sure_of_nobody = False
    mode = "dirsync"


class TestActiveDirectoryByUpdateNumbers(OverSamba):
    """Passes alone: whatever is asked directly is asked in the same way."""

    mode = "usn"


class TestActiveDirectoryByFullPasses(OverSamba):
    mode = "full"
    has_delta = False
    shows_deletions = False


@pytest.fixture(scope="session")
def entra_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of the fake sign-in service are, made once."""
    return tmp_path_factory.mktemp("entra")


class TestEntra(DirectoryContract):
    kind: ClassVar[str | None] = "entra"

    @pytest.fixture
    def world(self, entra_folder: Path) -> Iterator[EntraWorld]:
        with entra_world(entra_folder) as world:
            yield world
