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


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Bob @ Ward 7",
            "bob@example.org",
            "Smith, Bob",
            "Smith; Bob, RN",
            '"Bob" Nurse',
            "Bob :)",
            "Admin",
            "123",
        ),
        *("Salt and Sons", "Bob +12", "Bob and 3 others", "Bob…", "~Bob~", "Bob ٧", "+44 7700 900104", "Sen"),
    ],
)
@pytest.mark.parametrize("around", ["{}\nAnn", "Ann, {}", "Ann; {}; You", "~ {}\nYou"])
def test_a_known_name_is_read_as_it_is(ward: Harness, name: str, around: str) -> None:
    found = check(ward, around.format(name), name)
    assert (gone(found), added(found)) == (set(), set())
    assert (found.not_understood, found.is_cut) == ((), False)


@pytest.mark.parametrize(
    "pasted", ["Smith, Bob +44 7700 900104", "Smith, Bob\t07700 900104", "Smith, Bob <+44 7700 900104>, You"]
)
def test_a_known_name_with_a_comma_may_have_a_number(ward: Harness, pasted: str) -> None:
    found = check(ward, pasted, "Smith, Bob")
    assert (gone(found), added(found)) == (set(), set())
    [bob] = [one for one in found.roster.members if one.handle == "name:smith, bob"]
    assert bob.phone == "+447700900104"


def test_a_part_that_may_mean_two_members_takes_neither_out(ward: Harness) -> None:
    assert gone(check(ward, "Smith, Bob, Ann", "Smith, Bob", "Bob", "Smith")) == set()
    assert gone(check(ward, "Ann and Bob", "Ann and Bob", "Smith")) == {"Bob", "Smith, Bob", "Smith"}


def test_nobody_is_gone_whose_name_is_in_what_was_not_understood(ward: Harness) -> None:
    found = check(
        ward, "Ann, Bob (Ward 7) 07700 900104 or 07700 900105, Eve @ home", "Bob (Ward 7)", "Evelyn"
    )
    assert gone(found) == {"Evelyn"}
    assert len(found.not_understood) == 2
    assert {one.display_name for one in found.roster.members} == {"Ann", "Bob (Ward 7)"}


def test_nor_is_one_whose_number_is_in_it(ward: Harness) -> None:
    numbers = " or ".join(f"0{ward.number(name).removeprefix('+44')}" for name in ("ann", "ben"))
    found = check(ward, f"Cem\n{numbers}\nYou")
    assert len(found.not_understood) == 1
    assert {one.display_name for one in found.roster.gone} == set()


def test_you_is_the_admin_although_somebody_is_known_as_you(ward: Harness) -> None:
    assert "Dee" in {one.display_name for one in check(ward, "Ann, You", "You").roster.members}
