"""What people named in a census, and what was decided about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from worker.domain.controls.census import (
    CandidateDecision,
    CensusCandidate,
    CensusMention,
    CensusRow,
    KnownName,
)
from worker.domain.model import Account, AccountKey, GroupKey
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.group_states import Lists


class Census(Protocol):
    """Candidates, who named them, and the link of the public form."""

    def note(self, rows: Sequence[CensusRow], by: CensusMention) -> None:
        """Keep what somebody named, each once for a ticket. `by` says who and when; admin and members are the row's."""

    def note_anonymous(self, rows: Sequence[CensusRow], day: datetime, now: datetime, new_max: int) -> int:
        """Keep what the public form named, each once for the time since `day`; return how many names were not kept.

        Names that nobody has named before come to `new_max` at most since then.
        """

    def forget(self, ticket: int, at: datetime) -> None:
        """Forget what the answer to a ticket of this instant named, and the candidates that nobody else did."""

    def of_ticket(self, ticket: int) -> list[CensusRow]:
        """What was named under a ticket, in that order."""

    def candidates(
        self, decisions: Collection[CandidateDecision] = tuple(CandidateDecision)
    ) -> list[CensusCandidate]:
        """The candidates with one of these decisions and their mentions, by number."""

    def get(self, number: int) -> CensusCandidate | None:
        """One candidate, with its mentions."""

    def decide(
        self, number: int, decision: CandidateDecision, group: GroupKey | None, by: str, now: datetime
    ) -> None:
        """Keep what somebody decided about a candidate."""

    def live_tickets(self) -> list[Ticket]:
        """The live tickets about names of a census, by number."""

    def names(self, lists: Lists) -> Iterator[KnownName]:
        """The names of all governed groups and of the rows of registers, as a stream."""

    def groups_under(self, key: AccountKey, limit: int) -> list[str]:
        """The names of governed groups in which people are who are under this account, by name."""

    def known_as(self, words: str) -> list[Account]:
        """The accounts that are here and have exactly this name or e-mail address."""

    def links(self) -> list[str]:
        """The tokens of the public form's links, the newest first, which alone is good."""

    def add_link(self, token: str, now: datetime) -> None:
        """Keep a new link, as the newest one, also after one that a clock ahead made."""
