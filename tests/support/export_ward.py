"""A ward whose directory is an export file that an administrator writes again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.directory.file.config import FileConfig
from connectors.directory.file.connector import FileDirectory
from contracts.directory import context
from fakes.export_files import guid, write
from fakes.in_process import in_process
from harness import Harness
from worker.domain.model import AccountKey, Standing
from worker.domain.people.joiners import Placement
from worker.domain.reconcile.guard import GuardLimits
from worker.running.connecting import Connectors

PEOPLE = 11


class ExportWard:
    """People 0 to 8 are in the ward's group, and 9 is its admin; 10 is in none."""

    def __init__(
        self, folder: Path, path: str = "people.csv", joiners: tuple[Placement, ...] = (), **config: object
    ) -> None:
        self.h = Harness(limits=GuardLimits(leavers_share_max=None, group_share_max=None), joiners=joiners)
        self._folder, self._path = folder, path
        settings = FileConfig.model_validate({"path": path, **config})
        self.directory = FileDirectory(
            settings, replace(context("export", folder), now=self.h.clock), in_process
        )
        self.h.start(
            self.h.app.rules,
            Connectors((self.directory,), tuple(self.h.inventories), tuple(self.h.notifiers)),
        )
        self.h.group("ward-7", *map(str, range(9)), admins=["9"])

    def export(
        self,
        column: str = "",
        values: Mapping[int, str] | None = None,
        *,
        default: str = "",
        disabled: Iterable[int] = (),
        without: Iterable[int] = (),
        more: str = "",
        at: datetime | None = None,
        name: str | None = None,
    ) -> None:
        """Write the file: everybody but those `without`, with one more column if it is named, and further rows."""
        rows = ["ObjectGUID,DisplayName,mobile,Enabled" + (f",{column}" if column else "")]
        for n in sorted(set(range(PEOPLE)) - set(without)):
            row = f"{guid(n + 1)},P{n},{self.h.number(str(n))},{n not in set(disabled)}"
            rows.append(row + (f",{(values or {}).get(n, default)}" if column else ""))
        content = "\r\n".join(rows) + "\r\n" + more
        write(self._folder / (name or self._path), content, at or self.h.now)

    def export_ldif(self, values: Mapping[int, str] | None = None) -> None:
        """Write the file as LDIF: everybody, with further lines of some."""
        entries = (
            f"dn: CN=P{n},DC=corp\r\nobjectGUID: {guid(n + 1)}\r\nuserAccountControl: 512\r\n"
            f"mobile: {self.h.number(str(n))}\r\n{(values or {}).get(n, '')}\r\n"
            for n in range(PEOPLE)
        )
        write(self._folder / self._path, "".join(entries), self.h.now)

    def standing(self, n: int) -> Standing:
        return self.h.person(guid(n + 1), "export").standing

    @staticmethod
    def key(n: int) -> AccountKey:
        return AccountKey("export", guid(n + 1))

    def close(self) -> None:
        self.h.close()
