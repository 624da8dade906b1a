"""Advisories: vulnerabilities of messengers."""

from __future__ import annotations

from worker.contract.shape import Instant, Shape
from worker.domain.watch.advisories import Advisory, AdvisoryStatus
from worker.domain.watch.matching import MatchedBy


class AdvisoryShape(Shape):
    """One vulnerability in one messenger.

    `platforms` has for each platform the version that repairs it: `{"fixed_in": …}`, or `{"newer_than": …}` where only
    what is newer does. `sources` are the feeds that list it.
    """

    id: str
    messenger: str
    platforms: dict[str, dict[str, str]]
    matched_by: MatchedBy
    exploited: bool
    cvss: float | None
    status: AdvisoryStatus
    sources: list[str]
    seen_at: Instant

    @classmethod
    def of(cls, one: Advisory) -> AdvisoryShape:
        return cls(
            id=one.key.id,
            messenger=one.key.messenger,
            platforms={
                name: {"newer_than" if fix.is_newer else "fixed_in": fix.version}
                for name, fix in one.platforms.items()
            },
            matched_by=one.matched_by,
            exploited=one.is_exploited,
            cvss=one.cvss,
            status=one.status,
            sources=list(one.by_feed),
            seen_at=one.seen_at,
        )
