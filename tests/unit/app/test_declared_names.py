"""A pasted list against the known members: nobody is gone whose name it has, whatever letters that is made of."""

from __future__ import annotations

import pytest

from declaring import declared_ward, link, said
from harness import Harness, company_fixture
from worker.app.acts.declared import Understood
from worker.domain.model import Member


@company_fixture
def ward() -> Harness:
    return declared_ward()


def check(harness: Harness, pasted: str, *names: str) -> Understood:
    """What a pasted list means where members of these names are known, besides the ward's."""
    for name in names:
        harness.wards.add_member("ward-7", Member(f"name:{name.casefold()}", name))
    harness.inventory()
    token = link(harness)
    return harness.app.declaring.check(token, said(harness, token, pasted=pasted), harness.now)


def gone(found: Understood) -> set[str]:
    return {member.display_name for member in found.roster.gone} - {"Ann", "Ben", "Cem", "Dee"}


def added(found: Understood) -> set[str]:
    return {member.display_name for member in found.roster.added}


@pytest.mark.parametrize("name", ["Bob (Ward 7)", "Bob [W7]", "{Bob} {W7}", "Bob*", "Bob James'"])
def test_a_name_with_brackets_or_marks_is_who_is_known_by_it(ward: Harness, name: str) -> None:
    found = check(ward, f"Ann, {name}, You", name)
    assert (gone(found), added(found)) == (set(), set())
