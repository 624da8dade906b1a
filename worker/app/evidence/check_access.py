"""Whether the journal explains who may come in: links that were shown, tokens and admissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from worker.app.evidence.unexplained import (
    TICKET_LABEL,
    Compared,
    Unexplained,
    apart,
    entries_of,
    is_by,
    sealed_of,
    was_erased,
)
from worker.domain.evidence import events
from worker.domain.evidence.actor import account_of
from worker.domain.evidence.explained import ERASED, person_in
from worker.domain.evidence.journal import Entry, Sealed, stated_at
from worker.domain.reconcile.plan import instant
from worker.domain.tickets.ticket import ticket_label, ticket_number
from worker.ports.state.access import Shown
from worker.ports.state.explained import Admission, StoredToken
from worker.ports.state.store import UnitOfWork

_ShownTo = tuple[int, str, str]
_HASH = "secret"  # the key of a secret's SHA-256; events of earlier releases lack it


def shown_links(uow: UnitOfWork, compared: Compared) -> Iterator[Unexplained]:
    rows, broken = apart(uow.explained.shown_links())
    yield from broken
    compared.rows["shown links"] += len(rows)
    of: dict[_ShownTo, list[Shown]] = defaultdict(list)
    for row in rows:
        of[row.ticket, row.name, row.actor_id].append(row)
    seen = set[_ShownTo]()
    for one in sealed_of(uow, events.TICKET_LINK_SHOWN, events.TICKET_ASSIGNED):
        if one.entry.event == events.TICKET_ASSIGNED and not _shows_a_link(one.entry):
            continue
        label = one.entry.subject.removeprefix(TICKET_LABEL)
        key = (ticket_number(label), one.entry.actor, account_of(one.entry))
        seen.add(key)
        mine = of.get(key, [])
        if (
            _is_kept(one.entry)
            and not any(_lasts(row, one.entry) for row in mine)
            and not _is_forgotten(uow, one)
        ):
            yield Unexplained(
                f"shown link of {one.entry.actor}",
                f"it is gone or shorter, and by event {one.seq} they have one of {label}",
            )
        elif "until" not in one.entry.data and one.entry.event == events.TICKET_LINK_SHOWN:
            compared.not_comparable += 1
    for key in of.keys() - seen:
        number, name, _ = key
        yield Unexplained(
            f"shown link of {name}", f"no event says that they have one of {ticket_label(number)}"
        )


def _shows_a_link(assigned: Entry) -> bool:
    """True if a ticket went to an address that no directory has: the person who chose it may read its mail."""
    to = assigned.data.get("assignee")
    return to is not None and person_in(to) is None


def _is_kept(shown: Entry) -> bool:
    """True if there should be a row for it. Earlier releases, which did not record `via`, kept none."""
    return shown.event == events.TICKET_LINK_SHOWN or "via" in shown.data


def _lasts(row: Shown, entry: Entry) -> bool:
    """True if a row lasts as long as its event says. Only an assignment's event also has the row's address."""
    if entry.event == events.TICKET_ASSIGNED:
        return row.until is None and row.email == str(entry.data["assignee"]).casefold()
    until = entry.data.get("until")
    return row.until is None or until is None or row.until >= datetime.fromisoformat(until)


def _is_forgotten(uow: UnitOfWork, shown: Sealed) -> bool:
    """True if the link's assignee, or who was shown it, was erased since.

    An assignee known only by address may be anybody erased.
    """
    return any(was_erased(uow, one, shown) for one in (shown.entry.data.get("to") or "@", shown.entry.actor))


def tokens(uow: UnitOfWork, compared: Compared) -> Iterator[Unexplained]:
    found, broken = apart(uow.explained.tokens())
    yield from broken
    tokens = {one.token.id: one for one in found}
    compared.rows["tokens"] += len(tokens)
    made, revoked, all_ended = dict[str, Entry](), dict[str, datetime](), set[datetime]()
    for event in sealed_of(uow, events.DESK_TOKEN_MADE, events.DESK_TOKEN_REVOKED, events.DESK_KEY_ROTATED):
        entry = event.entry
        if entry.event == events.DESK_KEY_ROTATED:
            all_ended |= {stated_at(entry)} if entry.data["tokens"] else set()
            continue
        one = tokens.get(entry.data["token"])
        if one is not None and entry.event == events.DESK_TOKEN_REVOKED:
            revoked.setdefault(one.token.id, stated_at(entry))
        elif one is not None and _is_made(uow, one, event):
            made[one.token.id] = entry
    for id_, one in tokens.items():
        row = f"token {id_}"
        if id_ not in made:
            yield Unexplained(
                row, "no event says that it was made, by whom, with this secret and these scopes"
            )
        else:
            compared.not_comparable += _HASH not in made[id_].data
        ended = revoked.get(id_)
        if one.token.revoked_at != ended and (ended or one.token.revoked_at not in all_ended):
            is_now, was = (instant(at) or "no time" for at in (one.token.revoked_at, ended))
            yield Unexplained(row, f"it was ended at {is_now}, and by the journal at {was}")


def _is_made(uow: UnitOfWork, one: StoredToken, event: Sealed) -> bool:
    token, entry = one.token, event.entry
    said = tuple(entry.data["scopes"]), stated_at(entry), entry.data["expires_at"]
    return (
        said == (token.scopes, token.created_at, instant(token.expires_at))
        and entry.data.get(_HASH, one.secret) == one.secret
        and is_by(uow, token.created_by, entry.actor, event)
        and (token.created_by_id == account_of(entry) or token.created_by == token.created_by_id == ERASED)
    )


def admissions(uow: UnitOfWork, compared: Compared) -> Iterator[Unexplained]:
    links, broken = apart(uow.explained.login_links())
    sessions, not_read = apart(uow.explained.sessions())
    yield from [*broken, *not_read]
    compared.rows["login links"] += len(links)
    compared.rows["sessions"] += len(sessions)
    for one in _unexplained(links, map(_link_made, entries_of(uow, events.DESK_LOGIN_LINK_MADE)), compared):
        yield Unexplained(
            f"login link of {one.name}",
            f"no event says that it was made, with this secret, for {', '.join(one.roles)}{_as(one)}",
        )
    for one in _unexplained(sessions, map(_signed_in, entries_of(uow, events.DESK_SIGNED_IN)), compared):
        yield Unexplained(
            f"session of {one.name}",
            f"no event says that they signed in at {instant(one.at)}, for {', '.join(one.roles)}{_as(one)}",
        )


def _as(one: Admission) -> str:
    return f", as {one.account}" if one.account else ""


def _link_made(entry: Entry) -> dict[str, Any]:
    return {"name": entry.data["for"], "by": entry.actor, **_admitted(entry, entry.data.get("account", ""))}


def _signed_in(entry: Entry) -> dict[str, Any]:
    return {"name": entry.actor, "at": stated_at(entry), **_admitted(entry, account_of(entry))}


def _admitted(entry: Entry, account: str) -> dict[str, Any]:
    """What an event says about a row; events of earlier releases say less."""
    said: dict[str, Any] = {"roles": tuple(entry.data["roles"])}
    if "expires_at" in entry.data:
        said["until"] = datetime.fromisoformat(entry.data["expires_at"])
    return said | ({_HASH: entry.data[_HASH], "account": account} if _HASH in entry.data else {})


def _unexplained(
    rows: Sequence[Admission], made: Iterable[Mapping[str, Any]], compared: Compared
) -> Iterator[Admission]:
    """The rows that no event explains; each event explains at most one."""
    waiting: dict[str, list[Admission]] = defaultdict(list)
    for row in rows:
        waiting[row.name].append(row)
    for said in made:
        mine = waiting[said["name"]]
        for row in [one for one in mine if all(getattr(one, name) == value for name, value in said.items())][
            :1
        ]:
            compared.not_comparable += _HASH not in said
            mine.remove(row)
    return chain.from_iterable(waiting.values())
