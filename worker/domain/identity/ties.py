"""The handles that one human has at a time and over time, as messengers show them. Pure.

    ties -> the handles that were surely the same member's   (to say who somebody is)
         -> the handles that may be the same member's         (to say that nobody of them is left)

A messenger's own id of an account (LID, business-scoped id) is never given to somebody else; a number is. So a number
stands for an account only while it is shown with it, and nothing is followed from a number to who had it later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.identity.matching import How
from worker.domain.model import AccountKey

# An operator lets a number rest before somebody else gets it: 45 days at least in the United States (47 CFR 52.15(f))
NUMBER_RESTS = timedelta(days=45)


class TieKind(StrEnum):
    """What shows that two handles are one human's."""

    LID = "lid"  # a number and a LID, shown as one member
    BUSINESS_ID = "business_id"  # a number and a business-scoped id, shown as one member
    USERNAME = (
        "username"  # a number or an id, and a username, which may be given up and taken by somebody else
    )
    NUMBER = "number"  # an old number or id and the new one, by a record of the messenger


_ACCOUNT = frozenset({TieKind.LID, TieKind.BUSINESS_ID})


@dataclass(frozen=True, slots=True)
class Tie:
    """Two handles of one human: the evidence. Numbers are in their `canonical` form.

    `handle` is the number (the old one, for NUMBER; an id for a username without a number), `other` what it is tied
    to. It holds from `at` to before `until`; None: still. `source` and `group_id` say where it was shown. `person`: who
    was known to be behind it when it ended, and by what.
    """

    kind: TieKind
    handle: str
    other: str
    at: datetime
    until: datetime | None = None
    source: str = ""
    group_id: str = ""
    person: AccountKey | None = None
    how: How | None = None


def surely_same(handle: str, ties: Iterable[Tie]) -> dict[str, datetime | None]:
    """Return the other handles that were surely this member's, each with the instant until which; None: still.

    From a number to the account that it is shown with now; from an account to each number that it had; from a number
    to the one that it was changed from, and so on back. Never through a username.
    """
    known = list(ties)
    accounts = _accounts_now(handle, known)
    found: dict[str, datetime | None] = dict.fromkeys(accounts)
    for tie in known:
        if tie.kind in _ACCOUNT and tie.other in {*accounts, handle}:
            found[tie.handle] = _later(found.get(tie.handle, tie.until), tie.until)
    now = [number for number, until in found.items() if until is None] + [handle]
    for number in now:
        for old, at in _before(number, known):
            found.setdefault(old, at)
            for tie in known:  # an id that was given up was shown with a number
                if tie.kind in _ACCOUNT and tie.other == old:
                    found.setdefault(tie.handle, at)
    found.pop(handle, None)
    return found


def _accounts_now(handle: str, ties: Iterable[Tie]) -> set[str]:
    """The accounts that are shown with a number, or the account itself if it is shown with any."""
    return {t.other for t in ties if t.kind in _ACCOUNT and t.until is None and handle in {t.handle, t.other}}


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)


def _before(number: str, ties: Collection[Tie]) -> list[tuple[str, datetime]]:
    """The numbers and ids before this one, latest first, each with when it was given up."""
    found: list[tuple[str, datetime]] = []
    changes = [tie for tie in ties if tie.kind is TieKind.NUMBER and tie.until is None]
    while True:
        before = found[-1][1] if found else None
        last = [t for t in changes if t.other == number and (before is None or t.at < before)]
        if not last:
            return found
        latest = max(last, key=lambda tie: (tie.at, tie.handle))
        number = latest.handle
        found.append((number, latest.at))


def known_then(handle: str, ties: Iterable[Tie]) -> list[Tie]:
    """Return the ended ties of this member's present account: who they were known to be under an earlier number."""
    known = list(ties)
    mine = {*_accounts_now(handle, known), handle}
    return [
        t
        for t in known
        if t.kind in _ACCOUNT and t.other in mine and t.handle != handle and t.person is not None
    ]


def known_before(number: str, ties: Iterable[Tie]) -> list[Tie]:
    """Return the ended ties of this number with other accounts than now: who had it before."""
    known = list(ties)
    now = _accounts_now(number, known)
    return [
        t
        for t in known
        if t.kind in _ACCOUNT and t.handle == number and t.other not in now and t.person is not None
    ]


def given_up_for(number: str, ties: Iterable[Tie]) -> dict[str, datetime]:
    """Return the numbers that replaced this one, each with the instant of the change.

    Whoever has this number later is somebody else.
    """
    return {
        t.other: t.at for t in ties if t.kind is TieKind.NUMBER and t.handle == number and t.until is None
    }


def maybe_same(handles: Iterable[str], ties: Collection[Tie], since: datetime) -> frozenset[str]:
    """Return every handle that the person with `handles` at `since` may have: these, and those tied to them since.

    Weak evidence counts, too, because somebody who may still be in a group is not surely out of it. A tie that was
    over by `since` was somebody else's. So is an account that had one of the numbers after another account had it.
    """
    known = [tie for tie in ties if tie.until is None or tie.until > since]
    known = [tie for tie in known if not any(_is_earlier_holder(one, tie) for one in known)]
    found, new = frozenset[str](), frozenset(handles)
    while new:
        found |= new
        forward = {tie.other for tie in known if tie.handle in new}
        back = {tie.handle for tie in known if tie.other in new and tie.kind is not TieKind.NUMBER}
        new = frozenset(forward | back) - found
    return found


def _is_earlier_holder(one: Tie, tie: Tie) -> bool:
    """Whether another account had the number of `tie` before."""
    is_same = one.kind is tie.kind and one.handle == tie.handle and one.kind in _ACCOUNT
    is_comparable = one.source == tie.source or one.kind is TieKind.LID
    return is_same and is_comparable and one.other != tie.other and one.at < tie.at
