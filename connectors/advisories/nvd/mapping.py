"""A CVE as NVD has it -> a record. Pure.

What is not understood within a record is left out: a further key or a new form never costs the whole record. Texts
are strangers'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from connectors.kit.text import cut, one_line
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy, NamedProduct
from worker.domain.watch.versions import Fix, version_in

NOTICE = "This product uses data from the NVD API but is not endorsed or certified by the NVD."
PAGE = "https://nvd.nist.gov/vuln/detail/"
CVE = re.compile(r"CVE-\d{4}-\d{4,19}")
TEXT_MAX, TITLE_MAX = 10_000, 200
_CPE_PARTS = 13
_SCORES = (
    "cvssMetricV40",
    "cvssMetricV31",
    "cvssMetricV30",
    "cvssMetricV2",
)  # the newest that there is counts
_SAID_NOTHING = {"", "n/a", "*", "-", "unspecified"}


def record(row: dict[str, Any]) -> AdvisoryRecord:
    """Raises KeyError, TypeError or ValueError for a row without a CVE's id."""
    cve = row["cve"]
    id_ = cve["id"]
    if not CVE.fullmatch(id_):
        raise ValueError("it has no CVE's id")
    text = _english(cve)
    exploited_on = _day(cve.get("cisaExploitAdd"))
    return AdvisoryRecord(
        id_,
        _short(cve.get("cisaVulnerabilityName")) or cut(text, TITLE_MAX),
        text,
        (*_by_cpe(cve), *_by_cna(cve)),
        _score(cve),
        exploited_on is not None or _is_active(cve),
        exploited_on,
        _tags(cve),
        f"{PAGE}{id_}",
        NOTICE,
        str(cve.get("vulnStatus", "")).casefold() == "rejected",
    )


def _english(cve: dict[str, Any]) -> str:
    texts = [one for one in _dicts(cve.get("descriptions")) if str(one.get("lang", "")).startswith("en")]
    return next((one_line(str(one.get("value", ""))[:TEXT_MAX]) for one in texts), "")


def _short(value: Any) -> str:
    return cut(one_line(value), TITLE_MAX) if isinstance(value, str) else ""


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None


# --- products ---------------------------------------------------------------------------------------------------------


def _by_cpe(cve: dict[str, Any]) -> Iterator[NamedProduct]:
    """What is vulnerable. What is only a condition, such as the system below an app, is not."""
    for configuration in _dicts(cve.get("configurations")):
        for node in _dicts(configuration.get("nodes")):
            if node.get("negate"):
                continue
            for match in _dicts(node.get("cpeMatch")):
                if match.get("vulnerable") is True:
                    yield from _cpe(match)


def _cpe(match: dict[str, Any]) -> Iterator[NamedProduct]:
    parts = re.split(r"(?<!\\):", str(match.get("criteria", "")))
    if len(parts) != _CPE_PARTS:
        return
    part, vendor, product, version, edition, system = (_plain(parts[at]) for at in (2, 3, 4, 5, 9, 10))
    yield NamedProduct(
        MatchedBy.CPE, vendor, product, system, _until(match, version), part, edition == "business"
    )


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _until(match: dict[str, Any], version: str) -> Fix | None:
    if known := version_in(str(match.get("versionEndExcluding", ""))):
        return Fix(known)
    if known := version_in(str(match.get("versionEndIncluding", ""))) or version_in(version):
        return Fix(known, is_newer=True)
    return None


def _by_cna(cve: dict[str, Any]) -> Iterator[NamedProduct]:
    """What the authority that gave the CVE its number says is affected."""
    for source in _dicts(cve.get("affected")):
        for one in _dicts(source.get("affectedData")):
            vendor, product = (one_line(str(one.get(key, ""))) for key in ("vendor", "product"))
            if product.casefold() in _SAID_NOTHING:
                continue
            platforms = [str(name) for name in one.get("platforms") or () if isinstance(name, str)]
            fixes: list[Fix | None] = [*_fixes(one)]
            for platform in platforms or [product]:
                for fix in fixes or [None]:
                    yield NamedProduct(MatchedBy.AFFECTED, vendor, product, platform, fix)


def _fixes(one: dict[str, Any]) -> Iterator[Fix]:
    is_affected_otherwise = one.get("defaultStatus") == "affected"
    for version in _dicts(one.get("versions")):
        start = version_in(str(version.get("version", "")))
        if version.get("status") == "affected":
            below, last = (version_in(str(version.get(key, ""))) for key in ("lessThan", "lessThanOrEqual"))
            is_open = "lessThan" in version or "lessThanOrEqual" in version
            if below:
                yield Fix(below)
            elif last or (start and not is_open):
                yield Fix(last or start, is_newer=True)
        elif version.get("status") == "unaffected" and is_affected_otherwise and start:
            yield Fix(start)


# --- how bad it is ----------------------------------------------------------------------------------------------------


def _score(cve: dict[str, Any]) -> float | None:
    """The score of the newest form of CVSS that there is: the database's own, else the highest of others."""
    metrics = _metrics(cve)
    for form in _SCORES:
        scores = [*_scores(_dicts(metrics.get(form)))]
        if scores:
            own = [score for score, is_own in scores if is_own]
            return max(own or [score for score, _ in scores])
    return None


def _metrics(cve: dict[str, Any]) -> dict[str, Any]:
    found = cve.get("metrics")
    return found if isinstance(found, dict) else {}


def _scores(metrics: Iterable[dict[str, Any]]) -> Iterator[tuple[float, bool]]:
    for metric in metrics:
        data = metric.get("cvssData")
        score = data.get("baseScore") if isinstance(data, dict) else None
        if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 10:  # noqa: PLR2004  CVSS
            yield float(score), metric.get("type") == "Primary"


def _is_active(cve: dict[str, Any]) -> bool:
    """Whether CISA's assessment (SSVC) says that it is exploited now."""
    return any(
        str(option.get("exploitation", "")).casefold() == "active"
        for form, found in _metrics(cve).items()
        if form.startswith("ssvc")
        for metric in _dicts(found)
        for data in _dicts([metric.get("ssvcData")])
        for option in _dicts(data.get("options"))
    )


def _tags(cve: dict[str, Any]) -> tuple[str, ...]:
    tags = {
        tag for one in _dicts(cve.get("cveTags")) for tag in one.get("tags") or () if isinstance(tag, str)
    }
    return tuple(sorted(one_line(tag) for tag in tags))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
