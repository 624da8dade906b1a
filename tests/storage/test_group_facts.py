"""Facts of groups as the release before writes them."""

from __future__ import annotations

import json
from typing import Any

from builders import NOW
from worker.domain.model import Allowed, GroupFacts
from worker.storage.group_facts import facts_of
from worker.storage.sql.tables import to_micros


class _Row:
    """A row as the release before writes it: all facts in one text."""

    facts_at, last_activity_at = "{}", None

    def __init__(self, **facts: Any) -> None:
        self.facts = json.dumps(facts)


def test_facts_that_the_release_before_wrote_are_read() -> None:
    micros = to_micros(NOW)
    facts = facts_of(_Row(description="", edit="admins", read_at=micros, last_activity_at=micros))
    assert facts == GroupFacts(description="", edit=Allowed.ADMINS, read_at=NOW, last_activity_at=NOW)
