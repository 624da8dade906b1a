"""Names by strangers on pages: none turns our words around."""

from __future__ import annotations

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture

TURNING = "\u202a\u202b\u202d\u202e\u2066\u2067"


@company_fixture
def ward() -> Harness:
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward\u202e7 \u2067nights")
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def test_no_page_has_a_mark_that_turns_what_stands_beside_a_name(desk: Caller) -> None:
    pages = [desk.get(desk.ticket()).text]
    desk.sign_in("sam", "approver", "auditor", "operator")
    pages += [desk.get(path).text for path in ("/", "/tickets", "/tickets/T-000001", "/groups", "/audit")]

    assert sum("nights" in page for page in pages) >= 4
    assert [mark for page in pages for mark in TURNING if mark in page] == []
