"""A pasted list beside people: what each line may name somebody by."""

from __future__ import annotations

import pytest

from builders import key, person
from worker.domain.identity.comparing import columns_of, found_by, spellings_of

PEOPLE = (
    person("a1", display_name="Amína Yusuf", email="amina@corp.example", employee_id="E-7"),
    person("b2", display_name="Ben Cole", email="ben@corp.example", username="bcole"),
    person("c3", display_name="Ben Cole", email=None),
    person("d4", display_name="…", email=None),
)


@pytest.mark.parametrize("line, ids", [
    ("a1", {"a1"}),
    ("AMINA@corp.example", {"a1"}),
    ("e-7", {"a1"}),
    ("BCole", {"b2"}),
    ("Yusuf, Dr. Amina", {"a1"}),
    ("Ben Cole", {"b2", "c3"}),
    ("Ben Cole; c3", {"c3"}),
    ("Ben Cole <ben@corp.example>", {"b2"}),
    ("Somebody\tE-7\tWard 7", {"a1"}),
    ("4711, Ben Cole, ben@corp.example", {"b2"}),
    ("Cole, a1x", set()),
    ("Doe, bcole", set()),
    ("Nobody Known", set()),
    ("…", set()),
])  # fmt: skip
def test_a_line_names_somebody_by_an_id_an_address_or_a_name(line: str, ids: set[str]) -> None:
    assert found_by([line], PEOPLE) == {line: {key(one) for one in ids}}


def test_empty_lines_and_repeats_are_left_out() -> None:
    assert list(found_by(["b2", "", " b2 ", "  "], PEOPLE)) == ["b2"]


def test_the_columns_of_a_line_come_after_all_of_it() -> None:
    assert columns_of("Ben Cole; b2;") == ["Ben Cole; b2;", "Ben Cole", "b2"]


@pytest.mark.parametrize("name, spellings", [
    ("Poe, Lea", ["Poe, Lea", "Lea Poe"]),
    ("lea poe", ["lea poe", "poe, lea", "Lea Poe", "Poe, Lea"]),
    ("Lea Ann Poe", ["Lea Ann Poe", "Poe, Lea Ann"]),
    ("Lea", ["Lea"]),
])  # fmt: skip
def test_a_name_is_looked_up_as_a_directory_may_have_it(name: str, spellings: list[str]) -> None:
    assert spellings_of(name) == spellings
