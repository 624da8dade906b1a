"""Cards and tables of contacts that are pasted as a list of members."""

from __future__ import annotations

import pytest

from connectors.kit.member_lists import Entry, MemberList, read_members

ANN, BOB = Entry("Ann", "+447700900101"), Entry("Bob", "+447700900102")
CARD = "BEGIN:VCARD\nVERSION:3.0\nN:Nurse;Bob;;;\nFN:Bob Nurse\nTEL;TYPE=CELL:+44 7700 900102\nEND:VCARD\n"


def read(text: str, *known: str) -> MemberList:
    return read_members(text, known, (), region="GB")


TABLES = [
    "Name,Phone\nAnn,+44 7700 900101\nBob,07700 900102",
    "Name;Telefon\nAnn;+44 7700 900101\nBob;07700 900102",
    "Phone number\tFull name\n+44 7700 900101\tAnn\n07700 900102\tBob",
    "Nom, Numéro de téléphone, Service\nAnn,07700 900101,Ward 7\nBob,07700 900102,",
    '"First Name","E-mail","Mobile Phone","Home Phone"\n"Ann","","","07700 900101"\n"Bob","b@x.org","07700 900102"',
    "नाम,फोन\nAnn,07700 900101\nBob,07700 900102",
    "Name,Given Name,Phone 1 - Type,Phone 1 - Value\nAnn,Ann,Mobile,07700 900101\n\nBob,Bob,Mobile,07700 900102",
]


@pytest.mark.parametrize("text", TABLES, ids=range(len(TABLES)))
def test_a_row_of_a_table_is_one_member_and_its_heading_nobody(text: str) -> None:
    found = read(text)
    assert found.entries == (ANN, BOB)
    assert [part[1:4] for part in found.not_understood] == [text.replace('"', "")[:3]]
    assert not found.is_whole


def test_a_name_may_stand_in_two_columns_or_have_a_comma() -> None:
    assert read("First name,Last name,Phone\nAnn,Lee,07700 900101").entries == (
        Entry("Ann Lee", "+447700900101"),
    )
    assert read('Name,Phone\n"Lee, Ann",07700 900101\nBob').entries == (
        Entry("Lee, Ann", "+447700900101"),
        Entry("Bob"),
    )


def test_a_row_that_could_be_read_in_two_ways_is_given_back_and_takes_nobody_out() -> None:
    found = read("Name,Phone\nAnn,07700 900101\nLee, Ann,07700 900103\n,,\n", "Lee, Ann")
    assert found.entries == (ANN, Entry("Lee, Ann"))
    assert found.not_understood == ("'Name, Phone'", "'Lee, Ann, 07700 900103'")
    found = read("Name,Phone,Mobile,Mail\nAnn,07700 900101,07700 900109\n,,,bob@x.org", "Ann")
    assert (found.entries, len(found.not_understood)) == ((Entry("Ann"),), 3)


@pytest.mark.parametrize("text", ["Name\nAnn\nBob", "First name\nAnn\nBob", "Contact\nAnn\nBob", "Ann, Bob"])
def test_a_heading_of_one_column_is_nobody(text: str) -> None:
    assert read(text).entries == (Entry("Ann"), Entry("Bob"))


def test_a_name_that_is_known_is_nobody_s_heading() -> None:
    assert set(read("Nom\nAnn", "Nom").entries) == {Entry("Nom"), Entry("Ann")}
    assert read("Ann Phone, Bob Mobile\nCem").entries == (
        Entry("Ann Phone"),
        Entry("Bob Mobile"),
        Entry("Cem"),
    )


@pytest.mark.parametrize("end", ["", "END:VCARD"])
def test_a_card_is_given_back_and_takes_nobody_out(end: str) -> None:
    text = CARD.removesuffix("END:VCARD\n") + end
    found = read(text, "Bob Nurse", "Ann")
    assert found.entries == (Entry("Bob Nurse"),)
    assert len(found.not_understood) == 1
    assert read(text) == MemberList((), found.not_understood, is_whole=False)


def test_what_stands_between_cards_is_read() -> None:
    found = read(f"Ann\n{CARD}{CARD.replace('Bob', 'Cem')}Dan")
    assert found.entries == (Entry("Ann"), Entry("Dan"))
    assert len(found.not_understood) == 2


@pytest.mark.parametrize("text", ["4.47701E+11", "4,47701e+11", "Bob 4.47701E+11", "Bob\t4.47701E+11"])
def test_a_number_that_a_spreadsheet_shortened_is_nobody(text: str) -> None:
    found = read(text)
    assert found.entries == ()
    assert "47701" in found.not_understood[-1]


def test_a_row_with_a_shortened_number_takes_nobody_out() -> None:
    assert read("Name,Phone\nBob,4.47701E+11", "Bob").entries == (Entry("Bob"),)
