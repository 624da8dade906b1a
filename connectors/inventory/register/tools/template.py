"""An empty register to fill in: headings, drop-down lists and columns of text, with an explanation sheet.

The reader recognises all of its languages. Examples are on the explanation sheet, which is never read.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.meaning.labels import (
    HEADINGS,
    MESSENGER_WORDS,
    ROLE_WORDS,
    STATUS_WORDS,
    YES_NO_WORDS,
    base,
)
from connectors.inventory.register.meaning.words import EXPLANATION_MARK
from connectors.inventory.register.tools.template_words import EXAMPLES, SENTENCES, SHEETS
from worker.domain.model import Role
from worker.ports import BadConfig

HEADER_ROW = 3
ROWS_MAX = 20_000  # the last row with drop-down lists
RIGHT_TO_LEFT = frozenset({"ar"})

_WIDTHS = {
    Meaning.GROUP_NAME: 28,
    Meaning.GROUP_ID: 24,
    Meaning.OWNER_EMAIL: 28,
    Meaning.MEMBER: 26,
    Meaning.PHONE: 20,
    Meaning.EMAIL: 28,
}
_WIDTH = 16
_TEXT = "@"  # Excel then keeps the plus and the leading zeros
_DAY = "yyyy-mm-dd"
_HEAD = PatternFill("solid", fgColor="DDE7F0")
_OF_TEXT = (Meaning.GROUP_ID, Meaning.PHONE, Meaning.EMPLOYEE_ID)
_OF_DAYS = (
    Meaning.JOINED_ON, Meaning.CREATED_ON, Meaning.ENDS_ON, Meaning.REVIEW_DUE, Meaning.CLOSED_ON,
)  # fmt: skip
_YES_OR_NO = (
    Meaning.SENSITIVE, Meaning.EXTERNALS_ALLOWED, Meaning.DESCRIPTION_OK, Meaning.PICTURE_OK, Meaning.APPROVAL,
)  # fmt: skip


def write_template(path: Path, language: str = "en") -> None:
    """Write an empty register (.xlsx) in the language, English if there is none.

    Raises BadConfig if the file exists already (it may be somebody's register), can't be written, or isn't named
    .xlsx.
    """
    if path.suffix.casefold() != ".xlsx":
        raise BadConfig(
            f"{path.name}: the template is an Excel file.", remedy="Name it with the extension .xlsx."
        )
    data = io.BytesIO()
    _book(base(language)).save(data)
    try:
        with path.open("xb") as file:
            file.write(data.getvalue())
    except FileExistsError as error:
        raise BadConfig(
            f"{path}: the file exists already.", remedy="Choose another name, or move it away."
        ) from error
    except OSError as error:
        raise BadConfig(
            f"{path} can't be written: {error.strerror or error}.", remedy="Name another place."
        ) from error


def _book(language: str) -> Workbook:
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]  # a new workbook has a sheet
    groups, explanation = SHEETS[language]
    sheet.title = groups
    _fill(sheet, language)
    _explain(book.create_sheet(explanation), language)
    for each in book.worksheets:
        each.sheet_view.rightToLeft = language in RIGHT_TO_LEFT
    return book


def _fill(sheet: Worksheet, language: str) -> None:
    headings = HEADINGS[language]
    sheet["A1"] = headings[Meaning.AS_OF]
    sheet.cell(1, 1).font = Font(bold=True)
    sheet.cell(1, 2).number_format = _DAY
    columns = [meaning for meaning in headings if meaning is not Meaning.AS_OF]
    choices = _words(language)
    for number, meaning in enumerate(columns, start=1):
        head = sheet.cell(HEADER_ROW, number, headings[meaning])
        head.font, head.fill, head.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True)
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = _WIDTHS.get(meaning, _WIDTH)
        if meaning in _OF_TEXT:
            column.number_format = _TEXT
        elif meaning in _OF_DAYS:
            column.number_format = _DAY
        if meaning in choices:
            _choices(sheet, number, choices[meaning], is_strict=meaning not in _MESSENGERS)
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"


def _words(language: str) -> dict[Meaning, Sequence[str]]:
    """The words of each column that has a list of them."""
    roles = [word for role, word in ROLE_WORDS[language].items() if role is not Role.UNKNOWN]
    return {
        Meaning.ROLE: roles,
        Meaning.STATUS: list(STATUS_WORDS[language].values()),
        **dict.fromkeys(_MESSENGERS, MESSENGER_WORDS),
        **dict.fromkeys(_YES_OR_NO, YES_NO_WORDS[language]),
    }


_MESSENGERS = (Meaning.MESSENGER, Meaning.MOVE_TO)  # whose lists are not complete


def _choices(sheet: Worksheet, column: int, choices: Sequence[str], *, is_strict: bool) -> None:
    letter = get_column_letter(column)
    validation = DataValidation(
        type="list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=is_strict
    )
    validation.add(f"{letter}{HEADER_ROW + 1}:{letter}{ROWS_MAX}")
    sheet.add_data_validation(validation)


def _explain(sheet: Worksheet, language: str) -> None:
    sheet.column_dimensions["A"].width = 34
    for letter in "BCDE":
        sheet.column_dimensions[letter].width = 22
    sheet.append([EXPLANATION_MARK.capitalize()])
    sheet.cell(1, 1).font = Font(italic=True, color="808080")
    for sentence in SENTENCES[language]:
        sheet.append([sentence])
    sheet.append([])
    headings = HEADINGS[language]
    shown = (Meaning.GROUP_NAME, Meaning.MEMBER, Meaning.PHONE, Meaning.ROLE)
    sheet.append([headings[meaning] for meaning in shown])
    for column in range(1, len(shown) + 1):
        head = sheet.cell(sheet.max_row, column)
        head.font, head.fill = Font(bold=True), _HEAD
    for group, member, phone, role in EXAMPLES[language]:
        sheet.append([group, member, phone, ROLE_WORDS[language][role]])
