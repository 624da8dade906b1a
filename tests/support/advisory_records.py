"""A vulnerability's record, and the products that it may be about."""

from __future__ import annotations

from worker.domain.watch.matching import MatchedBy, NamedProduct
from worker.domain.watch.products import products_of
from worker.domain.watch.versions import Fix

CVE = "CVE-2026-10001"
EVERY = products_of(["whatsapp", "signal", "telegram", "teams", "slack", "matrix"], has_systems=False)


def by_cpe(
    vendor: str, product: str, platform: str = "", part: str = "a", fix: Fix | None = None
) -> NamedProduct:
    return NamedProduct(MatchedBy.CPE, vendor, product, platform, fix, part)
