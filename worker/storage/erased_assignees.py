"""Erase an account from what it had to do and was told: tickets, messages, steps, links, copies in trackers.

What is keyed by the account is its own. An address, number or name alone is somebody else's once another account
has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from worker.domain.evidence.explained import ERASED
from worker.domain.messages.overtaken import passed_key
from worker.domain.mirror.decide import Say
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.handovers import HANDOVER
from worker.storage.candidates.states import LIVE_STATES
from worker.storage.erased_texts import blank, blank_in_lists, is_like, is_one_of, names_one_of
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import NOBODYS
from worker.storage.sql.tables import (
    delivery,
    escalation,
    handover,
    mirror,
    outbox,
    person,
    person_key,
    said_zone,
    shown_link,
    shown_message,
    ticket,
    undo,
)

# One that is blocked is given to somebody anew when it is free
_TO_DO = (TicketState.OPEN.value, TicketState.DONE.value)
_ERASED_KEY = sa.literal(f"{ERASED}:") + sa.cast(outbox.c.id, sa.Text)


@dataclass(frozen=True, slots=True)
class Known:
    """How an account is known, and was while it had tickets to do.

    `addresses` are e-mail addresses in small letters, and numbers. `of_others` are those, and the names, that another
    account has. `tickets` are those that it had to do.
    """

    names: frozenset[str]
    addresses: frozenset[str]
    of_others: frozenset[str]
    tickets: tuple[int, ...]

    @property
    def shared(self) -> frozenset[str]:
        """The addresses that somebody else has, too."""
        return self.addresses & self.of_others

    @property
    def own(self) -> frozenset[str]:
        """The addresses that nobody else has."""
        return self.addresses - self.of_others

    @property
    def own_texts(self) -> frozenset[str]:
        """The addresses and names that nobody else has."""
        return self.own | self.own_names

    @property
    def own_names(self) -> frozenset[str]:
        """The names that nobody else has."""
        return self.names - self.of_others


def known_of(connection: sa.Connection, key: AccountKey, *these: sa.ColumnElement[bool]) -> Known:
    """How an account is known, with its tickets, or those among them. To be asked before anything of it is erased."""
    p, t = person.c, ticket.c
    this = (p.source == key.source) & (p.person_id == key.person_id)
    names, emails = set(), set()
    for row in connection.execute(sa.select(p.display_name, p.email).where(this)):
        names.add(row.display_name)
        emails.add((row.email or "").casefold())
    tickets = []
    # By the account, since the address on the ticket may be a former one
    given = sa.select(t.id, t.assignee).where(is_like(t.assignee, [key.person_id]), *these)
    for number, written in connection.execute(given):
        assignee = json.loads(written)
        if assignee["person"] == list(key):
            tickets.append(number)
            names.add(assignee["name"])
            emails.add(assignee["email"].casefold())
    numbers, numbers_of_others = _numbers(connection, key)
    of_others = {
        *connection.execute(sa.select(p.email).where(p.email.in_(sorted(emails)), ~this)).scalars(),
        *connection.execute(
            sa.select(p.display_name).where(p.display_name.in_(sorted(names)), ~this)
        ).scalars(),
        *numbers_of_others,
    }
    # Of whom only the address is known
    by_address = sa.select(t.id, t.assignee).where(t.assignee_email.in_(sorted(emails - of_others)), *these)
    tickets += [
        number for number, written in connection.execute(by_address) if json.loads(written)["person"] is None
    ]
    return Known(
        frozenset(names - {""}),
        frozenset(emails | numbers) - {""},
        frozenset(of_others),
        tuple(sorted(tickets)),
    )


def to_do_of(connection: sa.Connection, key: AccountKey) -> list[int]:
    """The tickets that an account has to do, or claims to have done: whoever is erased has none to be handed on."""
    return list(known_of(connection, key, ticket.c.state.in_(_TO_DO)).tickets)


def _numbers(connection: sa.Connection, key: AccountKey) -> tuple[set[str], set[str]]:
    """The account's numbers, and those of others who have one of them, as they are compared and as they are written."""
    k, o = person_key.c, person_key.alias("others").c
    this = (k.source == key.source) & (k.person_id == key.person_id) & (k.kind == "phone")
    is_other = (o.source != key.source) | (o.person_id != key.person_id)
    same = sa.select(k.value).where(this)
    mine = sa.select(k.value, k.raw).where(this)
    others = sa.select(o.value, o.raw).where(o.kind == "phone", o.value.in_(same), is_other)
    return _texts(connection, mine), _texts(connection, others)


def _texts(connection: sa.Connection, query: sa.Select[tuple[str, str]]) -> set[str]:
    return {text for row in connection.execute(query) for text in row if text}


def erase_as_assignee(connection: sa.Connection, key: AccountKey, known: Known) -> None:
    """Erase the account from tickets that it had to do, and from what it was told of these and of others."""
    _erase_from_messages(connection, known)
    _erase_from_handovers(connection, known.own)
    _erase_from_copies(connection, known.own, known.own_texts, sa.true())
    _erase_from_steps(connection, known.own_texts, sa.true())
    t, sl = ticket.c, shown_link.c
    connection.execute(sa.delete(shown_link).where(sl.email.in_(known.own)))
    connection.execute(sa.delete(said_zone).where(said_zone.c.address.in_(known.own)))
    done_by = (
        connection.execute(sa.select(t.done_by).distinct().where(t.done_by.is_not(None))).scalars().all()
    )
    for chunk in chunked(known.tickets):
        _erase_from_messages_about(connection, chunk, known.addresses)
        any_text = known.addresses | known.names
        _erase_from_copies(connection, known.addresses, any_text, mirror.c.ticket.in_(chunk))
        _erase_from_steps(connection, any_text, escalation.c.ticket_id.in_(chunk))
        connection.execute(
            sa.delete(shown_link).where(sl.ticket_id.in_(chunk), sl.email.in_(known.addresses))
        )
        connection.execute(sa.delete(undo).where(undo.c.ticket_id.in_(chunk)))
        _erase_from_tickets(
            connection, t.id.in_(chunk), done_by, {*known.addresses, key.person_id}, known.names
        )
        connection.execute(sa.update(ticket).where(t.id.in_(chunk)).values(NOBODYS))
    _erase_as_accountable(connection, known.own)
    acted = connection.execute(sa.select(undo.c.by).distinct()).scalars()
    connection.execute(sa.delete(undo).where(undo.c.by.in_(list(filter(is_one_of(known.own), acted)))))
    by_them = list(filter(_is_by_them(known.own, known.own_names), done_by))
    _erase_from_tickets(
        connection, t.done_by.in_(by_them), by_them, {*known.own, key.person_id}, known.own_names
    )


def _is_by_them(marks: Collection[str], names: Collection[str]) -> Callable[[str], bool]:
    """Whether they did it: by a mark as it is written, or by a mark or name behind where that was said.

    As in `desk:Ann Larsen`, `tracker:desk/ann larsen` and `by:ann@example.org`. A name alone was typed.
    """
    is_mark, is_account = is_one_of(marks), is_one_of({*marks, *names})

    def is_by(written: str) -> bool:
        account = written.partition(":")[2]
        return is_mark(written) or is_account(account) or is_account(account.partition("/")[2])

    return is_by


def _erase_from_tickets(
    connection: sa.Connection,
    these: sa.ColumnElement[bool],
    done_by: Collection[str],
    marks: Collection[str],
    names: Collection[str],
) -> None:
    """Erase whoever did these tickets, if they did, and what was written in them and sent about them.

    `done_by`: all spellings that there are of who did something.
    """
    t, is_theirs = ticket.c, _is_by_them(marks, names)
    blank_in_lists(connection, t.claimed_by, is_theirs, these)
    about = outbox.c.ticket_id.in_(sa.select(t.id).where(these))
    connection.execute(sa.update(outbox).where(about).values(title=ERASED, body="{}"))
    values = {
        "done_by": sa.case((t.done_by.in_(list(filter(is_theirs, done_by))), ERASED), else_=t.done_by),
        "reason": ERASED,
        "reason_words": None,
        "search": "",
    }
    connection.execute(sa.update(ticket).where(these).values(values))


def _erase_as_accountable(connection: sa.Connection, addresses: Collection[str]) -> None:
    """Erase whoever answered for tickets that are over. On live ones it is kept true to the configuration."""
    t = ticket.c
    is_over = t.state.not_in(LIVE_STATES)
    known = connection.execute(sa.select(t.accountable).distinct().where(is_over)).scalars()
    theirs = list(filter(is_one_of(addresses), known))
    connection.execute(sa.update(ticket).where(is_over, t.accountable.in_(theirs)).values(accountable=""))


def _erase_from_messages(connection: sa.Connection, known: Known) -> None:
    """Erase whom messages were for: by an address that nobody else has, or by any of theirs and their name."""

    def is_theirs(c: Any) -> sa.ColumnElement[bool]:
        by_name = c.address.in_(known.addresses) & c.name.in_(known.own_names)
        return sa.or_(c.address.in_(known.own), by_name)

    o, d = outbox.c, delivery.c
    _forget_recipients(
        connection, is_theirs(o) | o.phone.in_(known.own), is_theirs(d) | d.phone.in_(known.own)
    )
    connection.execute(sa.delete(shown_message).where(is_theirs(shown_message.c)))
    _erase_from_keys(connection, known.own, sa.true())


def _erase_from_messages_about(
    connection: sa.Connection, tickets: Collection[int], addresses: Collection[str]
) -> None:
    """Erase from messages about these tickets that they were for one of these addresses."""
    o, d, s = outbox.c, delivery.c, shown_message.c
    theirs = o.ticket_id.in_(tickets) & o.address.in_(addresses)
    bundles = sa.select(o.bundle_id).where(theirs, o.bundle_id.is_not(None))
    numbers = connection.execute(bundles).scalars().all()
    _forget_recipients(connection, theirs, d.bundle_id.in_(numbers) & d.address.in_(addresses))
    _erase_from_keys(connection, addresses, o.ticket_id.in_(tickets))
    connection.execute(sa.delete(shown_message).where(s.ticket_id.in_(tickets), s.address.in_(addresses)))


def _erase_from_keys(
    connection: sa.Connection, addresses: Collection[str], these: sa.ColumnElement[bool]
) -> None:
    """Erase whom messages were passed on to. One that waits is overtaken by its key, and goes with it."""
    o = outbox.c
    for one in sorted(addresses):
        was_passed = o.key.endswith(passed_key("", one), autoescape=True) & (o.state != "pending")
        connection.execute(sa.update(outbox).where(these, was_passed).values(key=_ERASED_KEY))


def _forget_recipients(
    connection: sa.Connection, messages: sa.ColumnElement[bool], deliveries: sa.ColumnElement[bool]
) -> None:
    nobody = {"address": ERASED, "name": "", "phone": ""}
    connection.execute(sa.update(outbox).where(messages).values(**nobody, key=_ERASED_KEY))
    # What a mail server answered may name the address
    connection.execute(sa.update(delivery).where(deliveries).values(**nobody, error=""))


def _erase_from_copies(
    connection: sa.Connection,
    addresses: Collection[str],
    texts: Collection[str],
    these: sa.ColumnElement[bool],
) -> None:
    """Erase the person from copies in trackers: as who had one, and in what was said of that. There they stay.

    Many trackers show no address: then their name is in its place.
    """
    m = mirror.c
    for column in (m.assignee, m.given):
        blank(connection, column, is_one_of(texts), "", these)
    blank(connection, m.noted, is_one_of({f"{Say.STAYS}:{one}" for one in texts}), "", these)
    blank(connection, m.problem, names_one_of(addresses), "", these)


def _erase_from_handovers(connection: sa.Connection, addresses: Collection[str]) -> None:
    """Erase the person from handovers of rotas, and from the messages that say that they are on call."""
    h, key = handover.c, outbox.c.key
    connection.execute(sa.delete(handover).where(h.person.in_(addresses) | h.told.in_(addresses)))
    for one in sorted(addresses):
        about = sa.or_(key.endswith(f":{one}", autoescape=True), key.contains(f":{one}:", autoescape=True))
        this = key.startswith(HANDOVER) & about
        connection.execute(sa.update(outbox).where(this).values(title=ERASED, body="{}", key=_ERASED_KEY))


def _erase_from_steps(
    connection: sa.Connection, labels: Collection[str], these: sa.ColumnElement[bool]
) -> None:
    e = escalation.c
    told = sa.or_(
        sa.false(),
        *(e.recipients.contains(json.dumps(one, ensure_ascii=False), autoescape=True) for one in labels),
    )
    for row in connection.execute(sa.select(escalation).where(told, these)).all():
        rest = [ERASED if one in labels else one for one in json.loads(row.recipients)]
        this = (e.ticket_id == row.ticket_id) & (e.step == row.step) & (e.repeat == row.repeat)
        changed = {"recipients": json.dumps(rest, ensure_ascii=False)}
        connection.execute(sa.update(escalation).where(this).values(changed))
