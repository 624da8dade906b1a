"""The benchmark of replays, in small: the written year is one that a replay reproduces, and changes."""

from __future__ import annotations

from pathlib import Path

from bench.replay import CHANGES, measured, prepare


def test_a_written_year_comes_out_as_it_was_and_otherwise_by_other_rules(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'year.db'}"
    ends = prepare(url, people=400, days=20)

    found = {name: measured(url, ends, name)["found"] for name in CHANGES}

    assert found["the same"] == found["10 leavers a day"]
    same = found["the same"]
    assert isinstance(same, dict)
    assert same["same"] > 10
    assert same["told otherwise"] == 0
    assert found["twice the time to act"]["later"] == same["same"]  # type: ignore[index]
    assert found["other steps"]["told otherwise"] > 0  # type: ignore[index]
