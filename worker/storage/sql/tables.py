"""The tables. Instants are BIGINT microseconds since 1970 UTC, the same in both databases; JSON is text.

Everything read from a source is keyed by the source's configured name and the source's own immutable id. The
`staged_*` tables hold a pass that has not proved itself complete yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.kinds import codes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime | None) -> int | None:
    """An aware instant as microseconds since 1970 UTC; None stays None."""
    return None if at is None else (at - EPOCH) // _MICROSECOND


def from_micros(value: int | None) -> datetime | None:
    """The inverse of `to_micros`, as aware UTC."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


class Instant(sa.TypeDecorator[datetime]):
    """An aware datetime as BIGINT microseconds: ordered, exact and alike in every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        return to_micros(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        return from_micros(value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, server_default=default)


def _number(name: str, default: str | None = "0", *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, server_default=default)


def _instant(name: str, *, null: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=null)


def _flag(name: str) -> sa.Column[int]:
    """A boolean as 0 or 1, which both databases compare alike."""
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default="0")


source = sa.Table(
    "source",
    metadata,
    _key("name"),
    _text("port"),
    _text("cursor", null=True),
    _instant("first_pass_at"),
    _instant("last_attempt_at"),
    _instant("last_success_at"),
    _instant("last_full_at"),
    _instant("taken_at"),
    _number("failures"),
    _text("trouble", null=True),
    _text("remedy", default=""),
    _text("counts", default="{}"),
    _instant("told_until"),  # a list of people's: it has the days of all that was verified before
)

# --- people -------------------------------------------------------------------------------------------


def _person_columns() -> list[sa.Column[Any]]:
    return [
        _key("source"),
        _key("person_id"),
        _text("display_name"),
        _text("email", null=True),
        _text("unit", default=""),
        _text("facts"),
        _flag("is_out_of_scope"),  # known, and neither counted nor missed
        _text("standing", null=True),  # null in staging: the facts decide nothing
        _text("evidence", null=True),
        _instant("at"),  # left_at of a leaver; for a person who is leaving, the coming date
        _text("manager_id", null=True),  # one of the facts: a person_id of the same source
    ]


staged_person = sa.Table(
    "staged_person",
    metadata,
    *_person_columns(),
    _text("person_keys", default="[]"),  # rows of person_key without their source and person_id, as JSON
    _flag("is_same"),
)
person = sa.Table(
    "person",
    metadata,
    *_person_columns(),
    _flag("was_in_scope"),  # of an account that went out of scope: it may still leave
    _number("missed_passes"),
    _instant("missing_since"),
    _instant("first_seen_at", null=False),
    _instant("changed_at", null=False),
    sa.Index("ix_person_standing_at", "standing", "at"),
    sa.Index(
        "ix_person_left",
        "person_id",
        "source",
        sqlite_where=sa.text("standing = 'left'"),
        postgresql_where=sa.text("standing = 'left'"),
    ),
    sa.Index("ix_person_email", "email"),
    sa.Index("ix_person_display_name", "display_name", "source", "person_id"),
    sa.Index(
        "ix_person_manager",
        "source",
        "manager_id",
        sqlite_where=sa.text("manager_id IS NOT NULL"),
        postgresql_where=sa.text("manager_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_person_missing",  # few rows, so that a delta need not search everybody for people who are back
        "source",
        sqlite_where=sa.text("missed_passes > 0"),
        postgresql_where=sa.text("missed_passes > 0"),
    ),
)


def _key_columns() -> list[sa.Column[Any]]:
    return [_key("source"), _key("person_id"), _key("kind"), _key("value"), _text("raw")]


staged_person_key = sa.Table("staged_person_key", metadata, *_key_columns())
person_key = sa.Table(
    "person_key", metadata, *_key_columns(), sa.Index("ix_person_key_kind_value", "kind", "value")
)

# --- groups -------------------------------------------------------------------------------------------


def _group_columns() -> list[sa.Column[Any]]:
    return [
        _key("source"),
        _key("group_id"),
        _text("name"),
        _text("messenger"),
        _text("owner_email", null=True),
        _text("coverage"),
        _instant("taken_at", null=False),
        _flag("knows_roles"),
        _flag("has_had_admin"),
        _number("size"),
        _text("warning", default=""),
        _text(
            "facts", default="{}"
        ),  # of GroupFacts, as JSON: only what the source shows, without any instant
        _text(
            "facts_at", default="{}"
        ),  # their instants, as JSON, so that a read without news changes no fact
        _instant("last_activity_at"),
        _text("link_sha256", null=True),  # one of the facts: the same link is the same group
        _text("registered", null=True),  # RegisterFacts as JSON; null: the source is no register
    ]


def _membership_columns() -> list[sa.Column[Any]]:
    return [
        _key("source"),
        _key("group_id"),
        _key("handle"),
        _text("display_name"),
        _text("role"),
        _text("phone", null=True),
        _text("username", null=True),
        _text("lid", null=True),
        _text("business_id", null=True),
        _text("native_id", null=True),
        _instant("joined_at"),
    ]


staged_group = sa.Table("staged_group", metadata, *_group_columns(), _flag("is_shrunken"))
chat_group = sa.Table(
    "chat_group",
    metadata,
    *_group_columns(),
    _instant("read_at", null=False),
    _instant("first_seen_at", null=False),
    _instant("shrunken_at"),  # taken_at of a roster that was too small to believe at once
    _flag("is_gone"),
    _text("leader_source", null=True),  # the group of another source that is this one, and the better witness
    _text("leader_group", null=True),
    _instant("looked_at"),  # when facts that cost a call of their own were last asked for
    _text("declared_by", default="[]"),  # the marks of whoever declared this roster by a link
    _flag("is_unseen"),  # still there, perhaps: its source did not show it the last time
    sa.Index("ix_chat_group_name", "name", "source", "group_id"),
    sa.Index("ix_chat_group_leader", "leader_source", "leader_group"),
)
staged_membership = sa.Table(
    "staged_membership",
    metadata,
    *_membership_columns(),
    _text("fingerprint"),
    _text("phone_key", null=True),
    _text("email_key", null=True),
    _text("employee_key", null=True),
)
membership = sa.Table(
    "membership",
    metadata,
    *_membership_columns(),
    _instant("first_seen_at"),  # null: was there when we first looked
    _flag("is_unlisted"),  # known, but not listed by the latest roster, which was a partial one
    # With group_id, or SQLite would prefer the primary key, which a search by handle reads completely
    sa.Index("ix_membership_handle", "source", "handle", "group_id", "is_unlisted"),
    sa.Index(
        "ix_membership_admin",  # few of all members
        "source",
        "group_id",
        "handle",
        sqlite_where=sa.text("role IN ('admin', 'creator')"),
        postgresql_where=sa.text("role IN ('admin', 'creator')"),
    ),
)
# A text, as SQLite uses a partial index only for the same words
IS_QUESTION = "state IN ('ambiguous', 'unmatched') AND decided_fingerprint IS NOT NULL"
link = sa.Table(
    "link",
    metadata,
    _key("source"),
    _key("handle"),
    _text("display_name"),
    _text("fingerprint"),
    _text("decided_fingerprint", null=True),
    _text("phone", null=True),
    _text("phone_key", null=True),
    _text("email_key", null=True),
    _text("employee_key", null=True),
    _instant("first_seen_at"),
    _text("state", default="unmatched"),
    _text("person_source", null=True),
    _text("person_id", null=True),
    _text("how", null=True),
    _text("why", default=""),
    _text("why_words", null=True),  # here and in other tables: what it is said from in other languages
    _text("suggestions", default="[]"),
    _text("rejected", default="[]"),
    _instant("decided_at"),
    _text("decided_by", null=True),
    _flag("is_dirty"),
    _instant("gone_at"),  # since when no group of the source lists the handle
    sa.Index(
        "ix_link_is_dirty",  # in the order in which they are matched
        "source",
        "handle",
        sqlite_where=sa.text("is_dirty = 1"),
        postgresql_where=sa.text("is_dirty = 1"),
    ),
    sa.Index(
        "ix_link_open",  # few of all links are questions
        "source",
        "handle",
        sqlite_where=sa.text(IS_QUESTION),
        postgresql_where=sa.text(IS_QUESTION),
    ),
    *(  # rows without a value, as most are before a first match, need no place in them
        sa.Index(
            f"ix_link_{name}",
            *columns,
            sqlite_where=sa.text(f"{columns[0]} IS NOT NULL"),
            postgresql_where=sa.text(f"{columns[0]} IS NOT NULL"),
        )
        for name, columns in {
            "person": ("person_source", "person_id", "source", "handle"),
            "phone_key": ("phone_key",),
            "email_key": ("email_key",),
            "employee_key": ("employee_key",),
        }.items()
    ),
    # Of every source: the same LID is the same account. With all that says whether a member decides something
    sa.Index("ix_link_handle", "handle", "source", "state", "person_source", "person_id"),
    sa.Index(
        "ix_link_gone_at",
        "source",
        "handle",
        sqlite_where=sa.text("gone_at IS NOT NULL"),
        postgresql_where=sa.text("gone_at IS NOT NULL"),
    ),
)
handle_tie = sa.Table(  # two handles of one human, with the evidence: domain.identity.ties
    "handle_tie",
    metadata,
    _key("source"),
    _key("kind"),
    _key("handle"),
    _key("other"),
    _text("group_id"),
    _instant("at", null=False),
    _instant("until"),
    _text("person_source", null=True),  # who was known to be behind it when it ended
    _text("person_id", null=True),
    _text("how", null=True),
    _flag("is_new"),  # of the read that is being applied
    # With kind and source, or SQLite would prefer the primary key, of which it then reads a whole kind
    sa.Index("ix_handle_tie_handle", "handle", "kind", "source"),
    sa.Index("ix_handle_tie_other", "other", "kind", "source"),
    sa.Index(
        "ix_handle_tie_is_new",
        "source",
        sqlite_where=sa.text("is_new = 1"),
        postgresql_where=sa.text("is_new = 1"),
    ),
)
staged_renumbered = sa.Table(
    "staged_renumbered", metadata, _key("source"), _key("old"), _key("new"), _text("group_id"),
    _instant("at", null=False),
)  # fmt: skip
wanted_read = (
    sa.Table(  # what an event from outside wants read before its time; no group_id: all of the source
        "wanted_read", metadata, _key("source"), _key("group_id"), _instant("asked_at", null=False)
    )
)
group_link = sa.Table(  # by which an admin declares who is in a group
    "group_link",
    metadata,
    _key("id"),
    _text("source"),
    _text("group_id"),
    _text("person_source"),
    _text("person_id"),
    _instant("made_at", null=False),
    _instant("until", null=False),
    _instant("revoked_at"),
    sa.Index(None, "source", "group_id"),
)


def _departed_columns() -> list[sa.Column[Any]]:
    return [_key("source"), _key("group_id"), _key("phone_key"), _instant("at", null=False)]


staged_departed = sa.Table("staged_departed", metadata, *_departed_columns())
departed = sa.Table(  # somebody who went from a group, as the messenger itself recorded it
    "departed",
    metadata,
    *_departed_columns(),
    _flag("is_weighed"),
    sa.Index("ix_departed_is_weighed", "is_weighed"),
)
group_pair = sa.Table(  # two groups of two sources that are one, may be one, or are said to be two
    "group_pair",
    metadata,
    _key("a_source"),
    _key("a_group"),
    _key("b_source"),
    _key("b_group"),
    _text("state"),
    _text("why"),
    _text("why_words", null=True),
    _instant("at", null=False),
    _text("by", default=""),
    sa.Index("ix_group_pair_b", "b_source", "b_group"),
)
remediation = sa.Table(  # a machine's act on a member, as a rule allowed it
    "remediation",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("rule"),
    _text("deed"),
    _text("source"),
    _text("group_id"),
    _text("handle"),
    _text("state"),
    _instant("begun_at", null=False),
    _text("said", default=""),
    sa.Index("ix_remediation_state", "state", "begun_at"),
    sa.Index("ix_remediation_member", "source", "group_id", "handle"),
)
mirror = sa.Table(  # a ticket's copy in somebody else's tracker
    "mirror",
    metadata,
    _key("tracker"),
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("identity"),
    _text("state"),
    _text("ref", default=""),
    _text("key", default=""),
    _text("url", default=""),
    _text("standing"),
    _text("status", default=""),
    _text("assignee", default=""),
    _text("given", default=""),
    _text("noted", default=""),
    _text("intent", null=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    _text("mark", default=""),
    _number("attempts"),
    _instant("attempted_at"),
    _instant("next_at"),
    _instant("look_again_at"),
    _number("declines"),
    _number("reopens"),
    _instant("reopened_at"),
    _instant("missing_since"),
    _instant("settled_at"),
    _instant("synced_at"),
    _text("problem", default=""),
    sa.Index("ix_mirror_state", "tracker", "state", "ticket"),
    sa.Index("ix_mirror_ticket", "ticket"),
    sa.Index(
        "ix_mirror_look_again",
        "tracker",
        "look_again_at",
        sqlite_where=sa.text("look_again_at IS NOT NULL"),
        postgresql_where=sa.text("look_again_at IS NOT NULL"),
    ),
)
mirror_told = sa.Table(  # what a tracker that calls us said
    "mirror_told",
    metadata,
    _key("tracker"),
    _key("call_id"),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    _flag("is_done"),
    _text("by", default=""),
    _text("note", default=""),
    _instant("at"),
    _instant("received_at", null=False),
    _flag("is_used"),
    sa.Index("ix_mirror_told_new", "tracker", "is_used", "received_at"),
)
mirror_notice = sa.Table(  # when somebody was told last of a tracker's trouble
    "mirror_notice",
    metadata,
    _key("tracker"),
    _key("cause"),
    _instant("told_at", null=False),
)
rota_feed = sa.Table(  # the last good copy of a rota's calendar
    "rota_feed",
    metadata,
    _key("rota"),
    _instant("tried_at", null=False),
    _instant("fetched_at"),
    _instant("read_at"),
    _instant("known_until"),
    _text("turns", default="[]"),
    _text("notes", default="[]"),
    _text("etag", null=True),
    _text("asked", default=""),
    _text("problem", default=""),
)
advisory = sa.Table(  # a vulnerability of a messenger, as feeds tell of it
    "advisory",
    metadata,
    _key("id"),
    _key("messenger"),
    _instant("seen_at", null=False),
    _text("said", default="{}"),  # by feed, as JSON
    _text("told", default=""),
    _instant("told_at"),
    _instant("dismissed_at"),
    _text("dismissed_by", default=""),
    _text("reason", default=""),
    _flag("is_update_asked"),
)
handover = sa.Table(  # of a rota, as it was told: a row for each whom it was told
    "handover",
    metadata,
    _key("rota"),
    sa.Column("from_at", Instant, primary_key=True),
    _key("person"),
    _key("told"),
    _text("link", default=""),  # the id in the link to tap
    _instant("until_at", null=False),
    _instant("told_at", null=False),
    _instant("taken_at"),
    _instant("missed_at"),
    sa.Index("ix_handover_link", "link"),
)
dirty_group = sa.Table(
    "dirty_group", metadata, _key("source"), _key("group_id"), _instant("since", null=False)
)
dirty_person = sa.Table(
    "dirty_person", metadata, _key("source"), _key("person_id"), _instant("since", null=False)
)
expected = sa.Table(
    "expected",
    metadata,
    _key("person_source"),
    _key("person_id"),
    _key("source"),
    _key("group_id"),
    _text("state"),  # due | former
    _instant("since", null=False),
    sa.Index("ix_expected_group", "source", "group_id"),
)
left_by_themself = sa.Table(  # they vanished from a complete roster, and no ticket of ours asked for it
    "left_by_themself",
    metadata,
    _key("source"),
    _key("group_id"),
    _key("person_source"),
    _key("person_id"),
    _instant("at", null=False),
    sa.Index("ix_left_by_themself_person", "person_source", "person_id"),
)

# --- episodes and held plans --------------------------------------------------------------------------

episode = sa.Table(
    "episode",
    metadata,
    _key("source"),
    _key("person_id"),
    _key("kind"),  # left | moved
    sa.Column("at", Instant, primary_key=True),
    _text("evidence"),
    _text("gate"),  # initial | new | passed | held | rejected | over
    _instant("seen_at", null=False),
    _instant("passed_at"),
    sa.Index("ix_episode_gate", "gate", "source"),
    sa.Index("ix_episode_passed_at", "passed_at"),
)
held_plan = sa.Table(
    "held_plan",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("kind"),  # leavers | shrunken
    _text("source"),
    _text("why"),
    _text("why_words", null=True),
    _instant("created_at", null=False),
)
cohort = sa.Table(
    "cohort",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("cohort_id"),
    _text("cause"),
    _text("cause_words", null=True),
    _text("state"),
    _instant("decided_at"),
    _text("decided_by", null=True),
    _text("reason", default=""),
    _number("findings"),  # of a control
)
cohort_person = sa.Table(
    "cohort_person",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("cohort_id"),
    _key("source"),
    _key("person_id"),
    sa.Column("at", Instant, primary_key=True),
    _text("evidence"),
    _text("name"),
)

cohort_subject = sa.Table(  # of a plan of controls: what a part of it, by the control's id, had found
    "cohort_subject",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("cohort_id"),
    _key("source"),
    _key("subject"),
    _text("name"),
    _text("found", default=""),
    _text("wanted", default=""),
    sa.Index("ix_cohort_subject_subject", "source", "subject"),
)

# --- controls -----------------------------------------------------------------------------------------

control_failure = sa.Table(  # what fails now, or is waived
    "control_failure",
    metadata,
    _key("control"),
    _key("source"),
    _key("subject"),
    _text("name"),
    _text("value"),
    _text("found", default=""),
    _text("wanted", default=""),
    _text("department", default=""),
    _flag("is_sensitive"),
    _number("time_s"),
    _flag("asks"),
    _instant("since_at", null=False),
    _instant("seen_at", null=False),
    sa.Index("ix_control_failure_subject", "source", "subject"),
    sa.Index("ix_control_failure_list", "control", "is_sensitive", "source", "subject"),
    sa.Index("ix_control_failure_department", "control", "department"),
)
roster_difference = sa.Table(  # groups whose register has other members than the messenger
    "roster_difference",
    metadata,
    _key("source"),
    _key("group_id"),
    _instant("since_at", null=False),
    _instant("seen_at", null=False),
)
control_day = sa.Table(  # the last counts of each local day
    "control_day",
    metadata,
    _key("control"),
    _key("day"),
    _instant("at", null=False),
    _text("counts"),
)
control_start = sa.Table(  # the first run with tickets, and the plan that held it
    "control_start",
    metadata,
    _key("control"),
    _instant("started_at", null=False),
    _number("plan_id", None, null=True),
)

attestation = sa.Table(  # what somebody said when they were asked for a statement
    "attestation",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("statement"),
    _text("subject"),
    _text("version"),
    _text("language", default=""),
    _text("text_sha256", default=""),
    _text("person_source", null=True),  # null: they were erased
    _text("person_id", null=True),
    _text("source", default=""),  # the group's, where it is about one
    _text("group_id", default=""),
    _text("answer"),
    _text("items", default="{}"),
    _flag("is_pass"),
    _text("grade"),
    _instant("at", null=False),
    _instant("expires_at"),
    _text("assurance"),
    _text("came_from", default=""),
    _number("ticket_id", None, null=True),
    _text("reason", default=""),
    _text("initials", default=""),
    _instant("voided_at"),
    sa.Index("ix_attestation_ticket_id", "ticket_id"),
    sa.Index("ix_attestation_person", "person_source", "person_id"),
)
attestation_person = sa.Table(  # by every account of the person
    "attestation_person",
    metadata,
    _key("person_source"),
    _key("person_id"),
    sa.Column("attestation_id", sa.BigInteger, primary_key=True, autoincrement=False),
)
review = sa.Table(  # of a group, under its ticket
    "review",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("source"),
    _text("group_id"),
    _text("occasion"),
    _number("number"),
    _text("seed"),
    _flag("is_full"),
    _text("only", default="[]"),  # handles; none: all
    _instant("started_at", null=False),
    _instant("due_at", null=False),
    _instant("before_at"),
    _instant("completed_at"),
    _text("grade", null=True),
    sa.Index("ix_review_group", "source", "group_id", "completed_at"),
    sa.Index("ix_review_occasion", "occasion"),
)
review_answer = sa.Table(  # the last answer to each row of a review
    "review_answer",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("handle"),
    _text("source"),
    _text("group_id"),
    _text("answer"),
    _text("why"),  # why the row was shown
    _text("by"),
    _instant("at", null=False),
    _instant("taken_at", null=False),  # the instant that the roster was true for
    _number("batch"),  # answers that came with it
    _text("department", default=""),
    _text("person_source", null=True),
    _text("person_id", null=True),
    sa.Index("ix_review_answer_member", "source", "group_id", "handle", "at"),
    sa.Index("ix_review_answer_person", "person_source", "person_id"),
)
review_pace = sa.Table(  # how many rows of a campaign took so many seconds each; of nobody in particular
    "review_pace",
    metadata,
    _key("occasion"),
    sa.Column("seconds", sa.BigInteger, primary_key=True, autoincrement=False),
    _number("rows"),
)
report_link = sa.Table(  # public links to report a message of a group
    "report_link",
    metadata,
    _key("token"),
    _text("source"),
    _text("group_id"),
    _text("rules_sha256", default=""),  # of the rules text that it was made for
    _instant("made_at", null=False),
    sa.Index("ix_report_link_group", "source", "group_id"),
)
bad_message = sa.Table(  # what was reported; nothing of who reported it
    "bad_message",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("source"),
    _text("group_id"),
    _text("group_name"),
    _text("department", default=""),  # the group's
    _text("tier"),
    _flag("about_admin"),
    _instant("at", null=False),
    _text("receipt"),
    _text("words", null=True),  # null: they were deleted
    _text("seen", default=""),
    _text("once", default=""),  # of the form: sent twice, it is one report
    _number("ticket_id"),
    _text("outcome", null=True),
    _text("outcome_words", default=""),
    _instant("outcome_at"),
    sa.Index("ix_bad_message_receipt", "receipt", unique=True),
    sa.Index("ix_bad_message_group", "source", "group_id", "at"),
    sa.Index("ix_bad_message_ticket", "ticket_id"),
)
seal = sa.Table(  # of a file, of which nothing else is kept
    "seal",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _number("ticket_id", None),
    _text("name"),
    _number("size", None),  # bytes
    _text("sha256"),
    sa.Column("media", sa.SmallInteger),  # null: it can't be told
    _number("lines", None, null=True),  # of a chat's text
    _text("first_on", null=True),  # local days
    _text("last_on", null=True),
    _text("made_by"),
    _instant("made_at", null=False),
    _text("how", default=""),
    sa.Index("ix_seal_content", "ticket_id", "sha256", unique=True),
)
seal_custody = sa.Table(  # who handed a sealed file to whom
    "seal_custody",
    metadata,
    sa.Column("seal_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("at", null=False),
    _text("giver"),
    _text("taker"),
    _text("sha256"),
)
consent_subject = sa.Table(  # whose number a group is about to be shown, and whether it is a private one
    "consent_subject",
    metadata,
    _key("person_source"),
    _key("person_id"),
    _text("numbers"),
    _instant("seen_at", null=False),
)
statement_scope = sa.Table(  # the groups of a rule that is not for all
    "statement_scope",
    metadata,
    _key("rule"),
    _key("source"),
    _key("group_id"),
    _instant("seen_at", null=False),
)
census_candidate = sa.Table(  # a group that somebody named in a census, once for each name and messenger
    "census_candidate",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("folded"),
    _text("messenger"),
    _text("name"),  # as it was first written
    _instant("named_at", null=False),  # the first time
    _text("decision", default="open"),
    _instant("decided_at"),
    _text("decided_by", default=""),
    _text("source", null=True),  # the group that it is, as a person decided
    _text("group_id", null=True),
    sa.Index("ix_census_candidate_folded", "folded", "messenger", unique=True),
)
census_mention = sa.Table(  # who named it; by the public form: nobody, once a day
    "census_mention",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _number("candidate_id", None),
    _instant("at", null=False),
    _number("ticket_id", None, null=True),  # that asked for it
    _text("person_source", null=True),  # null: by the public form, or they were erased
    _text("person_id", null=True),
    _text("admin", default=""),  # who is the admin, in the words of whoever named it
    _number("members", None, null=True),  # about how many
    _number("times", "1"),
    sa.Index("ix_census_mention_candidate", "candidate_id", "at"),
    sa.Index("ix_census_mention_ticket", "ticket_id"),
    sa.Index("ix_census_mention_person", "person_source", "person_id"),
)
census_link = sa.Table(  # the public form's; the newest counts
    "census_link",
    metadata,
    _key("token"),
    _instant("made_at", null=False),
)
policy_text = sa.Table(  # the texts that were shown, by hash
    "policy_text",
    metadata,
    _key("rule"),
    _key("version"),
    _key("language"),
    _text("sha256"),
    _instant("first_seen_at", null=False),
)

approval = sa.Table(  # one person's decision to release, for plans that need two people
    "approval",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("cohort_id"),
    _key("by"),
    _text("subject", default=""),
    _instant("at", null=False),
    _text("reason"),
)

objection = sa.Table(  # as `approval`, to reject
    "objection",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("cohort_id"),
    _key("by"),
    _text("subject", default=""),
    _instant("at", null=False),
    _text("reason"),
)

# --- tickets ------------------------------------------------------------------------------------------

# A live removal ticket of somebody who left or moved, in the exact words of the partial indexes, which SQLite needs to
# use them. They are expressions, or SQLite would use an index on the kind instead
_EXPOSING = ", ".join(f"'{code}'" for code in codes(lambda kind: kind.is_exposure))
IS_LIVE_REMOVAL = (
    f"state || '' IN ('blocked', 'done', 'open') AND kind || '' IN ({_EXPOSING}) AND evidence IS NOT NULL"
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("kind"),
    _text("state"),
    _text("source"),
    _text("group_id"),
    _text("group_source", null=True),  # where the ticket is about a person, whose source is a directory
    _text(
        "key_group"
    ),  # the subject's: empty for a ticket about a handle in all of its groups, or about a person
    _text("handle", default=""),
    _text("episode", default=""),
    _text("group_name"),
    _text("messenger"),
    _text("member_name", default=""),
    _text("member_role", null=True),
    _text("person_source", null=True),
    _text("person_id", null=True),
    _text("person_name", default=""),
    _text("evidence", null=True),
    _instant("left_at"),
    _text("assignee", null=True),
    _text("accountable", default=""),
    _flag("is_sensitive"),
    _instant("opened_at", null=False),
    _instant("clock_from", null=False),
    _instant("due_at", null=False),
    _instant("done_at"),
    _text("done_by", null=True),
    _text("claimed_by", default="[]"),
    _instant("verified_at"),
    _text("verified_by", null=True),
    _text("grade", null=True),
    _number("blocked_by", None, null=True),
    _number("reopened"),
    _number("contradicted"),
    _number("waited_us"),
    _instant("waived_until"),
    _instant("acknowledged_until"),
    _instant("snoozed_until"),
    _instant("held_until"),
    _instant("weighed_at"),
    _instant("disputed_at"),
    _instant("links_from"),
    _number("handed"),
    _text("reason", default=""),  # as its English sentence
    _text("reason_words", null=True),  # what it is said from in other languages
    _text("assignee_email", null=True),  # folded
    _text("assignee_why", null=True),  # a code; `assignee` has it as the sentence of release 0008
    _text("assignee_by", default=""),
    _text("details", default="{}"),  # only for its kind, as JSON
    _text("remediated_by", null=True),  # the rule by which a machine made the claim
    _instant("remediated_at"),
    _number("version"),  # counts the changes that a reader would see
    _text("search", default=""),  # all its names and numbers, folded, for the console's search
    sa.UniqueConstraint("kind", "source", "key_group", "handle", "episode"),
    sa.Index("ix_ticket_state", "state", "id"),
    sa.Index("ix_ticket_due", "state", "due_at", "id"),
    sa.Index("ix_ticket_group", "source", "group_id", "handle", "kind", "state"),
    sa.Index("ix_ticket_handle", "source", "handle"),
    sa.Index("ix_ticket_person", "person_source", "person_id"),
    sa.Index("ix_ticket_assignee_email", "assignee_email", "state"),
    sa.Index("ix_ticket_opened_at", "opened_at", "kind", "state"),
    sa.Index("ix_ticket_verified_at", "verified_at", "kind", "state", "left_at", "opened_at"),
    sa.Index("ix_ticket_left_at", "left_at", "kind", "state"),
    sa.Index(
        "ix_ticket_held_until",
        "held_until",
        sqlite_where=sa.text("held_until IS NOT NULL"),
        postgresql_where=sa.text("held_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_asked",  # has all columns that counting exposed people reads
        "person_source",
        "person_id",
        "left_at",
        "opened_at",
        "evidence",
        "person_name",
        sqlite_where=sa.text(IS_LIVE_REMOVAL),
        postgresql_where=sa.text(IS_LIVE_REMOVAL),
    ),
    sa.Index(
        "ix_ticket_disputed",
        "state",
        "id",
        sqlite_where=sa.text("disputed_at IS NOT NULL"),
        postgresql_where=sa.text("disputed_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_group_source",
        "group_source",
        "group_id",
        sqlite_where=sa.text("group_source IS NOT NULL"),
        postgresql_where=sa.text("group_source IS NOT NULL"),
    ),
    sa.Index(
        "ix_ticket_asked_of",
        "source",
        "group_id",
        "handle",
        sqlite_where=sa.text(IS_LIVE_REMOVAL),
        postgresql_where=sa.text(IS_LIVE_REMOVAL),
    ),
)
undo = sa.Table(  # the change by the last act on a ticket through its link, while it can be taken back
    "undo",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("by"),
    _instant("until", null=False),
    _text("before"),
    _text("after"),
    _text("messages", default="[]"),  # keys of outbox rows that wait
)
escalation = sa.Table(
    "escalation",
    metadata,
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("repeat", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("at", null=False),
    _text("recipients"),
    _text("policy"),
)

# --- messages, journal, leases ------------------------------------------------------------------------

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("recipient_kind"),
    _text("address", default=""),
    _text("name", default=""),
    _text("title"),
    _text("body"),
    _flag("is_urgent"),
    _number("ticket_id", None, null=True),
    _instant("created_at", null=False),
    _instant("not_before"),
    _text("language", null=True),
    _text("state", default="pending"),  # pending | sent | unreachable | passed_on
    _number("bundle_id", None, null=True),
    _flag("is_unclear"),  # it may have been seen, and is sent again nevertheless
    _text("phone", default=""),
    _text("via", default="[]"),  # the notifiers to use, as JSON, the first choice first; none: all
    _flag("is_day_or_night"),
    _text("held_by", default=""),  # why it waits: quiet, or silence:ID
    _flag("is_alarm"),
    sa.Index("ix_outbox_state", "state", "recipient_kind", "address"),
    sa.Index("ix_outbox_bundle_id", "bundle_id"),
    sa.Index("ix_outbox_ticket_id", "ticket_id"),
)
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _number("bundle_id"),  # the same for one bundle that goes out over several notifiers
    _text("notifier"),
    _text("recipient_kind"),
    _text("address", default=""),
    _text("name", default=""),
    _text("language", null=True),
    _text("note", default=""),  # unused since 0007; the release before still writes it
    _text("state"),  # claimed | waiting | sent | unreachable | failed
    _number("attempts"),
    _flag("is_unclear"),
    _text("claimed_by", null=True),
    _instant("claimed_until"),
    _instant("next_at"),
    _instant("created_at", null=False),
    _instant("sent_at"),
    _text("reference", null=True),
    _text("error", default=""),
    _text("phone", default=""),
    _text("via", default="[]"),
    _flag("is_alarm"),
    sa.Index("ix_delivery_state", "state", "next_at"),
    sa.Index("ix_delivery_bundle_id", "bundle_id"),
    sa.Index("ix_delivery_address", "address", "state", "sent_at"),
)
quiet_channel = sa.Table(
    "quiet_channel",
    metadata,
    sa.Column("notifier", sa.Text, primary_key=True),
    _instant("quiet_until", null=False),
)
silence = sa.Table(
    "silence",
    metadata,
    _key("id"),
    *(_text(name, default="[]") for name in ("groups", "people", "sources", "kinds")),
    _instant("from_at", null=False),
    _instant("until_at", null=False),
    _instant("ended_at"),
    _text("by"),
    _text("reason"),
    _instant("created_at", null=False),
    sa.Index("ix_silence_until_at", "until_at"),
)
silenced_ticket = sa.Table(  # somebody would have been told about it
    "silenced_ticket",
    metadata,
    _key("silence_id"),
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("at", null=False),
)
feed = sa.Table(  # how far a notifier that follows events has got
    "feed",
    metadata,
    sa.Column("notifier", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _instant("stopped_at"),  # the other side wants nothing more
)
shown_message = sa.Table(  # what stands in a channel and is kept true: a row for each ticket in it
    "shown_message",
    metadata,
    _key("notifier"),
    _key("reference"),  # the notifier's own
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("recipient_kind"),
    _text("address", default=""),
    _text("name", default=""),
    _text("language", null=True),
    _number("version"),  # of the ticket, as it is shown
    _instant("posted_at", null=False),
    _instant("told_at", null=False),  # what happened until then is told in it or below it
    sa.Index("ix_shown_message_ticket", "ticket_id", "notifier", "recipient_kind", "address"),
)
interaction = sa.Table(  # what people did in channels, before it has an effect
    "interaction",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("notifier"),
    _text("key"),  # who, what and when, as the channel tells them apart
    _text("body"),  # as JSON; empty once it was taken
    _text("state", default="waiting"),  # waiting | claimed | taken
    _number("attempts"),
    _instant("received_at", null=False),
    _instant("claimed_until"),
    sa.UniqueConstraint("notifier", "key"),
    sa.Index("ix_interaction_state", "state", "id"),
)
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("at", null=False),
    _text("actor"),
    _text("kind"),
    _text("subject"),
    _text("reason", default=""),
    _text("data", default="{}"),
    _text("previous"),
    _text("hash"),
    # Each gives its page in order; see storage.journal_pages
    sa.Index("ix_journal_subject", "subject", "seq"),
    sa.Index("ix_journal_actor", "actor", "at", "seq"),
    sa.Index("ix_journal_kind", "kind", "seq"),
    sa.Index("ix_journal_kind_at", "kind", "at", "seq"),
    sa.Index("ix_journal_at", "at", "seq"),
)
lease = sa.Table(
    "lease",
    metadata,
    _key("job"),
    _text("holder"),
    _number("fence"),
    _instant("expires_at", null=False),
)
counter = sa.Table("counter", metadata, _key("name"), _number("value"))
job = sa.Table(
    "job",
    metadata,
    _key("name"),
    _instant("last_run_at"),
    _instant("last_ok_at"),
    _text("report", default="{}"),
)
source_day = sa.Table(  # the last good read of each day, for a source's counts over time
    "source_day",
    metadata,
    _key("name"),
    _key("port"),
    _key("day"),  # YYYY-MM-DD, UTC
    _number("failures"),
    _text("counts", default="{}"),
)
alarm = sa.Table(  # those that stand; one that is over has no row
    "alarm",
    metadata,
    _key("key"),
    _text("cause"),
    _text("about", default=""),
    _instant("since_at", null=False),
    _instant("told_at", null=False),
)
watch_mark = sa.Table(  # what the watch did last
    "watch_mark",
    metadata,
    _key("name"),
    _instant("at", null=False),
    _text("text", default=""),
)
said_zone = sa.Table(  # what channels said of people's time zones
    "said_zone",
    metadata,
    _key("address"),  # an e-mail address, folded
    _text("timezone", default=""),  # IANA; empty: none is known there
    _instant("asked_at", null=False),
)

# --- the desk -----------------------------------------------------------------------------------------

desk_key = sa.Table("desk_key", metadata, _key("name"), _text("value"))
login_link = sa.Table(
    "login_link",
    metadata,
    _key("id"),  # the SHA-256 of the secret in the link
    _text("name"),
    _text("subject", default=""),  # the `Actor.id` of the person it signs in
    _text("roles"),
    _text("created_by"),
    _instant("expires_at", null=False),
    _instant("used_at"),
)
shown_link = sa.Table(  # people besides the assignee who may have the assignee's link
    "shown_link",
    metadata,
    _key("email"),  # the assignee's, folded
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("name"),
    _key("actor_id"),
    _instant("at", null=False),
    _instant("until"),  # null: a person who chose an address that no directory has
)
desk_session = sa.Table(
    "desk_session",
    metadata,
    _key("id"),  # the SHA-256 of the secret in the cookie
    _text("name"),
    _text("subject", default=""),  # their `Actor.id`
    _text("roles"),
    _instant("created_at", null=False),
    _instant("expires_at", null=False),
    sa.Index("ix_desk_session_expires_at", "expires_at"),
)
saved_list = sa.Table(  # searches for tickets that somebody keeps under a name
    "saved_list",
    metadata,
    _key("account"),
    _key("name"),
    _text("fields"),  # of the search form, as JSON
    _instant("saved_at", null=False),
)
desk_visit = sa.Table(  # by it, the console says what changed since somebody looked at it
    "desk_visit",
    metadata,
    _key("who"),  # their `Actor.id`; the name of who came by a login link
    _instant("last_at", null=False),
    _instant("before_at"),
)
api_token = sa.Table(
    "api_token",
    metadata,
    _key("id"),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    _text("scopes"),
    _text("created_by"),
    _text("created_by_id", default=""),
    _instant("created_at", null=False),
    _instant("expires_at"),
    _instant("revoked_at"),
)
schema_floor = sa.Table(  # one row: which earlier releases may go on working while their database is migrated
    "schema_floor",
    metadata,
    _key("revision"),
)
