"""What Evolution shows of a group to who looks closely: the picture's hash and the join link's."""

from __future__ import annotations

import hashlib

import pytest

from connectors.kit.linked_phone import LinkedPhone
from connectors.kit.whatsapp import link_hash
from fakes.evolution.server import EvolutionServer, failed
from fakes.gateways.server import Make, answered
from fakes.graph.http import Reply
from worker.domain.model import Fact, GroupFacts, Roster
from worker.ports import Transient

WARD = "120363000000000007@g.us"
JPEG = b"a ward"


def look(inventory: LinkedPhone) -> GroupFacts:
    return dict(inventory.look_closely({WARD: inventory.can.costly}))[WARD]


def asked(facts: GroupFacts) -> set[Fact]:
    return {fact for fact, at in facts.read_apart if at is not None}


def test_both_hashes_are_shown(evolution: EvolutionServer, make: Make) -> None:
    room = evolution.rooms[WARD]
    room.picture = JPEG
    seen = look(make())
    assert seen.picture_sha256 == hashlib.sha256(JPEG).hexdigest()
    assert seen.link_sha256 == link_hash(room.link)


def test_no_address_of_a_picture_may_be_that_it_could_not_be_had(make: Make) -> None:
    seen = look(make())
    assert (seen.picture_sha256, asked(seen)) == (None, {Fact.PICTURE, Fact.LINK})


def test_a_link_that_whatsapp_keeps_from_the_phone_is_not_shown(
    evolution: EvolutionServer, make: Make
) -> None:
    evolution.rooms[WARD].link = None
    seen = look(make())
    assert (seen.link_sha256, asked(seen)) == (None, {Fact.PICTURE, Fact.LINK})


def test_trouble_with_the_link_leaves_it_as_it_was(evolution: EvolutionServer, make: Make) -> None:
    evolution.tell("/group/inviteCode", failed("Error fetching", "Error: Timed Out"))
    assert asked(look(make())) == {Fact.PICTURE}


def test_an_answer_without_a_link_does_not_show_it(evolution: EvolutionServer, make: Make) -> None:
    evolution.tell("/group/inviteCode", answered([]))
    assert look(make()).link_sha256 is None


def test_a_group_that_is_gone_shows_nothing(evolution: EvolutionServer, make: Make) -> None:
    inventory = make()
    del evolution.rooms[WARD]
    seen = look(inventory)
    assert (seen.picture_sha256, seen.link_sha256) == (None, None)


def test_an_instance_that_is_away_ends_the_look(evolution: EvolutionServer, make: Make) -> None:
    evolution.tell("/group/", Reply(is_dropped=True))
    with pytest.raises(Transient):
        look(make())


def test_a_read_does_not_ask_for_pictures_and_links(evolution: EvolutionServer, make: Make) -> None:
    ward = next(one for one in make().changes(None) if isinstance(one, Roster))
    assert ward.facts.read_apart == ((Fact.LINK, None), (Fact.PICTURE, None))
    assert not [request for request in evolution.log if "inviteCode" in request.path]
