"""The people behind handles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.identity.matching import Candidate, Identity, IdentityState, KnownHandle
from worker.domain.model import AccountKey, HandleKey, Member


@dataclass(frozen=True, slots=True)
class Question:
    """A handle to be matched: the member, the earlier link, and the people who could be behind it.

    `fingerprint` is `matching.fingerprint` of the whole member as the inventory shows them now. `previous` is None,
    too, if it was about whoever had the number before. `others` are other handles that were surely the same member's,
    as they were known while they were. People who were rejected for this handle are not among them, nor candidates.
    `known_as` are the people of `previous` (`matching.named_before`) as they are now, if it was shown with another
    number or address, or there is no candidate and `others` speak. If a candidate is not active, they are those and
    the people of any handle with the same number.
    """

    key: HandleKey
    member: Member
    fingerprint: str
    previous: Identity | None
    candidates: tuple[Candidate, ...]
    first_seen_at: datetime | None
    others: tuple[KnownHandle, ...] = ()
    known_as: tuple[Candidate, ...] = ()


class HandleIdentity(NamedTuple):
    """A handle, and the identity behind it."""

    key: HandleKey
    identity: Identity


class SurePage(NamedTuple):
    """The last handle of a page, None if no more wait, and how many of it were linked."""

    last: HandleKey | None
    linked: int


class Identities(Protocol):
    """The people behind handles."""

    def has_questions(self) -> bool:
        """True if any handle waits to be matched."""

    def questions(self, limit: int) -> list[Question]:
        """The next handles to be matched: new, changed, or affected by a change in a directory."""

    def link_sure(self, after: HandleKey | None, limit: int, now: datetime) -> SurePage:
        """Look at the next `limit` waiting handles, in key order, and link each that only one account can be behind.

        The others go on waiting. A link is the same that `answer` would store for what `matching.match` says. `after`
        is None for the first page.
        """

    def gather(self, linked: int) -> None:
        """Have the next statements planned by what is there after so many handles were linked."""

    def answer(self, links: Sequence[HandleIdentity], now: datetime, by: str | None = None) -> int:
        """Store links, and mark the groups of changed ones dirty; return how many changed."""

    def people_with(self, phones: Collection[str]) -> dict[str, list[Candidate]]:
        """The people whom a directory gives one of these numbers (E.164), by number in its `canonical` form."""

    def get(self, key: HandleKey) -> Identity | None:
        """Return the identity behind one handle; None if the handle is not known."""

    def find(self, text: str) -> list[HandleKey]:
        """Handles that `text` names: as `source/handle`, by the handle alone, or by their identify ticket."""

    def reject(self, key: HandleKey, person: AccountKey | None, now: datetime, by: str) -> None:
        """Never link this handle to `person` again; with None, say that it belongs to nobody in the directory."""

    def mark_groups_dirty(self, keys: Collection[HandleKey], now: datetime) -> None:
        """Have the groups that list these handles reconciled again."""

    def match_all_again(self) -> None:
        """Have every handle matched anew by the next reconcile; answers of people stay."""

    def ask_again(self, key: HandleKey) -> None:
        """Take an answer back, so that the handle is a question again."""

    def asked_about(self, person: AccountKey) -> list[HandleKey]:
        """The listed handles that `person` may be behind by a number or an address, as nobody has said yet."""

    def names(self, limit: int) -> list[tuple[AccountKey, str]]:
        """Active people for name suggestions, at most `limit`."""

    def page(
        self,
        states: Sequence[IdentityState],
        after: HandleKey | None,
        limit: int,
        *,
        by_people: bool | None = None,
    ) -> list[HandleIdentity]:
        """Links in the given states, in key order; `by_people` says whether people's answers, or only others."""
