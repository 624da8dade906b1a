"""What GOWA shows of a group to who looks closely: the join link's hash."""

from __future__ import annotations

import pytest

from connectors.kit.linked_phone import LinkedPhone
from connectors.kit.whatsapp import link_hash
from fakes.gateways.server import Make, answered
from fakes.gowa.server import GowaServer, refused
from worker.domain.model import Fact, GroupFacts, Roster
from worker.ports import AuthFailed

WARD = "120363000000000007@g.us"


def look(inventory: LinkedPhone) -> GroupFacts:
    return dict(inventory.look_closely({WARD: inventory.can.costly}))[WARD]


def asked(facts: GroupFacts) -> set[Fact]:
    return {fact for fact, at in facts.read_apart if at is not None}


def test_the_link_s_hash_is_shown(gowa: GowaServer, make: Make) -> None:
    seen = look(make())
    assert (seen.link_sha256, asked(seen)) == (link_hash(gowa.rooms[WARD].link), {Fact.LINK})


def test_a_reset_link_has_another_hash(gowa: GowaServer, make: Make) -> None:
    before = look(make()).link_sha256
    gowa.rooms[WARD].link = "AnotherLinkOfIt1"
    assert look(make()).link_sha256 not in {before, None}


def test_a_link_that_whatsapp_keeps_from_the_phone_is_not_shown(gowa: GowaServer, make: Make) -> None:
    gowa.rooms[WARD].link = None
    seen = look(make())
    assert (seen.link_sha256, asked(seen)) == (None, {Fact.LINK})


def test_trouble_with_the_link_leaves_it_as_it_was(gowa: GowaServer, make: Make) -> None:
    for reply in (refused(500, "INTERNAL_SERVER_ERROR", "timed out"), answered({"code": "SUCCESS"})):
        gowa.mend()
        gowa.tell("/group/invite-link", reply)
        assert look(make()).read_apart == ()


def test_an_answer_without_a_link_does_not_show_it(gowa: GowaServer, make: Make) -> None:
    gowa.tell("/group/invite-link", answered({"code": "SUCCESS", "results": None}))
    assert look(make()).link_sha256 is None


def test_a_phone_that_is_not_linked_any_more_ends_the_look(gowa: GowaServer, make: Make) -> None:
    gowa.is_linked = False
    with pytest.raises(AuthFailed):
        look(make())


def test_a_read_does_not_ask_for_links(gowa: GowaServer, make: Make) -> None:
    ward = next(one for one in make().changes(None) if isinstance(one, Roster))
    assert ward.facts.read_apart == ((Fact.LINK, None),)
    assert not [request for request in gowa.log if "invite-link" in request.path]
