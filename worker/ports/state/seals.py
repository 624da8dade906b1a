"""Seals of files, by ticket."""

from __future__ import annotations

from typing import Protocol

from worker.domain.controls.seals import CustodyLine, Seal


class Seals(Protocol):
    """The state of seals. A ticket has one seal for each content."""

    def add(self, new: Seal) -> Seal:
        """Keep a seal without its custody; return it with its number."""

    def hand_over(self, kept: Seal, line: CustodyLine) -> Seal:
        """Keep one more line of its custody; return the seal with it."""

    def of_ticket(self, ticket: int) -> list[Seal]:
        """The seals of a ticket with their custody, the first first. A seal verifies nothing by itself."""

    def page(self, after: int, limit: int) -> list[Seal]:
        """Seals by number, from the one after `after`."""
