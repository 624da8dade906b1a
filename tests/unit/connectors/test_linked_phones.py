"""What is so of a linked phone, whichever gateway it is linked to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.kit.linked_phone import AT_ODDS
from connectors.kit.phone_acts import COMMUNITY, ITSELF, UNKNOWN, UNSURE
from connectors.kit.whatsapp import is_same, with_ids_from
from fakes.evolution.server import EvolutionServer
from fakes.gateways.kinds import KINDS, Gateway, linked_to
from fakes.gateways.server import Person, Room, answered
from fakes.gowa.server import GowaServer
from fakes.waha.server import WahaServer
from unwanted import is_ended
from worker.domain.model import Coverage, Member, Role
from worker.ports import NotDone
from worker.ports.connectors.remover import ActOutcome, Effect

WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"
BOB, DAN = "447700900101", "447700900102"


@pytest.fixture(params=KINDS)
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    with linked_to(request.param) as found:
        yield found


def test_two_numbers_with_one_hidden_identity_are_both_listed_and_nobody_is_proven_out(
    gateway: Gateway,
) -> None:
    """A gateway keeps pairs of numbers and identities, and may show somebody with another one's."""
    gateway.server.rooms[WARD] = Room("Ward", [Person(DAN, lid="9003"), Person(BOB, Role.ADMIN, "9003")])
    roster = gateway.read()[0][WARD]
    assert [(each.handle, each.role) for each in roster.members] == [
        (f"+{DAN}", Role.MEMBER),
        (f"+{BOB}", Role.ADMIN),
    ]
    assert (roster.coverage, roster.warnings) == (Coverage.PARTIAL, (AT_ODDS,))


def test_one_number_with_two_hidden_identities_proves_nobody_out(gateway: Gateway) -> None:
    people = [Person(DAN, lid="9003"), Person(DAN, Role.ADMIN, "9004")]
    gateway.server.rooms[WARD] = Room("Ward", people, {"ParticipantCount": 1})
    roster = gateway.read()[0][WARD]
    assert [(each.handle, each.role) for each in roster.members] == [(f"+{DAN}", Role.ADMIN)]
    assert (roster.coverage, roster.warnings) == (Coverage.PARTIAL, (AT_ODDS,))


def test_a_row_with_the_ids_of_two_people_proves_nobody_out(gateway: Gateway) -> None:
    rows: dict[str, list[dict[str, object]]] = {
        "waha": [{"id": f"{BOB}@c.us", "pn": f"{DAN}@c.us"}],
        "gowa": [
            {"jid": f"{BOB}@s.whatsapp.net", "phone_number": DAN},
            {"jid": "9003@lid", "lid": "9004@lid"},
        ],
        "evolution": [{"id": f"{BOB}@s.whatsapp.net", "phoneNumber": f"{DAN}@s.whatsapp.net"}],
    }
    gateway.server.rooms[WARD] = Room("Ward", [Person("447700900103")], bad_rows=[*rows[gateway.kind]])
    rosters, end = gateway.read()
    assert [each.handle for each in rosters[WARD].members] == ["+447700900103"]
    assert rosters[WARD].coverage is Coverage.PARTIAL
    assert len(end.malformed) == len(rows[gateway.kind])


def test_somebody_who_is_listed_by_number_and_by_identity_is_one_and_the_list_is_whole(
    gateway: Gateway,
) -> None:
    people = [Person(DAN, lid="9003"), Person(DAN), Person(None, lid="9003")]
    gateway.server.rooms[WARD] = Room("Ward", people, {"ParticipantCount": 1})
    roster = gateway.read()[0][WARD]
    assert [each.handle for each in roster.members] == [f"+{DAN}"]
    assert roster.coverage is Coverage.FULL


def is_linked(gateway: Gateway, number: str, lid: str | None = "9001") -> None:
    """Another phone is linked to the gateway; only WAHA shows its LID beside the number."""
    server, jid = gateway.server, f"{number}:7@s.whatsapp.net"
    if isinstance(server, WahaServer):
        server.me = {"id": jid} | ({} if lid is None else {"lid": f"{lid}@lid"})
    elif isinstance(server, EvolutionServer | GowaServer):
        server.owner = jid


def test_the_linked_phone_does_not_remove_itself_until_another_one_is_linked(gateway: Gateway) -> None:
    """It would never see the group again."""
    gateway.server.rooms[WARD] = Room(
        "Ward", [Person(BOB, Role.ADMIN, "9001"), Person(DAN, Role.ADMIN, "9002")]
    )
    is_linked(gateway, BOB)
    bob, _dan = gateway.read()[0][WARD].members
    assert gateway.inventory.remove(WARD, bob) == ActOutcome(Effect.REFUSED, ITSELF)
    assert not gateway.server.seen(method="POST")
    is_linked(gateway, DAN, "9002")
    assert gateway.inventory.remove(WARD, bob).effect is Effect.DONE
    assert [each.user for each in gateway.server.rooms[WARD].people] == [DAN]


def test_a_list_without_the_linked_phone_itself_is_stale(gateway: Gateway) -> None:
    """It was taken out between the list of groups and the list of members."""
    gateway.server.rooms[WARD] = Room("Ward", [Person(DAN, lid="9002")])
    gateway.server.rooms[ROTA] = Room("Rota", [Person(BOB, lid="9001")])
    is_linked(gateway, BOB)
    rosters, _end = gateway.read()
    assert {key: each.coverage for key, each in rosters.items()} == {
        WARD: Coverage.STALE,
        ROTA: Coverage.FULL,
    }


def test_a_gateway_that_fails_to_say_who_its_phone_is_removes_nobody(gateway: Gateway) -> None:
    at = {"waha": "/api/sessions/", "gowa": "/app/status", "evolution": "fetchInstances"}[gateway.kind]
    gateway.server.rooms[WARD] = Room("Ward", [Person(BOB, Role.ADMIN), Person(DAN, Role.ADMIN)])
    gateway.server.tell(at, answered(None, 503))
    with pytest.raises(NotDone):
        gateway.inventory.remove(WARD, Member(f"+{BOB}", phone=f"+{BOB}"))
    assert not gateway.server.seen(method="POST")


def test_a_gateway_that_does_not_show_who_its_phone_is_removes_nobody_and_check_says_so(
    gateway: Gateway,
) -> None:
    """It might be the phone itself."""
    gateway.server.rooms[WARD] = Room("Ward", [Person(BOB, Role.ADMIN, "9001"), Person(DAN)])
    if gateway.kind == "evolution":  # the key of one instance may not list them
        gateway.server.tell("fetchInstances", answered({"status": 403, "error": "Forbidden"}, 403))
    for member in (Member(f"+{BOB}", phone=f"+{BOB}"), Member("9001@lid", lid="9001@lid")):
        outcome = gateway.inventory.remove(WARD, member)
        assert (outcome.effect, outcome.said.startswith(UNKNOWN)) == (Effect.REFUSED, True)
        assert outcome.said.endswith(gateway.inventory.SHOWS_ITSELF)
    assert not gateway.server.seen(method="POST")
    assert gateway.inventory.make_admin(WARD, Member(f"+{DAN}", phone=f"+{DAN}")).effect is Effect.DONE
    assert gateway.inventory.check().details["removals"].startswith(UNKNOWN)


def test_check_says_nothing_of_removals_where_the_phone_is_known(gateway: Gateway) -> None:
    gateway.server.rooms[WARD] = Room("Ward", [Person(BOB, Role.ADMIN, "9001")])
    is_linked(gateway, BOB)
    assert "removals" not in gateway.inventory.check().details


P, L, Q, M = "+447700900101", "9001@lid", "+447700900102", "9002@lid"


def shows(phone: str | None, lid: str | None) -> Member:
    return Member(phone or lid or "", phone=phone, lid=lid)


@pytest.mark.parametrize(
    "me, member, found",
    [
        ((P, None), (P, None), True), ((P, None), (P, L), True), ((P, None), (None, L), None),
        ((P, None), (Q, None), False), ((P, None), (Q, M), False), ((P, None), (None, M), None),
        ((None, L), (P, None), None), ((None, L), (P, L), True), ((None, L), (None, L), True),
        ((None, L), (Q, None), None), ((None, L), (Q, M), False), ((None, L), (None, M), False),
        ((P, L), (P, None), True), ((P, L), (P, L), True), ((P, L), (None, L), True),
        ((P, L), (Q, None), False), ((P, L), (Q, M), False), ((P, L), (None, M), False),
        ((P, L), (Q, L), None), ((P, L), (P, M), None),
    ],
)  # fmt: skip
def test_two_rows_are_one_person_by_what_both_show(
    me: tuple[str | None, str | None], member: tuple[str | None, str | None], found: bool | None
) -> None:
    assert is_same(shows(*me), shows(*member)) is is_same(shows(*member), shows(*me)) is found


@pytest.mark.parametrize(
    "pairs, found",
    [([(P, L), (Q, M)], (P, L)), ([(Q, M)], (P, None)), ([(P, L), (P, M)], (P, None)), ([], (P, None))],
)
def test_a_list_shows_the_other_id_of_a_number_if_it_shows_one(
    pairs: list[tuple[str, str]], found: tuple[str, str | None]
) -> None:
    assert with_ids_from([shows(*pair) for pair in pairs], shows(P, None)) == shows(*found)


@pytest.mark.parametrize(
    "people, lid, said",
    [
        ([Person(BOB, Role.ADMIN, "9001"), Person(None, lid="9002")], "9002", None),
        ([Person(BOB, Role.ADMIN), Person(DAN, lid="9002")], "9002", None),
        ([Person(BOB, Role.ADMIN, "9001"), Person(DAN)], "9001", ITSELF),
        ([Person(BOB, Role.ADMIN), Person(None, lid="9001")], "9001", UNSURE),
        ([Person(None, Role.ADMIN, "9001"), Person(None, lid="9002")], "9002", UNSURE),
    ],
    ids=["phone-shows-both", "member-shows-both", "itself", "number-apart", "lids-alone"],
)
def test_whoever_is_shown_by_a_lid_alone_is_removed_only_where_the_list_shows_that_it_is_not_the_phone(
    gateway: Gateway, people: list[Person], lid: str, said: str | None
) -> None:
    gateway.server.rooms[WARD] = Room("Ward", [*people])
    is_linked(gateway, BOB, lid=None)
    outcome = gateway.inventory.remove(WARD, Member(f"{lid}@lid", lid=f"{lid}@lid"))
    if said is None:  # GOWA takes numbers alone
        assert len(gateway.server.seen(method="POST")) == 1
        assert outcome.effect is (Effect.REFUSED if gateway.kind == "gowa" else Effect.DONE)
    else:
        assert outcome == ActOutcome(Effect.REFUSED, said)
        assert not gateway.server.seen(method="POST")


COMMUNITIES = {
    "waha": ("isCommunity", "isCommunityAnnounce"),
    "gowa": ("IsParent", "IsDefaultSubGroup"),
    "evolution": ("isCommunity", "isCommunityAnnounce"),
}


@pytest.mark.parametrize("which", [0, 1], ids=["community", "announcement-group"])
def test_nobody_is_removed_from_a_community_but_from_a_group_of_it(gateway: Gateway, which: int) -> None:
    """A gateway's request takes them out of the one group, and they stay in the community (WAHA's issue 1209)."""
    people, key = [Person(BOB, Role.ADMIN, "9001"), Person(DAN)], COMMUNITIES[gateway.kind][which]
    gateway.server.rooms[WARD] = Room("Hospital", [*people], {key: True})
    gateway.server.rooms[ROTA] = Room("Rota", [*people], {key: False, "linkedParent": WARD})
    is_linked(gateway, BOB)
    dan = Member(f"+{DAN}", phone=f"+{DAN}")
    assert gateway.inventory.remove(WARD, dan) == ActOutcome(Effect.REFUSED, COMMUNITY)
    assert not gateway.server.seen(method="POST")
    assert gateway.inventory.remove(ROTA, dan).effect is Effect.DONE


def test_an_act_that_is_not_wanted_any_more_is_not_asked_for(gateway: Gateway) -> None:
    gateway.server.rooms[WARD] = Room("Ward", [Person(BOB, Role.ADMIN), Person(DAN, Role.MEMBER)])
    is_linked(gateway, BOB)
    for deed in (gateway.inventory.remove, gateway.inventory.make_admin):
        is_ended(deed, WARD, Member(f"+{DAN}", phone=f"+{DAN}"))
    assert not gateway.server.seen(method="POST")
    assert [each.role for each in gateway.server.rooms[WARD].people] == [Role.ADMIN, Role.MEMBER]
