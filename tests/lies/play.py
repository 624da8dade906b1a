"""Plays lies: each alone, or mixed at random, which `make lies RUNS=N` does.

    python tests/lies/play.py [--runs 1000] [--seed 1] [--minutes 0]

A mix is a seed: one to five lies of one directory and one inventory, told for one to three reads, in two of three mixes
beside a second directory, which is honest. What breaks is
printed with its seed and its lies, and is played again by `--seed SEED --runs 1`.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from time import monotonic

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "support")]  # when it is run as a script

from lies import directories, inventories  # noqa: E402
from lies.company import Company, Reaction, Source, Wrong, furnished  # noqa: E402
from lies.lie import DIRECTORIES, INVENTORIES, Lie  # noqa: E402
from worker.domain.people.persons import AccountsRule  # noqa: E402

LIES = directories.LIES + inventories.LIES
MIXED_MAX, READS_MAX = 5, 3
BESIDE = (None, *AccountsRule)  # the rule for the second directory of a mix, if it has one
# Of these two, one is left out: of a number beside a hidden identity that was never seen, nobody could know whose it is
UNKNOWABLE = {"I49": "I55"}
TOLD_EVERY = 100


def alone(lie: Lie) -> Reaction:
    """Play one lie; return what the worker did about it. Raises Wrong."""
    source = lie.source
    company = furnished(source) if source in DIRECTORIES else furnished(inventory=source)
    return _played(company, [lie], lie.reads, random.Random(lie.number))


def mixed(seed: int) -> list[Lie]:
    """Play the mix of a seed; return its lies. Raises Wrong, which names them."""
    rng = random.Random(seed)
    accounts = BESIDE[seed % len(BESIDE)]
    directory, inventory = rng.choice(sorted(DIRECTORIES)), rng.choice(sorted(INVENTORIES))
    lies = _drawn(rng, directory, inventory)
    try:
        _played(furnished(directory, inventory, accounts), lies, rng.randint(1, READS_MAX), rng)
    except Exception as error:
        raise Wrong(f"seed {seed}, {' '.join(lie.number for lie in lies)}: {error!r}") from error
    return lies


def _drawn(rng: random.Random, directory: Source, inventory: Source) -> list[Lie]:
    can_be_told = [lie for lie in LIES if not lie.is_alone and {directory, inventory} & lie.on]
    drawn = rng.sample(can_be_told, rng.randint(1, MIXED_MAX))
    left_out = {UNKNOWABLE.get(lie.number) for lie in drawn}
    return [lie for lie in drawn if lie.number not in left_out]


def _played(company: Company, lies: Iterable[Lie], reads: int, rng: random.Random) -> Reaction:
    with closing(company.harness):
        for lie in lies:
            lie.begin(company, rng)
        company.live(reads)
        reaction = company.reaction()
        company.heal()
        company.judge()
    return reaction


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Play random mixes of lies.")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first mix")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long; 0: never")
    asked = parser.parse_args()
    begun, wrong, runs, told = monotonic(), 0, 0, 0
    for seed in range(asked.seed, asked.seed + asked.runs):
        try:
            told += len(mixed(seed))
        except Wrong as error:
            wrong += 1
            _say(str(error))
        runs += 1
        if runs % TOLD_EVERY == 0:
            _say(f"{runs} runs, {wrong} wrong, {monotonic() - begun:.0f} s")
        if asked.minutes and monotonic() - begun > 60 * asked.minutes:
            break
    _say(
        f"{runs} runs (seeds {asked.seed} to {asked.seed + runs - 1}), {told} lies told, "
        f"{wrong} runs wrong, {monotonic() - begun:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
