"""Advisories: what feeds said of vulnerabilities, what was told, and what people dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from worker.domain.watch.advisories import Advisory, AdvisoryKey


class Advisories(Protocol):
    """One row for each vulnerability of each messenger."""

    def all(self) -> dict[AdvisoryKey, Advisory]:
        """Every advisory, closed ones too, by id and messenger."""

    def put(self, advisories: Sequence[Advisory]) -> None:
        """Insert or replace."""

    def messengers_in_use(self) -> list[str]:
        """The messengers of all governed groups, each once, in lower case and in order."""
