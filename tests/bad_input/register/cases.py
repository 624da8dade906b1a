"""Broken registers as people and programs leave them, each with what the user must be told.

`build` makes the file at the path it is given. `place`, `wrong` and `remedy` are fragments of the message;
`error` is what a snapshot raises,
or Malformed for a cell or row that is set aside. `is_partial` says whether
the group can then no longer prove that somebody is absent.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fakes.office import Cell, Rows, new_book, write_docx, write_ods, write_xlsx
from worker.ports import BadConfig, ConnectorError, Incomplete, Malformed, Transient

A, B = "+447700900101", "+447700900102"
HEAD = ["Group name", "Member name", "Phone", "Role"]
GOOD: Rows = [HEAD, ["Ward 7", "Amy Ash", A, "Admin"], ["Ward 7", "Ben Bay", B, "Member"]]
CSV = "Group name,Member name,Phone\r\nWard 7,Amy Ash,+447700900101\r\n"
TEXT_FORMAT = "with the country code, as +447700900123, in a column of format Text"


@dataclass(frozen=True)
class Case:
    name: str
    build: Callable[[Path], None]
    error: type[ConnectorError]
    place: str
    wrong: str
    remedy: str
    file: str = "groups.xlsx"
    config: Mapping[str, object] = field(default_factory=dict)
    is_partial: bool = False


def rows(*lines: Sequence[Cell]) -> Callable[[Path], None]:
    return lambda path: write_xlsx(path, list(lines))


def content(data: bytes | str) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(data if isinstance(data, bytes) else data.encode()))


def void(_value: object) -> None:
    """Forget what a call returns."""


def cut(write: Callable[[Path, Rows], None]) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        write(path, GOOD)
        path.write_bytes(path.read_bytes()[:-300])

    return build


def with_part(
    write: Callable[[Path, Rows], None], part: str, change: Callable[[bytes], bytes]
) -> Callable[[Path], None]:
    """A good file, one part of which is changed inside."""

    def build(path: Path) -> None:
        write(path, GOOD)
        packed = io.BytesIO()
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(name, change(old.read(name)) if name == part else old.read(name))
        path.write_bytes(packed.getvalue())

    return build


def more_sheets(**sheets: Rows) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        book, _page = new_book(GOOD)
        for title, lines in sheets.items():
            page = book.create_sheet(title)
            for line in lines:
                page.append(list(line))
        book.save(path)

    return build


def error_value(path: Path) -> None:
    book, page = new_book([*GOOD, ["Ward 7", None, None, None]])
    page["B4"] = "#N/A"
    page["B4"].data_type = "e"
    book.save(path)


def error_group(path: Path) -> None:
    book, page = new_book(GOOD)
    page["A3"] = "#N/A"
    page["A3"].data_type = "e"
    book.save(path)


def odt(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<office/>")


SHEET = "xl/worksheets/sheet1.xml"
STRAY = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)

UNREADABLE = [
    Case(
        "missing", lambda path: None, Transient, "groups.xlsx", "no such file",
        "Put the register there, or correct `path`",
    ),
    Case(
        "a folder", Path.mkdir, BadConfig, "groups.xlsx", "this is a folder",
        "Name one file",
    ),
    Case(
        "empty", content(b""), Incomplete, "groups.xlsx", "the file is empty", "restore the last good copy",
    ),
    Case(
        "only blanks", content(b" \r\n\r\n"), Incomplete, "g.csv", "the file is empty",
        "restore the last", file="g.csv",
    ),
    Case("cut", cut(write_xlsx), Incomplete, "groups.xlsx", "cut or damaged", "restore the last good copy"),
    Case(
        "cut ods", cut(write_ods), Incomplete, "g.ods", "cut or damaged", "restore the last good copy",
        file="g.ods",
    ),
    Case(
        "cut docx", cut(write_docx), Incomplete, "g.docx", "cut or damaged", "restore the last good",
        file="g.docx",
    ),
    Case(
        "broken inside",
        with_part(write_xlsx, SHEET, lambda xml: xml[: len(xml) // 2]),
        Incomplete, "groups.xlsx", "cut or damaged", "restore the last good copy",
    ),
    Case(
        "a broken Word part",
        with_part(write_docx, "word/document.xml", lambda xml: xml[:200]),
        Incomplete, "g.docx", "the Word document is cut or damaged", "Open it in Word", file="g.docx",
    ),
    Case(
        "text named xlsx", content(CSV), Incomplete, "groups.xlsx", "it is no .xlsx file inside",
        "save it again",
    ),
    Case(
        "password",
        content(OLE + "EncryptedPackage".encode("utf-16-le")),
        Incomplete, "groups.xlsx", "protected by a password", "Save it without one",
    ),
    Case(
        "password in LibreOffice",
        with_part(write_ods, "META-INF/manifest.xml",
        lambda xml: xml + b"<!-- manifest:encryption-data -->"),
        Incomplete, "g.ods", "protected by a password", "Save it without one", file="g.ods",
    ),
    Case(
        "old Excel", content(OLE), BadConfig, "g.xls", "an old Office version", "save it as .xlsx",
        file="g.xls",
    ),
    Case(
        "PDF", content(b"%PDF-1.7"), BadConfig, "g.pdf", "not a spreadsheet", "save it as .xlsx",
        file="g.pdf",
    ),
    Case(
        "a text document", odt, BadConfig, "g.odt", "this kind of file cannot be read", "save it as",
        file="g.odt",
    ),
    Case(
        "bytes named csv", content(b"a\0b,c" * 50), BadConfig, "g.csv", "not a text file", "Set `path`",
        file="g.csv",
    ),
    Case(
        "a lock file", content(b"x"), BadConfig, "~$g.xlsx", "the lock file", "to the register itself",
        file="~$g.xlsx",
    ),
    Case(
        "a stray cell",
        with_part(write_xlsx, SHEET, lambda xml: xml.replace(b"</sheetData>", STRAY)),
        BadConfig, "sheet 'Groups'", "reaches to XFD1048576", "Delete the stray cell there",
    ),
    Case(
        "CSV cut in a value",
        content(CSV + 'Ward 7,"Ben Bay'),
        Incomplete, "g.csv", "cut inside the quoted value that begins in line 3", "Export it again",
        file="g.csv",
    ),
    Case(
        "CSV with a value that is too long",
        content(f"{CSV}Ward 7,{'x' * 131_073},+447700900102\r\n"),
        Incomplete, "g.csv", "line 3: a value is longer than 131,072 letters", "Shorten the value", file="g.csv",
    ),
    Case(
        "CSV cut in a line",
        content(CSV + "Ward 7,Ben"),
        Incomplete, "g.csv", "cut inside its last line: it has 2 of 3 values", "Export it again",
        file="g.csv",
    ),
    Case(
        "CSV cut in a character",
        content(CSV.encode() + b"Ward 7,Ren\xc3"),
        Incomplete, "g.csv", "cut inside a character", "Export it again", file="g.csv",
    ),
    Case(
        "CSV with a stray quote",
        content(CSV + 'Ward 7,"Ben" Bay,+447700900102\r\n'),
        Incomplete, "g.csv: line 3",
        "expected after", "Put quotes around values that hold quotes", file="g.csv",
    ),
]  # fmt: skip

NOT_UNDERSTOOD = [
    Case(
        "no headings",
        rows(["Our chat groups"], ["Ward 7", "very lively"], ["Ward 8", "quiet"]),
        BadConfig, "groups.xlsx", "no row of headings is recognised.",
        "Head the columns",
    ),
    Case(
        "one heading that is known",
        rows(["Our chat groups"], ["Group name", "Wie"], ["Ward 8", "Amy"]),
        BadConfig, "groups.xlsx", "no row of headings is recognised (found: Group name, Wie)", "Head the columns",
    ),
    Case(
        "no headings, and a column that is asked for",
        rows(["Ward 7", "Amy", A]),
        BadConfig, "columns.role", "no column is headed 'Rolle'; there are: none that is known.", "Write the heading",
        config={"columns": {"role": "Rolle"}},
    ),
    Case(
        "a document without tables",
        lambda path: write_docx(path, above=["Ward 7: Amy, Ben"]),
        BadConfig, "g.docx", "no row of headings is recognised", "Head the columns 'Group name'",
        file="g.docx",
    ),
    Case(
        "no column for the group",
        rows(["Member name", "Phone"], ["Amy", A]),
        BadConfig, "sheet 'Groups', row 1", "('Member name', 'Phone'), but none for the group",
        "Add a column 'Group name'",
    ),
    Case(
        "two columns of one meaning",
        rows([*HEAD, "Participant"], ["Ward 7", "Amy", A, "", "Ben"]),
        BadConfig, "sheet 'Groups', B1 'Member name' and sheet 'Groups', E1 'Participant'",
        "headings for the member",
        "Rename one of them, or say which it is: columns: {member: 'Member name'}",
    ),
    Case(
        "two headings that are the same",
        rows([*HEAD, HEAD[1]], ["Ward 7", "Amy", A, "", "Ben"]),
        BadConfig, "and sheet 'Groups', E1", "headings for the member", "Rename one of them.",
    ),
    Case(
        "a heading that is not there",
        rows(*GOOD),
        BadConfig, "columns.role",
        "no column is headed 'Rolle'; there are: Group name, Member name, Phone, Role",
        "Did you mean 'Role'?", config={"columns": {"role": "Rolle"}},
    ),
    Case(
        "a sheet that is not there",
        rows(*GOOD),
        BadConfig, "groups.xlsx", "there is no sheet 'Members'; there are: Groups", "leave it out",
        config={"sheet": "Members"},
    ),
    Case(
        "people without headings",
        more_sheets(Wards=[["Ward 8", "Cem", A], ["Ward 8", "Dee", B]]),
        BadConfig, "sheet 'Wards'", "lists phone numbers or e-mail addresses, but has no row of headings",
        "Write headings above them",
    ),
]  # fmt: skip

SET_ASIDE = [
    Case(
        "an unknown role",
        rows(HEAD, ["Ward 7", "Amy", A, "Boss"]),
        Malformed, "sheet 'Groups', D2", "the role 'Boss' is not known", "Write member, admin or creator",
    ),
    Case(
        "half a phone number",
        rows(HEAD, ["Ward 7", "Amy", "900101", ""]),
        Malformed, "sheet 'Groups', C2",
        "is not a phone number that can be read; the member is known by name", TEXT_FORMAT,
    ),
    Case(
        "half a phone number and nothing else",
        rows(HEAD, ["Ward 7", "", "900101", ""]),
        Malformed, "sheet 'Groups', C2", "nothing else says who it is", TEXT_FORMAT, is_partial=True,
    ),
    Case(
        "a number that Excel shortened",
        content("Group,Name,Phone\nWard 7,Amy,4.47701E+11\n"),
        Malformed, "line 2, column 3", "is not a phone number that can be read", TEXT_FORMAT, file="g.csv",
    ),
    Case(
        "a row without anybody",
        rows(HEAD, ["Ward 7", "", "", "Admin"]),
        Malformed, "sheet 'Groups', row 2", "shows no name, phone number",
        "Write who it is, or delete the row", is_partial=True,
    ),
    Case(
        "a row without group",
        rows(HEAD, ["", "Amy", A, ""], ["Ward 7", "Ben", B, ""]),
        Malformed, "sheet 'Groups', row 2", "names no group", "Write the group's name in the row",
        is_partial=True,
    ),
    Case(
        "commas that may be part of names",
        rows(["Group", "Members"], ["Ward 7", "Ash, Amy"]),
        Malformed, "sheet 'Groups', B2", "can be read in two ways", "divide them with semicolons",
        is_partial=True,
    ),
    Case(
        "more names than numbers",
        rows(["Group", "Members", "Phone"], ["Ward 7", "Amy\nBen\nCem", f"{A}\n{B}"]),
        Malformed, "sheet 'Groups', B2", "holds 3 members, but the cells beside it hold 2",
        "Give each member a row",
        is_partial=True,
    ),
    Case(
        "two lines in a cell for one",
        rows(HEAD, ["Ward 7", "Amy Ash\nBen Bay", "", ""]),
        Malformed, "sheet 'Groups', B2", "holds 2 members in a column for one",
        "name the column 'Members'", is_partial=True,
    ),
    Case(
        "an admin of a name that two have",
        rows(["Group", "Members", "Admins"], ["Ward 7", f"Amy Ash {A}\nAmy Ash {B}", "Amy Ash"]),
        Malformed, "sheet 'Groups', C2", "a name that 2 members of the group have",
        "Write the phone number of the one",
    ),
    Case(
        "a tick for many",
        rows(["Group", "Members", "Admin"], ["Ward 7", f"Amy {A}\nBen {B}", "x"]),
        Malformed, "sheet 'Groups', C2", "is ticked for a row of 2 members",
        "Write the names of the admins",
    ),
    Case(
        "an error value",
        error_value,
        Malformed, "sheet 'Groups', B4", "an error such as #N/A", "Mend the formula", is_partial=True,
    ),
    Case(
        "a formula that was never calculated",
        rows(HEAD, ["Ward 7", "Amy", "=A1&B1", ""]),
        Malformed, "sheet 'Groups', C2", "a formula that was never calculated", "Mend the formula",
    ),
    Case(
        "an error value for the group",
        error_group,
        Malformed, "sheet 'Groups', A3", "the group is an error such as #N/A", "as plain text",
        is_partial=True,
    ),
    Case(
        "a group id that Excel rounded",
        rows(["Group id", *HEAD], [120363041234567890, "Ward 7", "Amy", A, ""]),
        Malformed, "sheet 'Groups', A2", "lost the last digits", "Set the format of the column to Text",
    ),
    Case(
        "an owner by name",
        rows([*HEAD, "Owner"], ["Ward 7", "Amy", A, "", "The matron"]),
        Malformed, "sheet 'Groups', E2", "the owner is no e-mail address", "goes into a column 'Creator'",
    ),
    Case(
        "an address that is none",
        rows([*HEAD, "E-mail"], ["Ward 7", "Amy", A, "", "amy at example"]),
        Malformed, "sheet 'Groups', E2", "is not an e-mail address", "Write it as name@example.org",
    ),
    Case(
        "a day that is none",
        rows([*HEAD, "Joined on"], ["Ward 7", "Amy", A, "", "last summer"]),
        Malformed, "sheet 'Groups', E2", "the day of joining is not a date", "Write it as 2026-11-24",
    ),
    Case(
        "a date of the register that is none",
        rows(["As of", "soon"], *GOOD),
        Malformed, "sheet 'Groups', B1", "the date of the register is not a date", "Write it as 2026-11-24",
    ),
    Case(
        "a date of the register in the future",
        rows(["Stand: 24.12.2030"], *GOOD),
        Malformed, "sheet 'Groups', A1", "lies in the future",
        "the day on which the groups were last looked at",
    ),
    Case(
        "a CSV value with a comma and no quotes",
        content(CSV + "Ward 7,Bay, Ben,+447700900102\r\n"),
        Malformed, "line 3", "has 4 values for 3 columns", "Put quotes around a value", file="g.csv",
        is_partial=True,
    ),
]  # fmt: skip
CASES = [*UNREADABLE, *NOT_UNDERSTOOD, *SET_ASIDE]
