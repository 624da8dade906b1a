"""When messages of recorded days would have been told by another configuration, and whom steps would reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from builders import rules
from harness import Harness
from replayed import DAY, HOUR, STEPS, TWO, Found, base, pass_hours, played
from worker.domain.escalation.policy import Policy
from worker.domain.escalation.silences import Silence
from worker.domain.replay.comparing import PlayEffect
from worker.domain.tickets.ticket import TicketKind


def ward(found: Found, *admins: str, **wishes: Any) -> Harness:
    """Ann is in a ward of twenty-one."""
    harness = found(**({"rules": TWO} | wishes))
    harness.hire("ann", "eve", *(f"p{number}" for number in range(60)))
    harness.group("ward-7", "ann", *(f"p{number}" for number in range(20)), admins=admins)
    harness.settle()
    return harness


def opening(harness: Harness, silence: Silence) -> tuple[PlayEffect, datetime | None]:
    """What becomes of the message that ann's ticket is there."""
    seen = played(harness, replace(base(harness), silences=(silence,)))
    found = [one.told for one in seen.messages if one.told.what == "open"]
    return (found[0].difference, found[0].would) if found else (PlayEffect.SAME, None)


@pytest.mark.parametrize("admins, accountable", [(("eve",), "it-security@example.org"), ((), "")])
@pytest.mark.parametrize("of, is_held", [
    ({"groups": ("Ward 7",)}, True),
    ({"sources": ("wards",)}, True),
    ({"kinds": (TicketKind.REMOVE_MEMBER,)}, True),
    ({"people": ("ann",)}, True),
    ({"groups": ("Ward 8",)}, False),
])  # fmt: skip
def test_a_silence_for_a_ticket_holds_every_message_about_it(
    found: Found, admins: tuple[str, ...], accountable: str, of: dict[str, Any], is_held: bool
) -> None:
    harness = ward(found, *admins, rules=rules(policies=(Policy("two", STEPS),), accountable=accountable))
    begins = harness.now
    pass_hours(harness, 3, {1: lambda: harness.leave("ann")})
    silence = Silence("1", begins, begins + DAY, "sam", "moves", **of)

    told = opening(harness, silence)

    assert told == ((PlayEffect.LATER, begins + DAY) if is_held else (PlayEffect.SAME, None))
    late = replace(silence, from_at=begins + 2 * HOUR + HOUR / 2)
    assert opening(harness, late) == (PlayEffect.SAME, None), "it had been told before"
