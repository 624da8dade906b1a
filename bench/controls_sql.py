"""The peer of the benchmark of controls: for each control the bare statement that finds the groups that fail.

Written by hand for this company's rules. What they share has a name in braces; `facts` and `registered` are columns
with JSON, which PostgreSQL wants to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from bench.controls_company import POLICY, RULES, VERSION
from worker.storage.sql.tables import to_micros

_ROWS = """
    SELECT g.source, g.group_id, r.owner_email, r.registered FROM chat_group g JOIN chat_group r
    ON r.leader_source = g.source AND r.leader_group = g.group_id AND r.source = 'list' AND r.is_gone = 0
    WHERE {governed}
    UNION ALL
    SELECT g.source, g.group_id, r.owner_email, r.registered FROM chat_group g JOIN chat_group r
    ON r.name = g.name AND r.messenger = g.messenger AND r.source = 'list' AND r.is_gone = 0
    WHERE {governed} AND NOT EXISTS (SELECT 1 FROM chat_group f WHERE f.leader_source = g.source
    AND f.leader_group = g.group_id AND f.source = 'list' AND f.is_gone = 0)"""
_ADMINS = """
    SELECT g.source, g.group_id, g.coverage, l.state, p.standing
    FROM chat_group g JOIN membership m ON m.source = g.source AND m.group_id = g.group_id
    JOIN link l ON l.source = m.source AND l.handle = m.handle
    LEFT JOIN person p ON p.source = l.person_source AND p.person_id = l.person_id
    WHERE {governed} AND m.role IN ('admin', 'creator') AND m.is_unlisted = 0"""
_PARTS = {
    "governed": "g.is_gone = 0 AND g.leader_source IS NULL",
    "is_active": "CASE WHEN standing <> 'left' THEN 1 ELSE 0 END",
    "is_question": "CASE WHEN standing IS NULL AND state <> 'nobody' THEN 1 ELSE 0 END",
    "is_there": "CASE WHEN standing = 'left' THEN 0 ELSE 1 END",
    "is_unfit": "CASE WHEN state = 'nobody' OR standing = 'leaving' THEN 1 ELSE 0 END",
}

STATEMENTS = {
    "group.registered": """
        SELECT g.source, g.group_id FROM chat_group g WHERE {governed}
        AND NOT EXISTS (SELECT 1 FROM chat_group r WHERE r.leader_source = g.source AND r.leader_group = g.group_id
        AND r.source = 'list' AND r.is_gone = 0)
        AND NOT EXISTS (SELECT 1 FROM chat_group r WHERE r.name = g.name AND r.messenger = g.messenger
        AND r.source = 'list' AND r.is_gone = 0)""",
    "group.complete": """
        SELECT source, group_id FROM ({rows}) AS r WHERE owner_email IS NULL
        OR {registered} ->> 'purpose' IS NULL OR {registered} ->> 'data_class' IS NULL""",
    "group.roster_fresh": """
        SELECT g.source, g.group_id FROM chat_group g
        WHERE {governed} AND (g.coverage <> 'full' OR g.taken_at < :old_roster)""",
    "group.dormant": """
        SELECT g.source, g.group_id FROM chat_group g WHERE {governed} AND g.last_activity_at <= :quiet""",
    "group.admins_few": """
        SELECT source, group_id FROM ({admins}) AS a WHERE coverage = 'full' GROUP BY source, group_id
        HAVING SUM({is_active}) + SUM({is_question}) < 2""",
    "group.admins_many": """
        SELECT source, group_id FROM ({admins}) AS a GROUP BY source, group_id HAVING SUM({is_there}) > 4""",
    "group.admins_fit": """
        SELECT source, group_id FROM ({admins}) AS a GROUP BY source, group_id HAVING SUM({is_unfit}) > 0""",
    "profile.description": """
        SELECT g.source, g.group_id FROM chat_group g WHERE {governed}
        AND {facts} ->> 'description' NOT LIKE :rules""",
    "profile.name": """
        SELECT g.source, g.group_id FROM chat_group g JOIN
        (SELECT lower(trim(g.name)) AS name, g.messenger FROM chat_group g WHERE {governed}
        GROUP BY lower(trim(g.name)), g.messenger HAVING count(*) > 1) AS alike
        ON alike.name = lower(trim(g.name)) AND alike.messenger = g.messenger WHERE {governed}""",
    "profile.join": """
        SELECT g.source, g.group_id FROM chat_group g WHERE {governed}
        AND CAST({facts} ->> 'approval' AS TEXT) IN ('false', '0')""",
    "profile.rights": """
        SELECT g.source, g.group_id FROM chat_group g WHERE {governed} AND {facts} ->> 'edit' <> 'admins'""",
    "people.policy": """
        SELECT p.source, p.person_id FROM person p WHERE p.standing <> 'left' AND p.is_out_of_scope = 0
        AND EXISTS (SELECT 1 FROM link l JOIN membership m ON m.source = l.source AND m.handle = l.handle
        JOIN chat_group g ON g.source = m.source AND g.group_id = m.group_id WHERE l.person_source = p.source
        AND l.person_id = p.person_id AND m.is_unlisted = 0 AND {governed})
        AND NOT EXISTS (SELECT 1 FROM attestation_person b JOIN attestation a ON a.id = b.attestation_id
        WHERE b.person_source = p.source AND b.person_id = p.person_id AND a.statement = 'policy'
        AND a.subject = :policy AND a.version = :version AND a.is_pass = 1 AND a.voided_at IS NULL)""",
}  # fmt: skip


def failing(connection: sa.Connection, now: datetime) -> dict[str, int]:
    """Fetch the keys of what fails, and count them by control. `now` is aware UTC."""
    given = {
        "old_roster": to_micros(now - timedelta(days=90)),
        "quiet": to_micros(now - timedelta(days=180)),
        "rules": f"%{RULES}%",
        "policy": POLICY,
        "version": VERSION,
    }
    is_postgresql = connection.dialect.name == "postgresql"
    return {
        control: len(connection.execute(_statement(text, given, is_postgresql=is_postgresql)).fetchall())
        for control, text in STATEMENTS.items()
    }


def _statement(text: str, given: Mapping[str, object], *, is_postgresql: bool) -> sa.TextClause:
    of_json = "CAST({column} AS json)" if is_postgresql else "{column}"
    columns = {
        "facts": of_json.format(column="g.facts"),
        "registered": of_json.format(column="r.registered"),
    }
    tables = {"rows": _ROWS.format(**_PARTS), "admins": _ADMINS.format(**_PARTS)}
    named = {name: value for name, value in given.items() if f":{name}" in text}
    return sa.text(text.format(**_PARTS, **tables, **columns)).bindparams(**named)
