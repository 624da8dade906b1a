"""The register behind the inventory port: every read opens the file anew.

A separate process holds the whole register in memory while it reads it, and returns it group by group.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from connectors.inventory.register.client import Opened, open_book
from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.formats.work import WORK, Asked, Reading, whole
from connectors.inventory.register.meaning.rows import Problem
from connectors.inventory.register.write_back.replacing import in_use, may_write, replacement
from connectors.inventory.register.write_back.work import WORK as WRITING
from connectors.inventory.register.write_back.work import AskedDays
from connectors.kit.child import Apart, apart_for, plain
from worker.domain.model import Coverage, Fact, Group, Role, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Malformed,
    Passive,
    SnapshotEnd,
)
from worker.ports.connectors.kept_list import ProvenRow

SHOWN_MAX = 5  # problems that `check` spells out; `whosleft register check` shows all


class RegisterInventory(Passive):
    """An inventory kept as a file. It can always list all of its groups.

    It changes the file only with `write_back`, and then only a column of its own.
    """

    def __init__(self, config: RegisterConfig, context: ConnectorContext, apart: Apart | None = None) -> None:
        self._config = config
        self._context = context
        self._apart = apart or apart_for(context)

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    @property
    def can(self) -> Capabilities:
        """What this register can do; it takes days if it may be written to."""
        return Capabilities(
            sees_all_groups=True,
            is_kept_by_people=True,
            takes_days=self._config.write_back,
            shows=frozenset({Fact.LINK}),
        )

    @property
    def path(self) -> Path:
        """The file, resolved against the configuration's folder."""
        return self._context.base_dir / self._config.path

    def changes(
        self, _cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in order of their group ids, then the end.

        Everything is read before the first roster is yielded, so there is no partial result before an error. A
        group with a row that can't be understood is PARTIAL.

        Raises Transient (missing, locked, being written), PermissionDenied, BadConfig (headings, sheets, kind of
        file, a link that leads away) or Incomplete (empty, cut, damaged, password-protected, or more than can be
        read within the limits).
        """
        groups_total = 0
        with open_book(self.path) as opened:
            for part in self._parts(opened):
                if isinstance(part, Roster):
                    if self._is_asked_for(part.group, groups):
                        groups_total += 1
                        yield part
                else:
                    found = tuple(malformed(opened.name, problem) for problem in part.problems)
                    yield SnapshotEnd(part.taken_at, groups_total, found, is_full=groups is None)

    def _is_asked_for(self, group: Group, groups: Collection[str] | None) -> bool:
        is_taken = self._context.takes(group.group_id, group.name)
        return is_taken and (groups is None or group.group_id in groups)

    def check(self) -> CheckResult:
        """Read the register and count; red with the remedy when it can't be read. Never raises
        ConnectorError.
        """
        try:
            with open_book(self.path) as opened:
                reading = whole(self._parts(opened))
        except ConnectorError as error:
            remedy = error.remedy or "Run `whosleft register check` on the file."
            return CheckResult(ok=False, message=error.message, remedy=remedy)
        counts = counts_of(reading)
        if self._config.write_back and not may_write(self.path):
            return CheckResult(
                ok=False,
                message=f"{opened.name}: it can be read, and no day can be written to it.",
                remedy="Let the account that runs Whosleft write to it and to its folder, or leave write_back out.",
                counts=counts,
            )
        return CheckResult(
            ok=True,
            message=summary(opened.name, reading),
            remedy="Run `whosleft register check` on the file; it names each cell."
            if reading.problems
            else "",
            counts=counts,
            details=_details(reading, is_open=opened.is_open),
        )

    def write_back(self, proven: Sequence[ProvenRow], /) -> int:
        """Write each row's day into the column of ours, which is added where there is none.

        A member who isn't listed any more has no row: the first row of the group gets the day. See the port.
        """
        with open_book(self.path) as opened:
            if opened.is_open:
                raise in_use(opened.name)
            asked = AskedDays(self._asked(opened), tuple(proven))
            rows = 0
            with replacement(self.path, opened, self._context.now()) as new:
                for piece in self._apart(WRITING, opened.file, opened.name, asked):
                    new.write(piece.data)
                    rows = piece.rows
            return rows

    def read(self) -> Reading:
        """Read all of it at once, for a report. Raises as `changes` does."""
        with open_book(self.path) as opened:
            return whole(self._parts(opened))

    def _parts(self, opened: Opened) -> Iterator[Roster | Reading]:
        return self._apart(WORK, opened.file, opened.name, self._asked(opened))

    def _asked(self, opened: Opened) -> Asked:
        context = self._context
        return Asked(
            opened.name,
            opened.modified_at,
            self._config,
            context.default_region,
            context.timezone,
            context.now(),
        )


def malformed(name: str, problem: Problem) -> Malformed:
    """Return the problem as the port's error; the record id is the place within the file."""
    message = plain(f"{name}: {problem.place}: {problem.what}.")
    return Malformed(message, record_id=plain(problem.place), remedy=plain(problem.remedy))


def counts_of(reading: Reading) -> dict[str, int]:
    """Return how many groups, members, admins, members without a number, and problems there are."""
    members = [member for roster in reading.rosters for member in roster.members]
    return {
        "groups": len(reading.rosters),
        "members": len(members),
        "admins": sum(member.role.is_admin for member in members),
        "without_phone": sum(member.phone is None for member in members),
        "malformed": len(reading.problems),
    }


def summary(name: str, reading: Reading) -> str:
    """Return one line: ``groups.xlsx: 40 groups, 612 members, 58 admins, dated 2026-11-24 09:00 UTC``."""
    counts = counts_of(reading)
    parts = [_count(counts["groups"], "group"), _count(counts["members"], "member")]
    members = [member for roster in reading.rosters for member in roster.members]
    is_silent = bool(members) and all(member.role is Role.UNKNOWN for member in members)
    parts.append("no roles" if is_silent else _count(counts["admins"], "admin"))
    parts.append(f"dated {reading.taken_at:%Y-%m-%d %H:%M} UTC")
    partial = sum(roster.coverage is not Coverage.FULL for roster in reading.rosters)
    if partial:
        parts.append(f"{_count(partial, 'group')} not fully readable")
    if reading.problems:
        parts.append(f"{_count(len(reading.problems), 'cell or row', 'cells or rows')} not understood")
    return f"{name}: {', '.join(parts)}"


def _details(reading: Reading, *, is_open: bool) -> dict[str, str]:
    details: dict[str, str] = {}
    if reading.problems:
        shown = [f"{problem.place}: {problem.what}" for problem in reading.problems[:SHOWN_MAX]]
        details["not understood"] = plain("; ".join(shown))
    if reading.warnings:
        details["warnings"] = plain("; ".join(reading.warnings[:SHOWN_MAX]))
    if is_open:
        details["open"] = "somebody has the register open: what they have not saved yet is not in it"
    return details


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
