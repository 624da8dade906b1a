"""What a good group looks like: for everybody, in their language, and by the organisation's own rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness
from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.policy import (
    AdminsRule,
    ControlPolicy,
    DescriptionRule,
    DormantRule,
    JoinRule,
    NameRule,
    ProfileRule,
    RightsRule,
)
from worker.domain.model import Allowed
from worker.languages import LANGUAGES

Open = Callable[..., Caller]


@pytest.fixture
def opening() -> Iterator[Open]:
    made: list[Harness] = []

    def make(**sections: object) -> Caller:
        made.append(Harness(controls=ControlPolicy(**sections)))  # type: ignore[arg-type]
        return desk_of(made[-1])

    yield make
    for harness in made:
        harness.close()


def said(caller: Caller) -> str:
    answer = caller.get("/good-group")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_before_anything_is_asked_it_says_what_all_controls_ask(opening: Open) -> None:
    page = said(opening())
    for control in GROUP_CONTROLS.values():
        assert f"{control.title}." in page
    assert "Whoever left is out of the groups." in page


def test_it_says_what_is_on_with_the_organisation_s_numbers(opening: Open) -> None:
    page = said(
        opening(
            admins=(AdminsRule(min=2, max=5),),
            dormant=(DormantRule(after=timedelta(days=90)),),
            profile=(
                ProfileRule(
                    description=DescriptionRule({"en": "Our secret rules"}),
                    name=NameRule("Ward .+", "Ward 7"),
                    join=JoinRule(has_approval=True),
                    rights=RightsRule(edit=Allowed.ADMINS, write=Allowed.MEMBERS),
                ),
            ),
        )
    )
    assert "At least 2 active admins." in page
    assert "At most 5 admins." in page
    assert "nobody has written for 90 d is closed." in page
    assert "For example: Ward 7" in page
    assert "admins approve new members" in page
    assert "a new link" not in page
    assert "admins alone change the profile all members write" in page
    assert "register" not in page
    assert "Our secret rules" not in page


def test_where_groups_are_asked_different_things_it_gives_no_numbers(opening: Open) -> None:
    page = said(opening(admins=(AdminsRule(min=2), AdminsRule(min=3))))
    assert "It has enough active admins." in page
    assert "At least" not in page


def test_a_name_without_an_example_has_none(opening: Open) -> None:
    assert "For example" not in said(opening(profile=(ProfileRule(name=NameRule("Ward .+")),)))


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_it_is_whole_in_every_language(opening: Open, language: str) -> None:
    caller = opening()
    english = said(caller)
    caller.language = language
    page = said(caller)
    for control in GROUP_CONTROLS.values():
        assert control.title in english
        assert control.title not in page
