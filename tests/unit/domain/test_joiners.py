"""Which groups the joiner rules place a person in."""

from __future__ import annotations

from builders import facts
from worker.domain.model import GroupKey
from worker.domain.people.joiners import Placement, places

NIGHTS = (GroupKey("wards", "g1"), "Ward 7 nights")
NEWS = (GroupKey("wards", "g2"), "Ward 7 announcements")
ALL = (GroupKey("wards", "all-staff"), "Everybody")
GROUPS = (NIGHTS, NEWS, ALL)


def rule(*groups: str, **when: str | tuple[str, ...]) -> Placement:
    pairs = tuple((name, (globs,) if isinstance(globs, str) else globs) for name, globs in when.items())
    return Placement(pairs, groups)


def test_groups_are_named_by_id_by_name_or_by_glob() -> None:
    nurse = facts(department="Nursing")

    assert places(nurse, (rule("all-staff", department="Nursing"),), GROUPS) == {ALL[0]}
    assert places(nurse, (rule("ward 7 nights", department="Nursing"),), GROUPS) == {NIGHTS[0]}
    assert places(nurse, (rule("Ward 7 *", department="Nursing"),), GROUPS) == {NIGHTS[0], NEWS[0]}


def test_every_attribute_of_a_rule_must_fit_and_one_of_its_globs() -> None:
    here = rule("all-staff", department=("Nursing", "Theatre"), office="St Mary's*")

    assert places(facts(department="Theatre", office="St Mary's East"), (here,), GROUPS)
    assert not places(facts(department="Theatre", office="St Luke's"), (here,), GROUPS)
    assert not places(facts(department="Theatre"), (here,), GROUPS), "unknown is no match"


def test_the_groups_of_several_rules_add_up() -> None:
    both = (rule("g1", department="Nursing"), rule("g2", title="*matron*"), rule("all-staff", office="x"))

    assert places(facts(department="Nursing", title="Night Matron"), both, GROUPS) == {NIGHTS[0], NEWS[0]}


def test_further_attributes_of_the_directory_count_too() -> None:
    coded = facts(attributes=(("costCentre", "4711"),))

    assert places(coded, (rule("g1", costCentre="47*"),), GROUPS) == {NIGHTS[0]}
    assert places(facts(), (rule("g1", costCentre="47*"),), GROUPS) == frozenset()


def test_without_a_rule_nobody_is_placed() -> None:
    assert places(facts(), (), GROUPS) == frozenset()
