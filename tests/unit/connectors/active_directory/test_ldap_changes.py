"""The domain controller on loopback numbers and tells changes as the real ones do; ldap3's client is the judge."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from ldap3.protocol.microsoft import extended_dn_control, show_deleted_control

from connectors.directory.active_directory.wire.ldap_controls import DIRSYNC_OBJECT_SECURITY, dirsync
from fakes.ldap.controller import DIRSYNC
from fakes.ldap.judge import AMY, PEOPLE, ROOT, USERS, Values, found, put_people
from fakes.ldap.server import LdapServer

# --- changes ---------------------------------------------------------------------------------------------------------


def test_every_write_takes_the_next_number_and_leaves_it_at_the_object(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY, title="Nurse")
    before = dc.tree.usn
    dc.change(AMY, title="Sister")
    dc.change(AMY, title="Sister")  # the same again is no change
    moved = f"CN=Amy,OU=Old,{ROOT}"
    dc.put(f"OU=Old,{ROOT}")
    dc.move(AMY, moved)

    assert dc.tree.usn == before + 3
    assert found(judge, f"(uSNChanged>={before + 3})", ["uSNChanged", "title"]) == {
        moved: {"uSNChanged": [b"%d" % (before + 3)], "title": [b"Sister"]}
    }


def test_links_follow_a_move_and_the_object_that_has_them_is_not_changed(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    dc.put(f"CN=Ben,{PEOPLE}", manager=AMY)
    before = dc.tree.usn
    dc.move(AMY, f"CN=Amy Smith,{PEOPLE}")

    assert found(judge, "(cn=Ben)", "manager") == {
        f"CN=Ben,{PEOPLE}": {"manager": [f"CN=Amy Smith,{PEOPLE}".encode()]}
    }
    assert list(found(judge, f"(uSNChanged>={before + 1})")) == [f"CN=Amy Smith,{PEOPLE}"]


def test_what_lies_below_follows_its_ou_without_being_changed(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    before = dc.tree.usn
    dc.move(PEOPLE, f"OU=Staff,{ROOT}")

    assert list(found(judge)) == [f"CN=Amy,OU=Staff,{ROOT}"]
    assert found(judge, f"(&{USERS}(uSNChanged>={before + 1}))") == {}


@pytest.mark.parametrize("has_recycle_bin, title", [(False, None), (True, [b"Nurse"])])
def test_a_deleted_object_is_seen_with_the_control_only(
    dc: LdapServer, judge: Any, has_recycle_bin: bool, title: list[bytes] | None
) -> None:
    dc.tree.has_recycle_bin = has_recycle_bin
    guid = dc.put(AMY, title="Nurse", sAMAccountName="amy")
    dc.put(f"CN=Ben,{PEOPLE}", manager=AMY)
    dc.delete(AMY)
    control = show_deleted_control(criticality=True)
    wanted = "(&(objectClass=user)(isDeleted=TRUE))"
    attributes = ["title", "sAMAccountName", "isDeleted", "lastKnownParent", "objectGUID"]

    assert found(judge, wanted, attributes) == {}
    assert found(judge, "(manager=*)") == {}
    ((dn, values),) = found(judge, wanted, attributes, controls=[control]).items()
    assert dn == f"CN=Amy\\0ADEL:{guid},CN=Deleted Objects,{ROOT}"
    assert values.pop("title", None) == title
    assert values == {
        "sAMAccountName": [b"amy"],
        "isDeleted": [b"TRUE"],
        "lastKnownParent": [PEOPLE.encode()],
        "objectGUID": [guid.bytes_le],
    }
    dc.sees_deleted = False
    assert found(judge, wanted, attributes, controls=[control]) == {}


def test_a_deleted_object_can_come_back(dc: LdapServer, judge: Any) -> None:
    guid = dc.delete((dc.put(AMY), AMY)[1])
    dc.undelete(guid, AMY, title="Nurse")

    assert found(judge, attributes=["objectGUID", "title"]) == {
        AMY: {"objectGUID": [guid.bytes_le], "title": [b"Nurse"]}
    }


def test_dns_carry_guids_where_the_control_asks_for_them(dc: LdapServer, judge: Any) -> None:
    amy, ben = dc.put(AMY), dc.put(f"CN=Ben,{PEOPLE}", manager=AMY, description=AMY)
    controls = [extended_dn_control(criticality=False, hex_format=False)]
    ((dn, values),) = found(judge, "(cn=Ben)", ["manager", "description"], controls=controls).items()

    assert dn.startswith(f"<GUID={ben}>;<SID=S-1-5-21-1111111111-2222222222-3333333333-1105>;CN=Ben,")
    assert values["description"] == [AMY.encode()]
    assert values["manager"] == [
        f"<GUID={amy}>;<SID=S-1-5-21-1111111111-2222222222-3333333333-1104>;{AMY}".encode()
    ]


# --- DirSync ---------------------------------------------------------------------------------------------------------


def delta(
    judge: Any, cookie: bytes, *attributes: str, flags: int = DIRSYNC_OBJECT_SECURITY, base: str = ROOT
) -> tuple[dict[str, Values], bool, bytes]:
    """The entries of one DirSync search, whether there are more, and the next cookie (b"" if it was refused)."""
    controls = [dirsync(flags, 1_000_000, cookie)]
    entries = found(judge, USERS, list(attributes), base=base, controls=controls)
    said = judge.result.get("controls", {}).get(DIRSYNC, {}).get("value")
    return (entries, said["more_results"], said["cookie"]) if said else (entries, False, b"")


def test_a_delta_has_only_what_changed_and_always_the_guid(dc: LdapServer, judge: Any) -> None:
    guid = dc.put(AMY, title="Nurse", mobile="+447700900123")
    dc.put(f"CN=Ben,{PEOPLE}")
    first, more, cookie = delta(judge, b"", "title", "mobile")
    dc.change(AMY, title="Sister", mobile=None, mail="amy@corp.example")
    second, _, cookie = delta(judge, cookie, "title", "mobile")

    assert (len(first), more) == (2, False)
    assert first[AMY]["title"] == [b"Nurse"]
    assert {"parentGUID", "name", "objectGUID", "instanceType"} <= set(first[AMY])
    assert second == {
        AMY: {"title": [b"Sister"], "mobile": None, "objectGUID": [guid.bytes_le], "instanceType": [b"4"]}
    }
    assert delta(judge, cookie, "title", "mobile")[0] == {}


def test_a_change_of_what_was_not_asked_for_brings_nobody(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    _, _, cookie = delta(judge, b"", "title")
    dc.change(AMY, mail="amy@corp.example")

    assert delta(judge, cookie, "title")[0] == {}


def test_a_move_is_a_new_dn_a_name_and_a_parent(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY, title="Nurse")
    parent = dc.put(f"OU=Old,{ROOT}")
    _, _, cookie = delta(judge, b"", "title")
    dc.move(AMY, f"CN=Amy,OU=Old,{ROOT}")
    ((dn, values),) = delta(judge, cookie, "title")[0].items()

    assert dn == f"CN=Amy,OU=Old,{ROOT}"
    assert set(values) == {"name", "parentGUID", "objectGUID", "instanceType"}
    assert values["parentGUID"] == [parent.bytes_le]


def test_a_deletion_is_a_tombstone_with_what_it_lost(dc: LdapServer, judge: Any) -> None:
    guid = dc.put(AMY, title="Nurse", sAMAccountName="amy")
    _, _, cookie = delta(judge, b"", "title", "sAMAccountName")
    dc.delete(AMY)
    ((dn, values),) = delta(judge, cookie, "title", "sAMAccountName")[0].items()

    assert dn.startswith("CN=Amy\\0ADEL:")
    assert values["isDeleted"] == [b"TRUE"]
    assert values["title"] is None
    assert values["objectGUID"] == [guid.bytes_le]
    assert "sAMAccountName" not in values
    dc.sees_deleted = False
    assert delta(judge, cookie, "title")[0] == {}


def test_a_large_delta_comes_in_batches_that_lose_nothing(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 5)
    dc.dirsync_batch = 2
    seen: dict[str, Values] = {}
    cookie, more, rounds = b"", True, 0
    while more:
        entries, more, cookie = delta(judge, cookie, "sAMAccountName", "title")
        seen |= entries
        rounds += 1
        if rounds == 1:
            dc.change(f"CN=P0003,{PEOPLE}", title="Nurse")  # moves behind the others, with all it has

    assert rounds == 3
    assert len(seen) == 5
    assert seen[f"CN=P0003,{PEOPLE}"]["sAMAccountName"] == [b"p0003"]
    assert seen[f"CN=P0003,{PEOPLE}"]["title"] == [b"Nurse"]


def test_the_cookie_of_another_controller_brings_everybody_again(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    _, _, cookie = delta(judge, b"", "title")
    dc.set_invocation_id(uuid.UUID(int=8))

    assert list(delta(judge, cookie, "title")[0]) == [AMY]


def test_a_controller_that_was_set_back_knows_nothing_of_later_changes(dc: LdapServer, judge: Any) -> None:
    old = dc.tree.snapshot()
    put_people(dc, 3)
    _, _, cookie = delta(judge, b"", "title")
    dc.tree = old
    dc.put(AMY)

    assert delta(judge, cookie, "title")[0] == {}
    assert list(found(judge)) == [AMY]


def test_a_cookie_that_is_none_is_refused(judge: Any) -> None:
    delta(judge, b"garbage")

    assert (judge.result["result"], judge.result["message"]) == (12, "Unable to unmarshall cookie")


def test_dirsync_needs_the_root_and_the_right_to_replicate(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    delta(judge, b"", base=PEOPLE)
    assert judge.result["result"] == 50
    dc.can_replicate = False
    delta(judge, b"", flags=0)
    assert judge.result["result"] == 50
    delta(judge, b"", flags=DIRSYNC_OBJECT_SECURITY)
    assert judge.result["result"] == 0


def test_ldap3s_own_dirsync_reads_it_to_the_end(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 5)
    dc.dirsync_batch = 2
    reader = judge.extend.microsoft.dir_sync(ROOT, USERS, attributes=["cn"], object_security=True)
    got = []
    while reader.more_results:
        got += reader.loop()

    assert len(got) == 5
