"""What the security team reads of an advisory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW
from worker.domain.messages.advisories import advisory_headline, advisory_paragraph
from worker.domain.watch.advisories import Advisory, AdvisoryKey, FeedWord
from worker.domain.watch.matching import MatchedBy
from worker.domain.watch.versions import Fix

KEY = AdvisoryKey("CVE-2026-10001", "whatsapp")
WORD = FeedWord(MatchedBy.CPE, cvss=9.8, title="Bad\nthing")


def test_what_no_version_repairs_yet() -> None:
    part = advisory_paragraph(Advisory(KEY, NOW, {"nvd": WORD}))

    assert part.headline == "WhatsApp: CVE-2026-10001 is severe"
    assert part.text == "Bad thing. No version that repairs it is known yet."
    assert part.facts == (("Score (CVSS)", "9.8"), ("Published by", "nvd"))
    assert part.link is None


def test_what_is_not_scored_says_no_score() -> None:
    one = Advisory(KEY, NOW, {"kev": replace(WORD, cvss=None, is_exploited=True)})

    assert advisory_headline(one) == "WhatsApp: CVE-2026-10001 is used in attacks"
    assert advisory_paragraph(one).facts == (("Published by", "kev"),)


@pytest.mark.parametrize(
    "platform, said",
    [
        ("ios", "iOS"),
        ("ios_business", "iOS (Business)"),
        ("windows_phone", "Windows Phone"),
        ("desktop", "Desktop"),
        ("any", "All platforms"),
        ("any_business", "All platforms (Business)"),
    ],
)
def test_each_platform_has_a_name(platform: str, said: str) -> None:
    one = Advisory(KEY, NOW, {"nvd": replace(WORD, platforms={platform: Fix("2.26.1")})})

    assert advisory_paragraph(one).facts[0] == (said, "2.26.1 or newer")


def test_only_what_is_newer_is_enough_and_tags_are_shown() -> None:
    word = replace(WORD, platforms={"android": Fix("2.26.1", is_newer=True)}, tags=("disputed",))
    facts = advisory_paragraph(Advisory(KEY, NOW, {"nvd": word})).facts

    assert facts[0] == ("Android", "newer than 2.26.1")
    assert ("Marked as", "disputed") in facts
