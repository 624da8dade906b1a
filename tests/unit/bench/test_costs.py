"""The benchmark of costs, in small: every figure that docs/scale.md multiplies is there."""

from __future__ import annotations

from pathlib import Path

from bench.costs import WEIGHED, measure
from worker.app.jobs.delivery_pass import DELIVERIES_MAX

PASSES = ("same poll", "same inventory", "full reconcile", "leavers reconcile", "folding")


def test_passes_deliveries_and_rows_have_their_figures(tmp_path: Path) -> None:
    found = measure(f"sqlite:///{tmp_path / 'costs.db'}", people=400, readers=DELIVERIES_MAX)

    for name in PASSES:
        assert 0 < found[f"{name}: longest transaction, s"] <= found[f"{name}: s"], name
    assert found["claim, send nothing, mark: CPU, ms"] > 0
    rows = {name for name in found if name.endswith("bytes")}
    assert rows in ({f"a row of {table}: bytes" for table in WEIGHED}, set()), (
        "none where SQLite has no dbstat"
    )
