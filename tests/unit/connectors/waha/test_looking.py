"""What WAHA shows of a group to who looks closely: picture, link, rights, and when somebody last wrote."""

from __future__ import annotations

import hashlib
import traceback
from datetime import UTC, datetime, timedelta

import pytest

from connectors.kit.linked_phone import LinkedPhone
from connectors.kit.whatsapp import link_hash
from contracts.inventory import NOW
from fakes.gateways.server import Make, answered
from fakes.graph.http import Reply
from fakes.waha.server import WahaServer
from worker.domain.model import Allowed, Fact, GroupFacts, Roster
from worker.ports import AuthFailed, Transient

WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"
JPEG = b"a ward"
WROTE_AT = int((NOW - timedelta(days=3)).timestamp())


def look(inventory: LinkedPhone, *facts: Fact, groups: tuple[str, ...] = (WARD,)) -> GroupFacts:
    wanted = frozenset(facts) or inventory.can.costly
    seen = dict(inventory.look_closely(dict.fromkeys(groups, wanted)))
    assert seen.keys() == set(groups)
    return seen[WARD]


def asked(facts: GroupFacts) -> set[Fact]:
    return {fact for fact, at in facts.read_apart if at is not None}


def paths(waha: WahaServer) -> list[str]:
    return [request.path.removeprefix("/api/default/") for request in waha.log]


def test_a_closer_look_shows_all_of_it(waha: WahaServer, make: Make) -> None:
    room = waha.rooms[WARD]
    room.picture, room.wrote_at, room.for_admins = JPEG, WROTE_AT, {"messages"}
    seen = look(make())
    assert asked(seen) == make().can.costly
    assert seen.picture_sha256 == hashlib.sha256(JPEG).hexdigest()
    assert seen.link_sha256 == link_hash(room.link)
    assert (seen.edit, seen.write) == (Allowed.MEMBERS, Allowed.ADMINS)
    assert seen.last_activity_at == datetime.fromtimestamp(WROTE_AT, UTC)
    assert waha.judged() > 0


def test_a_picture_is_asked_for_as_it_is_now_and_not_as_waha_remembers_it(
    waha: WahaServer, make: Make
) -> None:
    look(make(), Fact.PICTURE)
    assert [request.query for request in waha.log] == [{"refresh": "true"}]


def test_a_group_without_a_picture_has_none_and_one_where_nobody_wrote_is_unknown(
    waha: WahaServer, make: Make
) -> None:
    seen = look(make(), Fact.PICTURE, Fact.LAST_ACTIVITY)
    assert (seen.picture_sha256, seen.last_activity_at) == ("", None)
    assert asked(seen) == {Fact.PICTURE, Fact.LAST_ACTIVITY}


def test_when_groups_were_written_in_is_one_question(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].wrote_at = WROTE_AT
    look(make(), Fact.LAST_ACTIVITY, groups=(WARD, ROTA))
    assert paths(waha) == ["chats/overview"]


def test_only_the_time_of_a_message_leaves_the_client(waha: WahaServer, make: Make) -> None:
    waha.rooms[WARD].wrote_at = WROTE_AT
    inventory = make()
    look(inventory, Fact.LAST_ACTIVITY)
    assert "Bed 4" not in repr(vars(inventory))


def test_a_link_that_is_kept_from_the_phone_is_not_shown(waha: WahaServer, make: Make) -> None:
    waha.rooms[WARD].link = None
    seen = look(make(), Fact.LINK)
    assert (seen.link_sha256, asked(seen)) == (None, {Fact.LINK})


def test_a_link_may_come_as_bare_text(waha: WahaServer, make: Make) -> None:
    waha.tell("/invite-code", Reply(200, b"LinkOfThisGroup1", "text/html"))
    assert look(make(), Fact.LINK).link_sha256 == link_hash("LinkOfThisGroup1")


@pytest.mark.parametrize(
    "part, reply",
    [
        ("/picture", answered({"message": "rate-overlimit"}, 500)),
        ("/picture", answered({"url": 7})),
        ("/v/pictures/", Reply(503)),
        ("/picture", Reply(429)),
    ],
)
def test_trouble_with_one_answer_leaves_that_fact_as_it_was(
    waha: WahaServer, make: Make, part: str, reply: Reply
) -> None:
    waha.rooms[WARD].picture = JPEG
    waha.tell(part, reply)
    assert asked(look(make(), Fact.PICTURE, Fact.LINK)) == {Fact.LINK}


def test_without_an_overview_nobody_knows_when_groups_were_written_in(waha: WahaServer, make: Make) -> None:
    for reply in (answered({"message": "no store"}, 400), answered({"rows": []})):
        waha.mend()
        waha.tell("/chats/overview", reply)
        assert asked(look(make(), Fact.LAST_ACTIVITY, Fact.LINK)) == {Fact.LINK}


@pytest.mark.parametrize(
    "reply, error", [(Reply(is_dropped=True), Transient), (answered({"message": "no"}, 401), AuthFailed)]
)
def test_a_gateway_that_is_away_ends_the_look(
    waha: WahaServer, make: Make, reply: Reply, error: type[Exception]
) -> None:
    waha.tell("/invite-code", reply)
    with pytest.raises(error):
        look(make(), Fact.LINK)


def test_a_link_is_in_no_error(waha: WahaServer, make: Make) -> None:
    waha.tell("/invite-code", Reply(200, b'"https://chat.whatsapp.com/LinkOfThis', cut_after=30))
    with pytest.raises(Transient) as raised:
        look(make(), Fact.LINK)
    assert "LinkOf" not in "".join(traceback.format_exception(raised.value))


def test_what_the_list_shows_is_not_asked_for_apart(waha: WahaServer, make: Make) -> None:
    waha.engine = "NOWEB"
    waha.rooms[WARD].facts = {"restrict": True, "announce": False, "inviteCode": "LinkOfThisGroup1"}
    ward = next(one for one in make().changes(None) if isinstance(one, Roster))
    unasked = {fact for fact, at in ward.facts.read_apart if at is None}
    assert unasked == {Fact.PICTURE, Fact.LAST_ACTIVITY}


def test_what_is_no_group_of_whatsapp_is_not_asked_for(make: Make) -> None:
    assert dict(make().look_closely({"../sessions": {Fact.LINK}})) == {}
