"""The census: people name the work groups that they know of, and somebody decides what each name is. Pure.

A name is a candidate. What the inventories have under the same name and messenger is known already; a name that looks
like a known one may be that group. No candidate becomes anything by itself: an answer may be a joke.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from worker.domain.controls.profile.description import folded
from worker.domain.controls.state import CENSUS_SOURCE
from worker.domain.model import AccountKey, GroupKey
from worker.domain.text.tongue import N_

ROWS = 10  # groups that one form takes
NAME_MAX = 100  # WhatsApp allows as many
ADMIN_MAX = 100
MEMBERS_MAX = 100_000
DIGITS_MAX = 15
NEW_A_DAY = 100  # names that the public form may bring in a day and that nobody has named before
ALIKE_MAX = 5  # groups that a candidate may be, as shown


class CandidateDecision(StrEnum):
    """What somebody decided about a candidate."""

    OPEN = "open"
    GROUP = "group"  # it is a group that is known
    NOT_A_GROUP = "not_a_group"
    ASKED = "asked"  # somebody is asked to put it into the register


DECISION_WORDS = {
    CandidateDecision.OPEN: N_("to decide"),
    CandidateDecision.GROUP: N_("a known group"),
    CandidateDecision.NOT_A_GROUP: N_("not a work group"),
    CandidateDecision.ASKED: N_("asked for"),
}


@dataclass(frozen=True, slots=True)
class CensusRow:
    """One row of the form, as somebody filled it in.

    `messenger` is its key, empty if they don't know; `members` is about how many.
    """

    name: str
    messenger: str = ""
    admin: str = ""
    members: int | None = None

    @property
    def is_named(self) -> bool:
        """Whether the name has something that can be compared."""
        return bool(look_of(self.name))


@dataclass(frozen=True, slots=True)
class CensusMention:
    """Who named a candidate, and what else they wrote. `person` None: by the public form, or they were erased."""

    at: datetime
    person: AccountKey | None = None
    name: str = ""  # the person's
    email: str = ""
    admin: str = ""
    members: int | None = None
    times: int = 1
    ticket: int | None = None


@dataclass(frozen=True, slots=True)
class CensusCandidate:
    """A group that was named, once for each name and messenger. Instants are aware UTC; the newest mention is first.

    `group` is the known group that it is, by a person's decision.
    """

    id: int
    name: str
    messenger: str
    named_at: datetime
    decision: CandidateDecision = CandidateDecision.OPEN
    decided_at: datetime | None = None
    decided_by: str = ""
    group: GroupKey | None = None
    mentions: tuple[CensusMention, ...] = field(default=())

    @property
    def label(self) -> str:
        """The id that people see."""
        return candidate_label(self.id)

    @property
    def key(self) -> GroupKey:
        """Its place among groups, for the ticket that asks for it."""
        return GroupKey(CENSUS_SOURCE, self.label)

    @property
    def named_by(self) -> int:
        """How many people named it, without those of the public form."""
        return len({one.person for one in self.mentions if one.person is not None})

    @property
    def anonymous(self) -> int:
        """How many answers of the public form named it, and of people who were erased."""
        return sum(one.times for one in self.mentions if one.person is None)

    @property
    def admins(self) -> tuple[str, ...]:
        """Who the admin is, in the words of those who named it."""
        return tuple(dict.fromkeys(one.admin for one in self.mentions if one.admin))

    @property
    def members(self) -> int | None:
        """About how many members, by the newest word."""
        return next((one.members for one in self.mentions if one.members is not None), None)

    @property
    def last_named_at(self) -> datetime:
        return max((one.at for one in self.mentions), default=self.named_at)


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name that inventories have, and the group that it leads to. `is_register`: a register's row has it."""

    group: GroupKey
    name: str
    messenger: str
    is_register: bool = False
    row: GroupKey | None = None  # the register's own row


@dataclass(frozen=True, slots=True)
class CensusMatch:
    """What inventories have of a candidate: groups with the same name and messenger, and groups that look alike."""

    same: tuple[KnownName, ...] = ()
    alike: tuple[KnownName, ...] = ()


def candidate_label(number: int) -> str:
    """`C-000012`."""
    return f"C-{number:06d}"


def candidate_number(label: str) -> int | None:
    """The number behind `C-000012`, `c-12` or `12`; None for any other text."""
    text = label.strip().upper().removeprefix("C-")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None


def fold_of(name: str) -> str:
    """A name for comparing: NFKC, without case, white space as single blanks."""
    return folded(name[:NAME_MAX])


def look_of(name: str) -> str:
    """What is left of a name where it only looks the same: letters without accents, and digits."""
    parts = unicodedata.normalize("NFKD", name[:NAME_MAX]).casefold()
    return "".join(one for one in unicodedata.normalize("NFKD", parts) if one.isalnum())


def matches(candidates: Sequence[CensusCandidate], names: Iterable[KnownName]) -> Mapping[int, CensusMatch]:
    """By candidate's number, what the inventories have of each. `names` may be a stream; it is read once."""
    by_look: dict[str, list[CensusCandidate]] = {}
    for one in candidates:
        by_look.setdefault(look_of(one.name), []).append(one)
    by_id = {fold_of(one.name): one for one in candidates}
    same: dict[int, list[KnownName]] = {}
    alike: dict[int, list[KnownName]] = {}
    for known in names:
        named = by_id.get(known.group.group_id.casefold())
        found = [*by_look.get(look_of(known.name), ()), *((named,) if named else ())]
        for one in found:
            of = same if _is_same(one, known) else alike
            if known not in of.setdefault(one.id, []):
                of[one.id].append(known)
    return {
        one.id: CensusMatch(tuple(same.get(one.id, ())), tuple(alike.get(one.id, ()))) for one in candidates
    }


def _is_same(one: CensusCandidate, known: KnownName) -> bool:
    """The same name or id, in the same messenger; in any where nobody said which."""
    is_named = fold_of(one.name) in {fold_of(known.name), known.group.group_id.casefold()}
    return is_named and one.messenger.casefold() in {"", known.messenger.casefold()}
