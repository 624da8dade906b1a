"""The report on which groups can move to another messenger: a table, and a page. In English, like packs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from worker.app.evidence.exposure_report import messenger_name
from worker.app.evidence.report import csv_line, environment, safe_cell
from worker.domain.controls.readiness import Readiness, ReadinessVerdict
from worker.domain.reconcile.plan import instant

COLUMNS = (
    "group_source", "group_id", "group_name", "messenger", "verdict", "with_account", "members", "externals", "admins",
    "class", "sensitive", "last_activity_at", "open_tickets", "goal", "reasons",
    "creator_gone", "bots", "without_channel",
)  # fmt: skip
_HISTORY = (
    "What was written stays behind. No program is known that takes the history of a chat over to {target}."
)
_TELEGRAM = "What was written stays behind, unless somebody imports an export of a WhatsApp chat: Telegram can do that."
_BESIDE = (
    "Nobody has agreed to the new group by being in the old one. Ask again where consent is needed.",
    "Join links are for one group. The link of the old group works until that group is closed.",
    "Members are added anew, one by one. Who is missing there gets no message, and no warning that they are missing.",
    "While both groups exist, leavers have to be removed from both.",
)
_BRIDGE = "A bridge removes nobody: who is removed in Element may stay in the WhatsApp group. Read both."


def left_behind(target: str) -> tuple[str, ...]:
    """What does not come along to a messenger, in sentences."""
    history = _TELEGRAM if target == "telegram" else _HISTORY.replace("{target}", messenger_name(target))
    return (history, *_BESIDE, *((_BRIDGE,) if target == "matrix" else ()))


def readiness_cells(one: Readiness) -> tuple[object, ...]:
    """A group in the order of COLUMNS."""
    group = one.group
    return (
        *group.key, group.name, group.messenger, one.said, one.share, group.size, one.counts.externals,
        sum(admin.is_active for admin in group.admins), one.data_class, "yes" if group.is_sensitive else "no",
        instant(group.facts.last_activity_at), one.counts.open_tickets, one.goal, "; ".join(one.reasons),
        None if one.counts.has_creator_left is None else "yes" if one.counts.has_creator_left else "no",
        one.counts.bots, one.counts.without_channel,
    )  # fmt: skip


def readiness_table(found: Iterable[Readiness]) -> str:
    """The groups as CSV with a header, in UTF-8 with a byte-order mark."""
    rows = (map(safe_cell, readiness_cells(one)) for one in found)
    return "\ufeff" + csv_line(COLUMNS) + "".join(map(csv_line, rows))


def readiness_page(found: Sequence[Readiness], target: str, organisation: str, at: datetime) -> str:
    """The groups as one HTML page without anything from elsewhere."""
    verdicts = Counter(one.verdict for one in found)
    return (
        environment()
        .get_template("readiness_report.html")
        .render(
            organisation=organisation,
            at=instant(at),
            target=messenger_name(target),
            counts=[(verdict.value, verdicts[verdict]) for verdict in ReadinessVerdict],
            rows=[(one, messenger_name(one.group.messenger)) for one in found],
            left_behind=left_behind(target),
        )
    )
