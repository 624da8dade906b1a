"""What the desk knows of its users."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.sql.tables.base import instant, key, metadata, text

desk_key = sa.Table("desk_key", metadata, key("name"), text("value"))
login_link = sa.Table(
    "login_link",
    metadata,
    key("id"),  # the SHA-256 of the secret in the link
    text("name"),
    text("subject", default=""),  # the `Actor.id` of the person it signs in
    text("roles"),
    text("created_by"),
    instant("expires_at", null=False),
    instant("used_at"),
)
shown_link = sa.Table(  # people besides the assignee who may have the assignee's link
    "shown_link",
    metadata,
    key("email"),  # the assignee's, folded
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("name"),
    key("actor_id"),
    instant("at", null=False),
    instant("until"),  # null: a person who chose an address that no directory has
)
desk_session = sa.Table(
    "desk_session",
    metadata,
    key("id"),  # the SHA-256 of the secret in the cookie
    text("name"),
    text("subject", default=""),  # their `Actor.id`
    text("roles"),
    instant("created_at", null=False),
    instant("expires_at", null=False),
    sa.Index("ix_desk_session_expires_at", "expires_at"),
)
saved_list = sa.Table(  # searches for tickets that somebody keeps under a name
    "saved_list",
    metadata,
    key("account"),
    key("name"),
    text("fields"),  # of the search form, as JSON
    instant("saved_at", null=False),
)
desk_visit = sa.Table(  # by it, the console says what changed since somebody looked at it
    "desk_visit",
    metadata,
    key("who"),  # their `Actor.id`; the name of who came by a login link
    instant("last_at", null=False),
    instant("before_at"),
)
api_token = sa.Table(
    "api_token",
    metadata,
    key("id"),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    text("scopes"),
    text("created_by"),
    text("created_by_id", default=""),
    instant("created_at", null=False),
    instant("expires_at"),
    instant("revoked_at"),
)
schema_floor = sa.Table(  # one row: which earlier releases may go on working while their database is migrated
    "schema_floor",
    metadata,
    key("revision"),
)
