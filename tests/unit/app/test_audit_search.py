"""An evidence pack of a search of the journal."""

from __future__ import annotations

import pytest

from exported import export, left
from harness import Harness
from worker.app.evidence.scope import Selection
from worker.app.refused import Refused
from worker.domain.evidence.pack import Covered, Sought, What

__all__ = ["left"]


def test_it_has_the_tickets_of_the_events_that_are_found_and_no_others(left: Harness) -> None:
    pack = export(left, Selection(sought=Sought(actor="dee")))

    assert pack.verdict.is_whole
    assert pack.verdict.manifest is not None
    assert pack.verdict.manifest.covered == Covered(What.SEARCH, sought=Sought(actor="dee"))
    assert pack.tickets == ["T-000001"]
    assert "events by dee, from the beginning until it was made" in pack.files["report.html"]


def test_one_that_finds_nothing_is_refused_and_what_was_typed_is_not_journalled(left: Harness) -> None:
    before = left.journal()

    with pytest.raises(Refused, match="No event is like that"):
        export(left, Selection(sought=Sought(subject="Ann Example")))

    assert left.journal() == before
