"""Right-to-left and left-to-right in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.text.direction import FSI, PDI, contained, isolated

RLO, PDF, RLI = "\u202e", "\u202c", "\u2067"
marks = st.text(f"{FSI}{PDI}{RLO}{PDF}{RLI}aب1", max_size=12)


@pytest.mark.parametrize(
    "text, kept",
    [
        ("Ward 7", "Ward 7"),
        (f"{FSI}Ward{PDI} 7", f"{FSI}Ward{PDI} 7"),
        (f"{RLI}a{FSI}b{PDI}{PDI}", f"{RLI}a{FSI}b{PDI}{PDI}"),
        (f"{FSI}Ward 7", "Ward 7"),
        (f"Ward{PDI} 7{FSI}", "Ward 7"),
        (f"{RLO}7 draW{PDF}", "7 draW"),
        (f"{FSI}{RLO}a{PDI}", f"{FSI}a{PDI}"),
    ],
)
def test_isolates_that_are_closed_stay_and_nothing_else_that_sets_a_direction(text: str, kept: str) -> None:
    assert contained(text) == kept


@pytest.mark.parametrize(
    "text, is_rtl, is_isolated",
    [
        ("Ann", False, False),
        ("+44 7700 900123", False, False),
        ("قسم 7", False, True),
        ("قسم", True, False),
        ("أحمد علي", True, False),
        ("Ann", True, True),
        ("+44 7700 900123", True, True),
        ("قسم 7", True, True),
        ("", True, False),
    ],
)
def test_a_value_is_isolated_where_it_may_run_against_its_sentence(
    text: str, is_rtl: bool, is_isolated: bool
) -> None:
    assert isolated(text, is_rtl=is_rtl) == (f"{FSI}{text}{PDI}" if is_isolated else text)


@given(marks)
def test_what_is_contained_is_closed_and_stays_as_it_is(text: str) -> None:
    once = contained(text)
    depth = 0
    for char in once:
        depth += (char in (FSI, RLI)) - (char == PDI)
        assert depth >= 0

    assert depth == 0
    assert contained(once) == once
    assert RLO not in once
