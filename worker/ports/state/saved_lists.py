"""Lists of tickets that people keep under a name in the console, each for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol


class SavedList(NamedTuple):
    """A name, and the fields of the search that it stands for."""

    name: str
    fields: Mapping[str, str]


class SavedLists(Protocol):
    """What each account has kept; an account is the id that the desk knows somebody by."""

    def of(self, account: str) -> list[SavedList]:
        """One account's lists, by name."""

    def put(self, account: str, saved: SavedList, at: datetime) -> None:
        """Keep a list, in place of one of the same name."""

    def drop(self, account: str, name: str) -> None:
        """Forget a list; one that does not exist is no error."""
