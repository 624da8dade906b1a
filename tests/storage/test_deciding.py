"""Which members are loaded when their group is looked at: only those who decide something, found by indexes."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

import builders
from builders import NOW
from plans_of_queries import queries_of, steps_of
from worker.domain.model import GroupKey, Role, Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketState
from worker.storage.cases import active_admins_of, group_views
from worker.storage.deciding import Begin, Ways, deciding
from worker.storage.dirty import dirty_groups, take_groups
from worker.storage.other_handles import roles_under_other_handles
from worker.storage.sql.chunks import by_source
from worker.storage.sql.tables import chat_group, expected, handle_tie, link, membership, person, ticket

GROUPS = [GroupKey("wards", f"g{n:03}") for n in range(60)]
SIZE = 50
PEOPLE = 1_500
ROLES = [Role.MEMBER] * 30 + [Role.ADMIN, Role.CREATOR]
STANDINGS = [Standing.ACTIVE] * 30 + [Standing.LEFT, Standing.LEAVING]
LINKS = ["linked"] * 30 + ["unmatched", "ambiguous", "nobody"]
STATES = [state.value for state in TicketState]


@pytest.fixture
def draw() -> random.Random:
    return random.Random(1)


@pytest.fixture
def company(engine: sa.Engine, draw: random.Random) -> sa.Engine:
    """Sixty groups of fifty, of whom few decide anything; some tickets and expectations, wanted ones and others."""
    handles = [f"+4477{n:08}" for n in range(PEOPLE)]
    at = {"first_seen_at": NOW, "changed_at": NOW}
    people = [
        {"source": "corp", "person_id": f"p{n}", "display_name": f"P {n}", "facts": '{"display_name":"P"}',
         "standing": draw.choice(STANDINGS).value, **at}
        for n in range(PEOPLE)
    ]  # fmt: skip
    members = [
        {"source": group.source, "group_id": group.group_id, "handle": handle, "display_name": "M",
         "role": draw.choice(ROLES).value}
        for group in GROUPS for handle in draw.sample(handles, SIZE)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.insert(person), people)
        connection.execute(sa.insert(membership), members)
        connection.execute(sa.insert(link), [_link(handle, n, draw) for n, handle in enumerate(handles)])
        connection.execute(
            sa.insert(chat_group),
            [
                {"source": group.source, "group_id": group.group_id, "name": "G", "messenger": "whatsapp",
                 "coverage": "full", "taken_at": NOW, "read_at": NOW, "first_seen_at": NOW, "size": SIZE}
                for group in GROUPS
            ],
        )  # fmt: skip
        connection.execute(sa.insert(ticket), [_ticket(n, draw, handles) for n in range(1, 121)])
        connection.execute(
            sa.insert(expected),
            [
                {"person_source": "corp", "person_id": f"p{n}", "source": "wards", "state": "due", "since": NOW,
                 "group_id": draw.choice(GROUPS).group_id}
                for n in draw.sample(range(PEOPLE), 300)
            ],
        )  # fmt: skip
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
    return engine


def _link(handle: str, number: int, draw: random.Random) -> dict[str, Any]:
    state = draw.choice(LINKS)
    who = ("corp", f"p{number}") if state == "linked" else (None, None)
    return {
        "source": "wards", "handle": handle, "display_name": "M", "fingerprint": handle, "decided_fingerprint": handle,
        "state": state, "person_source": who[0], "person_id": who[1],
    }  # fmt: skip


def _ticket(number: int, draw: random.Random, handles: list[str]) -> dict[str, Any]:
    """Removals from a group, and questions about a handle in all of its groups."""
    is_question, group = number % 3 == 0, draw.choice(GROUPS).group_id
    return {
        "id": number, "kind": "identify_member" if is_question else "remove_member", "state": draw.choice(STATES),
        "source": "wards", "group_id": group, "key_group": "" if is_question else group, "handle": draw.choice(handles),
        "episode": str(number), "group_name": "G", "messenger": "whatsapp", "opened_at": NOW, "clock_from": NOW,
        "due_at": NOW, "person_source": None if is_question else "corp",
        "person_id": None if is_question else f"p{draw.randrange(PEOPLE)}",
    }  # fmt: skip


def test_who_decides_is_loaded_and_nobody_else(company: sa.Engine) -> None:
    """Compared with the same question, asked of one member after the other."""
    with company.connect() as connection:
        views = group_views(connection, GROUPS, AccountsRule.EITHER)
        loaded = {(view.key.group_id, one.member.handle) for view in views for one in view.members}
        everybody = connection.execute(_EVERYBODY).all()
    wanted = {(row.group_id, row.handle) for row in everybody if _decides(row)}

    assert loaded == wanted
    assert 0 < len(loaded) < len(everybody) / 3


def test_who_was_asked_out_before_the_group_was_unread_is_loaded_again(company: sa.Engine) -> None:
    """Of two ordinary members whose removals are over, one's ended only since nobody read the group."""
    with company.begin() as connection:
        views = group_views(connection, GROUPS, AccountsRule.EITHER)
        loaded = {(view.key.group_id, one.member.handle) for view in views for one in view.members}
        handles = connection.execute(sa.select(_M.handle).where(_M.group_id == GROUPS[0].group_id)).scalars()
        one, other = sorted(handle for handle in handles if (GROUPS[0].group_id, handle) not in loaded)[:2]
        old = _ticket(1, random.Random(1), [one]) | {
            "group_id": GROUPS[0].group_id,
            "key_group": GROUPS[0].group_id,
        }
        old |= {"state": TicketState.CANCELLED.value, "person_source": None, "person_id": None}
        marked = {"id": 901, "episode": "901", "details": '{"review": "T-000001", "unread": true}'}
        plain = {"id": 902, "episode": "902", "details": '{"review": "T-000001"}', "handle": other}
        connection.execute(sa.insert(ticket), [old | marked, old | plain])
        [view] = group_views(connection, GROUPS[:1], AccountsRule.EITHER)
    again = {member.member.handle for member in view.members}
    assert (one in again, other in again) == (True, False)


_M, _T, _X = membership.c, ticket.c, expected.c
_HAS_TICKET = sa.exists().where(
    _T.source == _M.source, _T.state.in_(["open", "blocked", "done", "waived"]),
    sa.or_(
        (_T.handle == _M.handle) & sa.or_(_T.group_id == _M.group_id, _T.key_group == ""),
        (_T.group_id == _M.group_id) & (_T.person_source == link.c.person_source)
        & (_T.person_id == link.c.person_id),
    ),
)  # fmt: skip
_IS_EXPECTED = sa.exists().where(
    _X.source == _M.source, _X.group_id == _M.group_id, _X.person_source == link.c.person_source,
    _X.person_id == link.c.person_id,
)  # fmt: skip
_EVERYBODY = (
    sa.select(_M.group_id, _M.handle, _M.role, link.c.state, person.c.standing, _HAS_TICKET.label("has_ticket"),
              _IS_EXPECTED.label("is_expected"))
    .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
    .outerjoin(person, (person.c.source == link.c.person_source) & (person.c.person_id == link.c.person_id))
)  # fmt: skip


def _decides(row: Any) -> bool:
    is_admin, is_unknown = row.role in {"admin", "creator"}, row.state in {"unmatched", "ambiguous"}
    return is_admin or is_unknown or row.standing == "left" or bool(row.has_ticket or row.is_expected)


def test_a_handle_that_waits_to_be_matched_decides(company: sa.Engine) -> None:
    with company.begin() as connection:
        connection.execute(sa.update(link).values(state="unmatched", decided_fingerprint=None, is_dirty=1))
        [view] = group_views(connection, GROUPS[:1], AccountsRule.EITHER)

    assert len(view.members) == SIZE


def test_the_same_members_decide_wherever_the_search_begins(company: sa.Engine) -> None:
    def found(leavers: Begin, unknown: Begin) -> set[tuple[str, str, str]]:
        statement = deciding(company.dialect.name, Ways(leavers, unknown, in_several=False))
        with company.connect() as connection:
            pages = [connection.execute(statement, page).all() for page in by_source(GROUPS[:20])]
        return {tuple(row) for rows in pages for row in rows}

    with company.begin() as connection:
        waits = sa.update(link).where(link.c.state == "ambiguous", link.c.handle < "+447700000700")
        connection.execute(waits.values(decided_fingerprint=None, is_dirty=1))
    wanted = found(Begin.MEMBERS, Begin.MEMBERS)
    assert len(wanted) > len(GROUPS[:20])
    for ways in ((Begin.FEW, Begin.FEW), (Begin.FEW, Begin.MEMBERS), (Begin.MEMBERS, Begin.FEW)):
        assert found(*ways) == wanted


def test_the_few_are_looked_up_where_they_are_fewer_than_the_members(company: sa.Engine) -> None:
    """No member of the page is looked at who is not behind one of the few links."""
    if company.dialect.name == "postgresql":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    [steps] = [
        plan for plan in steps_of(company, lambda: _load(company, GROUPS), "membership") if len(plan) > 15
    ]
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN deciding"]
    assert "SEARCH link USING INDEX ix_link_open (source=?)" in steps
    assert "SEARCH link USING COVERING INDEX ix_link_person (person_source=? AND person_id=?)" in steps
    assert not [step for step in steps if step.startswith("SEARCH membership") and step.endswith("group_id=?)")
                and "ix_membership_admin" not in step]  # fmt: skip


def test_members_are_looked_up_in_small_indexes(company: sa.Engine) -> None:
    """On SQLite, each member costs two look-ups in indexes alone; PostgreSQL reads no table as a whole."""
    if company.dialect.name == "postgresql":
        assert not [step for step in _postgresql_plan(company) if "Seq Scan on membership" in step]
        return
    [steps] = [
        plan for plan in steps_of(company, lambda: _load(company, GROUPS[:1]), "membership") if len(plan) > 15
    ]

    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN deciding"]
    assert not [step for step in steps if step.endswith("(source=?)")], "everything of the source"
    assert [step for step in steps if "ix_membership_admin" in step or "COVERING INDEX ix_link_handle" in step
            or "COVERING INDEX ix_person_left" in step] == [
        "SEARCH membership USING INDEX ix_membership_admin (source=? AND group_id=?)",
        "SEARCH link USING COVERING INDEX ix_link_handle (handle=?)",
        "SEARCH person USING COVERING INDEX ix_person_left (person_id=?)",
    ]  # fmt: skip
    assert (
        "SEARCH membership USING COVERING INDEX sqlite_autoindex_membership_1 (source=? AND group_id=?)"
        in steps
    )


def test_questions_are_looked_up_by_their_member(company: sa.Engine) -> None:
    """Not in each group of the page, nor all that were ever asked: strangers are many."""
    if company.dialect.name == "postgresql":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    [deciding] = [plan for plan in steps_of(company, lambda: _load(company), "membership") if len(plan) > 15]
    assert "SEARCH membership USING COVERING INDEX ix_membership_handle (source=? AND handle=?)" in deciding
    assert not [
        step for step in deciding if "ticket" in step and "(source=?" not in step and "(kind=?" not in step
    ]
    tickets = steps_of(company, lambda: _load(company), "ticket")
    assert any(
        "SEARCH ticket USING INDEX ix_ticket_handle (source=? AND handle=?)" in plan for plan in tickets
    )


def test_admins_are_looked_up(company: sa.Engine) -> None:
    def load() -> None:
        with company.connect() as connection:
            assert active_admins_of(connection, GROUPS[:3], AccountsRule.EITHER)

    if company.dialect.name == "sqlite":
        plans = steps_of(company, load, "membership")
        assert any("INDEX ix_membership_admin (source=? AND group_id=?)" in step for step in plans[0])
    load()


# --- who may be somebody who is not listed any more ---------------------------------------------------------


THE_SAME = "ann-7"  # an address, an employee id, and a handle that is tied to Ann's


@pytest.fixture
def channel(company: sa.Engine) -> sa.Engine:
    """The first group is a channel, where the messenger shows each account; nobody has identified them yet.

    Ann left it. Everybody has her name.
    """
    ann = _link("ann", 0, random.Random(1)) | {"email_key": THE_SAME, "employee_key": THE_SAME}
    tie = {
        "source": "wards",
        "kind": "lid",
        "handle": "ann",
        "other": THE_SAME,
        "group_id": "g000",
        "at": NOW,
    }
    with company.begin() as connection:
        connection.execute(sa.update(membership).values(native_id=_M.handle))
        connection.execute(sa.update(link).values(state="unmatched", person_source=None, person_id=None))
        connection.execute(sa.insert(link), [ann])
        connection.execute(sa.insert(handle_tie), [tie])
    return company


def _who_may_be_ann(engine: sa.Engine) -> dict[int, Role]:
    with engine.connect() as connection:
        return roles_under_other_handles(connection, [builders.ticket(group=GROUPS[0], handle="ann")])


@pytest.mark.parametrize(
    "columns, value",
    [
        ((membership.c.handle, link.c.handle), THE_SAME),
        ((membership.c.lid,), THE_SAME),
        ((membership.c.business_id,), THE_SAME),
        ((membership.c.username,), THE_SAME),
        ((link.c.phone_key,), THE_SAME),
        ((link.c.email_key,), THE_SAME),
        ((link.c.employee_key,), THE_SAME),
        ((membership.c.native_id,), None),  # no account says who it is: the name does
    ],
    ids=["handle", "lid", "business id", "username", "number", "address", "employee id", "name"],
)
def test_of_a_channel_only_who_may_be_the_leaver_is_read(
    channel: sa.Engine, columns: tuple[sa.Column[Any], ...], value: str | None
) -> None:
    assert _who_may_be_ann(channel) == {}
    with channel.begin() as connection:
        somebody = connection.execute(
            sa.select(sa.func.max(_M.handle)).where(_M.group_id == GROUPS[0].group_id)
        ).scalar_one()
        for column in columns:
            here = column.table.c.handle == somebody
            connection.execute(sa.update(column.table).where(here).values({column.name: value}))
    assert list(_who_may_be_ann(channel)) == [1]
    queries = queries_of(channel, lambda: _who_may_be_ann(channel), "membership")
    with channel.connect() as connection:
        assert sum(len(connection.exec_driver_sql(*one).all()) for one in queries) == 1


def test_who_may_be_the_leaver_is_looked_up_by_number_address_and_employee_id(channel: sa.Engine) -> None:
    if channel.dialect.name == "postgresql":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    (steps,) = steps_of(channel, lambda: _who_may_be_ann(channel), "membership")
    assert not [step for step in steps if step.startswith("SCAN") or step.endswith("(source=?)")]
    for name in ("phone_key", "email_key", "employee_key"):
        assert f"SEARCH link USING INDEX ix_link_{name} ({name}=?)" in steps


def _load(engine: sa.Engine, groups: list[GroupKey] = GROUPS[:3]) -> None:
    with engine.connect() as connection:
        group_views(connection, groups, AccountsRule.EITHER)


def _postgresql_plan(engine: sa.Engine) -> list[str]:
    said: list[tuple[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *what: said.append((what[2], what[3])))
    _load(engine)
    ((query, values),) = (one for one in said if "AS deciding" in one[0])
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {query}", values)]


def test_of_large_groups_fewer_are_taken_at_once(company: sa.Engine) -> None:
    """All members may decide, and are in memory then."""
    sizes = {"g000": 60_000, "g001": 39_999, "g002": 1, "g003": 1, "g004": 100_001, "g005": 1}
    with company.begin() as connection:
        for name, size in sizes.items():
            this = chat_group.c.group_id == name
            connection.execute(sa.update(chat_group).where(this).values(size=size))
        dirty_groups(connection, [GroupKey("wards", name) for name in sizes], NOW)
        taken = [[key.group_id for key in take_groups(connection, 9)] for _ in range(5)]

    assert taken == [["g000", "g001", "g002"], ["g003"], ["g004"], ["g005"], []]
