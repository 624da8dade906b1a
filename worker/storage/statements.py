"""Whom a rule asks for a statement, who has made it, and which tickets ask for it: the conditions of queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.consent import Numbers
from worker.domain.controls.statements import Assurance, AttestAnswer, Attestation, Statement, StatementRule
from worker.domain.kinds import STATEMENTS
from worker.domain.model import Standing
from worker.domain.tickets.ticket import LIVE, TicketState
from worker.ports.state.attestations import CLOSED
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.groups import Expectation
from worker.storage.attestation_rows import items_text
from worker.storage.deciding import ADMINS
from worker.storage.managers import ADDRESSED, MANAGER, managers, with_address
from worker.storage.policy_versions import is_occasion, is_of_version
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    chat_group,
    consent_subject,
    episode,
    expected,
    link,
    membership,
    person,
    statement_scope,
    ticket,
)

LIVE_STATES = tuple(state.value for state in sorted(LIVE))
_A, _AP, _M, _G, _C = attestation.c, attestation_person.c, membership.c, chat_group.c, consent_subject.c
_LATER, _LATER_AP = attestation.alias("later").c, attestation_person.alias("of_later").c


def in_scope(rule: StatementRule, *, is_everywhere: bool) -> sa.ColumnElement[bool]:
    """A membership in a governed group that the rule is for."""
    governed = (_G.is_gone == 0) & _leads(rule) & (_M.is_unlisted == 0)
    if rule.messengers:
        governed &= sa.func.lower(_G.messenger).in_(rule.messengers)
    if rule.only_admins:
        governed &= _M.role.in_(ADMINS)
    if rule.for_each_group:
        governed &= ~is_noted(CLOSED)
    return governed if is_everywhere else governed & in_groups_of(rule, _M.source, _M.group_id)


def _leads(rule: StatementRule) -> sa.ColumnElement[bool]:
    """No other group leads it."""
    if rule.for_each_group:
        # An expression, or SQLite would begin with the groups, and read all memberships for each
        return sa.func.coalesce(_G.leader_source, "") == ""
    return _G.leader_source.is_(None)


def is_governed() -> sa.ColumnElement[bool]:
    return (_G.is_gone == 0) & _G.leader_source.is_(None)


def in_groups_of(
    rule: StatementRule, source: sa.ColumnElement[str], group_id: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """The group is one of those that were noted for a rule that is not for all."""
    s = statement_scope.c
    return sa.exists().where(s.rule == rule.name, s.source == source, s.group_id == group_id)


def is_noted(name: str) -> sa.ColumnElement[bool]:
    """Whether a membership's group was noted under this name."""
    s = statement_scope.c
    return sa.exists().where(s.rule == name, s.source == _M.source, s.group_id == _M.group_id)


def subjects_of(rule: StatementRule, *, is_everywhere: bool) -> sa.Select[Any]:
    """People in scope who are here; for each group where the rule asks for each."""
    if rule.to:
        return with_address(rule.to)
    if rule.statement.is_of_managers:
        return managers()
    if rule.statement is Statement.CONSENT:
        return _with_private_numbers()
    if rule.is_gate:
        return _members_and_placed(rule, is_everywhere=is_everywhere)
    who = (person.c.source.label("person_source"), person.c.person_id.label("person_id"))
    is_theirs = (link.c.person_source == person.c.source) & (link.c.person_id == person.c.person_id)
    is_listed = (_M.source == link.c.source) & (_M.handle == link.c.handle)
    is_of_group = (_G.source == _M.source) & (_G.group_id == _M.group_id)
    is_meant = in_scope(rule, is_everywhere=is_everywhere)
    if not rule.for_each_group:
        return sa.select(*who).where(
            *_is_here(), sa.exists().where(is_theirs, is_listed, is_of_group, is_meant)
        )
    group = (
        _M.source.label("source"), _M.group_id.label("group_id"), _G.name.label("group_name"),
        _G.messenger.label("messenger"),
    )  # fmt: skip
    return (
        sa.select(*who, *group)
        .distinct()
        .select_from(person)
        .join(link, is_theirs)
        .join(membership, is_listed)
        .join(chat_group, is_of_group)
        .where(*_is_here(), is_meant)
    )


def _is_here() -> list[sa.ColumnElement[bool]]:
    return [person.c.standing != Standing.LEFT.value, person.c.is_out_of_scope == 0]


def _with_private_numbers() -> sa.Select[Any]:
    """People whom a group is about to be shown, or who have answered, and whose numbers are private ones alone."""
    return (
        sa.select(_C.person_source, _C.person_id)
        .select_from(consent_subject)
        .join(person, (person.c.source == _C.person_source) & (person.c.person_id == _C.person_id))
        .where(_C.numbers == Numbers.PRIVATE.value, *_is_here())
    )


def _members_and_placed(rule: StatementRule, *, is_everywhere: bool) -> sa.Select[Any]:
    """The members of a rule's groups, and whoever waits to be added to one."""
    p, x = person.c, expected.c
    is_member = (
        sa.exists()
        .where(link.c.person_source == p.source, link.c.person_id == p.person_id)
        .where(_M.source == link.c.source, _M.handle == link.c.handle)
        .where(_G.source == _M.source, _G.group_id == _M.group_id)
        .where(in_scope(rule, is_everywhere=is_everywhere))
    )
    is_placed = (
        sa.exists()
        .where(x.person_source == p.source, x.person_id == p.person_id, x.state == Expectation.DUE.value)
        .where(_G.source == x.source, _G.group_id == x.group_id)
        .where(is_governed(), sa.true() if is_everywhere else in_groups_of(rule, x.source, x.group_id))
    )
    who = (p.source.label("person_source"), p.person_id.label("person_id"))
    return sa.select(*who).where(sa.or_(is_member, is_placed), *_is_here())


def _who(rule: StatementRule) -> tuple[Any, Any]:
    """The columns of `subjects_of` that name the person."""
    if rule.to:
        return ADDRESSED.source, ADDRESSED.person_id
    if rule.statement.is_of_managers:
        return MANAGER.source, MANAGER.person_id
    if rule.statement is Statement.CONSENT:
        return _C.person_source, _C.person_id
    return person.c.source, person.c.person_id


def missing_statements(rule: StatementRule, now: datetime, *, is_everywhere: bool) -> sa.Select[Any]:
    """The subjects whom it takes to ask: no statement of theirs counts, and no ticket asks them."""
    t = ticket.c
    holds = sa.or_(t.state.in_(LIVE_STATES), excuses(rule, now))
    subjects = subjects_of(rule, is_everywhere=is_everywhere)
    has_answered = (has_passed(rule, now), has_declined(rule, now), has_said_no(rule, now))
    return subjects.where(*(~one for one in has_answered), ~has_ticket(rule, holds))


def said_label(rule: StatementRule, now: datetime) -> sa.Label[str]:
    """What is known of a subject, as `said`: a grade if it passes, else whether it declined, was waived, or both."""
    grade = sa.case((has_passed(rule, now, assured=True), "B"), else_="C")
    declined, waived = has_declined(rule, now), has_ticket(rule, excuses(rule, now))
    known = [(declined & waived, "both"), (declined, "declined"), (waived, "waived")]
    return sa.case((has_passed(rule, now), grade), *known, else_="missing").label("said")


def is_asked(rule: StatementRule, *, is_everywhere: bool) -> sa.ColumnElement[bool]:
    """The ticket is of what the rule asks for: its subject is in the rule's scope, and its version counts."""
    is_policy = rule.statement is Statement.POLICY  # the occasions of others begin with their version
    is_of_its_version = is_occasion(rule, ticket.c.episode) if is_policy else sa.true()
    return is_of_scope(rule, is_everywhere=is_everywhere) & is_of_its_version


def is_of_scope(rule: StatementRule, *, is_everywhere: bool) -> sa.ColumnElement[bool]:
    """The ticket's person, in the ticket's group where it has one, is in the rule's scope."""
    t = ticket.c
    source, person_id = _who(rule)
    theirs = [source == t.person_source, person_id == t.person_id]
    if rule.for_each_group:
        theirs.append(_is_here_of(t.group_source, t.group_id))
    return subjects_of(rule, is_everywhere=is_everywhere).where(*theirs).correlate(ticket).exists()


def excuses(rule: StatementRule, now: datetime) -> sa.ColumnElement[bool]:
    """A ticket of the rule is waived now, and what was waived is what the rule asks for.

    That is one version of a policy, and those after it that are not material. Of what is asked for again after a time,
    as one more occasion, it is one time; unless a person named the day until which it is waived.
    """
    t = ticket.c
    for_good: sa.ColumnElement[bool] = t.waived_until.is_(None)
    if rule.every is not None and not rule.statement.is_acceptance:
        for_good &= t.clock_from > now - rule.every
    holds = (t.state == TicketState.WAIVED.value) & (for_good | (t.waived_until > now))
    return holds & is_occasion(rule, t.episode) if rule.statement is Statement.POLICY else holds


def is_ticket_of(rule: StatementRule) -> sa.ColumnElement[bool]:
    """A ticket that asks by the rule, of whatever day. One vulnerability's id may begin with another's."""
    prefix = rule.start
    if rule.statement is Statement.UPDATE:
        return ticket.c.episode == prefix
    return sa.func.substr(ticket.c.episode, 1, len(prefix)) == prefix


def has_ticket(rule: StatementRule, state: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    t = ticket.c
    source, person_id = _who(rule)
    mine = [
        t.person_source == source, t.person_id == person_id,
        t.kind == STATEMENTS.value, is_ticket_of(rule), state,
    ]  # fmt: skip
    if rule.for_each_group:
        mine.append(_is_here_of(t.group_source, t.group_id))
    return sa.exists().where(*mine)


def _of_subject(rule: StatementRule) -> list[sa.ColumnElement[bool]]:
    source, person_id = _who(rule)
    found = [_AP.person_source == source, _AP.person_id == person_id, _A.id == _AP.attestation_id]
    if rule.for_each_group:
        found.append(_is_here_of(_A.source, _A.group_id))
    return found


def _is_here_of(source: sa.ColumnElement[str], group_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """What names a group is about the group of the membership: the same, or one that it leads."""
    other = chat_group.alias("led")
    led = other.c
    is_led = sa.exists().where(
        led.source == source, led.group_id == group_id,
        led.leader_source == _M.source, led.leader_group == _M.group_id,
    ).correlate_except(other)  # fmt: skip
    return sa.or_((source == _M.source) & (group_id == _M.group_id), is_led)


def valid(rule: StatementRule, now: datetime) -> list[sa.ColumnElement[bool]]:
    """An attestation that still counts: of a version that counts, not over, not from before a leaving.

    Of what is so now, as of a phone, it counts until somebody says that it is not so.
    """
    found = [
        _A.statement == rule.statement.value, _A.subject == rule.subject, is_of_version(rule, _A.version),
        _A.is_pass == 1, _A.voided_at.is_(None),
    ]  # fmt: skip
    if rule.statement.is_revocable:
        found.append(is_newest())
    if rule.statement.is_of_now:
        found.append(~_said_later(_LATER.is_pass == 0, _LATER.version == _A.version, _LATER.at > _A.at))
    return [*found, *still_counts(rule, now)]


def still_counts(rule: StatementRule, now: datetime) -> list[sa.ColumnElement[bool]]:
    """An attestation is not over, and its person has not left since."""
    found = [sa.or_(_A.expires_at.is_(None), _A.expires_at > now)]
    if rule.every is not None:
        found.append(_A.at > now - rule.every)
    return [*found, ~has_left_since()]


def has_left_since() -> sa.ColumnElement[bool]:
    """The person of an attestation has left after it, and that counts."""
    return sa.exists().where(
        episode.c.source == _AP.person_source, episode.c.person_id == _AP.person_id,
        episode.c.kind == EpisodeKind.LEFT.value, episode.c.gate == Gate.PASSED.value, episode.c.at > _A.at,
    )  # fmt: skip


def has_passed(rule: StatementRule, now: datetime, *, assured: bool = False) -> sa.ColumnElement[bool]:
    sure = [_A.grade == "B"] if assured else []
    return sa.exists().where(*_of_subject(rule), *valid(rule, now), *sure)


def has_declined(rule: StatementRule, now: datetime) -> sa.ColumnElement[bool]:
    # A census is asked anew each time: what was declined once is not declined for good
    holds = [_A.expires_at > now] if rule.statement.is_of_managers else []
    return sa.exists().where(*holds, *_of_subject(rule), *declining(rule))


def has_said_no(rule: StatementRule, now: datetime) -> sa.ColumnElement[bool]:
    """The subject's own answer is that something is not as it should be.

    They are not asked again for this version and time. What another system says of them leaves it to them to answer.
    """
    in_time = sa.or_(_A.expires_at.is_(None), _A.expires_at > now)
    own = _A.assurance != Assurance.IMPORTED.value
    return sa.exists().where(*_of_subject(rule), is_no(rule), in_time, own)


def is_no(rule: StatementRule) -> sa.ColumnElement[bool]:
    """An attestation that answers the rule's version, and is no pass."""
    return sa.and_(
        _A.statement == rule.statement.value, _A.subject == rule.subject, _A.version == rule.version,
        _A.answer == AttestAnswer.ACCEPTED.value, _A.is_pass == 0, _A.voided_at.is_(None),
    )  # fmt: skip


def declining(rule: StatementRule) -> list[sa.ColumnElement[bool]]:
    """An attestation that declines a version that counts; of what can be revoked, only the newest answer counts."""
    newest = [is_newest()] if rule.statement.is_revocable else []
    return [
        _A.statement == rule.statement.value, _A.subject == rule.subject, is_of_version(rule, _A.version),
        _A.answer == AttestAnswer.DECLINED.value, _A.voided_at.is_(None), *newest,
    ]  # fmt: skip


def answers_elsewhere(rule: StatementRule, now: datetime) -> sa.ColumnElement[bool]:
    """Another system's word that answers a ticket: a pass that counts, a decline, or a wish for an exception."""
    newest = [is_newest()] if rule.statement.is_revocable else []
    asks_out = [
        _A.statement == rule.statement.value, _A.subject == rule.subject, is_of_version(rule, _A.version),
        _A.answer == AttestAnswer.EXCEPTION.value, _A.voided_at.is_(None), *newest, *still_counts(rule, now),
    ]  # fmt: skip
    said = (valid(rule, now), declining(rule), asks_out)
    return sa.and_(_A.assurance == Assurance.IMPORTED.value, sa.or_(*(sa.and_(*one) for one in said)))


def is_newest() -> sa.ColumnElement[bool]:
    """The person of an attestation said nothing else of the same thing since."""
    return ~_said_later(_LATER.id > _A.id)


def _said_later(*how: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The person of an attestation said something else of the same thing, which is later in this way."""
    return sa.exists().where(
        _LATER_AP.person_source == _AP.person_source, _LATER_AP.person_id == _AP.person_id,
        _LATER.id == _LATER_AP.attestation_id, _LATER.statement == _A.statement, _LATER.subject == _A.subject,
        _LATER.voided_at.is_(None), *how,
    )  # fmt: skip


def said_since(new: Attestation, rule: StatementRule) -> sa.Select[Any]:
    """When a list began to say what it says now of a person, if it said nothing else since."""
    assert new.person is not None  # noqa: S101  a list names somebody
    theirs = [
        _AP.person_source == new.person.source, _AP.person_id == new.person.person_id, _A.id == _AP.attestation_id,
        _A.statement == new.statement.value, _A.subject == new.subject, _A.version == new.version,
        _A.assurance == Assurance.IMPORTED.value, _A.came_from == new.source,
    ]  # fmt: skip
    last = sa.select(sa.func.max(_A.at)).where(*theirs).correlate(None).scalar_subquery()
    same = [_A.at == last, _A.answer == new.answer.value, attestation.c["items"] == items_text(new)]
    if new.expires_at is not None:
        same.append(_A.expires_at == new.expires_at)
    elif rule.statement.is_of_now:
        same += still_counts(rule, new.at)
    return sa.select(_A.at).where(*theirs, *same)


def place_in_groups(connection: sa.Connection) -> None:
    """As migration 0044 did once: a release before it writes neither column."""
    t = ticket.c
    is_lost = t.group_source.is_(None) | (t.group_id == "")
    query = sa.select(t.id, t.episode).where(
        t.kind == STATEMENTS.value, t.episode.like("duties:%@%/%"), is_lost
    )
    found = []
    for row in connection.execute(query):
        group_source, _, group_id = row.episode.partition("@")[2].partition("/")
        found.append({"number": row.id, "group_source": group_source, "group_id": group_id})
    if found:
        connection.execute(sa.update(ticket).where(t.id == sa.bindparam("number")), found)
