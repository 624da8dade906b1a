"""The sieve before names are compared: whoever is alike goes through it, and hardly anybody else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from worker.domain.identity.letters import LettersOfNames

# Few letters, often more than four times; "a" and "ġ" count as one, their codes being 64 * 3 apart
few = st.text("abġ ", max_size=25)
any_text = st.text(max_size=12)


@given(st.lists(few | any_text, max_size=40), few | any_text, st.sampled_from([0.5, 0.8, 0.9, 1.0]))
@example(["anna lee", "lee anna", "ann"], "anna lea", 0.8)
@example(["a" * 30, "a" * 20, "b" * 20], "a" * 20, 0.8)
@example(["aaaab", "aaaaaaab"], "aaaaaaaa", 0.8)
@example(["abcde", "abcdf", "abcfg"], "abcdg", 0.8)  # exactly as alike as asked
def test_whoever_is_alike_is_found_in_order(names: list[str], name: str, alike_min: float) -> None:
    found = list(LettersOfNames(names).may_be_like(name, alike_min))

    assert found == sorted(set(found))
    assert {at for at, other in enumerate(names) if fuzz.ratio(name, other) >= 100 * alike_min} <= set(found)


@pytest.mark.parametrize(
    "name, found",
    [
        ("amina yusuf", ["amina yousuf", "amina yusuf", "yusuf amina"]),
        ("amin", []),
        ("robert bell", ["robert bell"]),
        ("", []),
        ("z" * 200, []),
    ],
)
def test_who_shares_too_few_letters_is_not(name: str, found: list[str]) -> None:
    names = ["amina yousuf", "robert bell", "amina yusuf", "yusuf amina", "jo", "bob moss", *("ann lee",) * 9]

    assert [names[at] for at in LettersOfNames(names).may_be_like(name, 0.8)] == found
