"""The desk's small tables, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import NOW, key, ticket
from folded import claim, fold
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, TicketKind
from worker.ports.state.access import LOGIN_LINK_LIFE, VISITS_KEPT, ApiToken, Shown, Undo, Visit, Visitor
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.tables import undo
from worker.storage.store import SqlStore

MINUTE = timedelta(minutes=1)
SAM = Visitor("Sam", ("operator", "auditor"))
KIM = Visitor("Kim", ("approver",), "id-of-kim-at-the-provider")
TOKEN = ApiToken("k1", ("tickets:read", "events:read"), "sam", NOW, NOW + timedelta(days=1))


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


def test_the_first_key_is_kept(store: SqlStore) -> None:
    with store.begin() as uow:
        first = uow.access.key("one")
    with store.begin() as uow:
        assert (first, uow.access.key("two")) == ("one", "one")


def test_the_key_is_read_once_a_transaction(engine: sa.Engine) -> None:
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *what: said.append(what[2]))
    with SqlStore(engine).begin() as uow:
        uow.access.key("one")
        said.clear()
        assert (uow.access.key("two"), said) == ("one", [])
        uow.access.change_key("three", NOW, with_tokens=False)
        assert uow.access.key("four") == "three"
    with SqlStore(engine).reading() as uow:
        assert uow.access.key("five") == "three"


def test_what_can_be_taken_back_comes_back_as_it_was(store: SqlStore) -> None:
    with store.begin() as uow:
        [before] = uow.tickets.insert(
            [ticket(assignee=Assignee("dee@example.org", "Dee", AssigneeWhy.OWNER, key("dee")))]
        )
        after = replace(before, kind=TicketKind.CREATOR_MUST_LEAVE, disputed_at=NOW, assignee=None)
        uow.access.keep_undo(Undo(before, before, "dee@example.org", NOW, ("a",)))
        uow.access.keep_undo(undo := Undo(before, after, "dee@example.org", NOW + MINUTE, ("a", "b")))
    with store.begin() as uow:
        assert uow.access.undo_of(before.id) == undo
        uow.access.forget_undo(before.id)
        assert uow.access.undo_of(before.id) is None

        uow.access.keep_undo(undo)
        uow.access.forget_undos(NOW)
        assert uow.access.undo_of(before.id) == undo
        uow.access.forget_undos(NOW + MINUTE)
        assert uow.access.undo_of(before.id) is None


def test_what_an_earlier_release_can_take_back_is_read(engine: sa.Engine, store: SqlStore) -> None:
    with store.begin() as uow:
        [before] = uow.tickets.insert([ticket()])
        uow.access.keep_undo(Undo(before, before, "dee@example.org", NOW))
    with engine.begin() as connection:
        values = json.loads(connection.execute(sa.select(undo.c.before)).scalar_one())
        values = {name: value for name, value in values.items() if name not in {"claimed_by", "handed"}}
        connection.execute(sa.update(undo).values(before=json.dumps(values)))
    with store.begin() as uow:
        known = uow.access.undo_of(before.id)
    assert known is not None
    assert known.before == before


def test_who_was_shown_a_link_is_known_until_it_ends(store: SqlStore) -> None:
    shown = Shown("Dee@example.org", 1, "sam", "os:sam", NOW, NOW + MINUTE)
    with store.begin() as uow:
        uow.access.keep_shown(shown)
        uow.access.keep_shown(replace(shown, at=NOW - MINUTE, until=NOW))
        uow.access.keep_shown(replace(shown, ticket=2, until=None))
        uow.access.keep_shown(replace(shown, ticket=2))
        uow.access.keep_shown(replace(shown, email="ben@example.org"))
        assert [one.ticket for one in uow.access.shown_links("dee@EXAMPLE.org", NOW - MINUTE)] == [1, 2]
        assert [one.until for one in uow.access.shown_links("dee@example.org", NOW)] == [None]
        uow.access.keep_shown(replace(shown, at=NOW + MINUTE, until=NOW))  # links work for a shorter time now
        [again, _] = uow.access.shown_links("dee@example.org", NOW)[::-1]
        assert (again.at, again.until) == (NOW + MINUTE, NOW + MINUTE)


def test_a_session_that_a_clock_ahead_made_is_none_by_the_right_one(store: SqlStore) -> None:
    ahead = NOW + timedelta(days=365)
    with store.begin() as uow:
        uow.access.add_session("s1", SAM, ahead, ahead + MINUTE)
        uow.access.add_session("s2", SAM, NOW + 30 * MINUTE, NOW + 31 * MINUTE)

        assert uow.access.session("s1", ahead) == SAM
        assert uow.access.session("s1", NOW) is None
        assert uow.access.session("s2", NOW) == SAM, "two processes' clocks may differ by as much"
        assert uow.access.sessions(NOW) == {"s2": SAM}


def test_a_session_ends_by_itself_and_by_signing_out(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.access.add_session("s1", SAM, NOW, NOW + MINUTE)
        uow.access.add_session("s2", SAM, NOW, NOW + MINUTE)
        uow.access.add_session("s4", KIM, NOW, NOW + MINUTE)
        uow.access.end_session("s2")
    with store.begin() as uow:
        assert uow.access.session("s1", NOW) == SAM
        assert uow.access.session("s4", NOW) == KIM
        assert uow.access.session("s1", NOW + MINUTE) is None
        assert uow.access.session("s2", NOW) is None
        assert uow.access.sessions(NOW) == {"s1": SAM, "s4": KIM}
        uow.access.add_session("s3", SAM, NOW + MINUTE, NOW + 2 * MINUTE)
        assert uow.access.session("s1", NOW) is None, "what is over is forgotten"


def test_a_login_link_works_once_and_until_it_expires(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.access.add_login_link("l1", SAM, "root", NOW + MINUTE)
        uow.access.add_login_link("l2", SAM, "root", NOW + MINUTE)
    with store.begin() as uow:
        assert uow.access.use_login_link("l1", NOW) == SAM
        assert uow.access.use_login_link("l1", NOW) is None
        assert uow.access.use_login_link("l2", NOW + MINUTE) is None
        assert uow.access.use_login_link("no such", NOW) is None


def test_a_login_link_that_a_clock_ahead_made_signs_nobody_in(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.access.add_login_link("l1", SAM, "root", NOW + timedelta(days=180))
        uow.access.add_login_link("l2", SAM, "root", NOW + 2 * LOGIN_LINK_LIFE)

        assert uow.access.use_login_link("l1", NOW) is None
        assert uow.access.use_login_link("l2", NOW) == SAM, "two processes' clocks may differ by as much"


def test_a_token_is_found_by_its_hash_and_revoked_by_its_id(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.access.add_token(TOKEN, "h1")
        uow.access.add_token(replace(TOKEN, id="k2", created_at=NOW + MINUTE, expires_at=None), "h2")
    with store.begin() as uow:
        assert uow.access.token("h1") == TOKEN
        assert uow.access.token("h9") is None
        assert [one.id for one in uow.access.tokens()] == ["k2", "k1"]
        assert uow.access.revoke_token("k1", NOW)
        assert uow.access.revoke_token("k1", NOW + MINUTE)
        assert not uow.access.revoke_token("k9", NOW)
    with store.begin() as uow:
        known = uow.access.token("h1")
    assert known is not None
    assert known.revoked_at == NOW, "the first time counts"
    assert not known.is_good(NOW)


@pytest.mark.parametrize("token, good", [(TOKEN, True), (replace(TOKEN, expires_at=None), True),
                                             (replace(TOKEN, expires_at=NOW), False)])  # fmt: skip
def test_a_token_is_good_until_it_expires(token: ApiToken, good: bool) -> None:
    assert token.is_good(NOW) is good


def test_a_message_waits_for_its_time_and_can_be_taken_back(store: SqlStore) -> None:
    waits = OutMessage("waits", CHANNEL, "t", Paragraph("h"), not_before=NOW + MINUTE)
    goes = OutMessage("goes", CHANNEL, "t", Paragraph("h"))
    with store.begin() as uow:
        uow.outbox.add([waits, goes], NOW)
        assert uow.outbox.waiting(NOW, NOW) == [(CHANNEL, 1, False)]
        assert fold(uow, CHANNEL, ["soc"], NOW, 10) == 1
        assert uow.outbox.waiting(NOW, NOW + MINUTE) == [(CHANNEL, 1, False)]
        uow.outbox.withdraw(["waits", "goes"])
        assert uow.outbox.waiting(NOW, NOW + MINUTE) == []
        claimed = claim(uow, "us", NOW, MINUTE)
    assert claimed is not None
    assert [item.key for item in claimed.items] == ["goes"], "what is on its way is not taken back"


def test_one_s_open_tickets_come_by_group(store: SqlStore) -> None:
    dee = Assignee("Dee@example.org")
    with store.begin() as uow:
        uow.tickets.insert([
            ticket(handle="+1", group_name="Ward 9", assignee=dee),
            ticket(handle="+2", group_name="Ward 7", assignee=dee),
            ticket(handle="+3", group_name="Ward 8", assignee=Assignee("ben@example.org")),
        ])  # fmt: skip
        assert [one.group_name for one in uow.tickets.open_of("dee@EXAMPLE.org")] == ["Ward 7", "Ward 9"]


def test_who_reads_waits_for_no_writer_and_sees_one_moment(store: SqlStore) -> None:
    with store.begin() as writing:
        writing.access.key("one")
        with store.reading() as uow:
            assert uow.tickets.get(1) is None
            writing.tickets.insert([ticket()])
            assert uow.tickets.get(1) is None
    with store.reading() as uow:
        assert uow.tickets.get(1) is not None


def test_when_people_looked_is_kept_for_ninety_days(store: SqlStore) -> None:
    with store.begin() as uow:
        assert uow.access.visit("sam") is None
        uow.access.keep_visit("sam", Visit(NOW))
        uow.access.keep_visit("sam", Visit(NOW + timedelta(hours=2), NOW))
        uow.access.keep_visit("kim", Visit(NOW + VISITS_KEPT))
        assert uow.access.visit("sam") == Visit(NOW + timedelta(hours=2), NOW)
        uow.access.keep_visit("kim", Visit(NOW + VISITS_KEPT + timedelta(hours=3), NOW + VISITS_KEPT))
        assert uow.access.visit("sam") is None
