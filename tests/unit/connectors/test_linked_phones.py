"""What is so of a linked phone, whichever gateway it is linked to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.kit.linked_phone import AT_ODDS
from fakes.gateways.kinds import KINDS, Gateway, linked_to
from fakes.gateways.server import Person, Room
from worker.domain.model import Coverage, Role

WARD = "120363000000000007@g.us"
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
    gateway.server.rooms[WARD] = Room("Ward", [Person(DAN, lid="9003"), Person(DAN, Role.ADMIN, "9004")])
    roster = gateway.read()[0][WARD]
    assert [(each.handle, each.role) for each in roster.members] == [(f"+{DAN}", Role.ADMIN)]
    assert (roster.coverage, roster.warnings) == (Coverage.PARTIAL, (AT_ODDS,))


def test_somebody_who_is_listed_by_number_and_by_identity_is_one_and_the_list_is_whole(
    gateway: Gateway,
) -> None:
    gateway.server.rooms[WARD] = Room(
        "Ward", [Person(DAN, lid="9003"), Person(DAN), Person(None, lid="9003")]
    )
    roster = gateway.read()[0][WARD]
    assert [each.handle for each in roster.members] == [f"+{DAN}"]
    assert roster.coverage is Coverage.FULL
