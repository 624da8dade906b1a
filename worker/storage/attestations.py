"""Attestations, and the anti-join that finds whom to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.consent import Numbers
from worker.domain.controls.control import NEW_GROUP_TIME
from worker.domain.controls.statements import (
    Assurance,
    Attestation,
    Statement,
    StatementRule,
    TextSeen,
)
from worker.domain.identity.matching import QUESTIONS
from worker.domain.kinds import STATEMENTS
from worker.domain.model import AccountKey, GroupKey
from worker.domain.reconcile.attesting import ToAsk
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.attestations import SENSITIVE, AskingRule, StatementCounts
from worker.ports.state.groups import Expectation
from worker.storage.attestation_rows import attestation_from_row, attestation_values, items_text
from worker.storage.persons import PERSON_COLUMNS, person_of
from worker.storage.retention import delete_statements, leavers_with_statements
from worker.storage.shared_statements import Others, left_behind, share, under_other_accounts
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    chat_group,
    consent_subject,
    expected,
    link,
    membership,
    person,
    policy_text,
    source,
    statement_scope,
    ticket,
    to_micros,
)
from worker.storage.statements import (
    LIVE_STATES,
    answers_elsewhere,
    declining,
    excuses,
    in_groups_of,
    in_scope,
    is_asked,
    is_no,
    is_noted,
    is_ticket_of,
    missing_statements,
    place_in_groups,
    said_label,
    said_since,
    subjects_of,
    valid,
)

_A, _AP, _M, _G = attestation.c, attestation_person.c, membership.c, chat_group.c


class SqlAttestations:
    """The port `Attestations` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    # --- whom a rule is for ----------------------------------------------------------------------

    def scope(self, rule: str, groups: Iterable[GroupKey], now: datetime) -> None:
        rows = ((rule, *group, to_micros(now)) for group in groups)
        bulk_upsert(self._c, statement_scope, ("rule", "source", "group_id", "seen_at"), rows)

    def forget_scopes_before(self, now: datetime) -> None:
        self._c.execute(sa.delete(statement_scope).where(statement_scope.c.seen_at < now))

    def to_ask(self, rule: StatementRule, now: datetime, limit: int, *, is_everywhere: bool) -> list[ToAsk]:
        subjects = missing_statements(rule, now, is_everywhere=is_everywhere).limit(limit).subquery()
        query = (
            sa.select(*subjects.c, *PERSON_COLUMNS, person.c.first_seen_at, source.c.first_pass_at)
            .join(person, (person.c.source == subjects.c.person_source) & (person.c.person_id == subjects.c.person_id))
            .join(source, source.c.name == person.c.source)
            .order_by(subjects.c.person_source, subjects.c.person_id)
        )  # fmt: skip
        rows = self._c.execute(query).all()
        before, sensitive = (
            self._before(rule, rows),
            self._in_sensitive(rule, rows, is_everywhere=is_everywhere),
        )
        new = self._in_new(rule, rows, now, is_everywhere=is_everywhere)
        return [
            replace(
                one,
                is_sensitive=(one.group or one.person.key) in sensitive,
                is_in_new_group=one.person.key in new,
            )
            for one in (_asked(row, rule, before) for row in rows)
        ]

    def count_to_ask(self, rule: StatementRule, now: datetime, *, is_everywhere: bool) -> int:
        return self._count(missing_statements(rule, now, is_everywhere=is_everywhere))

    def counts(self, rule: StatementRule, now: datetime, *, is_everywhere: bool) -> StatementCounts:
        subjects = subjects_of(rule, is_everywhere=is_everywhere)
        said = subjects.add_columns(said_label(rule, now)).subquery()
        query = sa.select(said.c.said, sa.func.count().label("subjects")).group_by(said.c.said)
        found = Counter({row.said: row.subjects for row in self._c.execute(query)})
        return StatementCounts(
            found.total(), found["B"] + found["C"], found["declined"] + found["both"], found["waived"] + found["both"],
            self._unidentified(rule, is_everywhere=is_everywhere), {"A": 0, "B": found["B"], "C": found["C"]},
        )  # fmt: skip

    def _count(self, query: sa.Select[Any]) -> int:
        return int(self._c.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())

    def _unidentified(self, rule: StatementRule, *, is_everywhere: bool) -> int:
        if rule.is_of_person:
            return 0
        if rule.statement is Statement.CONSENT:
            unknown = consent_subject.c.numbers == Numbers.UNKNOWN.value
            return self._count(sa.select(consent_subject.c.person_id).where(unknown))
        is_meant = sa.exists().where(
            _M.source == link.c.source, _M.handle == link.c.handle,
            _G.source == _M.source, _G.group_id == _M.group_id, in_scope(rule, is_everywhere=is_everywhere),
        )  # fmt: skip
        is_question = link.c.state.in_([one.value for one in QUESTIONS])
        return self._count(sa.select(link.c.source, link.c.handle).where(is_question, is_meant))

    def _before(self, rule: StatementRule, rows: Sequence[Any]) -> dict[AccountKey, dict[str, Ticket]]:
        """The tickets that asked these people by the rule before, by person and occasion."""
        t = ticket.c
        found: dict[AccountKey, dict[str, Ticket]] = {}
        for chunk in chunked({(row.person_source, row.person_id) for row in rows}):
            query = sa.select(ticket).where(
                among(t.person_source, t.person_id, chunk), t.kind == STATEMENTS.value, is_ticket_of(rule)
            )
            for one in map(ticket_from_row, self._c.execute(query)):
                assert one.person is not None  # noqa: S101  it is of one of these
                found.setdefault(one.person, {})[one.occasion] = one
        return found

    def _in_sensitive(
        self, rule: StatementRule, rows: Sequence[Any], *, is_everywhere: bool
    ) -> set[AccountKey] | set[GroupKey]:
        """Where the rule has a time for them: those of these people who are, or wait to be, in a sensitive group of it.

        Of a rule that asks for each group, the sensitive ones among these groups.
        """
        if rule.sensitive_due is None or rule.is_of_person:
            return set()
        if rule.for_each_group:
            return self._noted(SENSITIVE, {GroupKey(row.source, row.group_id) for row in rows})
        found = self._members(rows, in_scope(rule, is_everywhere=is_everywhere) & is_noted(SENSITIVE))
        return found | self._placed(rule, rows, is_everywhere=is_everywhere) if rule.is_gate else found

    def _placed(self, rule: StatementRule, rows: Sequence[Any], *, is_everywhere: bool) -> set[AccountKey]:
        """Those of these people who wait to be added to a sensitive group that the rule is for."""
        x, s = expected.c, statement_scope.c
        is_sensitive = sa.exists().where(s.rule == SENSITIVE, s.source == x.source, s.group_id == x.group_id)
        here = sa.true() if is_everywhere else in_groups_of(rule, x.source, x.group_id)
        found: set[AccountKey] = set()
        for chunk in chunked(sorted({(row.person_source, row.person_id) for row in rows})):
            query = sa.select(x.person_source, x.person_id).where(
                among(x.person_source, x.person_id, chunk),
                x.state == Expectation.DUE.value,
                is_sensitive,
                here,
            )
            found |= {AccountKey(*row) for row in self._c.execute(query)}
        return found

    def _in_new(
        self, rule: StatementRule, rows: Sequence[Any], now: datetime, *, is_everywhere: bool
    ) -> set[AccountKey]:
        """Those of these people who are in a group that has to be told of a policy: it came after the first read."""
        if rule.statement is not Statement.POLICY:
            return set()
        is_later = sa.exists().where(source.c.name == _G.source, source.c.first_pass_at < _G.first_seen_at)
        is_new = (_G.first_seen_at >= now - NEW_GROUP_TIME) & is_later
        return self._members(rows, in_scope(rule, is_everywhere=is_everywhere) & is_new)

    def _members(self, rows: Sequence[Any], here: sa.ColumnElement[bool]) -> set[AccountKey]:
        """Those of these people who have such a membership."""
        found: set[AccountKey] = set()
        people = {(row.person_source, row.person_id) for row in rows}
        for chunk in chunked(sorted(people)):
            query = (
                sa.select(link.c.person_source, link.c.person_id)
                .distinct()
                .select_from(membership)
                .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
                .join(chat_group, (_G.source == _M.source) & (_G.group_id == _M.group_id))
                .where(among(link.c.person_source, link.c.person_id, chunk), here)
            )
            found |= {AccountKey(*row) for row in self._c.execute(query)}
        return found

    # --- attestations ----------------------------------------------------------------------------

    def passed(self, rule: StatementRule, people: Collection[AccountKey], now: datetime) -> set[AccountKey]:
        return self._those(people, valid(rule, now))

    def declined(self, rule: StatementRule, people: Collection[AccountKey]) -> set[AccountKey]:
        return self._those(people, declining(rule))

    def _those(
        self, people: Collection[AccountKey], said: Sequence[sa.ColumnElement[bool]]
    ) -> set[AccountKey]:
        """The accounts among these of people with such an attestation."""
        found: set[AccountKey] = set()
        for chunk in chunked(sorted(people)):
            mine = among(_AP.person_source, _AP.person_id, chunk)
            query = sa.select(_AP.person_source, _AP.person_id).join(attestation, _A.id == _AP.attestation_id)
            found |= {AccountKey(*row) for row in self._c.execute(query.where(mine, *said))}
        return found

    def excused(self, rule: StatementRule, people: Collection[AccountKey], now: datetime) -> set[AccountKey]:
        t = ticket.c
        found: set[AccountKey] = set()
        for chunk in chunked(sorted(people)):
            query = sa.select(t.person_source, t.person_id).where(
                among(t.person_source, t.person_id, chunk), t.kind == STATEMENTS.value,
                is_ticket_of(rule), excuses(rule, now),
            )  # fmt: skip
            found |= {AccountKey(*row) for row in self._c.execute(query)}
        return found

    def groups_of(self, rule: StatementRule, groups: Collection[GroupKey]) -> set[GroupKey]:
        return self._noted(rule.name, groups)

    def _noted(self, name: str, groups: Collection[GroupKey]) -> set[GroupKey]:
        """Those among these groups that were noted under this name."""
        s = statement_scope.c
        found: set[GroupKey] = set()
        for chunk in chunked(sorted(groups)):
            query = sa.select(s.source, s.group_id).where(s.rule == name, among(s.source, s.group_id, chunk))
            found |= {GroupKey(*row) for row in self._c.execute(query)}
        return found

    def add(self, new: Attestation, accounts: Collection[AccountKey]) -> Attestation | None:
        if new.assurance is Assurance.IMPORTED and self._is_known(new):
            return None
        number = take_numbers(self._c, "attestation")
        self._c.execute(sa.insert(attestation).values({**attestation_values(new), "id": number}))
        keys = {*accounts, *((new.person,) if new.person else ())}
        rows = [(*key, number) for key in sorted(keys)]
        bulk_upsert(self._c, attestation_person, ("person_source", "person_id", "attestation_id"), rows)
        return replace(new, id=number)

    def _is_known(self, new: Attestation) -> bool:
        query = sa.select(_A.id).where(
            _A.person_source == (new.person.source if new.person else None),
            _A.person_id == (new.person.person_id if new.person else None),
            _A.statement == new.statement.value, _A.subject == new.subject, _A.version == new.version,
            _A.at == new.at, _A.assurance == new.assurance.value, _A.answer == new.answer.value,
            attestation.c["items"] == items_text(new),
        )  # fmt: skip
        return self._c.execute(query.limit(1)).first() is not None

    def said_since(self, new: Attestation, rule: StatementRule) -> datetime | None:
        at: datetime | None = self._c.execute(said_since(new, rule).limit(1)).scalar()
        return at

    def void(self, ticket: int, at: datetime, now: datetime) -> None:
        which = (_A.ticket_id == ticket) & (_A.at == at)
        self._c.execute(sa.update(attestation).where(which).values(voided_at=now))

    def leavers(
        self, policy: str, before: datetime, after: AccountKey | None, limit: int
    ) -> list[AccountKey]:
        rows = self._c.execute(leavers_with_statements(policy, before, after, limit))
        return [AccountKey(*row) for row in rows]

    def delete(self, policy: str, people: Collection[AccountKey]) -> int:
        return delete_statements(self._c, policy, people)

    def page(self, after: int, limit: int) -> list[Attestation]:
        query = (
            sa.select(attestation).where(_A.id > after, _A.voided_at.is_(None)).order_by(_A.id).limit(limit)
        )
        return [attestation_from_row(row) for row in self._c.execute(query)]

    def newest(self, rule: StatementRule, now: datetime) -> Attestation | None:
        counts = sa.or_(sa.and_(*valid(rule, now)), is_no(rule) & (_A.expires_at > now))
        query = sa.select(attestation).join(attestation_person, _AP.attestation_id == _A.id).where(counts)
        row = self._c.execute(query.order_by(_A.id.desc()).limit(1)).first()
        return attestation_from_row(row) if row is not None else None

    def needless(self, rules: Sequence[AskingRule]) -> list[Ticket]:
        t = ticket.c
        wanted = [is_ticket_of(rule) & is_asked(rule, is_everywhere=everywhere) for rule, everywhere in rules]
        query = sa.select(ticket).where(
            t.kind == STATEMENTS.value, t.state.in_(LIVE_STATES), ~sa.or_(sa.false(), *wanted)
        )
        return [ticket_from_row(row) for row in self._c.execute(query.order_by(t.id))]

    def said_elsewhere(self, rule: StatementRule, now: datetime) -> list[tuple[Ticket, Attestation]]:
        t, newest_pass = ticket.c, sa.func.max(sa.case((_A.is_pass == 1, _A.id)))
        query = (
            sa.select(t.id, sa.func.coalesce(newest_pass, sa.func.max(_A.id)).label("attestation"))
            .select_from(ticket)
            .join(attestation_person, (_AP.person_source == t.person_source) & (_AP.person_id == t.person_id))
            .join(attestation, _A.id == _AP.attestation_id)
            .where(
                t.kind == STATEMENTS.value, t.state.in_(LIVE_STATES), is_ticket_of(rule),
                answers_elsewhere(rule, now),
            )
            .group_by(t.id)
        )  # fmt: skip
        pairs = [(row.id, row.attestation) for row in self._c.execute(query)]
        tickets, said = self._many([one for one, _ in pairs], [one for _, one in pairs])
        return [(tickets[one], said[other]) for one, other in pairs]

    def _many(
        self, tickets: Sequence[int], attestations: Sequence[int]
    ) -> tuple[dict[int, Ticket], dict[int, Attestation]]:
        found: dict[int, Ticket] = {}
        said: dict[int, Attestation] = {}
        for chunk in chunked(tickets):
            query = sa.select(ticket).where(ticket.c.id.in_(chunk))
            found |= {row.id: ticket_from_row(row) for row in self._c.execute(query)}
        for chunk in chunked(attestations):
            mine = sa.select(attestation).where(_A.id.in_(chunk))
            said |= {row.id: attestation_from_row(row) for row in self._c.execute(mine)}
        return found, said

    def place_in_groups(self) -> None:
        place_in_groups(self._c)

    # --- other accounts of a person --------------------------------------------------------------

    def under_other_accounts(self, asking: AskingRule, now: datetime) -> list[AccountKey]:
        return under_other_accounts(self._c, asking, now)

    def share(self, rule: StatementRule, others: Others) -> None:
        share(self._c, rule, others)

    def left_behind(
        self, asking: AskingRule, others: Others, now: datetime
    ) -> list[tuple[Ticket, AccountKey]]:
        return left_behind(self._c, asking, others, now)

    # --- texts -----------------------------------------------------------------------------------

    def texts(self) -> Sequence[TextSeen]:
        p = policy_text.c
        query = sa.select(p.rule, p.version, p.language, p.sha256, p.is_material)
        rows = self._c.execute(query.order_by(p.rule, p.version, p.language))
        return [TextSeen(*row[:4], is_material=bool(row.is_material)) for row in rows]

    def see_texts(self, seen: Iterable[TextSeen], now: datetime) -> None:
        rows = ((*one[:4], int(one.is_material), to_micros(now)) for one in seen)
        columns = ("rule", "version", "language", "sha256", "is_material", "first_seen_at")
        bulk_upsert(self._c, policy_text, columns, rows, keep=("sha256", "first_seen_at"))


# --- rows ---------------------------------------------------------------------------------------------------


def _asked(
    row: Any,
    rule: StatementRule,
    before: dict[AccountKey, dict[str, Ticket]],
) -> ToAsk:
    one = person_of(row)
    assert one is not None  # noqa: S101  an inner join
    group = GroupKey(row.source, row.group_id) if rule.for_each_group else None
    is_joiner = row.first_pass_at is not None and row.first_seen_at > row.first_pass_at
    return ToAsk(
        one,
        group,
        row.group_name if group else "",
        row.messenger if group else "",
        row.first_seen_at if is_joiner else None,
        before.get(one.key, {}),
    )
