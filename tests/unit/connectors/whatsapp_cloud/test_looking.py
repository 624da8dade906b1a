"""What Meta shows of a group to who looks closely: the join link's hash."""

from __future__ import annotations

import traceback

import pytest

from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from connectors.kit.whatsapp import link_hash
from fakes.whatsapp_cloud.server import CloudServer, Raw, Refused
from worker.domain.model import Fact, GroupFacts, Roster
from worker.ports import AuthFailed, Transient

AMINA = "447700900101"


def look(inventory: WhatsappCloudInventory) -> GroupFacts:
    return dict(inventory.look_closely({"g1": inventory.can.costly}))["g1"]


def test_the_link_s_hash_is_shown(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    group = server.add("g1", "Ward 7", AMINA)
    assert look(inventory).link_sha256 == link_hash(group.link)
    group.link = "https://chat.whatsapp.com/AnotherLinkOfIt1"
    assert look(inventory).link_sha256 == link_hash(group.link)


@pytest.mark.parametrize("error", [Refused(403, 131207), Refused(400, 131041), Refused(403, 10)])
def test_a_link_that_meta_refuses_is_not_shown(
    server: CloudServer, inventory: WhatsappCloudInventory, error: Refused
) -> None:
    server.add("g1", "Ward 7", AMINA).error = error
    seen = look(inventory)
    assert seen.link_sha256 is None
    assert [fact for fact, _at in seen.read_apart] == [Fact.LINK]


@pytest.mark.parametrize("error", [Refused(429, 131208), Refused(500, 2)])
def test_trouble_with_the_link_leaves_it_as_it_was(
    server: CloudServer, inventory: WhatsappCloudInventory, error: Refused
) -> None:
    server.add("g1", "Ward 7", AMINA).error = error
    assert look(inventory) == GroupFacts()


def test_a_token_that_has_expired_ends_the_look(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("g1", "Ward 7", AMINA).error = Refused(401, 190)
    with pytest.raises(AuthFailed):
        look(inventory)


def test_an_answer_of_another_shape_does_not_show_the_link(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.hook = lambda _method, _path, _query: Raw(200, b"[]", {"content-type": "application/json"})
    assert look(inventory).link_sha256 is None


def test_a_link_is_in_no_error(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    half = Raw(200, b'{"invite_link": "https://chat.whatsapp.com/LinkOfThis', {"content-length": "900"})
    server.hook = lambda _method, _path, _query: half
    with pytest.raises(Transient) as raised:
        look(inventory)
    assert "LinkOf" not in "".join(traceback.format_exception(raised.value))


def test_a_read_keeps_a_suspended_group_s_link_as_it_was(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("g1", "Ward 7", AMINA).error = Refused(403, 131207)
    [roster] = [one for one in inventory.changes(None) if isinstance(one, Roster)]
    assert roster.facts.read_apart == ((Fact.LINK, None),)
