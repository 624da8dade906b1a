"""The ticks that a chat export changes: who has gone, who came, who has a new number, and nothing by a guess."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.domain.groups.exported import (
    ChatExport,
    ExportFault,
    NewNumber,
    Ticks,
    UnreadableExport,
    is_of_group,
    ticked,
)
from worker.domain.model import Departed, Going, Member

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
ANN, BEN, CEM = "+447700900101", "+447700900102", "+447700900103"
NEW, NEWER = "+447700900188", "+447700900189"
KNOWN = (
    Member(ANN, "Ann Sample", phone=ANN),
    Member("lid:7", "Ben Sample"),
    Member(CEM, "", phone=CEM),
    Member("name:dee", "Dee"),
    Member("name:dee#2", "Dee"),
)


def ticks(
    *gone: Departed, came: tuple[Member, ...] = (), numbers: tuple[NewNumber, ...] = (), name: str = "Ward 7"
) -> Ticks:
    return ticked(KNOWN, ChatExport(name, came, gone, numbers, None, AT, AT, is_whole=True))


def went(name: str = "", phone: str | None = None) -> Departed:
    return Departed(phone or f"name:{name}", name, phone, AT, Going.LEFT)


def test_who_went_is_found_by_number_or_by_exactly_the_name() -> None:
    found = ticks(went(phone=CEM), went("ann  sample"), went("Ben SAMPLE"))
    assert set(found.gone) == {CEM, ANN, "lid:7"}
    assert found.not_found == ()


@pytest.mark.parametrize("one", [went("Dee"), went("Ann"), went(phone=NEW), went()])
def test_nobody_is_gone_by_a_guess(one: Departed) -> None:
    found = ticks(one)
    assert (dict(found.gone), found.not_found) == ({}, (one,))


def test_who_came_and_is_known_is_not_added() -> None:
    came = (
        Member(NEW, "Noor", phone=NEW),
        Member(ANN, "", phone=ANN),
        Member("name:dee", "Dee"),
        Member("name:bo", "Bo"),
    )
    assert [one.display_name for one in ticks(came=came).came] == ["Noor", "Bo"]


def test_a_new_number_is_that_of_whoever_had_the_number_or_name_before() -> None:
    found = ticks(
        numbers=(NewNumber("", ANN, NEW), NewNumber("Ben Sample", None, NEWER), NewNumber("Bo", None, BEN))
    )
    assert found.numbers == {ANN: NEW, "lid:7": NEWER}


def test_a_number_that_changed_twice_leads_back_to_the_one_that_is_known() -> None:
    found = ticks(
        came=(Member(NEWER, "", phone=NEWER),), numbers=(NewNumber("", ANN, NEW), NewNumber("", NEW, NEWER))
    )
    assert (found.numbers, found.came) == ({ANN: NEWER}, ())


def test_numbers_that_change_in_a_circle_end() -> None:
    found = ticks(went(phone=NEW), numbers=(NewNumber("", NEWER, NEW), NewNumber("", NEW, NEWER)))
    assert len(found.not_found) == 1


def test_who_went_under_the_new_number_is_gone_and_has_no_new_number() -> None:
    found = ticks(went(phone=NEW), numbers=(NewNumber("", ANN, NEW),))
    assert (set(found.gone), found.numbers) == ({ANN}, {})


def test_a_number_that_somebody_in_the_list_has_is_not_given_again() -> None:
    assert ticks(numbers=(NewNumber("Ben Sample", None, CEM),)).numbers == {}


@pytest.mark.parametrize(
    "name, fits",
    [("ward  7", True), ("Ward-7 \U0001f319", True), ("Ward 8", False), ("\U0001f319", False)],
)
def test_the_group_s_name_is_compared_by_its_letters(name: str, *, fits: bool) -> None:
    export = ChatExport(name, (), (), (), None, None, None, is_whole=True)
    assert is_of_group(export, "Ward 7") is fits


def test_why_a_file_is_not_read_is_a_code() -> None:
    assert UnreadableExport(ExportFault.TWO_PEOPLE).fault is ExportFault.TWO_PEOPLE
