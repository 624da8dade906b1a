"""Whom an advisory asks to update their app. Only found here: nothing opens tickets for it yet. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from worker.domain.watch.advisories import Advisory, AdvisoryStatus, urgency
from worker.domain.watch.versions import Fix


@dataclass(frozen=True, slots=True)
class UpdateFinding:
    """The members of a messenger's groups have to update. `occasion` tells one update from another."""

    occasion: str
    messenger: str
    platforms: Mapping[str, Fix]
    is_exploited: bool


def updates_wanted(
    advisories: Iterable[Advisory], in_use: Collection[str], severity_from: float
) -> list[UpdateFinding]:
    """The updates to ask for, the most urgent first: open advisories on messengers in use, with a version to reach.

    An advisory without one asks nobody: there is nothing to install. Nor does one that was asked for already.
    """
    return [
        UpdateFinding(f"update:{one.key.id}", one.key.messenger, one.platforms, one.is_exploited)
        for one in sorted(advisories, key=urgency)
        if one.key.messenger in in_use
        and one.is_open(severity_from)
        and one.platforms
        and one.status is not AdvisoryStatus.UPDATE_ASKED
    ]
