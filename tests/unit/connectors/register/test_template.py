from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from connectors.inventory.register.commands import TemplateLanguage
from connectors.inventory.register.config import Meaning
from connectors.inventory.register.meaning.labels import HEADINGS, LANGUAGES, ROLE_WORDS
from connectors.inventory.register.tools.report import check_file, check_register
from connectors.inventory.register.tools.template import HEADER_ROW, write_template
from connectors.inventory.register.tools.template_words import SENTENCES
from fakes.in_process import in_process
from fakes.register_files import NOW, context, only, read_file
from worker.domain.model import Role
from worker.ports import BadConfig


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_template_is_an_empty_register(tmp_path: Path, language: str) -> None:
    path = tmp_path / "register.xlsx"
    write_template(path, language)

    report = check_register(Path(path.name), context(tmp_path), apart=in_process)

    assert (report.is_readable, report.problems, report.warnings) == (True, (), ())
    assert (report.groups, report.members) == (0, 0)
    assert report.taken_at is not None
    assert report.taken_at <= NOW
    assert [heading for _sheet, heading, meaning in report.headings if not meaning] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_in_template_is_read(tmp_path: Path, language: str) -> None:
    path = tmp_path / "register.xlsx"
    write_template(path, language)
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    columns = list(HEADINGS[language])
    filled = {
        Meaning.GROUP_NAME: "Ward 7",
        Meaning.MEMBER: "Amy",
        Meaning.PHONE: "+447700900101",
        Meaning.ROLE: ROLE_WORDS[language][Role.CREATOR],
    }
    for meaning, text in filled.items():
        page.cell(HEADER_ROW + 1, columns.index(meaning) + 1, text)
    page["B1"] = "2026-11-04"
    book.save(path)

    roster = only(read_file(path))

    assert [(m.handle, m.role) for m in roster.members] == [("+447700900101", Role.CREATOR)]
    assert roster.taken_at.isoformat() == "2026-11-04T00:00:00+00:00"


def test_the_template_helps_to_fill_it_in(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    write_template(path)
    page, explanation = openpyxl.load_workbook(path).worksheets

    lists = {str(v.sqref).split(":")[0]: v.formula1 for v in page.data_validations.dataValidation}

    assert page.freeze_panes == "A4"
    assert page.column_dimensions["F"].number_format == "@"
    assert lists["G4"] == '"Member,Admin,Creator"'
    assert "WhatsApp" in lists["C4"]
    assert explanation["A2"].value == SENTENCES["en"][0]


def test_the_arabic_template_reads_from_the_right(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    write_template(path, "ar-SA")
    assert all(page.sheet_view.rightToLeft for page in openpyxl.load_workbook(path).worksheets)


def test_a_language_without_words_is_english(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    write_template(path, "sv")
    assert openpyxl.load_workbook(path).sheetnames == ["Groups", "How to fill this in"]


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    path.write_bytes(b"years of work")
    with pytest.raises(BadConfig, match="exists already"):
        write_template(path)
    assert path.read_bytes() == b"years of work"


def test_a_template_that_can_not_be_written_is_said_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in ("nowhere", "file"):
        path = tmp_path / folder / "register.xlsx"
        with pytest.raises(BadConfig, match=r"register\.xlsx can't be written: .*\. Name another place\."):
            write_template(path)


def test_a_template_is_an_excel_file(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"\.xlsx"):
        write_template(tmp_path / "register.csv")


def test_the_report_is_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(
        "Group,Name,Phone,Role,Remark\n"
        "Ward 7,Amy,+447700900101,admin,x\n"
        "Ward 7,Amy,+447700900101,,\n"
        "Ward 7,Ben,12,,\n",
        encoding="utf-8",
    )

    report = check_register(Path(path.name), context(tmp_path), apart=in_process)

    assert (report.groups, report.members, report.admins) == (1, 2, 1)
    assert [(p.place, p.remedy.split(",")[0]) for p in report.problems] == [
        ("line 4, column 3", "Write it with the country code")
    ]
    assert report.warnings == (
        "the file: not used: 'Remark' (E)",
        "Ward 7: line 3: is already in this group (line 2); the higher role counts",
    )
    assert report.headings[1:3] == (("groups.csv", "Name", "member"), ("groups.csv", "Phone", "phone"))
    assert check_file(Path(path.name), context(tmp_path), apart=in_process) == list(report.problems)


def test_a_template_is_offered_in_each_language_that_it_can_be_written_in() -> None:
    assert {language.value for language in TemplateLanguage} == {*LANGUAGES}
