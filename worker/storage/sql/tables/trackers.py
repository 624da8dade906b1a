"""Copies of tickets in the trackers of others."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.sql.tables.base import flag, instant, key, metadata, number, text

mirror = sa.Table(  # a ticket's copy in somebody else's tracker
    "mirror",
    metadata,
    key("tracker"),
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    text("place", default=""),
    text("identity"),
    text("state"),
    text("ref", default=""),
    text("key", default=""),
    text("url", default=""),
    text("standing"),
    text("status", default=""),
    text("assignee", default=""),
    text("given", default=""),
    text("noted", default=""),
    text("intent", null=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    text("mark", default=""),
    number("attempts"),
    instant("attempted_at"),
    instant("next_at"),
    instant("look_again_at"),
    instant("told_at"),
    number("declines"),
    number("reopens"),
    instant("reopened_at"),
    instant("missing_since"),
    instant("settled_at"),
    instant("synced_at"),
    text("problem", default=""),
    sa.Index("ix_mirror_state", "tracker", "state", "ticket"),
    sa.Index("ix_mirror_ticket", "ticket"),
    sa.Index("ix_mirror_place", "tracker", "place"),
    sa.Index(
        "ix_mirror_look_again",
        "tracker",
        "look_again_at",
        sqlite_where=sa.text("look_again_at IS NOT NULL"),
        postgresql_where=sa.text("look_again_at IS NOT NULL"),
    ),
)
mirror_told = sa.Table(  # what a tracker that calls us said
    "mirror_told",
    metadata,
    key("tracker"),
    key("call_id"),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    flag("is_done"),
    text("by", default=""),
    text("note", default=""),
    instant("at"),
    instant("received_at", null=False),
    flag("is_used"),
    sa.Index("ix_mirror_told_new", "tracker", "is_used", "received_at"),
)
mirror_notice = sa.Table(  # when somebody was told last of a tracker's trouble
    "mirror_notice",
    metadata,
    key("tracker"),
    key("cause"),
    instant("told_at", null=False),
)
