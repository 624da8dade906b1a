"""CISA's and NIST's feeds on loopback, with invented vulnerabilities.

Each answer that is meant to be true is held to the vendor's own schema, where there is a folder of those. `answer_with`
puts something else in place of the next answers.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

from fakes.graph.http import LoopbackServer, Reply, Request

KEY = "invented-key-of-nvd"
WINDOW_MAX = timedelta(days=120)
Row = dict[str, Any]


def kev_row(cve: str, vendor: str = "Meta Platforms ", product: str = "WhatsApp", **more: Any) -> Row:
    """A row with the fields that all have; some texts of the real ones end in blanks."""
    return {
        "cveID": cve,
        "vendorProject": vendor,
        "product": product,
        "vulnerabilityName": f"{product} Invented Vulnerability ",
        "dateAdded": "2026-11-20",
        "shortDescription": "An invented vulnerability.",
        "requiredAction": "Apply updates per vendor instructions.",
        "dueDate": "2026-12-11",
        **more,
    }


def catalogue(*rows: Row, **more: Any) -> Row:
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.11.20",
        "dateReleased": "2026-11-20T17:00:00.0000Z",
        "count": len(rows),
        "vulnerabilities": list(rows),
        **more,
    }


def cve_row(cve: str, text: str = "An invented vulnerability.", **more: Any) -> Row:
    """A CVE as NVD lists it."""
    return {
        "cve": {
            "id": cve,
            "sourceIdentifier": "cve@example.org",
            "published": "2026-11-19T10:00:00.000",
            "lastModified": "2026-11-20T10:00:00.000",
            "vulnStatus": "Received",
            "cveTags": [],
            "descriptions": [{"lang": "en", "value": text}],
            "metrics": {},
            "references": [],
            **more,
        }
    }


def cpe(criteria: str, *, is_vulnerable: bool = True, **versions: str) -> Row:
    return {
        "vulnerable": is_vulnerable,
        "criteria": criteria,
        "matchCriteriaId": "00000000-0000-4000-8000-000000000000",
        **versions,
    }


def configured(*nodes: Sequence[Row], operator: str | None = None, **more: Any) -> list[Row]:
    built = [{"operator": "OR", "negate": False, **more, "cpeMatch": list(node)} for node in nodes]
    return [{"nodes": built, **({"operator": operator} if operator else {})}]


def scored(score: float, kind: str = "Primary", form: str = "3.1") -> Row:
    """Metrics with one score of CVSS 3."""
    severity = "CRITICAL" if score >= 9 else "HIGH" if score >= 7 else "MEDIUM"
    data = {
        "version": form,
        "vectorString": f"CVSS:{form}/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "baseScore": score,
        "baseSeverity": severity,
    }
    return {
        f"cvssMetricV{form.replace('.', '')}": [{"source": "x@example.org", "type": kind, "cvssData": data}]
    }


class _Server(LoopbackServer):
    def __init__(self) -> None:
        super().__init__()
        self.others: deque[Reply] = deque()

    def answer_with(self, *replies: Reply) -> None:
        """Give these as the next answers."""
        self.others.extend(replies)

    def answer(self, request: Request) -> Reply:
        return self.others.popleft() if self.others else self.true_answer(request)

    def true_answer(self, request: Request) -> Reply:
        raise NotImplementedError


class KevServer(_Server):
    """Serves `document`, and 304 to who names the tag that it has."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._schema = _schema(folder, "kev.schema.json")
        self._version = 0
        self.put(kev_row("CVE-2026-10001"))

    def put(self, *rows: Row, **more: Any) -> None:
        self._version += 1
        self.document = catalogue(*rows, **more)
        if not more:
            self._schema(self.document)

    @property
    def address(self) -> str:
        return f"{self.url}/feeds/kev.json"

    def true_answer(self, request: Request) -> Reply:
        tag = f'"{self._version}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(304)
        return Reply(200, json.dumps(self.document).encode()).with_headers(etag=tag)


class NvdServer(_Server):
    """NVD's rules: both ends of a window, at most 120 days apart; the key in a header; pages.

    `rows` fit every question. `page_max` is smaller than NVD's, where a test is about pages.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._schema = _schema(folder, "nvd-cve-2.0.schema.json")
        self.rows: list[Row] = []
        self.page_max = 2_000
        self.key: str | None = None

    @property
    def address(self) -> str:
        return f"{self.url}/rest/json/cves/2.0"

    def true_answer(self, request: Request) -> Reply:
        query = request.query
        if "apikey" in query or (self.key is not None and request.headers.get("apikey") != self.key):
            return Reply(404, b"")
        if not _is_window(query) or int(query.get("resultsperpage", "2000")) > self.page_max > 1_999:
            return Reply(404, b"")
        start = int(query.get("startindex", "0"))
        size = min(int(query.get("resultsperpage", "2000")), self.page_max)
        document = page_of(self.rows, start, size)
        self._schema(document)
        return Reply(200, json.dumps(document).encode())


def page_of(rows: Sequence[Any], start: int = 0, size: int = 2_000) -> Row:
    shown = list(rows[start : start + size])
    return {
        "resultsPerPage": len(shown),
        "startIndex": start,
        "totalResults": len(rows),
        "format": "NVD_CVE",
        "version": "2.0",
        "timestamp": "2026-11-24T09:00:00.000",
        "vulnerabilities": shown,
    }


def _is_window(query: Mapping[str, str]) -> bool:
    try:
        since, until = (
            datetime.fromisoformat(query[name]) for name in ("lastmodstartdate", "lastmodenddate")
        )
    except (KeyError, ValueError):
        return False
    return since < until <= since + WINDOW_MAX


def _schema(folder: Path | None, name: str) -> Callable[[Row], None]:
    """Hold a document to a schema. CVSS says `multipleOf: 0.1`, which no binary fraction is."""
    if folder is None:
        return lambda _: None
    files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    known = [
        (f"https://csrc.nist.gov/schema/nvd/api/2.0/external/{other}", Resource.from_contents(schema))
        for other, schema in files.items()
        if other.startswith("cvss")
    ]
    known += [(schema["$id"], Resource.from_contents(schema)) for schema in files.values() if "$id" in schema]
    registry: Registry[Any] = Registry().with_resources(known)
    validator = Draft7Validator(files[name], registry=registry)
    return lambda document: validator.validate(json.loads(json.dumps(document), parse_float=Decimal))
