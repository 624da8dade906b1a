"""Numbers in the cells of a directory: several in one, in their owner's region; what cannot be read is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.phones import read_numbers

ONE, TWO = "+447700900101", "+447700900102"


@pytest.mark.parametrize(
    "cells, numbers, unreadable",
    [
        ([], (), 0),
        (["", "  ", ";|"], (), 0),
        (["07700 900101"], (ONE,), 0),
        (["+44 7700 900101", "0044 7700 900101", "(07700) 900-101"], (ONE,), 0),
        (["07700 900102", "07700 900101"], (TWO, ONE), 0),
        (["07700900101;07700900102"], (ONE, TWO), 0),
        (["07700900101|07700900102"], (ONE, TWO), 0),
        (["07700900101\r\n07700900102"], (ONE, TWO), 0),
        (["07700 900101 / 07700 900102"], (ONE, TWO), 0),
        (["07700 900101, 07700 900102"], (ONE, TWO), 0),
        (["07700 900101 & 07700 900102"], (ONE, TWO), 0),
        (["07700 900101 or 07700 900102"], (ONE, TWO), 0),
        (["07700 900101 oder 07700 900102"], (ONE, TWO), 0),
        (["07700 900101 / ask the desk"], (ONE,), 0),  # a number with a word beside it
        (["ask the desk"], (), 1),
        (["ask the desk / or the porter"], (), 1),
        (["bleep 17", "07700 900101", "12"], (ONE,), 2),
        (["07700 900101; n/a"], (ONE,), 1),
    ],
)
def test_the_numbers_of_cells(cells: list[str], numbers: tuple[str, ...], unreadable: int) -> None:
    found = read_numbers([("mobile", cell) for cell in cells], "GB", "GB")
    assert (found.phones, found.unreadable) == (numbers, unreadable)


def test_each_number_comes_with_every_attribute_in_which_it_stands() -> None:
    cells = [("mobile", "07700 900101"), ("otherMobile", "07700 900102 / +44 7700 900101"), ("pager", "")]
    found = read_numbers(cells, "GB", "GB")
    assert found == ((ONE, TWO), (("mobile", "otherMobile"), ("otherMobile",)), 0)


@pytest.mark.parametrize(
    "region, fallback, number",
    [
        ("GB", "DE", "+447700900101"),
        ("XX", "GB", "+447700900101"),
        ("", "GB", "+447700900101"),
        ("gb", "GB", "+447700900101"),
    ],
)
def test_a_region_that_is_no_country_gives_way_to_the_organisations(
    region: str, fallback: str, number: str
) -> None:
    assert read_numbers([("mobile", "07700 900101")], region, fallback).phones == (number,)


def test_a_number_with_its_country_needs_no_region() -> None:
    assert read_numbers([("mobile", "+44 7700 900101")], "US", "US").phones == (ONE,)


@given(st.lists(st.text()), st.text(max_size=3))
def test_any_text_is_read_or_counted(cells: list[str], region: str) -> None:
    numbers, attributes, unreadable = read_numbers([("mobile", cell) for cell in cells], region, "GB")
    assert len(set(numbers)) == len(numbers)
    assert attributes == (("mobile",),) * len(numbers)
    assert all(number.startswith("+") and number[1:].isdigit() for number in numbers)
    assert unreadable >= 0
