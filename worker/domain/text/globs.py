"""Globs by which a configuration or a person names groups, departments and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def fits(text: str | None, globs: Iterable[str]) -> bool:
    """True if the text is one of the globs, or matches one, in any case.

    So a group that is called `[ICU] nights` is named by its own name, too, though brackets are a set of letters.
    """
    if text is None:
        return False
    folded = text.casefold()
    return any(folded == glob or fnmatchcase(folded, glob) for glob in (one.casefold() for one in globs))
