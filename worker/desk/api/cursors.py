"""The place where a list's next page starts: an opaque text in `next`, to be sent back as `after`.

It is encrypted, since it has names and addresses end in logs. The place is a row's own key, not a count, so rows that
are added or removed meanwhile do not move it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from worker.desk.api.errors import Problem, not_found
from worker.desk.refs import NoSuchReference, reference, resolve
from worker.desk.services import Services

Row = TypeVar("Row")


def page_of(
    services: Services, kind: str, found: Sequence[Row], limit: int, key: Callable[[Row], Sequence[str]]
) -> tuple[Sequence[Row], str | None]:
    """The rows of a page, and the place after them. `found` has one row more if there is another page."""
    shown = found[:limit]
    if len(found) <= limit:
        return shown, None
    return shown, reference(services.key, f"api:{kind}", ("", json.dumps(key(shown[-1]), ensure_ascii=False)))


def place_after(services: Services, kind: str, cursor: str) -> tuple[str, ...] | None:
    """The key of the row before the page; None for the first page. Raises Problem for a text that is no cursor."""
    if not cursor:
        return None
    try:
        _, key = resolve(services.key, f"api:{kind}", cursor)
    except NoSuchReference:
        raise _no_such_place(kind) from None
    return tuple(json.loads(key))


def _no_such_place(kind: str) -> Problem:
    return not_found(
        f"The list of {kind} has no such place.", "Give back `next` of the page before, unchanged."
    )
