"""Sources, and the people whom they list."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.storage.sql.tables.base import flag, instant, key, metadata, number, text

source = sa.Table(
    "source",
    metadata,
    key("name"),
    text("port"),
    text("cursor", null=True),
    instant("first_pass_at"),
    instant("last_attempt_at"),
    instant("last_success_at"),
    instant("last_full_at"),
    instant("taken_at"),
    number("failures"),
    text("trouble", null=True),
    text("remedy", default=""),
    text("counts", default="{}"),
    instant("told_until"),  # a list of people's: it has the days of all that was verified before
    flag("is_removed"),  # from the configuration
)


def _person_columns() -> list[sa.Column[Any]]:
    return [
        key("source"),
        key("person_id"),
        text("display_name"),
        text("email", null=True),
        text("unit", default=""),
        text("facts"),
        flag("is_out_of_scope"),  # known, and neither counted nor missed
        text("standing", null=True),  # null in staging: the facts decide nothing
        text("evidence", null=True),
        instant("at"),  # left_at of a leaver; for a person who is leaving, the coming date
        text("manager_id", null=True),  # one of the facts: a person_id of the same source
        text("username", null=True),  # one of the facts, if it looks like an e-mail address and is not theirs
    ]


staged_person = sa.Table(
    "staged_person",
    metadata,
    *_person_columns(),
    text("person_keys", default="[]"),  # rows of person_key without their source and person_id, as JSON
    flag("is_same"),
)
person = sa.Table(
    "person",
    metadata,
    *_person_columns(),
    flag("was_in_scope"),  # of an account that went out of scope: it may still leave
    number("missed_passes"),
    instant("missing_since"),
    instant("first_seen_at", null=False),
    instant("changed_at", null=False),
    sa.Index("ix_person_standing_at", "standing", "at"),
    sa.Index(
        "ix_person_left",
        "person_id",
        "source",
        sqlite_where=sa.text("standing = 'left'"),
        postgresql_where=sa.text("standing = 'left'"),
    ),
    sa.Index("ix_person_email", "email"),
    sa.Index(
        "ix_person_username",
        "username",
        sqlite_where=sa.text("username IS NOT NULL"),
        postgresql_where=sa.text("username IS NOT NULL"),
    ),
    sa.Index("ix_person_display_name", "display_name", "source", "person_id"),
    sa.Index(
        "ix_person_manager",
        "source",
        "manager_id",
        sqlite_where=sa.text("manager_id IS NOT NULL"),
        postgresql_where=sa.text("manager_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_person_missing",  # few rows, so that a delta need not search everybody for people who are back
        "source",
        sqlite_where=sa.text("missed_passes > 0"),
        postgresql_where=sa.text("missed_passes > 0"),
    ),
)


def _key_columns() -> list[sa.Column[Any]]:
    return [key("source"), key("person_id"), key("kind"), key("value"), text("raw")]


staged_person_key = sa.Table("staged_person_key", metadata, *_key_columns())
person_key = sa.Table(
    "person_key",
    metadata,
    *_key_columns(),
    sa.Index("ix_person_key_kind_value", "kind", "value"),
    sa.Index(
        "ix_person_key_shared",
        "kind",
        "value",
        sqlite_where=sa.text("raw = 'shared'"),
        postgresql_where=sa.text("raw = 'shared'"),
    ),
)
