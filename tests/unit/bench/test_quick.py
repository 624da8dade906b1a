"""What `make bench-quick` says of a ratio that grew."""

from bench.quick import regressions


def test_a_ratio_that_grew_beyond_noise_is_named_with_both_numbers() -> None:
    kept = {"SQLite, loading": 2.0, "SQLite, leavers": 5.0}
    assert regressions({"SQLite, loading": 3.9, "SQLite, leavers": 1.0}, kept) == []
    assert regressions({"SQLite, loading": 4.1, "SQLite, leavers": 5.0}, kept) == [
        "SLOWER: SQLite, loading: 4.10 times the loading of its rows, and 2.00 are kept"
    ]


def test_what_is_measured_and_what_is_kept_are_the_same() -> None:
    [one, other] = regressions({"new": 1.0}, {"old": 1.0})
    assert "new" in one
    assert "old" in other
