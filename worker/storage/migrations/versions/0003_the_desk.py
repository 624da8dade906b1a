"""The desk: what its links, sessions and tokens need, and what it searches."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
floor = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_token_hash")),
    )
    op.create_table(
        "approval",
        sa.Column("plan_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cohort_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "cohort_id", "by", name=op.f("pk_approval")),
    )
    op.create_table(
        "desk_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_desk_key")),
    )
    op.create_table(
        "desk_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_session")),
    )
    with op.batch_alter_table("desk_session", schema=None) as batch_op:
        batch_op.create_index("ix_desk_session_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "login_link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_link")),
    )
    op.create_table(
        "source_day",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("port", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", "port", "day", name=op.f("pk_source_day")),
    )
    op.create_table(
        "undo",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("messages", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_undo")),
    )
    with op.batch_alter_table("chat_group", schema=None) as batch_op:
        batch_op.create_index("ix_chat_group_name", ["name", "source", "group_id"], unique=False)

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", sa.Text(), nullable=True))

    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index("ix_journal_actor", ["actor", "seq"], unique=False)
        batch_op.create_index("ix_journal_at", ["at"], unique=False)
        batch_op.create_index("ix_journal_kind", ["kind", "seq"], unique=False)

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("not_before", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("language", sa.Text(), nullable=True))

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_display_name", ["display_name", "source", "person_id"], unique=False)

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("disputed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("links_from", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("assignee_email", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("search", sa.Text(), server_default="", nullable=False))
        batch_op.create_index("ix_ticket_assignee_email", ["assignee_email", "state"], unique=False)
        batch_op.create_index("ix_ticket_opened_at", ["opened_at", "kind", "state"], unique=False)
        batch_op.create_index(
            "ix_ticket_verified_at", ["verified_at", "kind", "state", "opened_at"], unique=False
        )

    _make_searchable(op.get_bind())


def _make_searchable(connection: sa.Connection) -> None:
    """Tickets that are there already are found, and their assignees have a page, too."""
    columns = ("id", "person_name", "member_name", "handle", "group_name", "assignee")
    ticket = sa.table("ticket", *map(sa.column, (*columns, "assignee_email", "search")))
    after = 0
    change = (
        sa.update(ticket)
        .where(ticket.c.id == sa.bindparam("k_id"))
        .values(assignee_email=sa.bindparam("email"), search=sa.bindparam("search"))
    )
    query = sa.select(*(ticket.c[name] for name in columns)).order_by(ticket.c.id).limit(1000)
    while rows := connection.execute(query.where(ticket.c.id > after)).all():
        connection.execute(change, [_searchable(row) for row in rows])
        after = rows[-1].id


def _searchable(row: Any) -> dict[str, object]:
    assignee = json.loads(row.assignee) if row.assignee else {"name": "", "email": ""}
    names = (
        row.person_name,
        row.member_name,
        row.handle,
        row.group_name,
        assignee["name"],
        assignee["email"],
    )
    return {
        "k_id": row.id,
        "email": assignee["email"].casefold() if row.assignee else None,
        "search": "\n".join((f"T-{row.id:06d}", *names)).casefold(),
    }
