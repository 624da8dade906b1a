"""Indexes for the list of what fails a control, sensitive groups first, and for its departments. Adds only."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0030"
floor = "0004"


def upgrade() -> None:
    op.create_index(
        "ix_control_failure_list",
        "control_failure",
        ["control", "is_sensitive", "source", "subject"],
    )
    op.create_index("ix_control_failure_department", "control_failure", ["control", "department"])
