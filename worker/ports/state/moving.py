"""Who of a group's members already has an account in another messenger."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from worker.domain.controls.readiness import MemberCounts
from worker.domain.model import GroupKey


class Moving(Protocol):
    """The state behind a move to another messenger."""

    def members(
        self, keys: Collection[GroupKey], target: str, directories: Collection[str]
    ) -> dict[GroupKey, MemberCounts]:
        """The members of these groups, by whether they have an account on `target` (a messenger's key).

        They have one if a group of that messenger lists them, under any of their accounts in directories, or if one of
        `directories` has an account of theirs that has not left. A group without members is left out.
        """
