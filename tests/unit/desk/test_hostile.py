"""What no page of ours would send, and a database that is not there: never a fault of the desk, and nothing changed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from httpx2 import Response
from structlog.testing import capture_logs

from databases import database_url, empty_engine, engine
from desk_caller import Caller, desk_of
from desk_setup import api_client, services_of
from harness import Harness
from worker.domain.tickets.ticket import TicketState
from worker.ops.events import DESK_UNAVAILABLE
from worker.storage.sql.engine import open_engine, open_impatient_engine
from worker.storage.sql.migrate import migrate

__all__ = ["database_url", "empty_engine", "engine"]
ODD = (
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e\u2066",
    "²",
    "١٢",
    "9" * 400,
    "-1",
    "1e9",
    "' OR 1=1 --",
    "%s%n",
    "{{7*7}}",
)
ODD_ADDRESSES = (
    "/t/%00",
    "/t/%ff",
    "/me/%F0%9F%98%80",
    "/people/%00",
    "/t/a%0Ab",
    "/api/v1/people/%17/%0A/erase",
    "/tickets/T-" + "9" * 40,
)
PAGES = (
    "/tickets",
    "/people",
    "/groups",
    "/controls/people.leaver",
    "/questions",
    "/plans",
    "/policies",
    "/what-if",
    "/sources",
    "/charts",
    "/audit",
)


def encoded(fields: dict[str, str]) -> str:
    """As no browser would: halves of pairs, too."""
    return urlencode({name: text.encode("utf-8", "surrogatepass") for name, text in fields.items()})


def send(desk: Caller, path: str, fields: dict[str, str]) -> Response:
    """A form with the token of the page shown."""
    found = re.search(r'name="form_token" value="([^"]+)"', desk.last.text if desk.last else "")
    content = encoded({"form_token": found[1] if found else "", **fields})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    desk.last = desk.client.post(path, content=content, headers=headers)
    return desk.last


def ward_over(engine: sa.Engine) -> Harness:
    """A ward of which ann has left, over a database of its own."""
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    return ward_over(engine)


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "approver", "auditor", "operator")
    return caller


def test_an_odd_text_in_a_search_or_an_address_is_no_fault(desk: Caller) -> None:
    names = ("text", "before", "after", "state", "kind", "view", "actor", "subject", "from", "to", "weeks")
    for page, odd in product(PAGES, ODD):
        fields = encoded(dict.fromkeys(names, odd))
        assert desk.client.get(f"{page}?{fields}").status_code < 500, (page, odd)
        desk.get(page)
        assert send(desk, page, dict.fromkeys(names, odd)).status_code < 500, (page, odd)


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_an_odd_text_in_a_form_changes_nothing_but_itself(desk: Caller, ward: Harness, odd: str) -> None:
    link = desk.ticket()
    desk.get(link)
    assert send(desk, f"{link}/done", {"chosen": odd}).status_code == 200
    assert send(desk, f"{link}/undo", {}).status_code == 200
    assert send(desk, f"{link}/answer", {"answer": "other", "words": odd}).status_code == 200
    desk.get("/tickets/T-000001")
    assert (
        send(desk, "/tickets/T-000001/act", {"act": "assign", "email": odd, "reason": odd}).status_code < 500
    )
    assert ward.ticket(1).state is TicketState.OPEN


def test_an_odd_address_leads_nowhere(desk: Caller) -> None:
    for path in ODD_ADDRESSES:
        assert desk.client.get(path).status_code in {404, 409, 410}, path


def test_a_form_of_many_parts_or_with_a_file_is_read_or_refused(desk: Caller, ward: Harness) -> None:
    link = desk.ticket()
    desk.get(link)
    many = desk.client.post(f"{link}/done", content="&".join(f"a{n}=1" for n in range(5000)))
    file = desk.client.post(f"{link}/done", files={"form_token": ("x", b"x"), "chosen": ("y", b"y")})
    twice = desk.client.post(f"{link}/done", data={"form_token": ["one", "two"]})

    assert {many.status_code, file.status_code, twice.status_code} <= {200, 400, 413}
    assert ward.ticket(1).state is TicketState.OPEN


# --- the database is not there -------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_impatient_engine(f"sqlite:///{tmp_path / 'whosleft.db'}", 1)
    migrate(engine)
    yield engine
    engine.dispose()


def test_a_database_that_another_holds_is_said_in_words_and_nothing_is_changed(
    file: sa.Engine, tmp_path: Path
) -> None:
    harness = ward_over(file)
    phone = desk_of(harness)
    link = phone.ticket()
    page = phone.get(link)
    holder = open_engine(f"sqlite:///{tmp_path / 'whosleft.db'}")
    began_s = time.monotonic()
    with capture_logs() as said, holder.begin():
        phone.post(f"{link}/done")
        phone.last = page
        shown = phone.post(f"{link}/done")

    assert [line["event"] for line in said] == [DESK_UNAVAILABLE], "once an hour while it lasts"
    assert "locked" in said[0]["error"]
    assert shown.status_code == 503
    assert "Nothing was changed" in shown.text
    assert int(shown.headers["Retry-After"]) > 0
    assert time.monotonic() - began_s < 20
    assert harness.ticket(1).state is TicketState.OPEN
    assert phone.get(link).status_code == 200, "it goes on by itself"
    holder.dispose()


@pytest.mark.postgres
def test_a_server_that_takes_no_writes_for_a_while_is_said_in_words_by_pages_and_the_api(
    migrated_postgres_url: str,
) -> None:
    engine = open_engine(migrated_postgres_url)
    harness = ward_over(engine)
    phone, program = desk_of(harness), api_client(services_of(harness))
    link = phone.ticket()
    phone.get(link)

    def make_read_only(on: str) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            server.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
            server.exec_driver_sql(
                f'ALTER DATABASE "{engine.url.database}" SET default_transaction_read_only = {on}'
            )
        engine.dispose()

    make_read_only("on")
    shown, answered = phone.post(f"{link}/done"), program.post("/tickets/T-000001/done")
    make_read_only("off")

    assert (shown.status_code, answered.status_code) == (503, 503)
    assert "Nothing was changed" in shown.text
    assert shown.headers["Retry-After"] == answered.headers["Retry-After"] == "5"
    phone.get(link)
    assert phone.post(f"{link}/done").status_code < 400, "it goes on by itself"
    assert harness.ticket(1).state is TicketState.DONE
    engine.dispose()


@pytest.mark.postgres
def test_a_commit_without_an_answer_may_have_been_done_and_the_page_says_so(
    migrated_postgres_url: str,
) -> None:
    engine = open_engine(migrated_postgres_url)
    harness = ward_over(engine)
    phone = desk_of(harness)
    link = phone.ticket()
    phone.get(link)
    server = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT")

    @sa.event.listens_for(engine, "commit", once=True)
    def _cut(connection: sa.Connection) -> None:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with server.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")

    shown = phone.post(f"{link}/done")
    server.dispose()
    engine.dispose()

    assert shown.status_code == 503
    assert "Perhaps it is done already" in shown.text


@pytest.mark.postgres
def test_an_address_that_does_not_exist_waits_for_the_database_too(migrated_postgres_url: str) -> None:
    engine = open_engine(migrated_postgres_url)
    phone = desk_of(ward_over(engine))
    elsewhere = engine.url.set(database="postgres")
    server = sa.create_engine(elsewhere, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{engine.url.database}" ALLOW_CONNECTIONS false')
    server.dispose()
    engine.dispose()

    shown = phone.get("/nosuch")
    engine.dispose()

    assert (shown.status_code, shown.headers["Retry-After"]) == (503, "5")
