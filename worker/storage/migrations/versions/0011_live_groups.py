"""Live groups: what a messenger shows of a group, all handles of a member, reads that are
wanted at once, what machines did, groups that several sources show. Adds only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
floor = "0004"


def upgrade() -> None:
    for table in ("staged_group", "chat_group"):
        op.add_column(table, sa.Column("facts", sa.Text(), nullable=False, server_default="{}"))
        op.add_column(table, sa.Column("link_sha256", sa.Text(), nullable=True))
    op.add_column("chat_group", sa.Column("is_unseen", sa.SmallInteger(), nullable=False, server_default="0"))
    for name in ("leader_source", "leader_group"):
        op.add_column("chat_group", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "group_pair",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("a_source", "a_group", "b_source", "b_group")
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("a_source", "a_group", "b_source", "b_group", name=op.f("pk_group_pair")),
    )
    op.create_index("ix_group_pair_b", "group_pair", ["b_source", "b_group"])
    for table in ("staged_membership", "membership"):
        for name in ("lid", "business_id", "native_id"):
            op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("remediated_by", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("remediated_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "remediation",
        sa.Column("ticket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("rule", "deed", "source", "group_id", "handle", "state")
        ),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("ticket", "attempt", name=op.f("pk_remediation")),
    )
    op.create_index("ix_remediation_state", "remediation", ["state", "begun_at"])
    op.create_index("ix_remediation_member", "remediation", ["source", "group_id", "handle"])
    op.create_table(
        "wanted_read",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "group_id", name=op.f("pk_wanted_read")),
    )
