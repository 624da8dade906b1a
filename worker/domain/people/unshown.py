"""What a source shows of nobody is unknown: nobody moves or returns by it.

What was known stays, unless it is a date that may have been taken back: that one is unread.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace

from worker.domain.model import AccountFacts

_FIELDS = frozenset(field.name for field in fields(AccountFacts))


def completed(
    facts: AccountFacts, known: AccountFacts, unshown: Collection[str], unsure: Collection[str]
) -> AccountFacts:
    """Return what a source says of an account, with what was known before of the facts that it shows of nobody.

    `unshown` and `unsure` are those of `DirectoryPage`. Whoever is enabled is back from a long leave.
    """
    stays = {name: getattr(known, name) for name in _FIELDS.intersection(unshown) if not getattr(facts, name)}
    if facts.enabled:
        stays.pop("is_on_long_leave", None)
    attributes = {*facts.attributes, *(one for one in known.attributes if one[0] in unshown)}
    unread = {name for name in known.unread if name in unshown or name in unsure}
    unread |= {*facts.unread, *(name for name in unsure if getattr(known, name) is not None)}
    return replace(facts, **stays, attributes=tuple(sorted(attributes)), unread=tuple(sorted(unread)))
