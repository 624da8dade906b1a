"""Connectors' notes in the log, one line each."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from worker.app.jobs.observer import Silent
from worker.ports import Fact, Noted

log = structlog.stdlib.get_logger(__name__)


class LoggedNotes(Silent):
    """Logs each note with its fields, at its declared level."""

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        told = {name: value for name, value in fields.items() if value is not None}
        log.log(event.level, event.name, **told)
