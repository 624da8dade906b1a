"""What the API was put together with, as its endpoints find it."""

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
    """What `api_app` kept."""
    return cast("Parts", request.app.state.parts)
