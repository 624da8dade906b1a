"""What has to be said to whom at each tick, worked out slowly and apart from the worker.

It keeps a list of lives and a list of messages that wait, and asks of each at each tick whether its time has come: no
plan is made ahead, and no hold is remembered where it can be looked at anew. Instants are units (`sim.lives_clock`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sim.lives_clock import Business, Nights, business, instant, nights, wall
from sim.lives_company import (
    CHANNEL,
    DUE,
    DUE_SENSITIVE,
    PEOPLE,
    SECURITY,
    TICK,
    WARDS,
    Company,
    Duty,
    Stage,
)
from sim.lives_values import (
    CLOSED_MEANWHILE,
    DONE,
    OPEN,
    WAIVED,
    Hush,
    Life,
    Said,
    Sayings,
    Step,
    To,
    Waiting,
)


def newest_repeats(whats: list[str]) -> list[str]:
    """Of a step's repeats that one reader would be told at once, only the newest: each says the same."""
    steps = [what.rpartition(".")[0] if ":step" in what else what for what in whats]
    return [what for at, what in enumerate(whats) if steps[at] not in steps[at + 1 :]]


class Reference:
    """Told of everything that people do, it says what has to be said; see the module."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.lives: dict[int, Life] = {}
        self.hushes: list[Hush] = []
        self.waiting: list[Waiting] = []
        self.closed: dict[To, list[tuple[int, Life]]] = defaultdict(
            list
        )  # until when it was held, and the ticket
        self._duties = {duty.name: duty for duty in company.duties}
        self._people = {one.email: one for one in PEOPLE}
        ordinary = business(company.hours, company.hours_zone, company.hours_country)
        self._calendars = {False: ordinary, True: business(None, "UTC", "GB")}

    # --- what people do --------------------------------------------------------------------------

    def open(self, life: Life) -> None:
        self.lives[life.id] = life

    def forget(self, life: Life) -> None:
        """It is over for good. What waits is said, or dropped, as before."""
        del self.lives[life.id]

    def acknowledge(self, life: Life, now: int, span: int) -> None:
        life.acknowledged_until = now + span
        self._rest(life, "acknowledged", now + span)

    def snooze(self, life: Life, now: int, span: int) -> None:
        life.snoozed_until = now + span
        self._rest(life, "snoozed", now + span)

    def _rest(self, life: Life, how: str, until: int) -> None:
        for one in self.waiting:
            is_exempt = how == "acknowledged" and one.until_done
            if one.life is life and one.is_call and not is_exempt:
                one.rests[how] = until
                if one.until < until or one.by == how:
                    one.until, one.by = until, how

    def done(self, life: Life, now: int) -> None:
        life.state, life.done_at = DONE, now

    def waive(self, life: Life) -> None:
        """What waits is dropped. Of what was held, the ticket is named when its reader is told something next."""
        life.state = WAIVED
        for one in [one for one in self.waiting if one.life is life]:
            self.waiting.remove(one)
            if one.by is not None:
                self.closed[one.to].append((one.until, life))

    def reopen(self, life: Life, now: int) -> None:
        """After a claim the clock goes on where it was; after a waiver it starts anew."""
        if life.state == DONE:
            life.waited += self._calendar(life).between(life.done_at, now)
        else:
            life.clock_from, life.waited = now, 0
        life.state, life.acknowledged_until, life.snoozed_until = OPEN, 0, 0
        for one in self.waiting:
            if one.life is life:  # both are over, and let go of what they hold
                if isinstance(one.by, str) and one.by in one.rests:
                    one.until = 0
                one.rests = {}
        news = f"{life.label}:reopen:{instant(now).isoformat()}"
        self.waiting.append(Waiting(To("person", life.assignee), "chat", life, news, is_call=False))

    def hush(self, hush: Hush) -> None:
        self.hushes.append(hush)

    def end_hush(self, hush: Hush, now: int) -> None:
        """What it held may go at once."""
        hush.until = now
        for one in self.waiting:
            if one.by is hush:
                one.until = 0

    # --- a tick ----------------------------------------------------------------------------------

    def tick(self, now: int) -> Sayings:
        """What has to be said now."""
        self.hushes = [one for one in self.hushes if one.until > now]
        for life in self.lives.values():
            if life.state == OPEN and life.snoozed_until <= now:
                self._take_due(life, now)
        return self._release(now)

    def _take_due(self, life: Life, now: int) -> None:
        due = [n for n, at in self._coming(life) if at <= now and self._goes_on(life, n, now)]
        if not due or self._hushes(life, now):
            return
        before = len(life.taken)
        for number in due:
            is_taken = any(one.number == number for one in life.taken[before:])
            while not is_taken and not self._take(life, number, now):
                missing = [n for n in range(1, len(self._stages(life)) + 1) if not self._round(life, n)]
                if not missing:
                    break
                number = missing[0]  # noqa: PLW2901  nobody is there: the next one at once

    def _take(self, life: Life, number: int, now: int) -> bool:
        """Take a step; whether it tells somebody who is there."""
        stage = self._stages(life)[number - 1]
        repeat = sum(one.number == number for one in life.taken)
        life.taken.append(Step(number, repeat, now))
        told, is_somebody_there = self._told(life, stage, now)
        for to in told:
            self.waiting.append(
                Waiting(
                    to,
                    stage.via or "chat",
                    life,
                    f"{life.label}:step{number}.{repeat}",
                    day_or_night=stage.day_or_night,
                    until_done=stage.until_done,
                )
            )
        return is_somebody_there

    def _coming(self, life: Life) -> Iterator[tuple[int, int]]:
        """Each step that still comes, with its unit."""
        calendar = self._calendar(life)
        allowed = DUE_SENSITIVE if life.is_sensitive else DUE
        for number, stage in enumerate(self._stages(life), start=1):
            first = calendar.after(life.clock_from, int(allowed * stage.share) + stage.plus + life.waited)
            before = self._round(life, number)
            if not before:
                yield number, first
            elif (
                stage.repeat
            ):  # one that came early, as nobody was there, does not come again before its time
                yield number, max(first, calendar.after(before[-1].at, stage.repeat))

    def _round(self, life: Life, number: int) -> list[Step]:
        return [one for one in life.taken if one.number == number and one.at >= life.clock_from]

    def _goes_on(self, life: Life, number: int, now: int) -> bool:
        return life.acknowledged_until <= now or self._stages(life)[number - 1].until_done

    def _stages(self, life: Life) -> tuple[Stage, ...]:
        return self.company.sensitive_stages if life.is_sensitive else self.company.stages

    def _calendar(self, life: Life) -> Business:
        return self._calendars[life.is_sensitive]

    # --- who is told -----------------------------------------------------------------------------

    def _told(self, life: Life, stage: Stage, now: int) -> tuple[list[To], bool]:
        """Whom a step tells, and whether one of them is there: those whom it names, and deputies of the absent."""
        named = [to for target in stage.to for to in self._named(life, stage, target, now)]
        deputies = {to: self._deputy(to.address, now) for to in named if self._is_away(to, now)}
        found = [*named, *(To("person", one) for one in deputies.values() if one)]
        told = list(dict.fromkeys(found))
        return told, any(to not in deputies for to in told)

    def _named(self, life: Life, stage: Stage, target: str, now: int) -> list[To]:
        kind, _, name = target.partition(":")
        if kind == "channel":
            return [To("channel", WARDS if name else CHANNEL)]
        if kind == "on_call":
            return [To("person", one) for one in sorted(self._on_call(life, stage, self._duties[name], now))]
        return [To("person", {"assignee": life.assignee, "accountable": SECURITY}.get(target, target))]

    def _on_call(self, life: Life, stage: Stage, duty: Duty, now: int) -> set[str]:
        """Whoever is on call; if quiet hours hold them all, whoever is when the first of these ends."""
        found = on_call(duty, now)
        if self._is_exempt(life, day_or_night=stage.day_or_night):
            return found
        ends = [self._morning(one, now) for one in found]
        return on_call(duty, min(ends)) if ends and min(ends) > now else found

    def _is_away(self, to: To, now: int) -> bool:
        return to.is_person and any(
            one.person == to.address and one.since <= now < one.until for one in self.company.away
        )

    def _deputy(self, person: str, now: int) -> str | None:
        asked = [person]
        while True:
            absences = [o for o in self.company.away if o.person == asked[-1] and o.since <= now < o.until]
            if not absences:
                return asked[-1]
            deputy = absences[0].deputy
            if deputy is None or deputy in asked:
                return None
            asked.append(deputy)

    # --- what holds ------------------------------------------------------------------------------

    def _release(self, now: int) -> Sayings:
        """Say what nothing holds any more; of a call to do what is done by now, only the ticket, if it was held."""
        kept: list[Waiting] = []
        said: Sayings = defaultdict(list)
        meanwhile: dict[To, set[str]] = defaultdict(set)
        for one in self.waiting:
            hold = self.hold(one, now)
            if hold is None:
                if one.life.state == OPEN:
                    said[Said(one.to, one.over)].append(one.what)
                elif one.is_call and one.by is not None:
                    meanwhile[one.to].add(one.life.label)
                continue
            if one.until <= now:
                one.until, one.by = hold
            kept.append(one)
        self.waiting = kept
        for whats in said.values():
            whats[:] = newest_repeats(whats)
        for to in {one.to for one in said} | set(meanwhile):
            waits = self.closed.pop(to, [])
            meanwhile[to] |= {one.label for until, one in waits if until <= now and one.state != OPEN}
            self.closed[to] = [(until, one) for until, one in waits if until > now]
        for to, labels in meanwhile.items():
            if labels:
                said[Said(to, CLOSED_MEANWHILE)] = sorted(labels)
        return said

    def hold(self, one: Waiting, now: int) -> tuple[int, object] | None:
        """Until when something holds a message, and what; None: it may go."""
        rests = [(until, how) for how, until in one.rests.items() if until > now]
        if rests:
            return max(rests)
        hushes = self._hushes(one.life, now)
        hushes += [each for each in self._on(now) if one.to.is_person and each.reader == one.to.address]
        if hushes:
            last = max(hushes, key=lambda each: each.until)
            return last.until, last
        if self._is_exempt(one.life, day_or_night=one.day_or_night) or not one.to.is_person:
            return None
        until = self._morning(one.to.address, now)
        return (until, "quiet") if until > now else None

    def _is_exempt(self, life: Life, *, day_or_night: bool) -> bool:
        return day_or_night or (self.company.quiet_is_exempt and life.is_sensitive)

    def _morning(self, address: str, now: int) -> int:
        """The end of the quiet hours in which somebody is; now if they are in none."""
        theirs, until = self._nights(address), now
        while theirs.has(until):
            until += 1
        return until

    def _on(self, now: int) -> list[Hush]:
        return [one for one in self.hushes if one.since <= now < one.until]

    def _hushes(self, life: Life, now: int) -> list[Hush]:
        return [one for one in self._on(now) if one.group == life.group]

    def _nights(self, address: str) -> Nights:
        known = self._people.get(address)
        zone = known.zone or known.lives_in if known else ""
        country = known.country if known else ""
        company = self.company
        return nights(zone or company.zone, country or company.country, company.quiet)

    # --- when it has to be asked next ----------------------------------------------------------------

    def next_tick(self, now: int) -> int | None:
        """The first tick after `now` at which something may have to be said, if nobody does anything before."""
        found = [one.until for one in self.hushes]
        for life in self.lives.values():
            if life.state == OPEN:
                found += [
                    max(at, life.snoozed_until, 0 if self._goes_on(life, n, at) else life.acknowledged_until)
                    for n, at in self._coming(life)
                ]
        found += [self._free_from(one, now + 1) for one in self.waiting]
        ticks = [-(-unit // TICK) * TICK for unit in found]
        return min((tick for tick in ticks if tick > now), default=None)

    def _free_from(self, one: Waiting, unit: int) -> int:
        while hold := self.hold(one, unit):
            unit = hold[0]
        return unit


def on_call(duty: Duty, now: int) -> set[str]:
    """Whoever is on call: who stands in, else the last layer that has somebody, else the fallback."""
    standing_in = {one.person for one in duty.stand_ins if one.since <= now < one.until}
    if standing_in:
        return standing_in
    for layer in reversed(duty.layers):
        if found := layer.on_call(wall(duty.zone), now):
            return found
    return {duty.fallback} if duty.fallback else set()
