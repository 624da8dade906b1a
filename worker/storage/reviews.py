"""Reviews of groups, and the answers to their rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.reviewing import LastAnswer, Review, ReviewMember, RowAnswer
from worker.domain.identity.matching import IdentityState
from worker.domain.model import AccountKey, GroupKey, Role
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ports.state.episodes import EpisodeKind
from worker.ports.state.reviews import AnsweredRow, Campaign, CampaignGroup, FinishedReviews, LastReview
from worker.storage.cases import behind_link
from worker.storage.persons import PERSON_COLUMNS, humans_behind, person_of
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import by_source, chunked, in_source
from worker.storage.sql.tables import (
    chat_group,
    episode,
    link,
    membership,
    person,
    review,
    review_answer,
    review_pace,
    ticket,
    to_micros,
)

_R, _A, _M = review.c, review_answer.c, membership.c
_OF_TICKET = sa.select(review).where(_R.ticket_id == sa.bindparam("ticket"))
_ANSWERS = sa.select(review_answer).where(_A.ticket_id == sa.bindparam("ticket")).order_by(_A.handle)
_MEMBERS = (
    sa.select(_M.handle, _M.display_name, _M.role, _M.first_seen_at, link.c.state, *PERSON_COLUMNS)
    .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
    .outerjoin(person, behind_link())
    .where(_M.source == sa.bindparam("of"), _M.group_id == sa.bindparam("id"))  # the unlisted, too
    .order_by(_M.handle)
)
_LAST_ANSWERS = (
    sa.select(_A.handle, _A.answer, _A.at, _A.by, _A.department, _A.person_source, _A.person_id)
    .join(review, _R.ticket_id == _A.ticket_id)
    .where(_A.source == sa.bindparam("of"), _A.group_id == sa.bindparam("id"), _R.completed_at.is_not(None))
    .order_by(_A.at)
)
_LAST_REVIEWS = (
    sa.select(_R.source, _R.group_id, _R.completed_at, _R.grade)
    .where(in_source(_R.source, _R.group_id), _R.completed_at.is_not(None), _R.only == "[]")
    .order_by(_R.completed_at)
)
_LAST_FULL_REVIEWS = _LAST_REVIEWS.where(_R.is_full == 1)
_KEPT_FOR = timedelta(days=30)
BULK_FROM = 10  # so many answers at once are bulk
ANSWER_COLUMNS = (
    "ticket_id", "handle", "source", "group_id", "answer", "why", "by", "at", "taken_at", "batch", "department",
    "person_source", "person_id",
)  # fmt: skip


class SqlReviews:
    """The port `Reviews` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def start(self, new: Review, group: GroupKey) -> None:
        values = {
            "ticket_id": new.ticket,
            "source": group.source,
            "group_id": group.group_id,
            "occasion": new.occasion,
            "number": new.number,
            "seed": new.seed,
            "is_full": int(new.is_full),
            "only": json.dumps(sorted(new.only)),
            "started_at": new.started_at,
            "due_at": new.due_at,
            "before_at": new.before_at,
        }
        asked_again = _A.handle.in_(sorted(new.only)) if new.only else sa.true()
        self._c.execute(sa.delete(review).where(_R.ticket_id == new.ticket))
        self._c.execute(sa.delete(review_answer).where(_A.ticket_id == new.ticket, asked_again))
        self._c.execute(sa.insert(review).values(values))

    def of_ticket(self, ticket: int) -> Review | None:
        row = self._c.execute(_OF_TICKET, {"ticket": ticket}).first()
        if row is None:
            return None
        return Review(
            row.ticket_id, row.occasion, row.number, row.seed, bool(row.is_full), row.started_at, row.due_at,
            row.before_at, row.completed_at, frozenset(json.loads(row.only)),
        )  # fmt: skip

    def finished(self, group: GroupKey) -> FinishedReviews:
        query = sa.select(sa.func.count(), sa.func.max(_R.completed_at)).where(
            _of(review, group), _R.completed_at.is_not(None), _R.only == "[]"
        )
        count, at = self._c.execute(query).one()
        return FinishedReviews(int(count), at)

    def members(self, group: GroupKey, rule: AccountsRule) -> list[ReviewMember]:
        rows = [(row, person_of(row)) for row in self._c.execute(_MEMBERS, _this(group))]
        humans = humans_behind(self._c, [one for _, one in rows if one], rule)
        last = self._last(group)
        found = []
        for row, one in rows:
            human = humans[one.key] if one else None
            speaks = human.person if human else None
            name = (speaks.facts.display_name if speaks else "") or row.display_name or row.handle
            accounts = human.accounts if human else ()
            found.append(
                ReviewMember(
                    row.handle, name, Role(row.role).is_admin, IdentityState(row.state), speaks, accounts,
                    row.first_seen_at, last.get(row.handle),
                )
            )  # fmt: skip
        return found

    def _last(self, group: GroupKey) -> dict[str, LastAnswer]:
        """The last answer about each member, in reviews that were completed."""
        return {
            row.handle: LastAnswer(RowAnswer(row.answer), row.at, row.by, row.department, _person_of(row))
            for row in self._c.execute(_LAST_ANSWERS, _this(group))
        }

    def answers(self, ticket: int) -> dict[str, AnsweredRow]:
        rows = self._c.execute(_ANSWERS, {"ticket": ticket})
        return {row.handle: _answered(row) for row in rows}

    def answer(self, ticket: int, group: GroupKey, rows: Sequence[AnsweredRow]) -> None:
        values = [
            (ticket, one.handle, *group, one.answer.value, one.why, one.by, to_micros(one.at), to_micros(one.taken_at),
             one.batch, one.department, *(one.person or (None, None)))
            for one in rows
        ]  # fmt: skip
        bulk_upsert(self._c, review_answer, ANSWER_COLUMNS, values)

    def behind_rows(self, group: GroupKey) -> dict[str, AccountKey | None]:
        named = self._c.execute(sa.select(_R.only).where(_of(review, group), _R.only != "[]")).scalars()
        answered = self._c.execute(sa.select(_A.handle).where(_of(review_answer, group)).distinct()).scalars()
        handles = set(answered).union(*(json.loads(one) for one in named))
        found: dict[str, AccountKey | None] = dict.fromkeys(sorted(handles))
        k = link.c
        for page in by_source((group.source, one) for one in handles):
            query = sa.select(k.handle, k.person_source, k.person_id).where(in_source(k.source, k.handle))
            for row in self._c.execute(query, page):
                found[row.handle] = (
                    AccountKey(row.person_source, row.person_id) if row.person_source else None
                )
        return found

    def move(self, group: GroupKey, to: GroupKey, handles: Mapping[str, str]) -> None:
        here, answered = _of(review, group), _of(review_answer, group)
        for before, after in handles.items():
            renamed = sa.update(review_answer).where(answered, _A.handle == before)
            self._c.execute(renamed.values(handle=after))
        some = sa.select(_R.ticket_id, _R.only).where(here, _R.only != "[]")
        for row in self._c.execute(some).all():
            now = json.dumps(sorted(handles.get(one, one) for one in json.loads(row.only)))
            self._c.execute(sa.update(review).where(_R.ticket_id == row.ticket_id).values(only=now))
        for table, rows in ((review, here), (review_answer, answered)):
            self._c.execute(sa.update(table).where(rows).values(source=to.source, group_id=to.group_id))

    def pace(self, occasion: str, seconds: int, rows: int) -> None:
        p = review_pace.c
        mine = (p.occasion == occasion) & (p.seconds == seconds)
        added = self._c.execute(sa.update(review_pace).where(mine).values(rows=p.rows + rows))
        if not added.rowcount:
            self._c.execute(sa.insert(review_pace).values(occasion=occasion, seconds=seconds, rows=rows))

    def complete(self, ticket: int, grade: Grade, now: datetime, *, is_full: bool) -> None:
        which = sa.update(review).where(_R.ticket_id == ticket)
        self._c.execute(which.values(completed_at=now, grade=grade.value, is_full=int(is_full)))

    def begun(self) -> list[int]:
        has_answer = sa.exists().where(_A.ticket_id == _R.ticket_id)
        return list(self._c.execute(_open().where(has_answer)).scalars())

    def take_handed_on(self) -> list[int]:
        taken = list(self._c.execute(_open().where(ticket.c.handed > _R.handed)).scalars())
        now = sa.select(ticket.c.handed).where(ticket.c.id == _R.ticket_id).scalar_subquery()
        for chunk in chunked(taken):
            self._c.execute(sa.update(review).where(_R.ticket_id.in_(chunk)).values(handed=now))
        return taken

    def put_back(self, tickets: Collection[int]) -> None:
        for chunk in chunked(sorted(tickets)):
            self._c.execute(sa.update(review).where(_R.ticket_id.in_(chunk)).values(handed=-1))

    def open_tickets(self) -> list[int]:
        return list(self._c.execute(_open()).scalars())

    def campaigns(self) -> list[Campaign]:
        groups = sa.select(
            _R.occasion,
            sa.func.min(_R.started_at).label("started_at"),
            sa.func.max(_R.due_at).label("due_at"),
            sa.func.count().label("groups"),
            sa.func.sum(sa.case((_R.completed_at.is_(None), 1), else_=0)).label("left"),
        ).group_by(_R.occasion)
        counts = self._counts()
        left, bulk, paces = self._kept_then_left(), self._in_bulk(), self._paces()
        found = [
            Campaign(
                row.occasion, row.started_at, row.due_at, row.groups, int(row.left),
                counts.get((row.occasion, RowAnswer.KEEP.value), 0),
                counts.get((row.occasion, RowAnswer.REMOVE.value), 0),
                counts.get((row.occasion, RowAnswer.UNSURE.value), 0), left.get(row.occasion, 0),
                bulk.get(row.occasion, 0), _median(paces.get(row.occasion, [])),
            )
            for row in self._c.execute(groups)
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.started_at, reverse=True)

    def _counts(self) -> dict[tuple[str, str], int]:
        query = (
            sa.select(_R.occasion, _A.answer, sa.func.count().label("rows"))
            .join(review, _R.ticket_id == _A.ticket_id)
            .group_by(_R.occasion, _A.answer)
        )
        return {(row.occasion, row.answer): row.rows for row in self._c.execute(query)}

    def _in_bulk(self) -> dict[str, int]:
        query = (
            sa.select(_R.occasion, sa.func.count().label("rows"))
            .join(review, _R.ticket_id == _A.ticket_id)
            .where(_A.batch > BULK_FROM)
            .group_by(_R.occasion)
        )
        return {row.occasion: row.rows for row in self._c.execute(query)}

    def _paces(self) -> dict[str, list[tuple[int, int]]]:
        """By campaign, how many rows took how many seconds each, the shortest first."""
        found: dict[str, list[tuple[int, int]]] = {}
        for row in self._c.execute(sa.select(review_pace).order_by(review_pace.c.seconds)):
            found.setdefault(row.occasion, []).append((row.seconds, row.rows))
        return found

    def _kept_then_left(self) -> dict[str, int]:
        e = episode.c
        soon = sa.type_coerce(_A.at, sa.BigInteger) + _KEPT_FOR // timedelta(microseconds=1)
        row_key = _A.source + "/" + _A.group_id + "/" + _A.handle
        query = (
            sa.select(_R.occasion, sa.func.count(sa.distinct(row_key)).label("n"))
            .join(review, _R.ticket_id == _A.ticket_id)
            .join(episode, (e.source == _A.person_source) & (e.person_id == _A.person_id))
            .where(
                _A.answer == RowAnswer.KEEP.value, e.kind == EpisodeKind.LEFT.value,
                sa.type_coerce(e.at, sa.BigInteger) <= soon, e.seen_at >= _A.at,
            )
            .group_by(_R.occasion)
        )  # fmt: skip
        return {row.occasion: row.n for row in self._c.execute(query)}

    def of_campaign(self, occasion: str) -> list[CampaignGroup]:
        g = chat_group.c
        query = (
            sa.select(_R.ticket_id, _R.source, _R.group_id, g.name, _R.due_at, _R.completed_at)
            .outerjoin(chat_group, (g.source == _R.source) & (g.group_id == _R.group_id))
            .where(_R.occasion == occasion)
            .order_by(g.name, _R.ticket_id)
        )
        return [
            CampaignGroup(
                row.ticket_id, GroupKey(row.source, row.group_id), row.name or "", row.due_at, row.completed_at
            )
            for row in self._c.execute(query)
        ]  # fmt: skip

    def last_of(self, groups: Collection[GroupKey], *, is_full: bool = False) -> dict[GroupKey, LastReview]:
        query = _LAST_FULL_REVIEWS if is_full else _LAST_REVIEWS
        found: dict[GroupKey, LastReview] = {}
        for page in by_source(groups):
            for row in self._c.execute(query, page):
                found[GroupKey(row.source, row.group_id)] = LastReview(row.completed_at, Grade(row.grade))
        return found


def _open() -> sa.Select[int]:
    is_open = _R.completed_at.is_(None) & (ticket.c.state == TicketState.OPEN.value)
    query = sa.select(_R.ticket_id).join(ticket, ticket.c.id == _R.ticket_id)
    return query.where(is_open).order_by(_R.ticket_id)


def _of(table: sa.Table, group: GroupKey) -> sa.ColumnElement[bool]:
    return (table.c.source == group.source) & (table.c.group_id == group.group_id)


def _this(group: GroupKey) -> dict[str, str]:
    return {"of": group.source, "id": group.group_id}


def _answered(row: Any) -> AnsweredRow:
    return AnsweredRow(
        row.handle, RowAnswer(row.answer), row.why, row.by, row.at, row.taken_at, row.batch, row.department,
        _person_of(row),
    )  # fmt: skip


def _person_of(row: Any) -> AccountKey | None:
    return AccountKey(row.person_source, row.person_id) if row.person_source else None


def _median(counts: Sequence[tuple[int, int]]) -> int | None:
    """The lower median of values that are counted, in ascending order; None if there is none."""
    half = (sum(rows for _, rows in counts) + 1) // 2
    for seconds, rows in counts:
        half -= rows
        if half <= 0:
            return seconds
    return None
