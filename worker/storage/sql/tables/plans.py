"""Comings and leavings of people, and the plans that hold them."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.sql.tables.base import Instant, instant, key, metadata, number, text

episode = sa.Table(
    "episode",
    metadata,
    key("source"),
    key("person_id"),
    key("kind"),  # left | moved
    sa.Column("at", Instant, primary_key=True),
    text("evidence"),
    text("gate"),  # initial | new | passed | held | rejected | over
    instant("seen_at", null=False),  # when the directory was read, as it says
    instant("passed_at"),
    instant("noticed_at"),  # by our clock; of releases before this was kept, and of first passes, not known
    sa.Index("ix_episode_gate", "gate", "source"),
    sa.Index("ix_episode_passed_at", "passed_at"),
)
held_plan = sa.Table(
    "held_plan",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("kind"),  # leavers | shrunken
    text("source"),
    text("why"),
    text("why_words", null=True),
    instant("created_at", null=False),
)
cohort = sa.Table(
    "cohort",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("cohort_id"),
    text("cause"),
    text("cause_words", null=True),
    text("state"),
    instant("decided_at"),
    text("decided_by", null=True),
    text("reason", default=""),
    number("findings"),  # of a control
)
cohort_person = sa.Table(
    "cohort_person",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("cohort_id"),
    key("source"),
    key("person_id"),
    sa.Column("at", Instant, primary_key=True),
    text("evidence"),
    text("name"),
)

cohort_subject = sa.Table(  # of a plan of controls: what a part of it, by the control's id, had found
    "cohort_subject",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("cohort_id"),
    key("source"),
    key("subject"),
    text("name"),
    text("found", default=""),
    text("wanted", default=""),
    sa.Index("ix_cohort_subject_subject", "source", "subject"),
)

approval = sa.Table(  # one person's decision to release, for plans that need two people
    "approval",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("cohort_id"),
    key("by"),
    text("subject", default=""),
    instant("at", null=False),
    text("reason"),
)
objection = sa.Table(  # as `approval`, to reject
    "objection",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("cohort_id"),
    key("by"),
    text("subject", default=""),
    instant("at", null=False),
    text("reason"),
)
