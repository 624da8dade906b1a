"""A row of the catalogue -> a record. Pure. Rows have no versions; some texts end in blanks."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from connectors.kit.text import one_line
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy, NamedProduct

CVE = re.compile(r"CVE-\d{4}-\d{4,19}")
CATALOGUE = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?field_cve="


def record(row: dict[str, Any]) -> AdvisoryRecord:
    """Raises KeyError, TypeError or ValueError for a row without an id, a product or a day."""
    cve = text(row["cveID"])
    if not CVE.fullmatch(cve):
        raise ValueError("it has no CVE's id")
    vendor, product = text(row["vendorProject"]), text(row["product"])
    return AdvisoryRecord(
        cve,
        text(row.get("vulnerabilityName", "")),
        text(row.get("shortDescription", "")),
        (NamedProduct(MatchedBy.WORDS, vendor, product),),
        is_exploited=True,
        exploited_on=date.fromisoformat(text(row["dateAdded"])),
        url=f"{CATALOGUE}{cve}",
    )


def text(value: Any) -> str:
    """Raises TypeError for anything but a text."""
    if not isinstance(value, str):
        raise TypeError("it is no text")
    return one_line(value)
