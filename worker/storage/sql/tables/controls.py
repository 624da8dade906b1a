"""What controls found, and what people stated."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.sql.tables.base import flag, instant, key, metadata, number, text

control_failure = sa.Table(  # what fails now, or is waived
    "control_failure",
    metadata,
    key("control"),
    key("source"),
    key("subject"),
    text("name"),
    text("value"),
    text("found", default=""),
    text("wanted", default=""),
    text("department", default=""),
    flag("is_sensitive"),
    number("time_s"),
    flag("asks"),
    instant("since_at", null=False),
    instant("seen_at", null=False),
    sa.Index("ix_control_failure_subject", "source", "subject"),
    sa.Index("ix_control_failure_list", "control", "is_sensitive", "source", "subject"),
    sa.Index("ix_control_failure_department", "control", "department"),
)
roster_difference = sa.Table(  # groups whose register has other members than the messenger
    "roster_difference",
    metadata,
    key("source"),
    key("group_id"),
    instant("since_at", null=False),
    instant("seen_at", null=False),
)
control_day = sa.Table(  # the last counts of each local day
    "control_day",
    metadata,
    key("control"),
    key("day"),
    instant("at", null=False),
    text("counts"),
)
control_start = sa.Table(  # the first run with tickets, and the plan that held it
    "control_start",
    metadata,
    key("control"),
    instant("started_at", null=False),
    number("plan_id", None, null=True),
)

attestation = sa.Table(  # what somebody said when they were asked for a statement
    "attestation",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("statement"),
    text("subject"),
    text("version"),
    text("language", default=""),
    text("text_sha256", default=""),
    text("person_source", null=True),  # null: they were erased
    text("person_id", null=True),
    text("source", default=""),  # the group's, where it is about one
    text("group_id", default=""),
    text("answer"),
    text("items", default="{}"),
    flag("is_pass"),
    text("grade"),
    instant("at", null=False),
    instant("expires_at"),
    text("assurance"),
    text("came_from", default=""),
    number("ticket_id", None, null=True),
    text("reason", default=""),
    text("initials", default=""),
    instant("voided_at"),
    sa.Index("ix_attestation_ticket_id", "ticket_id"),
    sa.Index("ix_attestation_person", "person_source", "person_id"),
)
attestation_person = sa.Table(  # by every account of the person
    "attestation_person",
    metadata,
    key("person_source"),
    key("person_id"),
    sa.Column("attestation_id", sa.BigInteger, primary_key=True, autoincrement=False),
)
review = sa.Table(  # of a group, under its ticket
    "review",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("source"),
    text("group_id"),
    text("occasion"),
    number("number"),
    text("seed"),
    flag("is_full"),
    text("only", default="[]"),  # handles; none: all
    instant("started_at", null=False),
    instant("due_at", null=False),
    instant("before_at"),
    instant("completed_at"),
    text("grade", null=True),
    number("handed"),  # the ticket's, when the reviewer's own rows were looked at last
    sa.Index("ix_review_group", "source", "group_id", "completed_at"),
    sa.Index("ix_review_occasion", "occasion"),
)
review_answer = sa.Table(  # the last answer to each row of a review
    "review_answer",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    key("handle"),
    text("source"),
    text("group_id"),
    text("answer"),
    text("why"),  # why the row was shown
    text("by"),
    instant("at", null=False),
    instant("taken_at", null=False),  # the instant that the roster was true for
    number("batch"),  # answers that came with it
    text("department", default=""),
    text("person_source", null=True),
    text("person_id", null=True),
    sa.Index("ix_review_answer_member", "source", "group_id", "handle", "at"),
    sa.Index("ix_review_answer_person", "person_source", "person_id"),
)
review_pace = sa.Table(  # how many rows of a campaign took so many seconds each; of nobody in particular
    "review_pace",
    metadata,
    key("occasion"),
    sa.Column("seconds", sa.BigInteger, primary_key=True, autoincrement=False),
    number("rows"),
)
report_link = sa.Table(  # public links to report a message of a group
    "report_link",
    metadata,
    key("token"),
    text("source"),
    text("group_id"),
    text("rules_sha256", default=""),  # of the rules text that it was made for
    instant("made_at", null=False),
    sa.Index("ix_report_link_group", "source", "group_id"),
)
bad_message = sa.Table(  # what was reported; nothing of who reported it
    "bad_message",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("source"),
    text("group_id"),
    text("group_name"),
    text("department", default=""),  # the group's
    text("tier"),
    flag("about_admin"),
    instant("at", null=False),
    text("receipt"),
    text("words", null=True),  # null: they were deleted
    text("seen", default=""),
    text("once", default=""),  # of the form: sent twice, it is one report
    number("ticket_id"),
    text("outcome", null=True),
    text("outcome_words", default=""),
    instant("outcome_at"),
    sa.Index("ix_bad_message_receipt", "receipt", unique=True),
    sa.Index("ix_bad_message_group", "source", "group_id", "at"),
    sa.Index("ix_bad_message_ticket", "ticket_id"),
)
seal = sa.Table(  # of a file, of which nothing else is kept
    "seal",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    number("ticket_id", None),
    text("name"),
    number("size", None),  # bytes
    text("sha256"),
    sa.Column("media", sa.SmallInteger),  # null: it can't be told
    number("lines", None, null=True),  # of a chat's text
    text("first_on", null=True),  # local days
    text("last_on", null=True),
    text("made_by"),
    instant("made_at", null=False),
    text("how", default=""),
    sa.Index("ix_seal_content", "ticket_id", "sha256", unique=True),
)
seal_custody = sa.Table(  # who handed a sealed file to whom
    "seal_custody",
    metadata,
    sa.Column("seal_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    instant("at", null=False),
    text("giver"),
    text("taker"),
    text("sha256"),
)
consent_subject = sa.Table(  # whose number a group is about to be shown, and whether it is a private one
    "consent_subject",
    metadata,
    key("person_source"),
    key("person_id"),
    text("numbers"),
    instant("seen_at", null=False),
)
statement_scope = sa.Table(  # the groups of a rule that is not for all
    "statement_scope",
    metadata,
    key("rule"),
    key("source"),
    key("group_id"),
    instant("seen_at", null=False),
)
census_candidate = sa.Table(  # a group that somebody named in a census, once for each name and messenger
    "census_candidate",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("folded"),
    text("messenger"),
    text("name"),  # as it was first written
    instant("named_at", null=False),  # the first time
    text("decision", default="open"),
    instant("decided_at"),
    text("decided_by", default=""),
    text("source", null=True),  # the group that it is, as a person decided
    text("group_id", null=True),
    sa.Index("ix_census_candidate_folded", "folded", "messenger", unique=True),
)
census_mention = sa.Table(  # who named it; by the public form: nobody, once a day
    "census_mention",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    number("candidate_id", None),
    instant("at", null=False),
    number("ticket_id", None, null=True),  # that asked for it
    text("person_source", null=True),  # null: by the public form, or they were erased
    text("person_id", null=True),
    text("admin", default=""),  # who is the admin, in the words of whoever named it
    number("members", None, null=True),  # about how many
    number("times", "1"),
    sa.Index("ix_census_mention_candidate", "candidate_id", "at"),
    sa.Index("ix_census_mention_ticket", "ticket_id"),
    sa.Index("ix_census_mention_person", "person_source", "person_id"),
)
census_link = sa.Table(  # the public form's; the newest counts
    "census_link",
    metadata,
    key("token"),
    instant("made_at", null=False),
)
policy_text = sa.Table(  # the texts that were shown, by hash
    "policy_text",
    metadata,
    key("rule"),
    key("version"),
    key("language"),
    text("sha256"),
    instant("first_seen_at", null=False),
    sa.Column("is_material", sa.SmallInteger, nullable=False, server_default="1"),
)


advisory = sa.Table(  # a vulnerability of a messenger, as feeds tell of it
    "advisory",
    metadata,
    key("id"),
    key("messenger"),
    instant("seen_at", null=False),
    text("said", default="{}"),  # by feed, as JSON
    text("told", default=""),
    instant("told_at"),
    instant("dismissed_at"),
    text("dismissed_by", default=""),
    text("reason", default=""),
    flag("is_update_asked"),
)
