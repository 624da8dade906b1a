from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Kind, Table
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.headings import find_header, label_before
from connectors.inventory.register.meaning.labels import HEADINGS, LANGUAGES, ROLE_WORDS
from fakes.register_files import read_rows
from worker.ports import BadConfig


def table(*rows: list[str]) -> Table:
    return Table("Groups", Kind.SHEET, [list(row) for row in rows])


def meanings(*headings: str, **told: str) -> dict[str, str]:
    """Heading -> meaning, of a header row."""
    header = find_header(table(list(headings)), {Meaning(key): text for key, text in told.items()})
    assert header is not None
    return {text: meaning.value if meaning else "" for _, text, meaning in header.headings}


@pytest.mark.parametrize("one, other", list(combinations(Meaning, 2)))
def test_no_word_of_the_vocabulary_has_two_meanings(one: Meaning, other: Meaning) -> None:
    assert words.HEADINGS[one] & words.HEADINGS[other] == frozenset()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_headings_of_every_template_are_recognised(language: str) -> None:
    header = find_header(table(list(HEADINGS[language].values())), {})
    assert header is not None
    assert {meaning: text for _, text, meaning in header.headings} == HEADINGS[language]
    assert words.plain(HEADINGS[language][Meaning.AS_OF]) in words.AS_OF_LABELS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_roles_of_every_template_are_recognised(language: str) -> None:
    assert {words.ROLES[words.plain(word)]: word for word in ROLE_WORDS[language].values()} == ROLE_WORDS[
        language
    ]


@pytest.mark.parametrize(
    "heading, meaning",
    [
        ("GROUP NAME", "group_name"),
        ("  Group\u00a0 name: ", "group_name"),
        ("group_name", "group_name"),
        ("Group name*", "group_name"),
        ("Group name (as in WhatsApp)", "group_name"),
        ("Group name / اسم المجموعة", "group_name"),
        ("Nom du groupe | Group", "group_name"),
        ("NUMERO DE GROUPE", "group_id"),
        ("إسم المجموعه", "group_name"),
        ("اسم الــمجموعة", "group_name"),
        ("البريد الإلكتروني", "email"),
        ("Gruender", "" ),
        ("Gründer", "creator"),
        ("E-mail address", "email"),
        ("Função no grupo", "role"),
        ("TELEFONE CELULAR", "phone"),
        ("Teléfono móvil", "phone"),
        ("Personal-Nr.", "employee_id"),
        ("Abteilung des Eigentümers", "owner_department"),
        ("Abteilung der Verantwortlichen", "owner_department"),
        ("Service du propriétaire", "owner_department"),
        ("Departamento del propietario", "owner_department"),
        ("Departamento do proprietário", "owner_department"),
        ("Number", ""),
        ("ID", ""),
        ("المسؤول", ""),
        ("Members phone role", ""),
        ("Group name / Member name", ""),
    ],
)  # fmt: skip
def test_headings_are_recognised_by_meaning(heading: str, meaning: str) -> None:
    fill = [
        text
        for key, text in {"employee_id": "Staff no", "role": "Role", "joined_on": "Joined"}.items()
        if key != meaning
    ]
    more = ["Group", "Participant"] if meaning != "group_name" else ["Participant"]
    assert meanings(heading, *fill, *more)[" ".join(heading.split())] == meaning


def test_name_is_the_members_beside_a_group_and_the_groups_beside_a_member() -> None:
    assert meanings("Group", "Name")["Name"] == "member"
    assert meanings("Name", "Member", "Phone")["Name"] == "group_name"
    assert meanings("الاسم", "المجموعة")["الاسم"] == "member"
    assert meanings("Group", "Member", "Name")["Name"] == ""


def test_several_phone_columns_are_tried_whatsapp_first_then_mobile(tmp_path: Path) -> None:
    rows = [
        ["Group", "Phone", "Mobile", "WhatsApp number"],
        ["Ward 7", "+447700900101", "+447700900102", "+447700900103"],
        ["Ward 7", "+447700900104", "+447700900105", "n/a"],
        ["Ward 7", "+447700900106", "", ""],
    ]
    (roster,) = read_rows(tmp_path, rows).rosters
    assert [m.phone for m in roster.members] == ["+447700900103", "+447700900105", "+447700900106"]
    assert "shows 3 phone numbers; the first is used" in roster.warnings[0]


def test_the_configuration_names_headings_of_the_organisations_own(tmp_path: Path) -> None:
    rows = [["Circle", "Who", "Handy-Nr", "Group"], ["Ward 7", "Amy", "+447700900101", "blue"]]
    (roster,) = read_rows(tmp_path, rows, columns={"group_name": "circle", "member": "Who"}).rosters
    assert (roster.group.name, roster.members[0].display_name) == ("Ward 7", "Amy")


def test_a_heading_that_the_configuration_names_wins_over_one_of_the_same_meaning() -> None:
    told = meanings("Group", "Member", "Participant", member="Participant")
    assert told == {"Group": "group_name", "Member": "", "Participant": "member"}


def test_two_columns_of_one_meaning_are_an_error_that_names_both() -> None:
    with pytest.raises(BadConfig, match=r"A1 'Group'.*C1 'Nom du groupe'.*the group's name"):
        find_header(table(["Group", "Phone", "Nom du groupe"]), {})


def test_a_row_of_data_is_no_header() -> None:
    assert find_header(table(["Ward 7", "Amy", "Admin"], ["Ward 8", "Ben", "Member"]), {}) is None


def test_the_best_row_is_the_header() -> None:
    header = find_header(
        table(["Group", "Phone list"], ["Group", "Member"], ["Group", "Member", "Phone", "Role"]), {}
    )
    assert header is not None
    assert header.row == 2


def test_a_header_below_the_thirtieth_row_is_not_looked_for() -> None:
    assert find_header(table(*[["text"]] * 30, ["Group", "Phone"]), {}) is None


@pytest.mark.parametrize(
    "text, rest",
    [
        ("Stand: 24.11.2026", "24.11.2026"),
        ("As of 2026-11-24", "2026-11-24"),
        ("Date du registre : 24/11/2026", "24/11/2026"),
        ("بتاريخ: ٢٤/١١/٢٠٢٦", "٢٤/١١/٢٠٢٦"),
        ("As of", ""),
        ("Ward 7", None),
    ],
)
def test_a_label_is_told_from_what_follows(text: str, rest: str | None) -> None:
    assert label_before(text, words.AS_OF_LABELS) == rest
