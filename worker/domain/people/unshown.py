"""What a source shows of nobody is unknown, so what was known of it stays: nobody moves, returns or leaves by it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace

from worker.domain.model import AccountFacts

_FIELDS = frozenset(field.name for field in fields(AccountFacts))


def completed(facts: AccountFacts, known: AccountFacts, unshown: Collection[str]) -> AccountFacts:
    """Return what a source says of an account, with what was known before of the facts that it shows of nobody.

    `unshown` are names of fields of `AccountFacts`, and of its `attributes`.
    """
    stays = {name: getattr(known, name) for name in _FIELDS.intersection(unshown)}
    attributes = {*facts.attributes, *(one for one in known.attributes if one[0] in unshown)}
    unread = {*facts.unread, *(name for name in known.unread if name in unshown)}
    return replace(facts, **stays, attributes=tuple(sorted(attributes)), unread=tuple(sorted(unread)))
