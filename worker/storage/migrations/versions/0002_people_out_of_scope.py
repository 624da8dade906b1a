"""People out of scope, and keys staged with their people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
floor = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_out_of_scope", sa.SmallInteger(), server_default="0", nullable=False)
        )
        batch_op.create_index(
            "ix_person_missing",
            ["source"],
            unique=False,
            sqlite_where=sa.text("missed_passes > 0"),
            postgresql_where=sa.text("missed_passes > 0"),
        )

    with op.batch_alter_table("staged_person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_out_of_scope", sa.SmallInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("person_keys", sa.Text(), server_default="[]", nullable=False))

    # What was known of them before says it too
    op.execute(
        sa.text("UPDATE person SET is_out_of_scope = 1 WHERE facts LIKE :said").bindparams(
            said='%"is_in_scope":false%'
        )
    )
