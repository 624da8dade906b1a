"""The journal that a pack is made of: tampered with, it gives no pack; grown meanwhile, a whole one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from exported import EVERYTHING, SAM, Pack, export, left
from harness import Harness
from worker.app.evidence import export as audit
from worker.app.evidence import report as reporting
from worker.app.evidence.export import Audit
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import verify_pack
from worker.app.refused import Refused
from worker.domain.evidence.journal import GENESIS, Entry, write
from worker.ports.state.journal import Head
from worker.storage.journal import SqlJournal
from worker.storage.sql.tables import journal

__all__ = ["left"]


@pytest.mark.parametrize("page", [1, 2, 1000])
@pytest.mark.parametrize(
    "tamper, seq",
    [
        (sa.update(journal).where(journal.c.seq == 3).values(actor="somebody"), 3),
        (sa.delete(journal).where(journal.c.seq == 3), 3),
        (sa.update(journal).where(journal.c.seq == 1).values(reason="x"), 1),
        (sa.delete(journal).where(journal.c.seq.in_([1, 2])), 1),
    ],
)
def test_a_broken_journal_gives_no_pack_but_the_place(
    left: Harness, monkeypatch: pytest.MonkeyPatch, page: int, tamper: Any, seq: int
) -> None:
    monkeypatch.setattr(audit, "PAGE", page)
    assert export(left).verdict.is_whole
    with left.engine.begin() as connection:
        connection.execute(tamper)

    with pytest.raises(Refused, match=f"broken at event {seq}:"):
        export(left)


def test_a_journal_that_is_cut_while_it_is_read_gives_no_pack(
    left: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    cut = sa.delete(journal).where(journal.c.seq > 2)

    class Cutting(io.BytesIO):
        def write(self, content: Any) -> int:
            with left.engine.begin() as connection:
                connection.execute(cut)
            return super().write(content)

    with pytest.raises(Refused, match="broken at event 3"):
        Audit(left.store, "x", "UTC", "x").export(EVERYTHING, Cutting(), SAM, left.now)


def _sealed_anew(connection: sa.Connection) -> None:
    """Say of every event that somebody else did it, and seal the whole chain anew."""
    rows = list(SqlJournal(connection).chain())
    previous = GENESIS
    for one in rows:
        anew = write(replace(one.entry, actor="somebody"), one.seq, previous)
        changed = {"actor": anew.actor, "previous": anew.previous, "hash": anew.hash}
        connection.execute(sa.update(journal).where(journal.c.seq == one.seq).values(changed))
        previous = anew.hash


def test_a_journal_that_is_sealed_anew_while_it_is_read_gives_no_pack(left: Harness) -> None:
    class Tampering(io.BytesIO):
        def write(self, content: Any) -> int:
            with left.engine.begin() as connection:
                _sealed_anew(connection)
            return super().write(content)

    with pytest.raises(Refused, match="broken at event"):
        Audit(left.store, "x", "UTC", "x").export(EVERYTHING, Tampering(), SAM, left.now)


@pytest.fixture
def tampered_with(
    left: Harness, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[sa.Connection], Any]], None]:
    """Have the journal changed after its entries were read, before the export is written down."""

    def change(tamper: Callable[[sa.Connection], Any]) -> None:
        def report(*given: Any) -> Iterator[bytes]:
            with left.engine.begin() as connection:
                tamper(connection)
            return reporting.report(*given)

        monkeypatch.setattr(audit, "report", report)

    return change


def test_a_journal_that_is_sealed_anew_after_it_was_read_gives_no_pack(
    left: Harness, tampered_with: Callable[[Callable[[sa.Connection], Any]], None]
) -> None:
    tampered_with(_sealed_anew)
    last = len(left.journal())

    with pytest.raises(Refused, match=f"broken at event {last + 1}:"):
        export(left)
    assert "audit.exported" not in left.kinds()


@pytest.mark.parametrize(
    "change",
    [
        sa.update(journal).where(journal.c.seq == 1).values(hash="f" * 64),
        sa.update(journal).where(journal.c.seq == 2).values(actor="somebody"),
        sa.delete(journal).where(journal.c.seq == 2),
    ],
)
def test_what_is_changed_after_it_was_read_is_in_the_pack_as_it_was_sealed(
    left: Harness, tampered_with: Callable[[Callable[[sa.Connection], Any]], None], change: Any
) -> None:
    sealed = export(left, Selection(person="ann")).files["journal.jsonl"]
    tampered_with(lambda connection: connection.execute(change))

    pack = export(left, Selection(person="ann"))

    assert pack.verdict.is_whole
    assert pack.files["journal.jsonl"].startswith(sealed)
    with pytest.raises(Refused, match="broken at event"):
        export(left)


def test_data_as_earlier_releases_stored_it_is_as_it_was_sealed(left: Harness) -> None:
    now = export(left).files["journal.jsonl"]
    with left.engine.begin() as connection:
        for seq, data in connection.execute(sa.select(journal.c.seq, journal.c.data)).all():
            spaced = json.dumps(json.loads(data), sort_keys=True, ensure_ascii=False)
            connection.execute(sa.update(journal).where(journal.c.seq == seq).values(data=spaced))

    pack = export(left)
    assert pack.verdict.is_whole
    assert pack.files["journal.jsonl"].startswith(now)


def test_a_head_that_is_not_the_last_entry_s_gives_no_pack(left: Harness) -> None:
    with left.store.begin() as uow:
        head = Head(uow.journal.head().seq, "f" * 64)

    with pytest.raises(Refused, match=f"broken at event {head.seq}"):
        list(audit._checked_pages(left.store, head))


@pytest.mark.parametrize("selection", [EVERYTHING, Selection(group="ward-7")])
def test_what_is_added_meanwhile_is_in_the_journal_of_the_pack_and_the_pack_is_whole(
    left: Harness, selection: Selection
) -> None:
    class Busy(io.BytesIO):
        def write(self, content: Any) -> int:
            with left.store.begin() as uow:
                uow.journal.append([Entry(left.now, "w", "x", "source:corp")])
            return super().write(content)

    file = Busy()
    before = len(left.journal())
    made = Audit(left.store, "x", "UTC", "x").export(selection, file, SAM, left.now)

    assert verify_pack(file).is_whole
    assert made.journal.count > before + 1
    shown = [kind for kind in Pack(made, file.getvalue()).kinds if kind == "x"]
    assert bool(shown) is (selection == EVERYTHING)
