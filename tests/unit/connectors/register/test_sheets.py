"""Registers of several sheets or tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.kit.whatsapp import link_hash
from fakes.office import Rows, new_book, write_docx
from fakes.register_files import HEAD, TWO_WARDS, A, B, C, brief, only, read_file, read_rows, shown
from worker.domain.model import Coverage


def two_sheets(path: Path, first: Rows, second: Rows) -> Path:
    book, _page = new_book(first, sheet="One")
    other = book.create_sheet("Two")
    for row in second:
        other.append(list(row))
    book.save(path)
    return path


def test_all_sheets_are_read(tmp_path: Path) -> None:
    path = two_sheets(
        tmp_path / "g.xlsx",
        [HEAD, ["Ward 7", "Amy", A, "admin"], ["", "Ben", B, ""]],
        [HEAD[1:] + HEAD[:1], ["Cem", C, "", "Ward 8"]],
    )
    assert shown(read_file(path)) == TWO_WARDS


def test_only_the_named_sheet_is_read(tmp_path: Path) -> None:
    path = two_sheets(tmp_path / "g.xlsx", [HEAD, ["Ward 7", "Amy", A, ""]], [HEAD, ["Ward 8", "Cem", C, ""]])
    assert list(shown(read_file(path, sheet="two"))) == ["Ward 8"]


def test_a_group_on_two_sheets_has_the_members_of_both(tmp_path: Path) -> None:
    path = two_sheets(
        tmp_path / "g.xlsx", [HEAD, ["Ward 7", "Amy", A, "admin"]], [HEAD, ["WARD 7", "Ben", B, ""]]
    )
    roster = only(read_file(path))
    assert brief(roster.members) == [(A, "admin"), (B, "member")]
    assert roster.warnings == ("is in sheet 'One' and sheet 'Two'; the members of all are counted",)


@pytest.mark.parametrize(
    "heading",
    [
        "Join link",
        "رابط الدعوة",
        "Einladungslink",
        "Lien d'invitation",
        "Enlace de invitación",
        "Link de convite",
    ],
)
def test_of_a_join_link_only_the_hash_is_kept(tmp_path: Path, heading: str) -> None:
    link = "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"
    roster = only(read_rows(tmp_path, [["Group", "Phone", heading], ["Ward 7", A, link]]))
    assert roster.facts.link_sha256 == link_hash(link)
    assert "AbCdEfGhIjKlMnOpQrStUv" not in repr(roster)


@pytest.mark.parametrize(
    "cell", ["ask Amy", "disabled", "Disabled", "NOT-ALLOWED", "switched-off", "07700900123"]
)
def test_what_is_no_join_link_is_not_shown(tmp_path: Path, cell: str) -> None:
    """Groups that share such a word would be one group."""
    roster = only(read_rows(tmp_path, [["Group", "Phone", "Join link"], ["Ward 7", A, cell]]))
    assert roster.facts.link_sha256 is None


def test_the_code_of_a_join_link_may_stand_alone(tmp_path: Path) -> None:
    code = "AbCdEfGhIjKlMnOpQrStUv"
    roster = only(read_rows(tmp_path, [["Group", "Phone", "Join link"], ["Ward 7", A, code]]))
    assert roster.facts.link_sha256 == link_hash(f"https://chat.whatsapp.com/{code}")


def test_a_sheet_of_groups_gives_ids_and_owners_to_a_sheet_of_members(tmp_path: Path) -> None:
    path = two_sheets(
        tmp_path / "g.xlsx",
        [["Group ID", "Group name", "Owner e-mail"], ["g-7", "Ward 7", "boss@example.org"]],
        [["Group", "Phone"], ["Ward 7", A]],
    )
    roster = only(read_file(path))
    assert (roster.group.group_id, roster.group.owner_email) == ("g-7", "boss@example.org")
    assert (brief(roster.members), roster.coverage) == ([(A, "unknown")], Coverage.FULL)


def test_a_sheet_of_something_else_is_skipped_and_said(tmp_path: Path) -> None:
    path = two_sheets(
        tmp_path / "g.xlsx", [HEAD, ["Ward 7", "Amy", A, ""]], [["Notes"], ["Look at this in May"]]
    )
    reading = read_file(path)
    assert list(shown(reading)) == ["Ward 7"]
    assert reading.warnings == ("sheet 'Two' is skipped: it has no row of headings that is recognised",)


def test_every_table_of_a_word_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "g.docx"
    write_docx(
        path, [HEAD, ["Ward 7", "Amy", A, "admin"], ["", "Ben", B, ""]], [HEAD, ["Ward 8", "Cem", C, ""]]
    )
    assert shown(read_file(path)) == TWO_WARDS


# --- Ids ------------------------------------------------------------------------------------------------
