"""A CVE as NVD has it, as a record: products, versions, scores, tags. Hostile and half-empty ones, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.advisories.nvd import mapping
from fakes.advisories.server import configured, cpe, cve_row, scored
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy, NamedProduct
from worker.domain.watch.versions import Fix

CVE = "CVE-2026-10001"
IPHONE = "cpe:2.3:a:whatsapp:whatsapp:*:*:*:*:*:iphone_os:*:*"
BUSINESS = "cpe:2.3:a:whatsapp:whatsapp:*:*:*:*:business:android:*:*"


def record(**more: Any) -> AdvisoryRecord:
    return mapping.record(cve_row(CVE, **more))


def affected(**more: Any) -> list[dict[str, Any]]:
    one = {"vendor": "Facebook", "product": "WhatsApp for iOS", "defaultStatus": "unaffected", **more}
    return [{"source": "cve@example.org", "affectedData": [one]}]


def versions(*found: dict[str, str]) -> list[dict[str, Any]]:
    return affected(versions=[{"status": "affected", **one} for one in found])


def test_the_smallest_record() -> None:
    found = record()

    assert (found.id, found.text, found.products) == (CVE, "An invented vulnerability.", ())
    assert (found.cvss, found.is_exploited, found.exploited_on) == (None, False, None)
    assert found.title == "An invented vulnerability."
    assert found.notice == mapping.NOTICE
    assert not found.is_rejected


def test_what_is_vulnerable_is_a_product_and_what_is_a_condition_is_not() -> None:
    nodes = (
        [cpe(IPHONE, versionEndExcluding="2.26.1")],
        [cpe("cpe:2.3:o:apple:ios:-:*:*:*:*:*:*:*", is_vulnerable=False)],
    )

    found = record(configurations=configured(*nodes, operator="AND"))

    assert found.products == (
        NamedProduct(MatchedBy.CPE, "whatsapp", "whatsapp", "iphone_os", Fix("2.26.1"), "a"),
    )


def test_what_a_node_negates_is_no_product() -> None:
    assert record(configurations=configured([cpe(IPHONE)], negate=True)).products == ()


FIXES: dict[str, tuple[dict[str, Any], Fix | None]] = {
    "excluding": ({"versionEndExcluding": "2.26.1"}, Fix("2.26.1")),
    "including": ({"versionEndIncluding": "2.26.1"}, Fix("2.26.1", is_newer=True)),
    "no end": ({"versionStartIncluding": "2.0"}, None),
    "no version": ({"versionEndExcluding": "soon"}, None),
}


@pytest.mark.parametrize("ends, fix", FIXES.values(), ids=FIXES.keys())
def test_where_the_range_ends_is_what_to_reach(ends: dict[str, Any], fix: Fix | None) -> None:
    assert record(configurations=configured([cpe(IPHONE, **ends)])).products[0].fix == fix


def test_one_version_alone_asks_for_a_newer_one() -> None:
    one = record(
        configurations=configured([cpe("cpe:2.3:a:signal:signal-desktop:6.2.0:*:*:*:*:*:*:*")])
    ).products[0]

    assert (one.product, one.fix) == ("signal-desktop", Fix("6.2.0", is_newer=True))


def test_names_in_cpe_are_unescaped_and_editions_told_apart() -> None:
    escaped = r"cpe:2.3:a:signal:signal\-desktop\:x:*:*:*:*:*:*:*:*"
    one, other = record(configurations=configured([cpe(escaped), cpe(BUSINESS)])).products

    assert one.product == "signal-desktop:x"
    assert (one.is_business, other.is_business) == (False, True)


@pytest.mark.parametrize("criteria", ["", "cpe:2.3:a:whatsapp", "cpe:/a:whatsapp:whatsapp"])
def test_a_name_of_another_form_is_left_out(criteria: str) -> None:
    assert record(configurations=configured([cpe(criteria)])).products == ()


RANGES: dict[str, tuple[dict[str, str], Fix | None]] = {
    "less than": ({"version": "2.0", "lessThan": "2.26.1"}, Fix("2.26.1")),
    "less than or equal": ({"version": "2.0", "lessThanOrEqual": "v2.26.1"}, Fix("2.26.1", is_newer=True)),
    "one version": ({"version": "2.26.1"}, Fix("2.26.1", is_newer=True)),
    "all": ({"version": "0", "lessThan": "*"}, None),
    "no version": ({"version": "unspecified"}, None),
}


@pytest.mark.parametrize("found, fix", RANGES.values(), ids=RANGES.keys())
def test_what_the_authority_says_is_affected(found: dict[str, str], fix: Fix | None) -> None:
    assert record(affected=versions(found)).products == (
        NamedProduct(MatchedBy.AFFECTED, "Facebook", "WhatsApp for iOS", "WhatsApp for iOS", fix),
    )


def test_affected_but_for_a_version() -> None:
    said = affected(defaultStatus="affected", versions=[{"version": "3.0", "status": "unaffected"}])

    assert record(affected=said).products[0].fix == Fix("3.0")


def test_a_version_that_is_not_affected_says_nothing_otherwise() -> None:
    said = affected(versions=[{"version": "3.0", "status": "unaffected"}])

    assert record(affected=said).products[0].fix is None


def test_each_platform_is_one_of_its_own() -> None:
    said = affected(platforms=["Windows", "MacOS", 7], versions=[])

    assert [one.platform for one in record(affected=said).products] == ["Windows", "MacOS"]


@pytest.mark.parametrize("name", ["n/a", "", "unspecified"])
def test_a_product_that_is_not_named_is_none(name: str) -> None:
    assert record(affected=affected(product=name)).products == ()


@pytest.mark.parametrize(
    "metrics, score",
    [
        ({}, None),
        (scored(9.8), 9.8),
        (scored(5.4, "Secondary"), 5.4),
        (scored(9.8, form="3.0") | scored(6.5), 6.5),
        ({"cvssMetricV2": [{"type": "Primary", "cvssData": {"baseScore": 7.5}}]}, 7.5),
        ({"cvssMetricV31": [{"type": "Primary", "cvssData": {"baseScore": "9.8"}}]}, None),
        ({"cvssMetricV31": [{"type": "Primary", "cvssData": {"baseScore": 98}}]}, None),
        ({"cvssMetricV31": [{"type": "Primary"}, "?"]}, None),
        ([], None),
    ],
)
def test_the_newest_form_s_score_counts(metrics: Any, score: float | None) -> None:
    assert record(metrics=metrics).cvss == score


def test_the_database_s_own_score_comes_before_others() -> None:
    both = [*scored(9.8, "Secondary")["cvssMetricV31"], *scored(4.3)["cvssMetricV31"]]

    assert record(metrics={"cvssMetricV31": both}).cvss == 4.3


def test_exploited_by_cisa_s_date_or_by_its_assessment() -> None:
    active = {"ssvcV203": [{"ssvcData": {"options": [{"exploitation": "active"}]}}, {"ssvcData": None}]}
    none = {"ssvcV203": [{"ssvcData": {"options": [{"exploitation": "none"}, {"automatable": "no"}]}}]}

    assert record(cisaExploitAdd="2026-11-20", cisaVulnerabilityName="Invented").is_exploited
    assert record(metrics=active).is_exploited
    assert not record(metrics=none).is_exploited
    assert not record(cisaExploitAdd=None).is_exploited


def test_tags_and_a_rejected_one() -> None:
    tagged = [{"sourceIdentifier": "x", "tags": ["disputed", "exclusively-hosted-service", 7]}]

    assert record(cveTags=tagged).tags == ("disputed", "exclusively-hosted-service")
    assert record(vulnStatus="Rejected").is_rejected


@pytest.mark.parametrize("row", [{}, {"cve": {}}, {"cve": {"id": "CVE-1"}}, {"cve": {"id": 7}}, [], "?"])
def test_a_row_without_an_id_is_refused(row: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        mapping.record(row)


@pytest.mark.parametrize("junk", [None, 7, "?", [7], [{}], {}])
@pytest.mark.parametrize("key", ["descriptions", "configurations", "affected", "metrics", "cveTags"])
def test_a_part_of_another_form_costs_no_record(key: str, junk: Any) -> None:
    assert record(**{key: junk}).id == CVE


def test_a_stranger_s_text_stays_on_one_line_and_short() -> None:
    found = record(descriptions=[{"lang": "en", "value": "Line\n\x1b[31m " + "x" * 99_999}])

    assert "\n" not in found.text
    assert "\x1b" not in found.text
    assert len(found.text) <= mapping.TEXT_MAX
    assert len(found.title) <= mapping.TITLE_MAX


# --- published records ------------------------------------------------------------------------------------------------


def test_published_records_are_understood(contract_data: Path) -> None:
    path = contract_data / "advisories" / "nvd-messengers.sample.json"
    found = [mapping.record(row) for row in json.loads(path.read_text(encoding="utf-8"))["vulnerabilities"]]

    assert len(found) == 10
    assert all(one.cvss for one in found)
    assert sum(one.is_exploited for one in found) == 4
    assert {tag for one in found for tag in one.tags} == {"disputed", "exclusively-hosted-service"}
