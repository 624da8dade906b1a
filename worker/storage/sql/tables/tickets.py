"""Tickets, and what was done about them."""

from __future__ import annotations

import sqlalchemy as sa

from worker.domain.kinds import codes
from worker.storage.sql.tables.base import flag, instant, metadata, number, text

# A live removal ticket of somebody who left or moved, in the exact words of the partial indexes, which SQLite needs to
# use them. They are expressions, or SQLite would use an index on the kind instead
_EXPOSING = ", ".join(f"'{code}'" for code in codes(lambda kind: kind.is_exposure))
IS_LIVE_REMOVAL = (
    f"state || '' IN ('blocked', 'done', 'open') AND kind || '' IN ({_EXPOSING}) AND evidence IS NOT NULL"
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("kind"),
    text("state"),
    text("source"),
    text("group_id"),
    text("group_source", null=True),  # where the ticket is about a person, whose source is a directory
    text(
        "key_group"
    ),  # the subject's: empty for a ticket about a handle in all of its groups, or about a person
    text("handle", default=""),
    text("episode", default=""),
    text("group_name"),
    text("messenger"),
    text("member_name", default=""),
    text("member_role", null=True),
    text("person_source", null=True),
    text("person_id", null=True),
    text("person_name", default=""),
    text("evidence", null=True),
    instant("left_at"),
    text("assignee", null=True),
    text("accountable", default=""),
    flag("is_sensitive"),
    instant("opened_at", null=False),
    instant("clock_from", null=False),
    instant("due_at", null=False),
    instant("done_at"),
    text("done_by", null=True),
    text("claimed_by", default="[]"),
    instant("verified_at"),
    text("verified_by", null=True),
    text("grade", null=True),
    number("blocked_by", None, null=True),
    number("reopened"),
    number("contradicted"),
    number("waited_us"),
    instant("waived_until"),
    instant("acknowledged_until"),
    instant("snoozed_until"),
    instant("held_until"),
    instant("weighed_at"),
    instant("disputed_at"),
    instant("links_from"),
    number("handed"),
    text("reason", default=""),  # as its English sentence
    text("reason_words", null=True),  # what it is said from in other languages
    text("assignee_email", null=True),  # folded
    text(
        "assignee_source", null=True
    ),  # their account, to find tickets by; a release before leaves the one before, or none
    text("assignee_id", null=True),
    text("assignee_why", null=True),  # a code; `assignee` has it as the sentence of release 0008
    text("assignee_by", default=""),
    text("details", default="{}"),  # only for its kind, as JSON
    text("remediated_by", null=True),  # the rule by which a machine made the claim
    instant("remediated_at"),
    number("version"),  # counts the changes that a reader would see
    text("search", default=""),  # all its names and numbers, folded, for the console's search
    sa.UniqueConstraint("kind", "source", "key_group", "handle", "episode"),
    sa.Index("ix_ticket_state", "state", "id"),
    sa.Index("ix_ticket_due", "state", "due_at", "id"),
    sa.Index("ix_ticket_group", "source", "group_id", "handle", "kind", "state"),
    sa.Index("ix_ticket_handle", "source", "handle"),
    sa.Index("ix_ticket_person", "person_source", "person_id"),
    sa.Index("ix_ticket_assignee_email", "assignee_email", "state"),
    sa.Index("ix_ticket_assignee", "assignee_source", "assignee_id", "state"),
    sa.Index("ix_ticket_opened_at", "opened_at", "kind", "state", "evidence"),
    sa.Index("ix_ticket_verified_at", "verified_at", "kind", "state", "left_at", "opened_at", "evidence"),
    sa.Index("ix_ticket_left_at", "left_at", "kind", "state", "evidence"),
    sa.Index(
        "ix_ticket_held_until",
        "held_until",
        sqlite_where=sa.text("held_until IS NOT NULL"),
        postgresql_where=sa.text("held_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_waived_until",
        "waived_until",
        sqlite_where=sa.text("waived_until IS NOT NULL"),
        postgresql_where=sa.text("waived_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_asked",  # has all columns that counting exposed people reads
        "person_source",
        "person_id",
        "left_at",
        "opened_at",
        "evidence",
        "person_name",
        sqlite_where=sa.text(IS_LIVE_REMOVAL),
        postgresql_where=sa.text(IS_LIVE_REMOVAL),
    ),
    sa.Index(
        "ix_ticket_disputed",
        "state",
        "due_at",
        "id",
        sqlite_where=sa.text("disputed_at IS NOT NULL"),
        postgresql_where=sa.text("disputed_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_group_source",
        "group_source",
        "group_id",
        sqlite_where=sa.text("group_source IS NOT NULL"),
        postgresql_where=sa.text("group_source IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_asked_of",
        "source",
        "group_id",
        "handle",
        sqlite_where=sa.text(IS_LIVE_REMOVAL),
        postgresql_where=sa.text(IS_LIVE_REMOVAL),
    ),
)
undo = sa.Table(  # the change by the last act on a ticket through its link, while it can be taken back
    "undo",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("by"),
    instant("until", null=False),
    text("before"),
    text("after"),
    text("messages", default="[]"),  # keys of outbox rows that wait
)
escalation = sa.Table(
    "escalation",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("repeat", sa.BigInteger, primary_key=True, autoincrement=False),
    instant("at", null=False),
    text("recipients"),
    text("policy"),
)

remediation = sa.Table(  # a machine's act on a member, as a rule allowed it
    "remediation",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.BigInteger, primary_key=True, autoincrement=False),
    text("rule"),
    text("deed"),
    text("source"),
    text("group_id"),
    text("handle"),
    text("state"),
    instant("begun_at", null=False),
    text("said", default=""),
    sa.Index("ix_remediation_state", "state", "begun_at"),
    sa.Index("ix_remediation_member", "source", "group_id", "handle"),
)
