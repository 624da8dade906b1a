"""Rotas: who is on call from when until when, and where nobody is."""

from __future__ import annotations

from typing import Literal

from worker.app.reads.rotas import RotaGap
from worker.contract.shape import Instant, Shape
from worker.domain.escalation.rota import Shift


class ShiftShape(Shape):
    """Somebody is on call, or with `why` gap nobody: `layer N`, `override`, `fallback` or `gap`."""

    from_at: Instant
    until_at: Instant
    person: str | None
    why: str

    @classmethod
    def of(cls, shift: Shift) -> ShiftShape:
        return cls(from_at=shift.from_at, until_at=shift.until_at, person=shift.person, why=shift.source)


class GapShape(Shape):
    """Nobody of a rota is there, or only `person`, who is absent or can't be reached."""

    rota: str
    from_at: Instant
    until_at: Instant
    person: str | None
    why: Literal["nobody", "absent", "unreachable"]

    @classmethod
    def of(cls, found: RotaGap) -> GapShape:
        gap = found.gap
        return cls(
            rota=found.rota, from_at=gap.from_at, until_at=gap.until_at, person=gap.person, why=gap.why.value
        )
