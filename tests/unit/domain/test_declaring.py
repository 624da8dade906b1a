"""What an admin declares of a group, held against its known members."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from builders import member
from worker.domain.groups.declaring import added_as, declared, folded, under
from worker.domain.model import Member, Role

ANN = member("+447700900101", Role.ADMIN, display_name="Ann Example")
BEN = member("+447700900102", display_name="Ben Sample")
EVE = Member("name:eve", "Eve")
KNOWN = (ANN, BEN, EVE)


@dataclass(frozen=True)
class Listed:
    name: str = ""
    phone: str | None = None
    is_me: bool = False


def handles(members: tuple[Member, ...]) -> list[str]:
    return [one.handle for one in members]


def test_who_is_kept_is_there_and_the_others_are_gone() -> None:
    found = declared(KNOWN, [ANN, EVE], [], ANN)
    assert (found.members, found.added, found.gone) == ((ANN, EVE), (), (BEN,))


@pytest.mark.parametrize(
    "entry",
    [
        Listed(phone="+447700900102"),
        Listed("Benny", "+447700900102"),
        Listed("ben  SAMPLE"),
        Listed("\u200eBen Sample\u200e"),
    ],
)
def test_a_known_member_is_found_by_number_else_by_name_and_stays_as_known(entry: Listed) -> None:
    assert declared(KNOWN, [], [entry], ANN).members == (BEN,)


def test_a_number_in_another_spelling_is_the_same_member() -> None:
    known = member("+5531987654321")
    assert declared([known], [], [Listed(phone="+553187654321")], ANN).members == (known,)


def test_a_member_without_a_number_gets_the_one_that_stands_beside_the_name() -> None:
    [eve] = declared(KNOWN, [], [Listed("Eve", "+447700900103")], ANN).members
    assert (eve.handle, eve.phone) == ("name:eve", "+447700900103")


def test_another_number_is_another_member_of_the_same_name() -> None:
    found = declared(KNOWN, [], [Listed("Ben Sample", "+447700900109")], ANN)
    assert handles(found.added) == ["+447700900109"]
    assert handles(found.gone) == [ANN.handle, BEN.handle, EVE.handle]


def test_a_name_that_two_members_have_leaves_both() -> None:
    other = member("+447700900104", display_name="Ben Sample")
    entries = [Listed("Ben Sample")]
    assert declared((BEN, other), [], entries, ANN).members == (BEN, other)


def test_a_name_that_two_have_beside_a_number_leaves_both_as_known() -> None:
    known = (Member("name:a", "Eve"), Member("name:b", "Eve"))
    assert declared(known, [], [Listed("Eve", "+447700900103")], ANN).members == known


def test_who_is_not_known_is_added_by_number_else_by_name() -> None:
    entries = [Listed("Noor", "+447700900105"), Listed("Sam Okafor"), Listed("SAM okafor")]
    found = declared(KNOWN, KNOWN, entries, ANN)
    assert handles(found.added) == ["+447700900105", "name:sam okafor"]
    assert not found.gone


def test_you_is_the_person_of_the_link() -> None:
    assert declared(KNOWN, [], [Listed(is_me=True)], ANN).members == (ANN,)


@pytest.mark.parametrize("entry", [Listed("Anda", BEN.phone, is_me=True), Listed("", BEN.phone, is_me=True)])
def test_you_with_somebody_else_s_number_is_them_too(entry: Listed) -> None:
    assert declared(KNOWN, [], [entry], ANN).members == (ANN, BEN)


def test_you_with_one_s_own_number_is_nobody_else() -> None:
    assert declared(KNOWN, [], [Listed("Anda", ANN.phone, is_me=True)], ANN).members == (ANN,)
    assert declared(KNOWN, [], [Listed("Anda", BEN.phone, is_me=True)], EVE).members == (EVE,)


def test_a_member_without_a_name_or_number_is_found_by_neither() -> None:
    silent = Member("76699677012110@lid")
    assert declared([silent], [], [Listed("Ann")], ANN).gone == (silent,)


def test_names_are_compared_without_case_width_and_invisible_marks() -> None:
    assert folded(" \u202aＡnn\u202c  Éxample\n") == "ann éxample"
    assert added_as("Ann", None).handle == "name:ann"


def test_a_handle_that_is_a_number_follows_the_number() -> None:
    new = "+447700900109"
    assert (under(BEN, new).handle, under(BEN, new).phone) == (new, new)
    assert (under(EVE, new).handle, under(EVE, new).phone) == ("name:eve", new)
    assert under(BEN, BEN.phone) == BEN
    assert under(EVE, None) == EVE


def test_another_spelling_of_a_number_keeps_the_handle() -> None:
    assert under(member("+5531987654321"), "+553187654321").handle == "+5531987654321"
