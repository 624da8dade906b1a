"""Wherever the process dies, the end is the same as without a crash: every commit and every send is tried."""

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from sim.effects import Queued, Withdrawn
from sim.scenario import ORDER, Death, Outcome, Scenario, play_scenario
from sim.tracker_scenario import NURSE, TrackerScenario
from worker.domain.messages.message import Paragraph
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.outbox import OutMessage


@cache
def undisturbed() -> tuple[Outcome, Scenario]:
    outcome, scenario = play_scenario()
    assert not scenario.crashes
    return outcome, scenario


def messages(scenario: Scenario) -> list[OutMessage]:
    return [effect.message for effect in scenario.log.effects if isinstance(effect, Queued)]


def taken_back(scenario: Scenario) -> Counter[tuple[str, Paragraph]]:
    """What was taken back before it was sent, or was not sent again."""
    keys = {effect.key for effect in scenario.log.effects if isinstance(effect, Withdrawn)}
    return Counter((m.to.address, m.body) for m in messages(scenario) if m.key in keys)


def test_the_scenario_is_worth_it() -> None:
    outcome, scenario = undisturbed()
    states = {values[0] for values in outcome.tickets.values()}
    assert states >= {TicketState.OPEN, TicketState.VERIFIED, TicketState.CANCELLED}
    assert outcome.plans
    assert outcome.steps
    assert any(values[1] for values in outcome.tickets.values()), "no ticket was reopened"
    queued = Counter((m.to.address, m.body) for m in messages(scenario))
    assert outcome.seen == queued - taken_back(scenario)
    assert scenario.boundary.count > 400
    assert set(scenario.boundaries) == {*ORDER, "desk"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "job, cycles",
    [
        *(pytest.param(job, (0, 1), id=job) for job in (*ORDER[:-1], "desk")),
        pytest.param("deliver", (0,), id="deliver, even cycles"),
        pytest.param("deliver", (1,), id="deliver, odd cycles"),
    ],
)
def test_a_crash_at_any_boundary_ends_as_none_does(job: str, cycles: tuple[int, ...]) -> None:
    expected, reference = undisturbed()
    for boundary in range(1, reference.boundaries[job] + 1):
        outcome, scenario = play_scenario(Death(job, boundary, cycles))
        late = expected.seen - outcome.seen  # not sent again after the death, as it was not true any more
        assert late <= taken_back(scenario), late
        outcome = replace(outcome, seen=outcome.seen + late)
        assert outcome == expected, f"dying at boundary {boundary} of {job} ({scenario.boundary.places})"


def says_each_move_once(scenario: Scenario) -> bool:
    """Whether each copy that the worker moved last says why, in no words twice since."""
    assert scenario.tracker is not None
    every = [(issue.is_moved_by_us, issue.notes[issue.moved :]) for issue in scenario.tracker.every]
    return all(len(said) == len(set(said)) and (said or not is_ours) for is_ours, said in every)


@pytest.mark.timeout(300)
def test_the_mirror_dying_anywhere_makes_one_copy_and_loses_no_word() -> None:
    expected, reference = play_scenario(kind=TrackerScenario)
    assert expected.copies == Counter(
        [
            (1, CopyStanding.DONE, "h0@corp.example", False),
            (2, CopyStanding.OPEN, NURSE, True),
            ("", "gone", "2"),
        ]
    )
    assert [values[:2] for values in expected.tickets.values()] == [
        (TicketState.VERIFIED, 1),
        (TicketState.VERIFIED, 0),
    ]
    for boundary in range(1, reference.boundaries["mirror"] + 1):
        outcome, scenario = play_scenario(Death("mirror", boundary), TrackerScenario)
        assert outcome == expected, f"dying at boundary {boundary} ({scenario.boundary.places})"
        assert says_each_move_once(scenario), f"dying at boundary {boundary}"
