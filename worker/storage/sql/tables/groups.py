"""Groups, their members, who is behind each, and what was said of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.storage.sql.tables.base import flag, instant, key, metadata, number, text


def _group_columns() -> list[sa.Column[Any]]:
    return [
        key("source"),
        key("group_id"),
        text("name"),
        text("messenger"),
        text("owner_email", null=True),
        text("coverage"),
        instant("taken_at", null=False),
        flag("knows_roles"),
        flag("has_had_admin"),
        number("size"),
        text("warning", default=""),
        text(
            "facts", default="{}"
        ),  # of GroupFacts, as JSON: only what the source shows, without any instant
        text(
            "facts_at", default="{}"
        ),  # their instants, as JSON, so that a read without news changes no fact
        instant("last_activity_at"),
        text("link_sha256", null=True),  # one of the facts: the same link is the same group
        text("registered", null=True),  # RegisterFacts as JSON; null: the source is no register
    ]


def _membership_columns() -> list[sa.Column[Any]]:
    return [
        key("source"),
        key("group_id"),
        key("handle"),
        text("display_name"),
        text("role"),
        text("phone", null=True),
        text("username", null=True),
        text("lid", null=True),
        text("business_id", null=True),
        text("native_id", null=True),
        instant("joined_at"),
    ]


staged_group = sa.Table("staged_group", metadata, *_group_columns(), flag("is_shrunken"))
chat_group = sa.Table(
    "chat_group",
    metadata,
    *_group_columns(),
    instant("read_at", null=False),
    instant("first_seen_at", null=False),
    instant("shrunken_at"),  # taken_at of a roster that was too small to believe at once
    flag("is_gone"),
    text("leader_source", null=True),  # the group of another source that is this one, and the better witness
    text("leader_group", null=True),
    instant("looked_at"),  # when facts that cost a call of their own were last asked for
    text("declared_by", default="[]"),  # the marks of whoever declared this roster by a link
    flag("is_unseen"),  # still there, perhaps: its source did not show it the last time
    sa.Index("ix_chat_group_name", "name", "source", "group_id"),
    sa.Index("ix_chat_group_leader", "leader_source", "leader_group"),
)
staged_membership = sa.Table(
    "staged_membership",
    metadata,
    *_membership_columns(),
    text("fingerprint"),
    text("phone_key", null=True),
    text("email_key", null=True),
    text("employee_key", null=True),
)
membership = sa.Table(
    "membership",
    metadata,
    *_membership_columns(),
    instant("first_seen_at"),  # null: was there when we first looked
    flag("is_unlisted"),  # known, but not listed by the latest roster, which was a partial one
    flag("is_leaver"),  # reconcile saw that an account of theirs has left; true for some who are back
    # With group_id, or SQLite would prefer the primary key, which a search by handle reads completely
    sa.Index("ix_membership_handle", "source", "handle", "group_id", "is_unlisted"),
    sa.Index(
        "ix_membership_leaver",
        "source",
        "group_id",
        "handle",
        sqlite_where=sa.text("is_leaver = 1"),
        postgresql_where=sa.text("is_leaver = 1"),
    ),
    sa.Index(
        "ix_membership_admin",  # few of all members
        "source",
        "group_id",
        "handle",
        sqlite_where=sa.text("role IN ('admin', 'creator')"),
        postgresql_where=sa.text("role IN ('admin', 'creator')"),
    ),
)
# A text, as SQLite uses a partial index only for the same words
IS_QUESTION = "state IN ('ambiguous', 'unmatched') AND decided_fingerprint IS NOT NULL"
link = sa.Table(
    "link",
    metadata,
    key("source"),
    key("handle"),
    text("display_name"),
    text("fingerprint"),
    text("decided_fingerprint", null=True),
    text("phone", null=True),
    text("phone_key", null=True),
    text("email_key", null=True),
    text("employee_key", null=True),
    instant("first_seen_at"),
    text("state", default="unmatched"),
    text("person_source", null=True),
    text("person_id", null=True),
    text("how", null=True),
    text("why", default=""),
    text("why_words", null=True),  # here and in other tables: what it is said from in other languages
    text("suggestions", default="[]"),
    text("rejected", default="[]"),
    instant("decided_at"),
    text("decided_by", null=True),
    flag("is_dirty"),
    instant("gone_at"),  # since when no group of the source lists the handle
    sa.Index(
        "ix_link_is_dirty",  # in the order in which they are matched
        "source",
        "handle",
        sqlite_where=sa.text("is_dirty = 1"),
        postgresql_where=sa.text("is_dirty = 1"),
    ),
    sa.Index(
        "ix_link_open",  # few of all links are questions
        "source",
        "handle",
        sqlite_where=sa.text(IS_QUESTION),
        postgresql_where=sa.text(IS_QUESTION),
    ),
    *(  # rows without a value, as most are before a first match, need no place in them
        sa.Index(
            f"ix_link_{name}",
            *columns,
            sqlite_where=sa.text(f"{columns[0]} IS NOT NULL"),
            postgresql_where=sa.text(f"{columns[0]} IS NOT NULL"),
        )
        for name, columns in {
            "person": ("person_source", "person_id", "source", "handle"),
            "phone_key": ("phone_key",),
            "email_key": ("email_key",),
            "employee_key": ("employee_key",),
        }.items()
    ),
    # Of every source: the same LID is the same account. With all that says whether a member decides something
    sa.Index("ix_link_handle", "handle", "source", "state", "person_source", "person_id"),
    sa.Index(
        "ix_link_gone_at",
        "source",
        "handle",
        sqlite_where=sa.text("gone_at IS NOT NULL"),
        postgresql_where=sa.text("gone_at IS NOT NULL"),
    ),
)
handle_tie = sa.Table(  # two handles of one human, with the evidence: domain.identity.ties
    "handle_tie",
    metadata,
    key("source"),
    key("kind"),
    key("handle"),
    key("other"),
    text("group_id"),
    instant("at", null=False),
    instant("until"),
    text("person_source", null=True),  # who was known to be behind it when it ended
    text("person_id", null=True),
    text("how", null=True),
    flag("is_new"),  # of the read that is being applied
    # With kind and source, or SQLite would prefer the primary key, of which it then reads a whole kind
    sa.Index("ix_handle_tie_handle", "handle", "kind", "source"),
    sa.Index("ix_handle_tie_other", "other", "kind", "source"),
    sa.Index(
        "ix_handle_tie_is_new",
        "source",
        sqlite_where=sa.text("is_new = 1"),
        postgresql_where=sa.text("is_new = 1"),
    ),
)
staged_renumbered = sa.Table(
    "staged_renumbered", metadata, key("source"), key("old"), key("new"), text("group_id"),
    instant("at", null=False),
)  # fmt: skip
wanted_read = (
    sa.Table(  # what an event from outside wants read before its time; no group_id: all of the source
        "wanted_read", metadata, key("source"), key("group_id"), instant("asked_at", null=False)
    )
)
group_link = sa.Table(  # by which an admin declares who is in a group
    "group_link",
    metadata,
    key("id"),
    text("source"),
    text("group_id"),
    text("person_source"),
    text("person_id"),
    instant("made_at", null=False),
    instant("until", null=False),
    instant("revoked_at"),
    text("made_by", default="[]"),  # the marks of whoever made it
    sa.Column("ticket_id", sa.BigInteger),  # whose link led to it
    number("handed"),  # how often that was by then
    sa.Index(None, "source", "group_id"),
)


def _departed_columns() -> list[sa.Column[Any]]:
    return [key("source"), key("group_id"), key("phone_key"), instant("at", null=False)]


staged_departed = sa.Table("staged_departed", metadata, *_departed_columns())
departed = sa.Table(  # somebody who went from a group, as the messenger itself recorded it
    "departed",
    metadata,
    *_departed_columns(),
    flag("is_weighed"),
    sa.Index("ix_departed_is_weighed", "is_weighed"),
)
group_pair = sa.Table(  # two groups of two sources that are one, may be one, or are said to be two
    "group_pair",
    metadata,
    key("a_source"),
    key("a_group"),
    key("b_source"),
    key("b_group"),
    text("state"),
    text("why"),
    text("why_words", null=True),
    instant("at", null=False),
    text("by", default=""),
    sa.Index("ix_group_pair_b", "b_source", "b_group"),
)
dirty_group = sa.Table("dirty_group", metadata, key("source"), key("group_id"), instant("since", null=False))
dirty_person = sa.Table(
    "dirty_person", metadata, key("source"), key("person_id"), instant("since", null=False)
)
expected = sa.Table(
    "expected",
    metadata,
    key("person_source"),
    key("person_id"),
    key("source"),
    key("group_id"),
    text("state"),  # due | former
    instant("since", null=False),
    sa.Index("ix_expected_group", "source", "group_id"),
)
left_by_themself = sa.Table(  # they vanished from a complete roster, and no ticket of ours asked for it
    "left_by_themself",
    metadata,
    key("source"),
    key("group_id"),
    key("person_source"),
    key("person_id"),
    instant("at", null=False),
    sa.Index("ix_left_by_themself_person", "person_source", "person_id"),
)
