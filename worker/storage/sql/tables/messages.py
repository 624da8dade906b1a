"""Messages and their deliveries, the journal, and who works on what."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.sql.tables.base import Instant, flag, instant, key, metadata, number, text

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    text("recipient_kind"),
    text("address", default=""),
    text("name", default=""),
    text("title"),
    text("body"),
    flag("is_urgent"),
    number("ticket_id", None, null=True),
    instant("created_at", null=False),
    instant("not_before"),
    text("language", null=True),
    text("state", default="pending"),  # pending | sent | unreachable | passed_on | dropped
    number("bundle_id", None, null=True),
    flag("is_unclear"),  # it may have been seen, and is sent again nevertheless
    text("phone", default=""),
    text("via", default="[]"),  # the notifiers to use, as JSON, the first choice first; none: all
    flag("is_day_or_night"),
    text("held_by", default=""),  # why it waits: quiet, or silence:ID
    flag("is_alarm"),
    sa.Index("ix_outbox_state", "state", "recipient_kind", "address"),
    sa.Index("ix_outbox_bundle_id", "bundle_id"),
    sa.Index("ix_outbox_ticket_id", "ticket_id"),
)
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    number("bundle_id"),  # the same for one bundle that goes out over several notifiers
    text("notifier"),
    text("recipient_kind"),
    text("address", default=""),
    text("name", default=""),
    text("language", null=True),
    text("note", default=""),  # unused since 0007; the release before still writes it
    text("state"),  # claimed | waiting | sent | bounced | unreachable | failed
    number("attempts"),
    flag("is_unclear"),
    text("claimed_by", null=True),
    instant("claimed_until"),
    instant("next_at"),
    instant("created_at", null=False),
    instant("sent_at"),
    text("reference", null=True),
    text("error", default=""),
    text("phone", default=""),
    text("via", default="[]"),
    flag("is_alarm"),
    instant("failed_at"),  # over this notifier, the last time
    sa.Index("ix_delivery_state", "state", "next_at"),
    sa.Index("ix_delivery_bundle_id", "bundle_id"),
    sa.Index("ix_delivery_address", "address", "state", "sent_at"),
    sa.Index(
        "ix_delivery_arrival",
        "notifier",
        "sent_at",
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    ),
)
quiet_channel = sa.Table(
    "quiet_channel",
    metadata,
    sa.Column("notifier", sa.Text, primary_key=True),
    instant("quiet_until", null=False),
)
silence = sa.Table(
    "silence",
    metadata,
    key("id"),
    *(text(name, default="[]") for name in ("groups", "people", "sources", "kinds")),
    instant("from_at", null=False),
    instant("until_at", null=False),
    instant("ended_at"),
    text("by"),
    text("reason"),
    instant("created_at", null=False),
    sa.Index("ix_silence_until_at", "until_at"),
)
silenced_ticket = sa.Table(  # somebody would have been told about it
    "silenced_ticket",
    metadata,
    key("silence_id"),
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    instant("at", null=False),
)
feed = sa.Table(  # how far a notifier that follows events has got
    "feed",
    metadata,
    sa.Column("notifier", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    instant("stopped_at"),  # the other side wants nothing more
)
shown_message = sa.Table(  # what stands in a channel and is kept true: a row for each ticket in it
    "shown_message",
    metadata,
    key("notifier"),
    key("reference"),  # the notifier's own
    sa.Column("ticket_id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("recipient_kind"),
    text("address", default=""),
    text("name", default=""),
    text("language", null=True),
    number("version"),  # of the ticket, as it is shown
    instant("posted_at", null=False),
    instant("told_at", null=False),  # when it was posted or changed last
    number("told_seq", None, null=True),  # what the journal had until there is told in it or below it
    sa.Index("ix_shown_message_ticket", "ticket_id", "notifier", "recipient_kind", "address"),
)
interaction = sa.Table(  # what people did in channels, before it has an effect
    "interaction",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("notifier"),
    text("key"),  # who, what and when, as the channel tells them apart
    text("body"),  # as JSON; empty once it was taken
    text("state", default="waiting"),  # waiting | claimed | taken
    number("attempts"),
    instant("received_at", null=False),
    instant("claimed_until"),
    sa.UniqueConstraint("notifier", "key"),
    sa.Index("ix_interaction_state", "state", "id"),
)
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    instant("at", null=False),
    text("actor"),
    text("kind"),
    text("subject"),
    text("reason", default=""),
    text("data", default="{}"),
    text("previous"),
    text("hash"),
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
    key("job"),
    text("holder"),
    number("fence"),
    instant("expires_at", null=False),
)
counter = sa.Table("counter", metadata, key("name"), number("value"))
job = sa.Table(
    "job",
    metadata,
    key("name"),
    instant("last_run_at"),
    instant("last_ok_at"),
    text("report", default="{}"),
)
source_day = sa.Table(  # the last good read of each day, for a source's counts over time
    "source_day",
    metadata,
    key("name"),
    key("port"),
    key("day"),  # YYYY-MM-DD, UTC
    number("failures"),
    text("counts", default="{}"),
)
alarm = sa.Table(  # those that stand; one that is over has no row
    "alarm",
    metadata,
    key("key"),
    text("cause"),
    text("about", default=""),
    instant("since_at", null=False),
    instant("told_at", null=False),
)
watch_mark = sa.Table(  # what the watch did last
    "watch_mark",
    metadata,
    key("name"),
    instant("at", null=False),
    text("text", default=""),
)
said_zone = sa.Table(  # what channels said of people's time zones
    "said_zone",
    metadata,
    key("address"),  # an e-mail address, folded
    text("timezone", default=""),  # IANA; empty: none is known there
    instant("asked_at", null=False),
)

rota_feed = sa.Table(  # the last good copy of a rota's calendar
    "rota_feed",
    metadata,
    key("rota"),
    instant("tried_at", null=False),
    instant("fetched_at"),
    instant("read_at"),
    instant("known_until"),
    text("turns", default="[]"),
    text("notes", default="[]"),
    text("etag", null=True),
    text("asked", default=""),
    text("problem", default=""),
)
handover = sa.Table(  # of a rota, as it was told: a row for each whom it was told
    "handover",
    metadata,
    key("rota"),
    sa.Column("from_at", Instant, primary_key=True),
    key("person"),
    key("told"),
    text("link", default=""),  # the id in the link to tap
    instant("until_at", null=False),
    instant("told_at", null=False),
    instant("taken_at"),
    instant("missed_at"),
    sa.Index("ix_handover_link", "link"),
)
