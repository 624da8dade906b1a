"""A company's journal as an earlier release would have written it: other words, sealed as soundly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from harness import Harness
from worker.domain.evidence.events import spellings
from worker.domain.evidence.journal import GENESIS, Entry, seal
from worker.storage.sql.tables import journal


def reseal(company: Harness, change: Callable[[Entry], Entry]) -> None:
    """Write the whole chain anew, each entry as `change` makes it."""
    previous = GENESIS
    for one in company.journal():
        sealed = seal(change(one.entry), one.seq, previous)
        previous = sealed.hash
        values = {"kind": sealed.entry.kind, "data": json.dumps(sealed.entry.data)}
        with company.engine.begin() as connection:
            this = sa.update(journal).where(journal.c.seq == one.seq)
            connection.execute(this.values(**values, previous=sealed.previous, hash=sealed.hash))


def use_earlier_names(company: Harness) -> None:
    """Give each event the oldest name that it ever had."""
    reseal(company, lambda entry: replace(entry, kind=spellings(entry.kind)[-1]))
