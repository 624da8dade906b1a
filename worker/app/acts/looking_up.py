"""Find the one person or group that somebody means by what they typed."""

from __future__ import annotations

from worker.app.refused import Refused
from worker.domain.model import Account
from worker.domain.text.reason import because
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork


def one_person(uow: UnitOfWork, text: str) -> Account:
    """The person with this id, e-mail address or employee id. Raises Refused for nobody, or for several people.

    Of several accounts of one person, it is the one that speaks for them.
    """
    found = _found(uow, text)
    first = found[0].key
    human = uow.people.human(first)
    if len(found) > 1 and human and {one.key for one in found} <= uow.people.accounts([first])[first]:
        return human.person
    return _only(found, text)


def one_account(uow: UnitOfWork, text: str) -> Account:
    """As `one_person`, but the exact account: if several fit, its id has to be given."""
    return _only(_found(uow, text), text)


def all_accounts(uow: UnitOfWork, one: Account) -> list[Account]:
    """The accounts of an account's person, by key, with those of directories that are not configured any more.

    What was asked, done and said stands under any of them. Whether the person has left is judged without the latter.
    """
    keys = uow.people.accounts([one.key])[one.key]
    return [*filter(None, map(uow.people.get, sorted(keys)))]


def one_group(uow: UnitOfWork, text: str) -> GroupRow:
    """The group with this id, name or `source/id`, in any case.

    Of a pair of groups that are one, the better witness. Raises Refused unless it is exactly one.
    """
    wanted = text.casefold()
    found = [
        group
        for group in uow.rosters.groups()
        if wanted in {group.key.group_id.casefold(), group.name.casefold(), "/".join(group.key).casefold()}
    ]
    keys = {group.key for group in found}
    followed = (
        {pair.a for pair in uow.pairs.all() if pair.state.is_one and pair.b in keys} if found[1:] else ()
    )
    found = [group for group in found if group.key not in followed] or found
    if not found:
        raise Refused(f"There is no group '{text}'; `whosleft groups list` shows them.")
    if len(found) > 1:
        raise Refused(f"'{text}' is several groups; say which: {', '.join('/'.join(g.key) for g in found)}.")
    return found[0]


def _found(uow: UnitOfWork, text: str) -> list[Account]:
    found = uow.people.find(text)
    if not found:
        raise Refused(
            because(
                "Nobody in the directory has the id, e-mail address or employee id '{given}'.", given=text
            )
        )
    return found


def _only(found: list[Account], text: str) -> Account:
    if len(found) > 1:
        choices = ", ".join(f"{one.key.source}/{one.key.person_id}" for one in found)
        raise Refused(
            because("'{given}' is several people; say which: {choices}.", given=text, choices=choices)
        )
    return found[0]
