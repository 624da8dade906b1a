"""A domain controller that goes away, or a wire to it that breaks: nobody's standing changes, and it is said."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import ldif
from fakes.tcp_proxy import TcpProxy
from integration.ad_company import AdCompany, Worker, founded, working
from samba import Domain
from worker.domain.model import Standing
from worker.ports import ConnectorError, CursorExpired, PassEnd, Transient

SOON = {"connect": "2s", "read": "1s", "pass": "20s"}
PAGE_SIZE = 3  # of 24 people: the wire breaks while pages are still to come


@pytest.fixture
def wire(samba_domain: Domain) -> Iterator[TcpProxy]:
    with TcpProxy(samba_domain.address, 636) as wire:
        yield wire


@pytest.fixture
def company(tmp_path: Path, samba_domain: Domain, wire: TcpProxy) -> AdCompany:
    return founded(tmp_path, samba_domain, **over(wire))


@pytest.fixture
def worker(company: AdCompany) -> Iterator[Worker]:
    with working(company) as worker:
        yield worker


def over(*wires: TcpProxy) -> dict[str, object]:
    servers = [f"ldaps://localhost:{wire.port}" for wire in wires]
    return {"servers": servers, "timeouts": SOON, "page_size": PAGE_SIZE}


HARMS = {
    "cut": lambda wire: wire.cut_after(700),
    "reset": lambda wire: wire.cut_after(700, reset=True),
    "frozen": lambda wire: wire.freeze(),
    "trickling": lambda wire: wire.trickle(0.05),
    "corrupt": lambda wire: wire.corrupt_after(100),
}
SAYS = {"frozen": "did not answer in time", "trickling": "did not answer in time"}


@pytest.mark.parametrize("harm", HARMS)
def test_a_wire_that_fails_in_the_middle_of_a_full_pass_changes_nobody(
    company: AdCompany, worker: Worker, wire: TcpProxy, harm: str
) -> None:
    company.disable(15, 16)
    before = worker.standings()
    worker.keep(replace(worker.source(), cursor=None))  # so that the pass is a full one
    worker.on_page = lambda: HARMS[harm](wire)

    report = worker.poll()

    (trouble,) = report.troubles
    assert SAYS.get(harm, "broke off") in trouble
    assert "tried again" in worker.source().remedy
    assert (worker.standings(), worker.source().trouble is not None) == (before, True)

    worker.on_page = lambda: None
    wire.mend()
    assert worker.settle()["left"] == 2
    assert worker.source().trouble is None


@pytest.mark.parametrize("harm", [*HARMS, "refused"])
def test_a_wire_that_fails_before_a_delta_changes_nobody(
    company: AdCompany, worker: Worker, wire: TcpProxy, harm: str
) -> None:
    company.disable(15)
    before, cursor = worker.standings(), worker.source().cursor
    (HARMS | {"refused": lambda wire: wire.refuse()})[harm](wire)

    with pytest.raises(Transient) as raised:
        list(worker.connector.changes(cursor))
    report = worker.poll()

    assert raised.value.remedy
    assert len(report.troubles) == 1
    assert (worker.standings(), worker.source().cursor) == (before, cursor)
    wire.mend()
    assert worker.settle()["left"] == 1


def test_wherever_the_answer_is_cut_it_proves_nothing(worker: Worker, wire: TcpProxy) -> None:
    begin = wire.bytes_from_server
    list(worker.connector.changes(None))
    whole = wire.bytes_from_server - begin

    for cut_at in range(200, whole - 40, whole // 25):
        wire.cut_after(cut_at)
        got: list[object] = []
        with pytest.raises(ConnectorError):
            got.extend(worker.connector.changes(None))
        assert not any(isinstance(item, PassEnd) for item in got)


@pytest.mark.parametrize("end", [Domain.kill, Domain.stop])
def test_a_controller_that_goes_down_in_the_middle_of_a_pass_changes_nobody(
    company: AdCompany, worker: Worker, end: Callable[[Domain], None]
) -> None:
    company.disable(15)
    before = worker.standings()
    worker.keep(replace(worker.source(), cursor=None))
    worker.on_page = lambda: end(company.domain)

    (trouble,) = worker.poll().troubles

    assert "in the middle of the people in OU=Staff" in trouble
    assert worker.standings() == before
    worker.on_page = lambda: None
    assert "can't be reached" in worker.poll().troubles[0]
    company.domain.start()
    assert worker.settle()["left"] == 1


def test_the_second_server_is_asked_while_the_first_is_down_and_no_longer_than_to_the_next_full_pass(
    tmp_path: Path, samba_domain: Domain
) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(TcpProxy(samba_domain.address, 636)) for _ in range(2))
        first.refuse()
        company = founded(tmp_path, samba_domain, **over(first, second))
        worker = stack.enter_context(working(company))
        first.mend()
        company.disable(15)
        asked = second.connections

        assert worker.settle()["left"] == 1  # a delta stays where its numbers were counted
        assert (first.connections, second.connections) == (0, asked + 1)
        worker.settle(full=True)
        assert (first.connections > 0, port_of(worker)) == (True, first.port)

        first.refuse()
        company.disable(16)
        assert worker.settle()["left"] == 1  # the same database by another way
        assert worker.source().trouble is None


def port_of(worker: Worker) -> int | None:
    server: str = json.loads(worker.source().cursor or "")["server"]
    return urlsplit(server).port


# --- cursors and databases --------------------------------------------------------------------------------


def with_cookie(cursor: str, change: Callable[[bytes], bytes]) -> str:
    values = json.loads(cursor)
    return json.dumps(
        {**values, "cookie": base64.b64encode(change(base64.b64decode(values["cookie"]))).decode()}
    )


@pytest.mark.parametrize(
    "change",
    [lambda c: c[: len(c) // 2], lambda c: b"garbage"],
    ids=["half", "garbage"],
)
def test_a_cookie_that_is_none_takes_a_full_pass(
    company: AdCompany, worker: Worker, change: Callable[[bytes], bytes]
) -> None:
    state = worker.source()
    broken = with_cookie(state.cursor or "", change)
    worker.keep(replace(state, cursor=broken))
    company.disable(15)
    with pytest.raises(CursorExpired):
        list(worker.connector.changes(broken))

    assert worker.settle()["left"] == 1
    assert worker.source().last_full_at == worker.clock()


@pytest.mark.parametrize("kind", ["another controller's", "empty", "of another make"])
def test_a_cookie_that_the_controller_takes_though_it_is_not_its_own_misses_nothing(
    company: AdCompany, worker: Worker, kind: str
) -> None:
    state = worker.source()
    own = uuid.UUID(json.loads(state.cursor or "")["invocation"]).bytes_le
    changes: dict[str, Callable[[bytes], bytes]] = {
        "another controller's": lambda cookie: cookie.replace(own, b"\x11" * 16),
        "empty": lambda _: b"",
        "of another make": lambda cookie: b"XXXX" + cookie[4:],
    }
    foreign = with_cookie(state.cursor or "", changes[kind])
    assert foreign != state.cursor
    worker.keep(replace(state, cursor=foreign))
    company.disable(15)

    assert worker.settle()["left"] == 1


@pytest.mark.parametrize("mode", ["dirsync", "usn"])
def test_a_controller_put_back_to_an_older_copy_is_read_in_full(
    tmp_path: Path, samba_domain: Domain, mode: str
) -> None:
    company = founded(tmp_path, samba_domain, mode=mode)
    with working(company) as worker:
        older = samba_domain.backup()
        for number in range(3, 9):
            company.change(number, title="Matron")
        company.disable(3)
        assert worker.settle()["left"] == 1
        samba_domain.restore(older)
        company.disable(5)

        with pytest.raises(CursorExpired, match="put back to an older copy"):
            list(worker.connector.changes(worker.source().cursor))
        report = worker.poll()

        assert (report.counts["left"], report.counts["returned"]) == (1, 0)
        assert "it says otherwise of 1 person who left or came lately" in report.troubles[0]
        assert [worker.person(number).standing for number in (3, 5)] == [Standing.LEFT, Standing.LEFT]
        assert worker.source().last_full_at == worker.clock()
        assert worker.poll(full=True).counts["returned"] == 0, "the copy is no newer a minute later"
        worker.later(days=1)
        assert worker.settle(full=True)["returned"] == 1, "a full pass a day later tells"


def test_a_copy_that_has_overtaken_the_cursor_is_mended_at_night(
    tmp_path: Path, samba_domain: Domain
) -> None:
    """Its numbers went on past ours before we looked, so no delta can tell; the night does, and counts it."""
    company = founded(tmp_path, samba_domain)
    with working(company) as worker:
        older = samba_domain.backup()
        company.change(7, title="Matron")
        worker.settle()
        samba_domain.restore(older)
        company.disable(5)
        for turn in range(12):
            company.change(7, title=f"Nurse {turn}")
        worker.settle()
        assert worker.person(5).standing is Standing.ACTIVE

        counts = worker.settle(full=True)

        assert (counts["repaired"], counts["left"]) == (1, 1)
        assert worker.person(5).standing is Standing.LEFT


@pytest.mark.parametrize("mode", ["dirsync", "usn"])
def test_another_database_at_the_same_address_is_read_in_full(
    tmp_path: Path, samba_domain: Domain, mode: str
) -> None:
    company = founded(tmp_path, samba_domain, mode=mode)
    with working(company) as worker:
        company.disable(15)
        take_new_identity(samba_domain)

        with pytest.raises(CursorExpired, match="has another database"):
            list(worker.connector.changes(worker.source().cursor))

        assert worker.settle()["left"] == 1
        assert worker.source().last_full_at == worker.clock()


def take_new_identity(domain: Domain) -> None:
    """What a proper restore does: the database gets another invocationId."""
    configuration = f"CN=Configuration,{domain.base_dn}"
    (settings,) = domain.ldbsearch("(objectClass=nTDSDSA)", "invocationId", base=configuration)
    domain.stop()
    domain._ldb(
        "ldbmodify", "--relax",
        text=ldif.modify(settings["dn"][0], {"invocationId": "11111111-2222-3333-4444-555555555555"}),
    )  # fmt: skip
    domain.start()
