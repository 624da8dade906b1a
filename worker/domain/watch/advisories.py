"""Advisories: what feeds say of a vulnerability in a messenger, joined; what of it is urgent, and what was told.

    records of a feed -> what it says of each messenger -> joined with what others say -> told once, and once a change

Urgent is what is exploited, whatever its score, and what scores high. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from worker.domain.watch.matching import RANK, AdvisoryRecord, MatchedBy, matches
from worker.domain.watch.products import Product
from worker.domain.watch.versions import Fix, stricter_all


class AdvisoryStatus(StrEnum):
    """How far an advisory is."""

    NEW = "new"  # listed, and told to nobody: not urgent
    NOTIFIED = "notified"  # told; no version is known that repairs it
    FIX_KNOWN = "fix_known"  # told, with the version to update to
    UPDATE_ASKED = "update_asked"  # people were asked to update
    CLOSED = "closed"  # dismissed by a person, or withdrawn by whoever published it


class AdvisoryKey(NamedTuple):
    """One vulnerability in one messenger. `id` is a CVE."""

    id: str
    messenger: str


@dataclass(frozen=True, slots=True)
class FeedWord:
    """What one feed says of an advisory; fields as in `AdvisoryRecord`. `platforms` has the version to reach."""

    matched_by: MatchedBy
    platforms: Mapping[str, Fix] = field(default_factory=dict)
    is_exploited: bool = False
    cvss: float | None = None
    tags: tuple[str, ...] = ()
    title: str = ""
    url: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A person said that an advisory does not concern them, for good."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """A vulnerability in a messenger, by all feeds: `said` is keyed by the feed's name.

    `told` is the fingerprint of what was told last at `told_at`; "": nothing was.
    """

    key: AdvisoryKey
    seen_at: datetime
    by_feed: Mapping[str, FeedWord] = field(default_factory=dict)
    told: str = ""
    told_at: datetime | None = None
    dismissal: Dismissal | None = None
    is_update_asked: bool = False

    @property
    def status(self) -> AdvisoryStatus:
        if self.dismissal is not None or not self.by_feed:
            return AdvisoryStatus.CLOSED
        if self.is_update_asked:
            return AdvisoryStatus.UPDATE_ASKED
        if not self.told:
            return AdvisoryStatus.NEW
        return AdvisoryStatus.FIX_KNOWN if self.platforms else AdvisoryStatus.NOTIFIED

    @property
    def platforms(self) -> dict[str, Fix]:
        """The version to reach, by platform: the stricter one where feeds disagree."""
        return stricter_all(word.platforms for word in self.by_feed.values())

    @property
    def matched_by(self) -> MatchedBy:
        """The best of what told that it is about this messenger."""
        return min(
            (word.matched_by for word in self.by_feed.values()), key=RANK.__getitem__, default=MatchedBy.WORDS
        )

    @property
    def is_exploited(self) -> bool:
        return any(word.is_exploited for word in self.by_feed.values())

    @property
    def cvss(self) -> float | None:
        """The highest score that a feed gives; None: nobody scored it."""
        return max((word.cvss for word in self.by_feed.values() if word.cvss is not None), default=None)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(sorted({tag for word in self.by_feed.values() for tag in word.tags}))

    @property
    def title(self) -> str:
        return next((word.title for word in self.by_feed.values() if word.title), "")

    @property
    def url(self) -> str:
        return next((word.url for word in self.by_feed.values() if word.url), "")

    @property
    def notices(self) -> tuple[str, ...]:
        """What has to be shown with it."""
        return tuple(sorted({word.notice for word in self.by_feed.values() if word.notice}))

    @property
    def fingerprint(self) -> str:
        """A text that changes with what is told, and with nothing else that a feed edits."""
        shown = (
            sorted((platform, fix.version, fix.is_newer) for platform, fix in self.platforms.items()),
            self.is_exploited,
            self.cvss,
            self.tags,
        )
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]

    def is_urgent(self, severity_from: float) -> bool:
        """Whether somebody has to know now: it is exploited, or scores so high."""
        return self.is_exploited or (self.cvss is not None and self.cvss >= severity_from)

    def is_open(self, severity_from: float) -> bool:
        """Whether it is urgent and not over."""
        return self.status is not AdvisoryStatus.CLOSED and self.is_urgent(severity_from)

    def is_news(self, severity_from: float) -> bool:
        """Whether it has to be told: it is open, and something that is shown differs from what was told last."""
        return self.is_open(severity_from) and self.fingerprint != self.told


def urgency(one: Advisory) -> tuple[bool, float, str]:
    """Sorts the most urgent first: what is exploited, then the highest score, then the newest id."""
    return not one.is_exploited, -(one.cvss or 0.0), one.key.id


def taken(
    known: Mapping[AdvisoryKey, Advisory],
    feed: str,
    records: Iterable[AdvisoryRecord],
    products: Sequence[Product],
    now: datetime,
    *,
    is_whole: bool,
) -> list[Advisory]:
    """The advisories that a feed's records change, or make; by key.

    `is_whole`: what the feed does not list any more, it has withdrawn. Of a record that is read, the feed's earlier
    word is replaced, also where it concerns a messenger no more.
    """
    words: dict[AdvisoryKey, FeedWord] = {}
    read: set[str] = set()
    for record in records:
        read.add(record.id)
        for match in matches(record, products, now):
            words[AdvisoryKey(record.id, match.product.key)] = FeedWord(
                match.by, match.platforms, record.is_exploited, record.cvss, record.tags, record.title, record.url,
                record.notice,
            )  # fmt: skip
    gone = {key for key, one in known.items() if feed in one.by_feed and (is_whole or key.id in read)}
    changed = []
    for key in sorted({*words, *gone}):
        before = known.get(key) or Advisory(key, now)
        after = replace(before, by_feed=_said(before.by_feed, feed, words.get(key)))
        if after != known.get(key):
            changed.append(after)
    return changed


def without_feeds(known: Mapping[AdvisoryKey, Advisory], feeds: Collection[str]) -> list[Advisory]:
    """The advisories that lose the word of feeds which the configuration has no more."""
    return [
        replace(one, by_feed={feed: word for feed, word in one.by_feed.items() if feed in feeds})
        for one in known.values()
        if any(feed not in feeds for feed in one.by_feed)
    ]


def told_now(one: Advisory, now: datetime) -> Advisory:
    """The advisory once it was told."""
    return replace(one, told=one.fingerprint, told_at=now)


def _said(said: Mapping[str, FeedWord], feed: str, word: FeedWord | None) -> dict[str, FeedWord]:
    others = {name: one for name, one in said.items() if name != feed}
    return dict(sorted(others.items() if word is None else {**others, feed: word}.items()))
