"""Seals of files: what is kept of each, and who handed it to whom."""

from __future__ import annotations

from pydantic import Field

from worker.contract.shape import Day, Instant, Shape
from worker.domain.controls.seals import CustodyLine, Seal
from worker.domain.tickets.ticket import ticket_label


class CustodyShape(Shape):
    """One hand-over, at which the file was hashed again."""

    at: Instant
    giver: str = Field(serialization_alias="from")
    taker: str = Field(serialization_alias="to")
    sha256: str

    @classmethod
    def of(cls, one: CustodyLine) -> CustodyShape:
        return cls(at=one.at, giver=one.giver, taker=one.taker, sha256=one.sha256)


class SealShape(Shape):
    """The seal of a file. `lines` are a chat's records. It and `media` are null where that can't be told."""

    id: str
    ticket: str
    name: str
    size: int
    sha256: str
    media: bool | None
    lines: int | None
    first_on: Day | None
    last_on: Day | None
    made_by: str
    made_at: Instant
    how: str
    custody: list[CustodyShape]

    @classmethod
    def of(cls, seal: Seal) -> SealShape:
        return cls(
            id=seal.label,
            ticket=ticket_label(seal.ticket),
            name=seal.name,
            size=seal.size,
            sha256=seal.sha256,
            media=seal.media,
            lines=seal.lines,
            first_on=seal.first_on,
            last_on=seal.last_on,
            made_by=seal.made_by,
            made_at=seal.made_at,
            how=seal.how,
            custody=[CustodyShape.of(one) for one in seal.custody],
        )
