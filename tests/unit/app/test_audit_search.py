"""An evidence pack of a search of the journal."""

from __future__ import annotations

from io import BytesIO

import pytest

from harness import Harness
from packs import members_of
from worker.app.evidence.export import Audit
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import verify_pack
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.pack import Sought, What


@pytest.fixture
def left(company: Harness) -> Harness:
    company.leave("ann", "eve")
    company.settle()
    company.desk.done(1, Actor("dee"), company.now, "on her last day")
    return company


def export(company: Harness, sought: Sought) -> bytes:
    file = BytesIO()
    audit = Audit(company.store, "St Mary's", "Europe/London", "whosleft 1.2.3")
    audit.export(Selection(sought=sought), file, Actor("sam"), company.now)
    return file.getvalue()


def test_it_has_the_tickets_of_the_events_that_are_found_and_no_others(left: Harness) -> None:
    pack = export(left, Sought(actor="dee"))
    files = members_of(pack)
    verdict = verify_pack(BytesIO(pack))

    assert verdict.is_whole
    assert verdict.manifest is not None
    assert verdict.manifest.covered.what is What.SEARCH
    assert verdict.manifest.covered.sought == Sought(actor="dee")
    assert files["tickets.csv"].count(b"T-0000") == 1
    assert b"events by dee, from the beginning until it was made" in files["report.html"]


def test_one_that_finds_nothing_is_refused_and_what_was_typed_is_not_journalled(left: Harness) -> None:
    before = left.journal()

    with pytest.raises(Refused, match="No event is like that"):
        export(left, Sought(subject="Ann Example"))

    assert left.journal() == before
