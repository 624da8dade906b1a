"""Erase a person as a user of the console, the API and the commands: what they decided, made, and looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection

import sqlalchemy as sa

from worker.domain.evidence.explained import ERASED
from worker.storage.erased_texts import blank, is_like, is_one_of, names_one_of
from worker.storage.sql.tables import (
    advisory,
    api_token,
    approval,
    cohort,
    desk_session,
    desk_visit,
    group_pair,
    login_link,
    objection,
    review_answer,
    saved_list,
    shown_link,
)

# What goes with them, by the columns that say whose it is: their name, or their `Actor.id`
_THEIRS = (
    (approval.c.by, approval.c.subject),
    (objection.c.by, objection.c.subject),
    (desk_session.c.name, desk_session.c.subject),
    (login_link.c.name, login_link.c.subject, login_link.c.created_by),
    (shown_link.c.name, shown_link.c.actor_id),
    (saved_list.c.account,),
    (desk_visit.c.who,),
)
# What stays, and is nobody's
_NOBODYS = (
    cohort.c.decided_by,
    api_token.c.created_by,
    api_token.c.created_by_id,
    advisory.c.dismissed_by,
    group_pair.c.by,
)
_REASONS = (cohort.c.reason, approval.c.reason, objection.c.reason, advisory.c.reason)


def erase_as_actor(connection: sa.Connection, names: Collection[str], texts: Collection[str]) -> None:
    """Erase whoever acted under one of these names, and the reasons that name somebody by one of these texts.

    A decision that waits for a second person's goes with whoever made it: then two others have to decide.
    """
    is_named = is_one_of(names)

    def is_theirs(written: str) -> bool:
        return is_named(written) or is_named(written.partition(":")[2])  # an account's id: os:zoe, by:zoe

    for columns in _THEIRS:
        _delete(connection, columns, is_theirs)
    for column in _NOBODYS:
        blank(connection, column, is_theirs, ERASED)
    answered_by = review_answer.c.by
    blank(connection, answered_by, is_theirs, ERASED, is_like(answered_by, names))
    for column in _REASONS:
        blank(connection, column, names_one_of(texts), ERASED)


def _delete(
    connection: sa.Connection, columns: Collection[sa.Column[str]], is_theirs: Callable[[str], bool]
) -> None:
    """Delete the rows of a table of which one of these columns is theirs. Compared here, as in `blank`."""
    for column in columns:
        known = connection.execute(sa.select(column).distinct()).scalars().all()
        for one in filter(is_theirs, known):
            connection.execute(sa.delete(column.table).where(column == one))
