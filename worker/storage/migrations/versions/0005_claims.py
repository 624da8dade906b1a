"""How many claims of a ticket were not true, and how long its clock stood still for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
floor = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        for name in ("contradicted", "waited_us"):
            batch_op.add_column(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_delivery_bundle_id"), ["bundle_id"])
