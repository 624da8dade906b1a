"""Read a list of statements that another system wrote: who did which course, accepted what, has which device settings.

    open file  ->  child (`statement_rows`)  ->  rows

A CSV with a header: `email` or `employee_id`, and as it fits `course`, `completed_on`, `valid_until`, `answer`, or a
column for each item of a device with yes or no. Headings are compared without case, spaces and punctuation. Days are
local ones. Without a column of courses, days or answers, whoever is in the list did what it is about; an empty cell of
one that is there says nothing.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from connectors.kit.child import Apart, Work, in_child
from connectors.kit.files import open_file
from connectors.kit.text import named
from worker.domain.controls.statements import ImportedRow
from worker.ports import BadConfig

BYTES_MAX = 64 << 20
WORK: Work[str, ImportedRow] = Work(
    "connectors.kit.statement_lists:WORK",
    "connectors.kit.statement_rows:read_rows",
    TypeAdapter(str),
    TypeAdapter(ImportedRow),
)


def read_statements(path: Path, apart: Apart = in_child) -> list[ImportedRow]:
    """The rows of a list, without those that name nobody or say nothing of them.

    Raises BadConfig, which names the file and the fault, and what `Apart` raises.
    """
    try:
        with open_file(path, BYTES_MAX) as file:
            return list(apart(WORK, file, named(path), named(path)))
    except OSError as error:
        raise BadConfig(
            f"{named(path)} can't be read: {error.strerror}.", remedy="Check the path."
        ) from error
