"""The benchmark of long journals, in small: its chain is the product's own, and each figure is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import page
from bench.journal import WHOLE, _bytes, bare, chain, part_of, verify
from bench.journal_day import measure_day
from bench.journal_years import fill
from bench.measure import Found
from worker.app.evidence.export import check_chain
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

EVENTS = 1_000


def test_years_that_are_written_in_bulk_are_as_the_product_seals_and_reads_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'years.db'}"
    engine = open_engine(url)
    migrate(engine)
    fill(engine, EVENTS)

    assert check_chain(SqlStore(engine)) == EVENTS
    assert chain(url, EVENTS)["check of the chain"]["events"] == EVENTS
    assert bare(url, EVENTS)["bare rows of a year"]["cpu_s"] > 0
    assert _bytes(engine) > EVENTS * 100
    day = measure_day(url, EVENTS)
    assert all(found["wall_s"] > 0 for found in day.values())
    assert "deliver, nothing to do" in day
    engine.dispose()


def test_the_tables_have_every_figure_beside_that_of_a_short_journal() -> None:
    one: Found = {"cpu_s": 0.5, "wall_s": 2.0, "peak_mib": 100, "events": 10, "bytes": 1e9}
    found = dict.fromkeys((*WHOLE, "bytes", "filling", "verify, nothing to do"), one)

    text = part_of("SQLite", EVENTS, found, found | {"verify, nothing to do": one | {"cpu_s": 1.0}})

    assert "| verify, nothing to do | 500.0 ms | 1.00 s | 2.00 | 2.00 s | 2.00 s | 1.00 |" in text
    assert "| audit verify | 10 | 500.0 ms | 2.00 s | 20 | 100 MiB | 100 MiB |" in text


def test_a_table_is_written_between_its_own_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = tmp_path / "page.md"
    written.write_text(
        "a\n<!-- core:begin -->\nb\n<!-- core:end -->\n<!-- journal:begin -->\n<!-- journal:end -->\nc\n"
    )
    monkeypatch.setattr(page, "PAGE", written)

    page.write_between(page.HISTORY, ["new"])

    text = written.read_text()
    assert text.startswith(
        "a\n<!-- core:begin -->\nb\n<!-- core:end -->\n<!-- journal:begin -->\nMeasured on "
    )
    assert text.endswith("\n\nnew\n<!-- journal:end -->\nc\n")


def test_a_file_that_is_no_pack_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(b"x")

    with pytest.raises(AssertionError):
        verify(str(tmp_path / "pack.zip"), 0)
