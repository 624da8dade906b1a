"""What a reason is said from in other languages, beside its English sentence. Adds only.

Reasons from before have none: they are shown in English.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
floor = "0004"

COLUMNS = {
    "ticket": "reason_words",
    "held_plan": "why_words",
    "cohort": "cause_words",
    "link": "why_words",
    "group_pair": "why_words",
}


def upgrade() -> None:
    for table, column in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.Text(), nullable=True))
