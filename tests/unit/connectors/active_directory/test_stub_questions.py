"""One person's facts, and whether there is news: questions over a connection that is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from connectors.directory.active_directory.connector import ActiveDirectory
from connectors.directory.active_directory.wire.ldap_controls import EXTENDED_DN, SHOW_DELETED
from fakes.ldap.controller import PAGED
from fakes.ldap.server import LdapServer
from fakes.ldap.setup import BASE, STAFF, directory, eventually, read
from worker.ports import ConnectorError, Incomplete, PermissionDenied, Transient

Opened = Callable[..., ActiveDirectory]
ANN = f"CN=Ann,{STAFF}"


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Directories whose kept connections end with the test."""
    with ExitStack() as stack:
        yield lambda *servers, **changes: stack.enter_context(closing(directory(*servers, **changes)))


def binds(server: LdapServer) -> int:
    return sum(request.kind == "bind" for request in server.requests)


# --- one person ------------------------------------------------------------------------------------------------------


def test_one_person_is_asked_for_by_id_alone(opened: Opened, dc: LdapServer) -> None:
    guid = dc.put(ANN, mobile="07700 900101", userAccountControl=514)
    said = opened(dc).look_up(str(guid))

    assert said is not None
    assert (said.person_id, said.enabled, said.phones) == (str(guid), False, ("+447700900101",))
    (asked,) = [request for request in dc.searches() if request.page]
    assert (asked.base, asked.scope) == (BASE, "sub")
    assert set(asked.controls) == {PAGED, SHOW_DELETED, EXTENDED_DN}
    assert asked.filter.count("objectGUID=") == 1


def test_somebody_who_was_deleted_is_found_among_the_deleted(opened: Opened, dc: LdapServer) -> None:
    guid = dc.put(ANN)
    dc.delete(ANN)
    said = opened(dc).look_up(str(guid))
    assert said is not None
    assert said.is_deleted


def test_a_hidden_person_is_not_said_to_be_gone(opened: Opened, dc: LdapServer) -> None:
    guid = dc.put(f"CN=Chair,OU=Board,{BASE}")
    dc.hide(f"OU=Board,{BASE}")
    with pytest.raises(PermissionDenied) as caught:
        opened(dc).look_up(str(guid))
    assert caught.value.missing == "List Contents on the OU where it is"


def test_who_can_not_see_the_deleted_can_not_tell(opened: Opened, dc: LdapServer) -> None:
    guid = dc.put(ANN)
    dc.delete(ANN)
    dc.sees_deleted = False
    with pytest.raises(PermissionDenied) as caught:
        opened(dc).look_up(str(guid))
    assert caught.value.missing == "List Contents and Read on the container of deleted objects"
    assert "dsacls" in caught.value.remedy


@pytest.mark.parametrize("code, kind", [(51, Transient), (80, ConnectorError)])
def test_a_look_up_that_fails_is_no_answer_and_the_next_one_connects_anew(
    opened: Opened, dc: LdapServer, code: int, kind: type[ConnectorError]
) -> None:
    guid = str(dc.put(ANN))
    source = opened(dc)
    dc.answer(code, on="page 1")
    with pytest.raises(kind):
        source.look_up(guid)
    assert source.look_up(guid) is not None
    assert binds(dc) == 2


def test_many_look_ups_take_one_connection_and_a_pass_ends_it(opened: Opened, dc: LdapServer) -> None:
    guid = str(dc.put(ANN))
    source = opened(dc)
    for _ in range(3):
        source.look_up(guid)
    assert binds(dc) == 1
    read(source)
    assert eventually(lambda: dc.connected == 0)


def test_a_person_whose_date_cannot_be_read_is_found_without_it(opened: Opened, dc: LdapServer) -> None:
    guid = dc.put(ANN, accountExpires="soon")
    found = opened(dc).look_up(str(guid))
    assert found is not None
    assert found.unread == ("expires_at",)


def test_a_pass_names_a_person_whose_date_cannot_be_read_and_goes_on(opened: Opened, dc: LdapServer) -> None:
    guid = dc.put(ANN, accountExpires="soon")
    dc.put(f"CN=Ben,{STAFF}")
    page, _ = opened(dc).changes(None)
    assert [facts.display_name for facts in page.records] == ["Ann", "Ben"]  # type: ignore[union-attr]
    assert [bad.record_id for bad in page.malformed] == [str(guid)]  # type: ignore[union-attr]


# --- news ------------------------------------------------------------------------------------------------------------


def test_the_watermark_stays_while_nothing_is_written(opened: Opened, dc: LdapServer) -> None:
    dc.put(ANN)
    source = opened(dc)
    marks = {source.watermark() for _ in range(5)}
    assert len(marks) == 1
    assert None not in marks
    assert binds(dc) == 1


@pytest.mark.parametrize(
    "dn, classes",
    [
        (f"CN=Printer,{STAFF}", ["top", "printQueue"]),
        (f"CN=PC7,{STAFF}", ["top", "person", "organizationalPerson", "user", "computer"]),
        (f"CN=Nurses,{STAFF}", ["top", "group"]),
    ],
)
def test_a_change_to_what_is_no_user_is_no_news(
    opened: Opened, dc: LdapServer, dn: str, classes: list[str]
) -> None:
    dc.put(ANN)
    dc.put(dn, objectClass=classes)
    source = opened(dc)
    mark = source.watermark()
    dc.change(dn, description="moved to the cellar")

    assert source.watermark() == mark

    asked = len(dc.searches())
    assert source.watermark() == mark
    assert len(dc.searches()) == asked, "what was looked at once is not looked at again"


def test_every_change_to_a_user_is_news(opened: Opened, dc: LdapServer) -> None:
    dc.put(ANN)
    source = opened(dc)
    marks = [source.watermark()]
    for change in ({"title": "Sister"}, {"userAccountControl": 514}, {"mobile": "07700 900101"}):
        dc.change(ANN, **change)
        marks.append(source.watermark())
    dc.move(ANN, f"CN=Ann,OU=Nights,{STAFF}")
    marks.append(source.watermark())
    dc.delete(f"CN=Ann,OU=Nights,{STAFF}")
    marks.append(source.watermark())
    assert len(set(marks)) == len(marks) == 6


def test_news_is_not_lost_behind_a_change_that_is_none(opened: Opened, dc: LdapServer) -> None:
    dc.put(ANN)
    dc.put(f"CN=Printer,{STAFF}", objectClass=["top", "printQueue"])
    source = opened(dc)
    mark = source.watermark()
    dc.change(ANN, title="Sister")
    dc.change(f"CN=Printer,{STAFF}", description="moved")
    assert source.watermark() != mark


def test_a_controller_that_was_set_back_is_news(opened: Opened, dc: LdapServer) -> None:
    dc.put(ANN)
    before = dc.tree.snapshot()
    dc.change(ANN, title="Sister")
    source = opened(dc)
    mark = source.watermark()
    dc.tree = before
    assert source.watermark() not in {mark, None}


def test_without_an_answer_there_is_no_watermark_and_then_one_again(opened: Opened, dc: LdapServer) -> None:
    dc.put(ANN)
    source = opened(dc)
    mark = source.watermark()
    dc.disconnect()
    assert source.watermark() is None
    assert source.watermark() == mark


def test_a_server_that_counts_no_changes_has_no_watermark(opened: Opened, dc: LdapServer) -> None:
    dc.root_dse["highestCommittedUSN"] = None
    assert opened(dc).watermark() is None


def test_a_count_of_changes_that_is_no_number_ends_the_pass(opened: Opened, dc: LdapServer) -> None:
    dc.root_dse["highestCommittedUSN"] = "many"
    with pytest.raises(Incomplete, match="highestCommittedUSN is 'many'") as told:
        read(opened(dc))
    assert "name the controllers, and no device" in str(told.value)


@pytest.mark.parametrize("said", ["", "soon", "20261399000000.0Z"])
def test_a_clock_that_can_not_be_read_is_unknown(opened: Opened, dc: LdapServer, said: str) -> None:
    dc.root_dse["currentTime"] = said
    dc.put(ANN)
    people, _ = read(opened(dc))
    assert list(people) == ["Ann"]


def test_where_each_pass_reads_everybody_no_change_makes_one_due(opened: Opened, dc: LdapServer) -> None:
    dc.put(ANN)
    source = opened(dc, mode="full")
    assert source.watermark() is None
    assert binds(dc) == 0
