"""make bench-queueing: how long messages and people wait at 10,000 to 10 million people; seconds, the same each time.

    python -m bench queueing                  the tables, which it writes into docs/scale.md, too
    python -m bench queueing check            only the simulation beside Erlang's and Little's formulas

Three simulations by events, with nothing of the worker in them but its constants and the costs that `make bench-costs`
measured: a sender's day, a year of days, and the one transaction that writes at a time.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from pathlib import Path
from statistics import fmean

from bench.queueing_day import DAY_S, Channel, Costs, Demand, day_of, leavers_a_day, play, poisson

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SENDERS = (1, 2, 4)
SEED = 1
PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
BEGIN, END = "<!-- queueing:begin -->", "<!-- queueing:end -->"
MASS_SHARE = 0.005  # of all people, at once: a site that closes
HOUR_S = 3600.0
DEMAND, COSTS = Demand(), Costs()
MASS_DAYS = (60, 200)  # of the year


def main() -> None:
    """Print all, and write it into the document."""
    if sys.argv[2:3] == ["check"]:
        print("\n".join(check_lines()))
        return
    text = "\n".join(
        [*check_lines(), *day_lines(SIZES), *limit_lines(), *year_lines(SIZES), *writer_lines(SIZES)]
    )
    print(text)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n```text\n{text.strip()}\n```\n{END}{rest.partition(END)[2]}")


# --- the formulas, and a queue that they hold for ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waits:
    """Of a queue: seconds, the mean number that waits, and the share of the servers that works."""

    mean_s: float
    waiting: float
    utilisation: float


def queue(arrivals: list[float], services: list[float], servers: int) -> list[float]:
    """The wait of each arrival, in order, where the first free server takes the first that came."""
    free = [0.0] * servers
    waits = []
    for at, takes in zip(arrivals, services, strict=True):
        begins = max(at, free[0])
        heapreplace(free, begins + takes)
        waits.append(begins - at)
    return waits


def simulated(rate: float, mean_s: float, servers: int, count: int, seed: int) -> Waits:
    """A queue with random arrivals (`rate` a second) and exponential services of `mean_s`."""
    draw = random.Random(seed)
    arrivals, at = [], 0.0
    for _ in range(count):
        at += draw.expovariate(rate)
        arrivals.append(at)
    services = [draw.expovariate(1 / mean_s) for _ in arrivals]
    waits = queue(arrivals, services, servers)
    ends = max(a + w + s for a, w, s in zip(arrivals, waits, services, strict=True))
    return Waits(fmean(waits), _mean_number(arrivals, waits, ends), sum(services) / (servers * ends))


def _mean_number(arrivals: list[float], waits: list[float], ends: float) -> float:
    """The mean number that waits over time, counted by events and not by Little's law."""
    changes = [(at, 1) for at in arrivals]
    changes += [(at + wait, -1) for at, wait in zip(arrivals, waits, strict=True)]
    changes.sort()
    area, number, before = 0.0, 0, 0.0
    for at, by in changes:
        area += number * (at - before)
        number, before = number + by, at
    return area / ends


def expected(rate: float, mean_s: float, servers: int) -> Waits:
    """The same by formula: Erlang's C, which is M/M/1 with one server, and Little's law for the number."""
    offered = rate * mean_s
    busy = offered / servers
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) / (1 - busy)
    mean_wait_s = last / (sum(terms) + last) * mean_s / (servers * (1 - busy))
    return Waits(mean_wait_s, rate * mean_wait_s, busy)


CHECKS = ((0.5, 1), (0.8, 1), (0.8, 2), (0.8, 4), (0.95, 1))


def check_lines() -> Iterator[str]:
    yield ("\nThe queue against the formulas: 200,000 arrivals, a service of 1 s on average")
    yield (
        f"{'':<14}{'mean wait':>12}{'formula':>10}{'waiting':>10}{'rate x wait':>13}{'in use':>9}{'formula':>9}"
    )
    for busy, servers in CHECKS:
        rate = busy * servers
        got, want = simulated(rate, 1.0, servers, 200_000, SEED), expected(rate, 1.0, servers)
        yield (f"M/M/{servers} at {busy:<5.0%}{got.mean_s:>10.2f} s{want.mean_s:>8.2f} s{got.waiting:>10.2f}"
              f"{rate * got.mean_s:>13.2f}{got.utilisation:>9.1%}{want.utilisation:>9.1%}")  # fmt: skip


# --- a day ------------------------------------------------------------------------------------------------------


def day_lines(sizes: Sequence[int]) -> Iterator[str]:
    mass = f"{MASS_SHARE:.1%} of all leave at once, released at 10:00"
    for title, share in (("An ordinary day", 0.0), (mass, MASS_SHARE)):
        yield (f"\n{title}. One sender is what there is; 2 and 4 would be, each with a lease of its own")
        yield (f"{'people':>11}{'leavers':>9}{'messages':>10}{'sent':>9}{'senders':>8}{'median':>9}{'99 %':>9}"
              f"{'backlog':>9}{'sent by':>9}{'sender':>8}{'writer':>8}{'longest':>9}")  # fmt: skip
        for people in sizes:
            load = day_of(people, DEMAND, SEED, round(people * share))
            for senders in SENDERS:
                found = play(load, senders, dies_at_s=11 * HOUR_S)
                lasted_s = max(DAY_S, found.ended_s)
                yield (f"{people:>11,}{load.leavers:>9,}{len(load.messages):>10,}{found.deliveries:>9,}{senders:>8}"
                      f"{_span(found.share(0.5)):>9}{_span(found.share(0.99)):>9}{found.peak:>9,}"
                      f"{_clock(found.ended_s):>9}{found.busy_s / lasted_s / senders:>8.1%}"
                      f"{found.writer_s / lasted_s:>8.1%}{_span(found.longest_s):>9}")  # fmt: skip


def _span(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3 * HOUR_S else f"{seconds / HOUR_S:.1f} h"


def _clock(seconds: float) -> str:
    days, rest = divmod(round(seconds / 60), 24 * 60)
    return f"{'+' + str(days) + ' ' if days else ''}{rest // 60}:{rest % 60:02}"


# --- what one channel takes -------------------------------------------------------------------------------------

LIMITS = (
    ("a relay that takes 10 a second", Channel(10.0)),
    ("a relay that takes 1 a second", Channel(1.0)),
    ("one in ten sends fails for now", Channel(fails=0.1)),
)


def limit_lines() -> Iterator[str]:
    people = 1_000_000
    load = day_of(people, DEMAND, SEED, round(people * MASS_SHARE))
    yield (f"\n{people:,} people, {MASS_SHARE:.1%} at once, one sender, by what the channel takes")
    yield (f"{'channel':<34}{'median':>9}{'99 %':>9}{'sent by':>9}{'refused':>9}{'retried':>9}")
    for name, channel in (("all at once, 1 % fails for now", Channel()), *LIMITS):
        found = play(load, 1, channel=channel)
        yield (f"{name:<34}{_span(found.share(0.5)):>9}{_span(found.share(0.99)):>9}{_clock(found.ended_s):>9}"
              f"{found.refused:>9,}{found.retried:>9,}")  # fmt: skip


# --- a year, hour by hour ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Year:
    """Deliveries of a year, the largest backlog, the hours with one at their end, and the sender's use."""

    deliveries: int
    peak: int
    hours_behind: int
    utilisation: float


def year_of(people: int, senders: int = 1, seed: int = SEED) -> Year:
    """A year in steps of an hour. A ticket or reminder is a delivery; in a mass leaving, each reader is one."""
    draw = random.Random(seed)
    an_hour = HOUR_S * senders / sum((COSTS.fold_s, COSTS.claim_s, COSTS.send_s, COSTS.mark_s))
    backlog = peak = behind = sent = 0
    for hour in range(365 * 24):
        backlog += poisson(draw, _arriving(people, hour))
        peak = max(peak, backlog)
        done = min(backlog, round(an_hour))
        backlog, sent = backlog - done, sent + done
        behind += backlog > 0
    return Year(sent, peak, behind, sent / (an_hour * 365 * 24))


def _arriving(people: int, hour: int) -> float:
    """The mean number of deliveries in an hour of the year, which begins on a Monday."""
    day, of_day = divmod(hour, 24)
    if (day in MASS_DAYS) and of_day == 10:
        groups = people / DEMAND.people_a_group
        return groups * -math.expm1(-people * MASS_SHARE * DEMAND.groups_each / groups)
    if day % 7 > 4:
        return 0.0
    a_day = leavers_a_day(people, DEMAND) * DEMAND.groups_each * DEMAND.messages_a_ticket
    in_hours = DEMAND.in_hours / 10 if 8 <= of_day < 18 else 0.0
    return a_day * (in_hours + (1 - DEMAND.in_hours) / 24)


def year_lines(sizes: Sequence[int]) -> Iterator[str]:
    yield (f"\nA year, with {MASS_SHARE:.1%} leaving at once on two days of it")
    yield (f"{'people':>11}{'deliveries':>12}{'senders':>8}{'peak':>10}{'hours behind':>14}{'sender':>8}")
    for people in sizes:
        for senders in SENDERS:
            year = year_of(people, senders)
            yield (f"{people:>11,}{year.deliveries:>12,}{senders:>8}{year.peak:>10,}{year.hours_behind:>14,}"
                  f"{year.utilisation:>8.1%}")  # fmt: skip


# --- the one transaction that writes at a time ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holding:
    """Seconds for which a job keeps the others from writing, measured as `Costs`; between two pages others write."""

    stage_member_s: float = 19e-6
    apply_member_s: float = 23e-6
    apply_person_s: float = 46e-6
    page_s: float = 0.2
    tap_s: float = 0.004


PACES_S = (900.0, 4 * HOUR_S, DAY_S)
HOLDING = Holding()


def taps_of(people: int, pace_s: float, seed: int = SEED) -> tuple[list[float], float]:
    """The waits of a day's taps on *Done* behind whole reads of an inventory at a pace, and the writer's use."""
    draw = random.Random(seed)
    jobs = _reads(people, pace_s)
    at_night = (2 * HOUR_S, people * HOLDING.apply_person_s)  # the directory's whole pass
    number = poisson(draw, leavers_a_day(people, DEMAND) * DEMAND.groups_each)
    taps = [(draw.uniform(8 * HOUR_S, 18 * HOUR_S), HOLDING.tap_s) for _ in range(max(number, 1000))]
    todo = sorted([*((at, takes, False) for at, takes in (*jobs, at_night)), *((*tap, True) for tap in taps)])
    waits = queue([at for at, _, _ in todo], [takes for _, takes, _ in todo], 1)
    held_s = sum(takes for _, takes, _ in todo)
    return sorted(w for w, (_, _, is_tap) in zip(waits, todo, strict=True) if is_tap), held_s / DAY_S


def _reads(people: int, pace_s: float) -> list[tuple[float, float]]:
    """A day of reads of an inventory, as transactions: pages, then what applies them. A read waits for the last."""
    members = people * DEMAND.groups_each
    pages = max(1, round(members * HOLDING.stage_member_s / HOLDING.page_s))
    found, begins, planned = [], 0.0, 0.0
    while begins < DAY_S:
        found += [(begins + page * HOLDING.page_s, HOLDING.page_s) for page in range(pages)]
        applied = begins + pages * HOLDING.page_s
        found.append((applied, members * HOLDING.apply_member_s))
        planned += pace_s
        begins = max(planned, applied + members * HOLDING.apply_member_s)
    return [(at, takes) for at, takes in found if at < DAY_S]


def writer_lines(sizes: Sequence[int]) -> Iterator[str]:
    yield ("\nOne writes at a time: what a tap on Done waits behind whole reads of every membership")
    yield (f"{'people':>11}{'memberships':>13}{'a read':>9}{'applied in':>12}{'every':>9}{'writer':>8}"
          f"{'median':>9}{'99 %':>9}{'longest':>9}")  # fmt: skip
    for people in sizes:
        members = people * DEMAND.groups_each
        for pace_s in PACES_S:
            waits, used = taps_of(people, pace_s)
            read_s = members * (HOLDING.stage_member_s + HOLDING.apply_member_s)
            middle, most = (waits[int(part * len(waits))] for part in (0.5, 0.99))
            yield (f"{people:>11,}{members:>13,}{_span(read_s):>9}{_span(members * HOLDING.apply_member_s):>12}"
                  f"{_span(pace_s):>9}{used:>8.0%}{_span(middle):>9}{_span(most):>9}{_span(waits[-1]):>9}")  # fmt: skip
