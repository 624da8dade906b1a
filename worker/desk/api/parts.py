"""The parts of the API, for its endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from worker.app.acts.access import Access
from worker.desk.guarding import Attempts
from worker.desk.services import Services


@dataclass(frozen=True, slots=True)
class Parts:
    """The use cases, and the count of wrong tokens."""

    services: Services
    access: Access
    attempts: Attempts


def parts_of(request: Request) -> Parts:
    """The parts that `api_app` stored."""
    return cast("Parts", request.app.state.parts)
