"""Up to which event a message in a channel and the lines below it tell. Adds a column.

Empty for messages of earlier releases, until they are changed: theirs tell up to an instant.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
floor = "0004"


def upgrade() -> None:
    op.add_column("shown_message", sa.Column("told_seq", sa.BigInteger()))
