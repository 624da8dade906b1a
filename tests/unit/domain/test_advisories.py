"""What feeds say of advisories is joined, what of it is told, and whom it asks to update."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisory_records import CVE, EVERY, by_cpe
from builders import DAY, NOW
from connectors.advisories.kev import mapping as kev
from connectors.advisories.nvd import mapping as nvd
from worker.domain.watch.advisories import (
    Advisory,
    AdvisoryKey,
    AdvisoryStatus,
    Dismissal,
    FeedWord,
    taken,
    told_now,
    urgency,
    without_feeds,
)
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy
from worker.domain.watch.updating import UpdateFinding, updates_wanted
from worker.domain.watch.versions import Fix

KEY = AdvisoryKey(CVE, "whatsapp")


# --- feeds joined ---------------------------------------------------------------------------------------------


WORD = FeedWord(MatchedBy.WORDS, is_exploited=True)
SCORED = FeedWord(
    MatchedBy.CPE, {"ios": Fix("2.26.1")}, cvss=5.4, tags=("disputed",), title="Bad", url="https://x.example"
)
WHATSAPP_RECORD = AdvisoryRecord(
    CVE, products=(by_cpe("whatsapp", "whatsapp", "iphone_os", fix=Fix("2.26.1")),), cvss=9.8
)


def read(
    known: Advisory | None, *records: AdvisoryRecord, feed: str = "nvd", is_whole: bool = False
) -> list[Advisory]:
    return taken({known.key: known} if known else {}, feed, records, EVERY, NOW, is_whole=is_whole)


def test_the_first_word_makes_an_advisory() -> None:
    [one] = read(None, WHATSAPP_RECORD)

    assert (one.key, one.seen_at, one.status) == (KEY, NOW, AdvisoryStatus.NEW)
    assert one.platforms == {"ios": Fix("2.26.1")}
    assert one.matched_by is MatchedBy.CPE


def test_the_same_again_changes_nothing() -> None:
    [one] = read(None, WHATSAPP_RECORD)

    assert read(one, WHATSAPP_RECORD) == []


def test_what_two_feeds_say_is_joined() -> None:
    one = Advisory(KEY, NOW, {"kev": WORD, "nvd": SCORED})

    assert (one.is_exploited, one.cvss, one.tags, one.matched_by) == (True, 5.4, ("disputed",), MatchedBy.CPE)
    assert (one.title, one.url, one.notices) == ("Bad", "https://x.example", ())
    assert list(one.by_feed) == ["kev", "nvd"]


def test_an_advisory_without_a_word_is_closed_and_says_nothing() -> None:
    empty = Advisory(KEY, NOW)

    assert (empty.status, empty.cvss, empty.title, empty.url) == (AdvisoryStatus.CLOSED, None, "", "")
    assert not empty.is_news(0.0)


def test_what_a_whole_feed_lists_no_more_is_withdrawn() -> None:
    one = Advisory(KEY, NOW, {"kev": WORD})

    [closed] = read(one, feed="kev", is_whole=True)
    assert closed.status is AdvisoryStatus.CLOSED
    assert read(one, feed="kev", is_whole=False) == []
    assert read(one, feed="nvd", is_whole=True) == []


def test_a_record_that_is_rejected_later_is_withdrawn() -> None:
    [one] = read(None, WHATSAPP_RECORD)

    [closed] = read(one, replace(WHATSAPP_RECORD, is_rejected=True))
    assert closed.status is AdvisoryStatus.CLOSED


def test_another_feed_keeps_it_open() -> None:
    both = Advisory(KEY, NOW, {"kev": WORD, "nvd": SCORED})

    [left] = read(both, feed="kev", is_whole=True)
    assert list(left.by_feed) == ["nvd"]


def test_a_feed_that_is_gone_says_nothing_more() -> None:
    both = Advisory(KEY, NOW, {"kev": WORD, "nvd": SCORED})
    one = Advisory(AdvisoryKey(CVE, "signal"), NOW, {"nvd": SCORED})

    assert [list(found.by_feed) for found in without_feeds({both.key: both, one.key: one}, {"nvd"})] == [
        ["nvd"]
    ]


# --- what is told -----------------------------------------------------------------------------------------------


def test_exploited_comes_first_and_the_score_after() -> None:
    exploited = Advisory(KEY, NOW, {"kev": WORD})
    severe = Advisory(AdvisoryKey("CVE-2026-2", "whatsapp"), NOW, {"nvd": replace(SCORED, cvss=9.8)})
    low = Advisory(AdvisoryKey("CVE-2026-3", "whatsapp"), NOW, {"nvd": SCORED})
    unscored = Advisory(AdvisoryKey("CVE-2026-4", "whatsapp"), NOW, {"nvd": replace(SCORED, cvss=None)})

    assert sorted([unscored, low, severe, exploited], key=urgency) == [exploited, severe, low, unscored]
    assert [one.is_urgent(7.0) for one in (exploited, severe, low, unscored)] == [True, True, False, False]


def test_it_is_told_once_and_once_more_for_a_change_that_shows() -> None:
    one = Advisory(KEY, NOW, {"kev": WORD})
    assert one.is_news(7.0)
    one = told_now(one, NOW)
    assert not one.is_news(7.0)
    assert one.status is AdvisoryStatus.NOTIFIED

    edited = replace(one, by_feed={"kev": replace(WORD, title="Other words", url="https://y.example")})
    assert not edited.is_news(7.0)

    repaired = replace(one, by_feed={"kev": WORD, "nvd": SCORED})
    assert repaired.is_news(7.0)
    assert repaired.status is AdvisoryStatus.FIX_KNOWN
    assert not told_now(repaired, NOW).is_news(7.0)


@pytest.mark.parametrize(
    "change",
    [
        {"platforms": {"ios": Fix("2.26.2")}}, {"platforms": {"ios": Fix("2.26.1", is_newer=True)}},
        {"is_exploited": True}, {"cvss": 9.9}, {"tags": ()},
    ],
)  # fmt: skip
def test_what_shows(change: dict[str, object]) -> None:
    one = told_now(Advisory(KEY, NOW, {"nvd": replace(SCORED, cvss=9.8)}), NOW)

    assert replace(one, by_feed={"nvd": replace(SCORED, **{"cvss": 9.8, **change})}).is_news(7.0)  # type: ignore[arg-type]


def test_what_a_person_dismissed_is_told_no_more() -> None:
    gone = Advisory(KEY, NOW, {"kev": WORD}, dismissal=Dismissal("dee", NOW, "we have none"))

    assert gone.status is AdvisoryStatus.CLOSED
    assert not gone.is_news(0.0)
    assert not gone.is_open(0.0)


# --- whom it asks to update ---------------------------------------------------------------------------------------


def test_updates_are_wanted_of_what_is_open_and_can_be_repaired() -> None:
    severe = replace(SCORED, cvss=9.8)
    one = Advisory(KEY, NOW, {"nvd": severe})
    others = [
        Advisory(AdvisoryKey("CVE-2026-2", "signal"), NOW, {"nvd": severe}),  # not in use
        Advisory(AdvisoryKey("CVE-2026-3", "whatsapp"), NOW, {"nvd": SCORED}),  # not urgent
        Advisory(AdvisoryKey("CVE-2026-4", "whatsapp"), NOW, {"kev": WORD}),  # nothing to install
        replace(one, key=AdvisoryKey("CVE-2026-6", "whatsapp"), dismissal=Dismissal("dee", NOW, "done")),
    ]

    assert updates_wanted([*others, one], {"whatsapp"}, 7.0) == [
        UpdateFinding(CVE, ("whatsapp",), {"whatsapp.ios": Fix("2.26.1")}, is_exploited=False)
    ]


def fixing(cve: str, messenger: str = "whatsapp", *, at: int = 0, **more: object) -> Advisory:
    """A severe advisory that these versions repair; `exploited` ones are used in attacks."""
    is_exploited = bool(more.pop("exploited", False))
    fixes = {name: one if isinstance(one, Fix) else Fix(str(one)) for name, one in more.items()}
    word = replace(SCORED, cvss=9.8, platforms=fixes, is_exploited=is_exploited)
    return Advisory(AdvisoryKey(cve, messenger), NOW + at * DAY, {"nvd": word})


@pytest.mark.parametrize(
    "advisories, wanted",
    [
        ([fixing("CVE-1", ios="2.1"), fixing("CVE-2", ios="2.2")], ["CVE-2"]),
        ([fixing("CVE-1", ios="2.1"), fixing("CVE-2", ios="2.2", android="2.2")], ["CVE-2"]),
        ([fixing("CVE-1", ios="2.1", android="2.1"), fixing("CVE-2", ios="2.2")], ["CVE-1", "CVE-2"]),
        ([fixing("CVE-1", ios="2.1"), fixing("CVE-2", any="2.2")], ["CVE-2"]),
        ([fixing("CVE-1", any="2.1"), fixing("CVE-2", ios="2.2")], ["CVE-1", "CVE-2"]),
        ([fixing("CVE-1", ios=Fix("2.1", is_newer=True)), fixing("CVE-2", ios="2.1")], ["CVE-1"]),
        ([fixing("CVE-2", ios="2.1"), fixing("CVE-1", ios="2.1.0", at=1)], ["CVE-2"]),
        ([fixing("CVE-2", ios="2.1"), fixing("CVE-1", ios="2.1")], ["CVE-1"]),
        ([fixing("CVE-1", ios="2.1"), fixing("CVE-2", "signal", ios="9.9")], ["CVE-1", "CVE-2"]),
    ],
)
def test_of_versions_that_include_others_the_newest_are_asked_for(
    advisories: list[Advisory], wanted: list[str]
) -> None:
    found = updates_wanted(advisories, {"whatsapp", "signal"}, 7.0)
    assert sorted(one.id for one in found) == wanted
    assert found == updates_wanted(reversed(advisories), {"whatsapp", "signal"}, 7.0)


def test_one_vulnerability_of_two_messengers_is_one_update() -> None:
    both = [fixing(CVE, ios="2.1"), fixing(CVE, "signal", android="7.1")]
    [one] = updates_wanted(both, {"whatsapp", "signal"}, 7.0)
    assert set(one.messengers) == {"whatsapp", "signal"}
    assert one.fixes == {"whatsapp.ios": Fix("2.1"), "signal.android": Fix("7.1")}


def test_an_update_that_includes_one_against_attacks_comes_first() -> None:
    found = updates_wanted(
        [
            fixing("CVE-1", "signal", ios="7.1"),
            fixing("CVE-2", ios="2.2"),
            fixing("CVE-3", ios="2.1", exploited=1),
        ],
        {"whatsapp", "signal"},
        7.0,
    )
    assert [(one.id, one.is_exploited) for one in found] == [("CVE-2", True), ("CVE-1", False)]


def test_versions_are_said_shortly() -> None:
    assert [Fix("2.1").short, Fix("2.1", is_newer=True).short] == [">= 2.1", "> 2.1"]


# --- published records ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(contract_data: Path) -> dict[AdvisoryKey, Advisory]:
    """CISA's and NIST's own records, joined."""
    folder, known = contract_data / "advisories", dict[AdvisoryKey, Advisory]()
    for feed, record in (("kev", kev.record), ("nvd", nvd.record)):
        rows = json.loads((folder / f"{feed}-messengers.sample.json").read_text(encoding="utf-8"))[
            "vulnerabilities"
        ]
        changed = taken(known, feed, map(record, rows), EVERY, NOW, is_whole=True)
        known |= {one.key: one for one in changed}
    return known


def test_false_friends_among_published_records(published: dict[AdvisoryKey, Advisory]) -> None:
    assert {(one.key.messenger, one.key.id, one.matched_by.value) for one in published.values()} == {
        ("whatsapp", "CVE-2025-55177", "cpe"),
        ("whatsapp", "CVE-2019-3568", "cpe"),
        ("whatsapp", "CVE-2019-18426", "cpe"),
        ("whatsapp", "CVE-2026-23866", "cpe"),
        ("telegram", "CVE-2024-7014", "words"),
        ("signal", "CVE-2023-24069", "cpe"),
        ("signal", "CVE-2020-5753", "cpe"),
        ("teams", "CVE-2024-38197", "cpe"),
        ("matrix", "CVE-2025-27606", "words"),
    }


def test_one_that_is_exploited_is_urgent_though_it_scores_low(published: dict[AdvisoryKey, Advisory]) -> None:
    one = published[AdvisoryKey("CVE-2025-55177", "whatsapp")]

    assert (one.cvss, one.is_exploited, list(one.by_feed)) == (5.4, True, ["kev", "nvd"])
    assert one.platforms["ios"] == Fix("2.25.21.73")
    assert one.platforms["macos"] == one.platforms["ios_business"] == Fix("2.25.21.78")


def test_the_stricter_of_two_published_versions(published: dict[AdvisoryKey, Advisory]) -> None:
    one = published[AdvisoryKey("CVE-2026-23866", "whatsapp")]

    assert one.platforms["android"] == Fix("2.26.7.10", is_newer=True)
