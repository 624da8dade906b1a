"""What an answer about a member rests on, as one text, and whether two of them are of the same member. Pure.

Stored ones outlive a release, and are read by the one before: their form stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from worker.domain.identity.names import normalise
from worker.domain.model import Member

_PARTS = 5
_ACCOUNT_ALONE = "|" * (_PARTS - 1)
_NAME = "name:"


def fingerprint(member: Member) -> str:
    """The member's values that a link rests on. When one changes, the question may be asked again.

    Names say who it is only where nothing else does, and in any letters. An account without a number or an address is
    the one that its handle names, whatever it is called.
    """
    parts = (member.phone, member.lid, member.username, member.email, member.employee_id)
    account = member.native_id or member.business_id
    if account and not any((member.phone, member.lid, member.email, member.employee_id)):
        return _ACCOUNT_ALONE
    if not any(parts):
        return _folded(_NAME + member.display_name)
    return "|".join(part or "" for part in parts)


def is_still(known: str, mark: str) -> bool:
    """Return True if both fingerprints are of one member, who may show more or less of the account than before.

    Number or LID is the same in both, and neither of them differs; or one shows the account alone, which is never
    somebody else's. Beside them a username does not count, because people change it. All else has to be equal.
    """
    if _ACCOUNT_ALONE in {known, mark} or _folded(known) == _folded(mark):
        return True
    before, now = known.split("|"), mark.split("|")
    if not len(before) == len(now) == _PARTS or before[3:] != now[3:]:
        return False
    ids = list(zip(before[:2], now[:2], strict=True))
    return any(one and one == other for one, other in ids) and all(
        not one or not other or one == other for one, other in ids
    )


def merged(marks: Collection[str]) -> str:
    """Return the one fingerprint of a member whom several groups show at once, each more or less of them.

    Nobody's number is known where one group shows nothing but names: there several people have it. Of two addresses
    or employee ids neither counts, since whose it is that is shown is not known.
    """
    split = [mark.split("|") for mark in marks]
    names = [mark for mark in marks if is_of_a_name(mark)]
    if names or any(len(parts) != _PARTS for parts in split):
        return max(names or marks)
    phone, lid, username, email, employee = zip(*split, strict=True)
    return "|".join(
        [agreed(phone) or "", max(lid), max(username), agreed(email) or "", agreed(employee) or ""]
    )


def agreed(values: Iterable[str | None]) -> str | None:
    """Return the value that all who show one agree on, in any letters; None if nobody shows one, or they don't."""
    shown = sorted(filter(None, values))
    return shown[0] if len({value.casefold() for value in shown}) == 1 else None


def is_of_a_name(mark: str) -> bool:
    """True if nothing but a name is shown, as of a number that several people have."""
    return mark.startswith(_NAME)


def _folded(mark: str) -> str:
    """A fingerprint of a name in one spelling; stored ones have any."""
    name = mark.removeprefix(_NAME)
    return mark if name == mark else _NAME + (normalise(name) or name)
