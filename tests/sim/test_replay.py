"""A played company is replayed: by its own configuration it comes out as it was, or the replay says what did not.

While they are played the invariants hold, as in test_worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sim.seeded import settings_of
from sim.world import CRASHES_MIN, HOUR, REPLAYED, START, World
from worker.app.reads.replay import ChangedRules, Replay, Replayed
from worker.app.reads.replay_side import ReplayRules
from worker.domain.replay.comparing import PlayEffect, ToldOtherwise
from worker.domain.replay.limits import Limit
from worker.domain.tickets.ticket import TicketState
from worker.running.replaying import replay_of, rules_for_replay

PASS = 6 * HOUR  # the world's jobs come as seldom, whatever the schedule says
STEPS_SHARE = 0.95  # of some two hundred messages; a pass that died, which told nobody, is left out


class Past:
    """One world at its end."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed, settings=settings_of(seed, schedule={"escalate": "6h"}))
        self.world.run()
        assert self.world.crashes > CRASHES_MIN
        self.now = self.world.clock.now
        self.app = replace(self.world.app, store=self.world.store)
        self.rules = rules_for_replay(self.app)
        self.replay: Replay = replay_of(self.app)

    def play(self, changed: ReplayRules | None = None) -> Replayed:
        other = None if changed is None else ChangedRules(changed)
        return self.replay.play(START - timedelta(hours=1), self.now, self.now, other)


@pytest.fixture(scope="module", params=range(REPLAYED), ids=lambda seed: f"seed-{seed}")
def past(request: pytest.FixtureRequest) -> Iterator[Past]:
    made = Past(request.param)
    yield made
    made.world.close()


def test_the_same_tickets_are_opened_at_the_same_instants(past: Past) -> None:
    with past.world.store.reading() as uow:
        opened = uow.tickets.page(list(TicketState), 0, 10_000)

    found = past.play()

    said = {one.what: one for one in found.cannot}
    assert found.same + len(found.tickets) == len(opened) > 50
    unexplained = {one.ticket.label for one in found.tickets if one.ticket}
    assert unexplained == {
        label for limit in (Limit.GUARD, Limit.DUE) if limit in said for label in said[limit].about
    }
    assert found.tickets == (), "nothing was changed, and all of these are recorded"
    assert len(found.plans) == (said[Limit.PLANS].how_many if Limit.PLANS in said else 0)


def test_the_same_people_are_told_at_the_same_passes(past: Past) -> None:
    found = past.play()

    said = {one.what: one for one in found.cannot}
    differing = {one.ticket.label for one in found.messages}
    assert differing == set(said[Limit.STEPS].about if Limit.STEPS in said else ())
    every = found.same_messages + len(found.messages)
    assert every > 100
    assert all(one.told.what.startswith("step") for one in found.messages), "every other message is as it was"
    died = [at for job, at in past.world.died if job == "escalate"]
    unexplained = [one for one in found.messages if not _tells_of(one.told, died)]
    assert len(unexplained) / every < 1 - STEPS_SHARE


def _tells_of(told: ToldOtherwise, died: Sequence[datetime]) -> bool:
    """Whether a message differs by a pass that died."""
    instants = [at for at in (told.was, told.would) if at is not None]
    return any(at <= dead < at + PASS for at in instants for dead in died)


def test_a_change_of_nothing_changes_nothing(past: Past) -> None:
    found = past.play(past.rules)

    assert (found.tickets, found.messages, found.plans) == ((), (), ())


def test_twice_the_time_makes_it_later_and_half_of_it_earlier(past: Past) -> None:
    def with_due(due: timedelta) -> Replayed:
        explainer = replace(past.rules.explainer, rules=replace(past.rules.tickets, due=due))
        return past.play(replace(past.rules, explainer=explainer))

    later, earlier = with_due(48 * HOUR), with_due(12 * HOUR)

    assert later.tickets
    assert {one.difference for one in later.tickets} == {PlayEffect.LATER}
    assert {one.difference for one in earlier.tickets} == {PlayEffect.EARLIER}
    assert [one.ticket for one in later.tickets] == [one.ticket for one in earlier.tickets]


def test_a_lower_limit_only_holds_and_a_higher_one_only_opens(past: Past) -> None:
    def with_limits(leavers_max: int | None) -> Replayed:
        limits = replace(
            past.rules.gate.limits, leavers_max=leavers_max, leavers_share_max=None, group_share_max=None
        )
        return past.play(replace(past.rules, gate=replace(past.rules.gate, limits=limits)))

    lower, higher = with_limits(1), with_limits(None)

    assert lower.count(PlayEffect.HELD) > 0
    assert higher.count(PlayEffect.HELD) == 0
    assert {one.difference for one in higher.tickets} <= {PlayEffect.MORE, PlayEffect.EARLIER}
