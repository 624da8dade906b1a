"""Every lie that a directory or an inventory tells, alone and mixed; and that the property of them can fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

import worker.app.jobs.directory_pass
import worker.app.jobs.verify
import worker.domain.identity.matching
from lies.company import Wrong
from lies.lie import Lie
from lies.play import LIES, alone, mixed
from sim.breaking import Mutant
from sim.mutants import MUTANTS
from worker.domain.model import AccountFacts, Evidence, Standing
from worker.domain.people.leaver import Judgement, LeaverPolicy

MIXES = 12


@pytest.mark.parametrize("lie", LIES, ids=[lie.number for lie in LIES])
def test_a_lie_opens_no_wrong_ticket_and_hides_no_leaver(lie: Lie) -> None:
    assert alone(lie) is lie.does


@pytest.mark.parametrize("seed", range(MIXES))
def test_lies_that_are_mixed_open_no_wrong_ticket_and_hide_no_leaver(seed: int) -> None:
    assert mixed(seed)


def test_each_lie_is_another_and_has_a_number_of_its_own() -> None:
    said = Counter((lie.number[0], lie.says, lie.truth) for lie in LIES)
    numbers = [lie.number for lie in LIES]

    assert max(said.values()) == 1
    for letter, at_least in (("D", 60), ("I", 40)):
        own = [number for number in numbers if number.startswith(letter)]
        assert own == [f"{letter}{number:02d}" for number in range(1, len(own) + 1)]
        assert len(own) >= at_least


# --- a worker that believes lies is found out ------------------------------------------------------------


def _unknown_leaves(original: Callable[..., Judgement | None]) -> Callable[..., Judgement | None]:
    def judged(facts: AccountFacts, policy: LeaverPolicy, now: datetime) -> Judgement | None:
        gone = Judgement(Standing.LEFT, Evidence.DISABLED)
        return gone if facts.enabled is None else original(facts, policy, now)

    return judged


UNKNOWN_LEAVES = Mutant(
    10, "unknown-is-a-leaver", ((worker.app.jobs.directory_pass, "judge", _unknown_leaves),)
)


def _whoever_has_the_number(original: Callable[..., object]) -> Callable[..., object]:
    del original
    return lambda *_: []


LEAVER_TAKES_OVER = Mutant(
    10,
    "a-leaver-takes-over",
    ((worker.domain.identity.matching, "_here_and_not", _whoever_has_the_number),),
)
DATES_PROOFS_BY_THEIR_WEIGHING = Mutant(
    10,
    "a-proof-is-dated-by-its-weighing",
    ((worker.app.jobs.verify, "with_evidence", lambda _original: lambda ticket, *_: ticket.details),),
)
RED = {  # lies that a broken worker believes
    "absence-is-believed": ("D04", "D12", "D25", "D27"),
    "the-guard-sleeps": ("D30", "D61", "D64", "D68"),
    "a-claim-is-proof": ("I26", "I33"),
    "unknown-is-a-leaver": ("D37", "D38"),
    "a-leaver-takes-over": ("D48", "I55"),
    "a-proof-is-dated-by-its-weighing": ("I79",),
}
BROKEN = [
    (mutant, lie)
    for mutant in (*MUTANTS, UNKNOWN_LEAVES, LEAVER_TAKES_OVER, DATES_PROOFS_BY_THEIR_WEIGHING)
    for lie in RED.get(mutant.name, ())
]


@pytest.mark.parametrize("mutant, number", BROKEN, ids=[f"{mutant.name}-{lie}" for mutant, lie in BROKEN])
def test_a_worker_that_believes_a_lie_is_found_out(mutant: Mutant, number: str) -> None:
    lie = next(lie for lie in LIES if lie.number == number)
    with mutant.alive(), pytest.raises(Wrong):
        alone(lie)


def test_every_broken_worker_is_tried() -> None:
    assert {mutant.name for mutant, _lie in BROKEN} == set(RED)
