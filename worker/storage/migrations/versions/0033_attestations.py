"""Attestations: what people say when they are asked, and the texts that were shown. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
floor = "0004"


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _instant(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "attestation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("statement"),
        _text("subject"),
        _text("version"),
        _text("language", ""),
        _text("text_sha256", ""),
        _text("person_source", null=True),
        _text("person_id", null=True),
        _text("source", ""),
        _text("group_id", ""),
        _text("answer"),
        _text("items", "{}"),
        sa.Column("is_pass", sa.SmallInteger(), nullable=False, server_default="0"),
        _text("grade"),
        _instant("at"),
        _instant("expires_at", null=True),
        _text("assurance"),
        _text("came_from", ""),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        _text("reason", ""),
        _text("initials", ""),
        _instant("voided_at", null=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation")),
    )
    op.create_index("ix_attestation_ticket_id", "attestation", ["ticket_id"])
    op.create_index("ix_attestation_person", "attestation", ["person_source", "person_id"])
    op.create_table(
        "attestation_person",
        _text("person_source"),
        _text("person_id"),
        sa.Column("attestation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "person_source", "person_id", "attestation_id", name=op.f("pk_attestation_person")
        ),
    )
    op.create_table(
        "statement_scope",
        _text("rule"),
        _text("source"),
        _text("group_id"),
        _instant("seen_at"),
        sa.PrimaryKeyConstraint("rule", "source", "group_id", name=op.f("pk_statement_scope")),
    )
    op.create_table(
        "policy_text",
        _text("rule"),
        _text("version"),
        _text("language"),
        _text("sha256"),
        _instant("first_seen_at"),
        sa.PrimaryKeyConstraint("rule", "version", "language", name=op.f("pk_policy_text")),
    )
