"""A ticket about a person may be in a group, whose source is another one than the person's. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
floor = "0004"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("group_source", sa.Text(), nullable=True))
    connection = op.get_bind()
    duties = sa.text("SELECT id, episode FROM ticket WHERE kind = 'attest' AND episode LIKE 'duties:%@%/%'")
    fill = sa.text("UPDATE ticket SET group_source = :source, group_id = :group_id WHERE id = :id")
    for row in connection.execute(duties).all():
        source, _, group_id = row.episode.partition("@")[2].partition("/")
        connection.execute(fill, {"id": row.id, "source": source, "group_id": group_id})
