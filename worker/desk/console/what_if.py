"""What if: recorded days, played again with a few other settings. Nothing is changed, and nobody is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from starlette.responses import Response

from worker.app.reads.replay import ChangedRules, Replayed
from worker.app.reads.replay_side import ReplayRules
from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.days import day_in, end_of, start_of
from worker.desk.sessions import Guest
from worker.domain.escalation.wall_clock import local_day
from worker.domain.replay.comparing import PlayEffect
from worker.domain.text.globs import fits
from worker.domain.text.reason import Reason, because
from worker.ports import Takes

DAYS_MAX = 31
DAYS_SHOWN = 28  # unless somebody asks for others
PLAY_MAX = timedelta(seconds=20)
ROWS_MAX = 100
HOUR = timedelta(hours=1)
HOURS_MAX = 24 * 90
COMMAND = "whosleft replay"


class TriedNumber(NamedTuple):
    """A number that somebody may try out: digits alone, or with two decimals at most."""

    label: Reason
    most: int
    is_whole: bool = False


FIELDS = {
    "leavers_max": TriedNumber(because("Leavers at once, at most"), 10**6, is_whole=True),
    "share": TriedNumber(because("Share of the people who leave at once, at most (%)"), 100),
    "due": TriedNumber(because("Hours to act"), HOURS_MAX),
    "due_sensitive": TriedNumber(because("Hours to act in sensitive groups"), HOURS_MAX),
}
_WHOLE, _DECIMAL = re.compile(r"\d+"), re.compile(r"\d+([.,]\d{1,2})?")

_PLAYING = Lock()  # one play at a time: it keeps a processor busy


def what_if(call: Call, guest: Guest) -> Response:
    """The form with what somebody asked, and what a replay found; only the form until they ask."""
    del guest
    replay = call.services.replay
    today = local_day(call.services.place.timezone, call.now)
    days = {
        "from": day_in(call.text("from")) or today - timedelta(days=DAYS_SHOWN - 1),
        "until": day_in(call.text("until")) or today,
    }
    found = None
    if call.form:
        if not 0 <= (days["until"] - days["from"]).days < DAYS_MAX:
            raise Refused(
                because(
                    "The days go from the first to the last, {n} at most; {command} plays more.",
                    n=DAYS_MAX,
                    command=COMMAND,
                )
            )
        begins, ends = start_of(call, days["from"]), end_of(call, days["until"])
        assert begins is not None  # noqa: S101  of a day
        assert ends is not None  # noqa: S101  of a day
        found = _played(call, begins, ends, _changed(call, replay.rules))
    values = {
        "days": {name: day.isoformat() for name, day in days.items()},
        "asked": {name: call.text(name) for name in (*FIELDS, "leave_out")},
        "fields": FIELDS,
        "present": _present(replay.rules),
        "days_max": DAYS_MAX,
        "command": COMMAND,
        "found": found,
        "rows": found.tickets[:ROWS_MAX] if found else (),
        "readers": found.readers[:ROWS_MAX] if found else (),
        "counts": [(one.value, found.count(one)) for one in PlayEffect] if found else (),
        "messages": [(one.value, n) for one, n in found.messages_by_effect().items()] if found else (),
    }
    return call.page("console/what_if.html", values)


def _played(call: Call, begins: datetime, ends: datetime, changed: ChangedRules | None) -> Replayed:
    """Play it, within a bound of time. Raises Refused."""
    until = call.services.clock() + PLAY_MAX

    def watch(_what: str, _more: int) -> None:
        if call.services.clock() > until:
            raise Refused(
                because("This takes longer than a page may; {command} has the time.", command=COMMAND)
            )

    if not _PLAYING.acquire(blocking=False):
        raise Refused(because("Somebody else's days are being played; try again in a moment."))
    try:
        return call.services.replay.watched(watch).play(begins, ends, call.now, changed)
    finally:
        _PLAYING.release()


def _present(rules: ReplayRules) -> dict[str, str]:
    """The present settings, as the form shows them; empty for a limit that is off."""
    limits, tickets = rules.gate.limits, rules.tickets
    share = limits.leavers_share_max
    return {
        "leavers_max": "" if limits.leavers_max is None else str(limits.leavers_max),
        "share": "" if share is None else f"{100 * share:g}",
        "due": f"{tickets.due / HOUR:g}",
        "due_sensitive": f"{tickets.due_sensitive / HOUR:g}",
    }


def _changed(call: Call, rules: ReplayRules) -> ChangedRules | None:
    """The rules with what the form changes; None if it changes nothing. Raises Refused."""
    limits, tickets, takes = rules.gate.limits, rules.tickets, rules.takes
    if (most := _number(call, "leavers_max")) is not None:
        limits = replace(limits, leavers_max=int(most))
    if (share := _number(call, "share")) is not None:
        limits = replace(limits, leavers_share_max=share / 100)
    if (due := _number(call, "due")) is not None:
        tickets = replace(tickets, due=due * HOUR)
    if (due := _number(call, "due_sensitive")) is not None:
        tickets = replace(tickets, due_sensitive=due * HOUR)
    left_out = tuple(line.strip() for line in call.text("leave_out").splitlines() if line.strip())
    if left_out:
        takes = {name: _without(one, left_out) for name, one in takes.items()}
    if not left_out and (limits, tickets) == (rules.gate.limits, rules.tickets):
        return None
    explainer = replace(rules.explainer, rules=tickets)
    gate = replace(rules.gate, limits=limits)
    return ChangedRules(replace(rules, gate=gate, explainer=explainer, takes=takes))


def _without(takes: Takes, left_out: tuple[str, ...]) -> Takes:
    def also_without(group_id: str, name: str) -> bool:
        return takes(group_id, name) and not (fits(group_id, left_out) or fits(name, left_out))

    return also_without


def _number(call: Call, name: str) -> float | None:
    """The number in a field; None for an empty one. Raises Refused."""
    text, field = call.text(name).strip(), FIELDS[name]
    if not text:
        return None
    is_number = (_WHOLE if field.is_whole else _DECIMAL).fullmatch(text)
    number = float(text.replace(",", ".")) if is_number else 0
    if 0 < number <= field.most:
        return number
    if field.is_whole:
        why = because(
            "{field}: '{given}' is no whole number from 1 to {most}, in digits alone.",
            field=field.label,
            given=text,
            most=field.most,
        )
    else:
        why = because(
            "{field}: '{given}' is no number from 0.01 to {most}, with two decimals at most.",
            field=field.label,
            given=text,
            most=field.most,
        )
    raise Refused(why)
