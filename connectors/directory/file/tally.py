"""What `check` says about one whole file: counts, a sentence, and points to look at."""

from __future__ import annotations

from collections import Counter

from connectors.directory.file.client import ExportFile
from connectors.directory.file.formats.work import Told
from connectors.kit.child import plain
from worker.domain.model import AccountFacts
from worker.ports import CheckResult, DirectoryPage, Malformed

_COUNTS = ("people", "enabled", "disabled", "out_of_scope", "malformed", "unreadable_phones", "without_phone")
MALFORMED_SHARE_MAX = 0.01  # as in a poll, but for one bad record of a small file, which a poll lets pass


class Tally:
    """Counts pages as they come; `people` are the records in scope that are not deleted."""

    def __init__(self) -> None:
        self._counts = Counter(dict.fromkeys(_COUNTS, 0))
        self._first: Malformed | None = None
        self._unknown = 0
        self._records = 0

    def add(self, page: DirectoryPage) -> None:
        for facts in page.records:
            self._add_person(facts)
        self._first = self._first or next(iter(page.malformed), None)
        self._counts["malformed"] += len(page.malformed)
        self._counts["unreadable_phones"] += page.unreadable_phones
        listed = {facts.person_id for facts in page.records}
        self._records += len(page.records) + sum(bad.record_id not in listed for bad in page.malformed)

    def _add_person(self, facts: AccountFacts) -> None:
        if not facts.is_in_scope:
            self._counts["out_of_scope"] += 1
        elif not facts.is_deleted:
            self._counts["people"] += 1
            self._counts["without_phone"] += not facts.phones
            if facts.enabled is None:
                self._unknown += 1
            else:
                self._counts["enabled" if facts.enabled else "disabled"] += 1

    def result(self, file: ExportFile, told: Told) -> CheckResult:
        """Green with the counts; red if nobody is in scope, or if too many records were set aside."""
        details = {
            "encoding": told.encoding,
            **({"delimiter": told.delimiter} if told.delimiter else {}),
        }
        details |= {plain(name): plain(text) for name, text in told.warnings.items()}
        if self._first is not None:
            details["first record set aside"] = str(self._first)
        message, remedy = self._sentence(file, told), ""
        bad = self._counts["malformed"]
        if self._first is not None and bad > MALFORMED_SHARE_MAX * self._records:
            message = f"{message}. {bad} of {self._records} records cannot be read: {self._first.message}"
            remedy = self._first.remedy
        elif not self._counts["people"]:
            message = f"{message}. Nobody is in scope"
            remedy = "Look at scope.require and scope.exclude, and at the filter of the export."
        return CheckResult(
            ok=not remedy,
            message=message,
            remedy=remedy,
            counts=dict(self._counts),
            details=details,
            unshown=told.unshown,
        )

    def _sentence(self, file: ExportFile, told: Told) -> str:
        parts = [f"{self._counts['enabled']} enabled", f"{self._counts['disabled']} disabled"]
        if self._unknown:
            parts.append(f"{self._unknown} not said")
        people = "1 person" if self._counts["people"] == 1 else f"{self._counts['people']} people"
        return (
            f"{file.name}: {people} ({', '.join(parts)}), dated {file.taken_at:%Y-%m-%d %H:%M} UTC, "
            f"format {told.format_label}"
        )
