"""Whether an advisory is about a messenger, and by what that is told.

A CPE name is the best evidence, then the product that the CVE's own authority names, then words: a catalogue's name of
the product, or a phrase of the description. Words of a description count only where the record names no product at
all: many a plug-in has a messenger's name in its description. What is only a condition ("running on …") is no product.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from worker.domain.watch.products import CpeName, Product
from worker.domain.watch.versions import ANY, Fix, platform_in, stricter_all


class MatchedBy(StrEnum):
    """What told that a record is about a product, the best first."""

    CPE = "cpe"
    AFFECTED = "affected"
    WORDS = "words"


RANK = {by: rank for rank, by in enumerate(MatchedBy)}


@dataclass(frozen=True, slots=True)
class NamedProduct:
    """A product that a record says is affected. `by` CPE: `part`, `vendor` and `product` are CPE's names.

    `platform` is a text that may name one. `fix` is the version that repairs it; None: not said.
    """

    by: MatchedBy
    vendor: str
    product: str
    platform: str = ""
    fix: Fix | None = None
    part: str = ""
    is_business: bool = False


@dataclass(frozen=True, slots=True)
class AdvisoryRecord:
    """What one feed says of one vulnerability.

    `id` is a CVE. `text` is its English description. `cvss`: 0 to 10; None: not scored. `exploited_on` is since when
    it is known to be exploited, where that is said. `notice` has to be shown with what the feed says. `is_rejected`:
    it was withdrawn.
    """

    id: str
    title: str = ""
    text: str = ""
    products: tuple[NamedProduct, ...] = ()
    cvss: float | None = None
    is_exploited: bool = False
    exploited_on: date | None = None
    tags: tuple[str, ...] = ()
    url: str = ""
    notice: str = ""
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A record is about `product`."""

    product: Product
    by: MatchedBy
    platforms: dict[str, Fix]


def matches(record: AdvisoryRecord, products: Iterable[Product], now: datetime) -> list[Match]:
    """The products that a record is about; none for one that was withdrawn."""
    if record.is_rejected:
        return []
    found = [_match(record, product) for product in products if _counts(record, product, now)]
    return [one for one in found if one is not None]


def _counts(record: AdvisoryRecord, product: Product, now: datetime) -> bool:
    if product.known_for is None:
        return True
    is_recent = record.exploited_on is None or now.date() - record.exploited_on <= product.known_for
    return record.is_exploited and is_recent


def _match(record: AdvisoryRecord, product: Product) -> Match | None:
    meant = [(one, name) for one in record.products for name in _names(one, product)]
    if meant:
        by = min((one.by for one, _ in meant), key=RANK.__getitem__)
        fixes = ({_platform(one, name): one.fix} for one, name in meant if one.fix is not None)
        return Match(product, by, stricter_all(fixes))
    if not record.products and _has_word(record.text, product.phrases):
        return Match(product, MatchedBy.WORDS, {})
    return None


def _names(one: NamedProduct, product: Product) -> Sequence[CpeName]:
    """The name by which a named product is this one; at most one."""
    if one.by is MatchedBy.CPE:
        wanted = (one.part, one.vendor, one.product)
        return [name for name in product.cpes if (name.part, name.vendor, name.product) == wanted][:1]
    first_word = re.split(r"[^\w-]", one.vendor.casefold().strip(), maxsplit=1)[0]
    if first_word in product.vendors and _has_word(one.product, product.names):
        is_business = _has_word(one.product, ("Business",))
        return [CpeName("", one.vendor, one.product, platform_in(one.product), is_business)]
    return []


def _platform(one: NamedProduct, name: CpeName) -> str:
    platform = platform_in(one.platform) or name.platform or ANY
    # "WhatsApp Desktop for Mac" and "WhatsApp Business for iOS" have versions of their own
    return f"{platform}_business" if one.is_business or name.is_business else platform


def _has_word(text: str, words: Iterable[str]) -> bool:
    """Whether a text has one of these as whole words, in any case."""
    return any(
        re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) is not None for word in words
    )
