"""Which advisories ask people to update their apps, and to which versions. Pure.

open advisories of messengers in use, with a version to reach -> without those that another one includes -> by CVE
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from worker.domain.watch.advisories import Advisory, urgency
from worker.domain.watch.versions import ANY, Fix


@dataclass(frozen=True, slots=True)
class UpdateFinding:
    """The members of some messengers' groups have to update. `id` is a CVE.

    `fixes`: the version to reach, by messenger and platform (`whatsapp.ios`). `is_exploited`: what it repairs is used
    in attacks, or something that it repairs as well is.
    """

    id: str
    messengers: tuple[str, ...]
    fixes: Mapping[str, Fix]
    is_exploited: bool


def updates_wanted(
    advisories: Iterable[Advisory], in_use: Collection[str], severity_from: float
) -> list[UpdateFinding]:
    """The updates to ask for, the most urgent first: open advisories on messengers in use, with a version to reach.

    An advisory without one asks nobody: there is nothing to install. Nor does one whose versions another one includes:
    who reaches the newer version has reached the older.
    """
    wanted = [
        one
        for one in sorted(advisories, key=urgency)
        if one.key.messenger in in_use and one.is_open(severity_from) and one.platforms
    ]
    found: dict[str, UpdateFinding] = {}
    for one in wanted:
        if not any(_goes_before(other, one) for other in wanted):
            is_exploited = any(it.is_exploited and _includes(one, it) for it in wanted)
            found[one.key.id] = _with(found.get(one.key.id), one, is_exploited=is_exploited)
    return sorted(found.values(), key=lambda one: not one.is_exploited)


def _goes_before(one: Advisory, other: Advisory) -> bool:
    """Whether it is asked for in place of the other. Of two with the same versions, the one that was seen first is."""
    if one.key == other.key or not _includes(one, other):
        return False
    return not _includes(other, one) or (one.seen_at, one.key) < (other.seen_at, other.key)


def _includes(one: Advisory, other: Advisory) -> bool:
    """Whether whoever has one's versions has the other's, on each platform that the other names."""
    if one.key.messenger != other.key.messenger:
        return False
    mine, theirs = one.platforms, other.platforms
    reached = ((mine.get(name) or mine.get(ANY), fix) for name, fix in theirs.items())
    return all(have is not None and have.includes(need) for have, need in reached)


def _with(known: UpdateFinding | None, one: Advisory, *, is_exploited: bool) -> UpdateFinding:
    fixes = {f"{one.key.messenger}.{name}": fix for name, fix in one.platforms.items()}
    if known is None:
        return UpdateFinding(one.key.id, (one.key.messenger,), fixes, is_exploited)
    both = (*known.messengers, one.key.messenger)
    return UpdateFinding(one.key.id, both, {**known.fixes, **fixes}, known.is_exploited or is_exploited)
