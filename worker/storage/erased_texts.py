"""Erase what names a person from texts about others: tickets, answers, messages, reviews, machines' acts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from worker.domain.evidence.explained import ERASED
from worker.domain.groups.declaring import folded
from worker.domain.model import AccountKey
from worker.storage.searching import holds
from worker.storage.sql.tables import (
    cohort_subject,
    link,
    outbox,
    remediation,
    review,
    review_answer,
    ticket,
    undo,
)

_LETTER = r"[^\W\d_]"


def names_one_of(texts: Collection[str]) -> Callable[[str], bool]:
    """Whether one of the texts stands in what somebody wrote, however it is written.

    A name of one word stands there as a word of its own: "An" is not in "planned". Where letters have no capitals,
    words may be written together.
    """
    sought = [one for text in texts if (one := folded(text))]
    words = [one for one in sought if one.isalpha() and one.upper() != one]
    pattern = re.compile(rf"(?<!{_LETTER})(?:{'|'.join(map(re.escape, words))})(?!{_LETTER})")
    others = [one for one in sought if one not in words]

    def is_named(written: str) -> bool:
        text = folded(written)
        return any(one in text for one in others) or bool(words and pattern.search(text))

    return is_named


def is_one_of(texts: Collection[str]) -> Callable[[str], bool]:
    """Whether what stands there is one of the texts, however it is written."""
    sought = {one for text in texts if (one := folded(text))}
    return lambda written: folded(written) in sought


def blank(
    connection: sa.Connection,
    column: sa.Column[str],
    is_theirs: Callable[[str], bool],
    value: str | None,
    *these: sa.ColumnElement[bool],
    beside: Collection[sa.Column[str]] = (),
) -> None:
    """Replace the texts of a column that are about the person, in these rows, else in all; `beside` goes with them.

    Compared here, with all forms of one name: a database knows its case alone, and PostgreSQL that of ASCII only in the
    locale C.
    """
    table = column.table
    keys = list(table.primary_key)
    query = sa.select(*keys, column).where(column.is_not(None), column.not_in(("", ERASED)), *these)
    theirs = [row[:-1] for row in connection.execute(query) if is_theirs(row[-1])]
    for one in theirs:
        this = [name == known for name, known in zip(keys, one, strict=True)]
        connection.execute(sa.update(table).where(*this).values({column: value, **dict.fromkeys(beside)}))


def blank_in_lists(
    connection: sa.Connection,
    column: sa.Column[str],
    is_theirs: Callable[[str], bool],
    *these: sa.ColumnElement[bool],
) -> None:
    """Replace the texts about the person in a column's JSON lists, in these rows. The lists stay as long."""
    keys = list(column.table.primary_key)
    for *known, before in connection.execute(sa.select(*keys, column).where(column != "[]", *these)).all():
        after = _without(json.loads(before), is_theirs)
        if after != json.loads(before):
            this = (key == one for key, one in zip(keys, known, strict=True))
            told = {column: json.dumps(after, ensure_ascii=False)}
            connection.execute(sa.update(column.table).where(*this).values(told))


def erase_from_texts(connection: sa.Connection, key: AccountKey, texts: set[str]) -> None:
    """Erase a person from what others' tickets, messages, reviews and remediations say.

    A message that still waits is sent as it is: it is about somebody else's ticket.
    """
    is_theirs = _has_word_of(texts)
    _erase_from_details(connection, is_theirs)
    o = outbox.c
    sent = sa.select(o.id, o.title, o.body).where(
        o.state != "pending", o.title != ERASED, is_like(o.title, texts) | is_like(o.body, texts)
    )
    for row in connection.execute(sent).all():
        if is_theirs(f"{row.title} {row.body}"):
            connection.execute(sa.update(outbox).where(o.id == row.id).values(title=ERASED, body="{}"))
    blank(connection, cohort_subject.c.found, is_theirs, ERASED)
    blank(connection, remediation.c.handle, is_one_of(texts), ERASED)
    blank(connection, remediation.c.said, is_theirs, ERASED)
    _erase_from_reviews(connection, key, texts)


def erase_from_reasons(connection: sa.Connection, texts: set[str]) -> None:
    """Erase a person from why others' tickets are as they are, and why members are who they are.

    `texts` have no name that somebody else has, too: a claim of theirs would lose whose it is.
    """
    is_theirs = _has_word_of(texts)
    for reason, words in ((ticket.c.reason, ticket.c.reason_words), (link.c.why, link.c.why_words)):
        blank(connection, reason, is_theirs, ERASED, is_like(reason, texts), beside=[words])
    connection.execute(sa.delete(undo).where(is_like(undo.c.before, texts) | is_like(undo.c.after, texts)))


def _has_word_of(texts: set[str]) -> Callable[[str], bool]:
    """Whether one of the texts stands in what a program wrote, as words of its own: "Li" is not in "Cliff"."""
    sought = "|".join(re.escape(one) for text in sorted(texts) if (one := folded(text)))
    pattern = re.compile(rf"(?<!\w)(?:{sought})(?!\w)")
    return lambda written: bool(sought and pattern.search(folded(written)))


def is_like(column: sa.Column[str], texts: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether one of the texts may stand in it, in any case: a first look, so that only some are read."""
    wanted = {
        form
        for text in texts
        for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    }
    return sa.or_(sa.false(), *(holds(column, one) for one in sorted(wanted)))


def _erase_from_details(connection: sa.Connection, is_theirs: Callable[[str], bool]) -> None:
    t = ticket.c
    for row in connection.execute(sa.select(t.id, t.details).where(t.details != "{}")).all():
        before = json.loads(row.details)
        after = _without(before, is_theirs)
        if after != before:
            connection.execute(sa.update(ticket).where(t.id == row.id).values(details=json.dumps(after)))


def _without(value: Any, is_theirs: Callable[[str], bool]) -> Any:
    """A JSON value with each text in it that names the person replaced."""
    if isinstance(value, str):
        return ERASED if is_theirs(value) else value
    if isinstance(value, list):
        return [_without(one, is_theirs) for one in value]
    if isinstance(value, dict):
        return {_without(name, is_theirs): _without(one, is_theirs) for name, one in value.items()}
    return value


def _erase_from_reviews(connection: sa.Connection, key: AccountKey, texts: set[str]) -> None:
    """What was answered of them stays counted, and is nobody's."""
    a = review_answer.c
    theirs = sa.or_(
        (a.person_source == key.source) & (a.person_id == key.person_id), a.handle.in_(sorted(texts))
    )
    for number, handle in connection.execute(sa.select(a.ticket_id, a.handle).where(theirs)).all():
        nobody = {"handle": f"{ERASED}:{uuid4().hex}", "person_source": None, "person_id": None}
        this = (a.ticket_id == number) & (a.handle == handle)
        connection.execute(sa.update(review_answer).where(this).values(nobody))
    blank_in_lists(connection, review.c.only, is_one_of(texts))
