"""Handovers of rotas that were told: to whom, and whether somebody took over. Instants are aware UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

HANDOVER: Final = (
    "handover:"  # how the keys of messages about handovers begin; all of them have the person's address
)


@dataclass(frozen=True, slots=True)
class ToldHandover:
    """`person` is on call for `rota` from `from_at` until `until_at`; `told` was told: the person, or a deputy.

    `told` is empty if nobody was, since the person has left. Both are e-mail addresses in lower case. `link` is the id
    in the link to tap; empty: there was no link. `taken_at` is when whoever was told tapped it, `missed_at` when
    somebody else was told that nobody had.
    """

    rota: str
    from_at: datetime
    until_at: datetime
    person: str
    told: str
    told_at: datetime
    link: str = ""
    taken_at: datetime | None = None
    missed_at: datetime | None = None


class Handovers(Protocol):
    """One row for each whom a handover was told."""

    def add(self, one: ToldHandover) -> None:
        """Keep what is told; a second time, nothing changes."""

    def all(self) -> Sequence[ToldHandover]:
        """Every row, by rota, beginning, person and whom it was told."""

    def by_link(self, link: str) -> ToldHandover | None:
        """The row of a link that is not empty."""

    def take(self, one: ToldHandover, now: datetime) -> bool:
        """Record that whoever was told has taken over; return whether they had not before."""

    def miss(self, one: ToldHandover, now: datetime) -> None:
        """Record that somebody else was told that nobody has taken over: for all whom this handover was told."""

    def drop(self, rota: str, from_at: datetime) -> None:
        """Delete the rows of the handover of a rota at an instant."""

    def forget(self, ended_by: datetime) -> Sequence[ToldHandover]:
        """Delete the rows whose time on call ended at or before an instant; return them."""
