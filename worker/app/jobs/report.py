"""The report of one pass of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.domain.reconcile.plan import Plan


@dataclass(frozen=True, slots=True)
class Report:
    """Counters of one pass, by name. `troubles` are whole sentences; with any, the pass is not ok."""

    job: str
    counts: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    plan: Plan = field(default_factory=Plan)

    @property
    def is_ok(self) -> bool:
        """True if everything was done that was to be done."""
        return not self.troubles


def said_of(source: str, error: Exception) -> str:
    """Return a source's error as a trouble that begins with its name, as the errors of some connectors do anyway."""
    said, name = str(error), f"{source}: "
    return said if said.startswith(name) else f"{name}{said}"
