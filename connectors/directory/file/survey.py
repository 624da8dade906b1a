"""The first pass over a file: everything that must be known before a record can be read.

    raw records -> people with several records, DN -> id, day-first or month-first, warnings

Keeps only small indexes (an id and a line for each person). A cut file raises Incomplete here, before any record
is passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors.directory.file.columns import DATE_WITNESSES, DATES, ENABLED_FIELDS, ENABLED_NAMES, SHOWN_BY
from connectors.directory.file.formats.records import RawRecord
from connectors.directory.file.mapping import Reading, alias, is_person, person_id
from connectors.kit.dates import MONTH_FIRST_REGIONS, DateOrder, is_order_open, written_order
from connectors.kit.text import quoted
from connectors.kit.words import read_bool
from worker.ports import Malformed, Unshown

_DATE_FIELDS = ("expires", "expires_filetime", "leave_date")
_WORDS_SHOWN = 3


@dataclass(slots=True)
class Survey:
    """The findings of one pass. `total` counts people, each once, and records that show no id.

    `repeats`: person_id -> its lines, for ids on several lines. `warnings`: short name -> text, for `check`.
    `shows_enabled`: at least one record says whether its account is enabled. `unshown_facts`: those of `SHOWN_BY` for
    which there is no column, and places and long leave in whose column PowerShell wrote the name of a type. In LDIF,
    those of which no entry has a value, long leave among them; dates are `unsure_dates` instead.
    """

    total: int = 0
    others: int = 0
    repeats: dict[str, list[int]] = field(default_factory=dict)
    ids_by_alias: dict[str, str] = field(default_factory=dict)
    orders: dict[str, DateOrder] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    shows_enabled: bool = False
    unshown_facts: frozenset[str] = frozenset()
    unsure_dates: frozenset[str] = frozenset()

    def unshown(self, reading: Reading) -> tuple[Unshown, ...]:
        """The facts that the file shows for nobody."""
        if self.shows_enabled:
            return ()
        names = ENABLED_NAMES[reading.columns.format]
        return (
            Unshown(
                "enabled",
                f"{reading.name} has no value in a column that shows who is disabled ({names})",
                f"Export the column {names} as well.",
            ),
        )


@dataclass(slots=True)
class _Votes:
    """What one column's values prove about their order; `open_value` is one that proves nothing."""

    orders: set[DateOrder] = field(default_factory=set)
    open_value: str = ""

    def add(self, text: str) -> None:
        if order := written_order(text):
            self.orders.add(order)
        elif not self.open_value and is_order_open(text):
            self.open_value = text


def take(records: Iterable[RawRecord | Malformed], reading: Reading) -> Survey:
    """Read everything once. Raises the errors of the records."""
    survey = Survey()
    lines: dict[str, int] = {}
    accounts: dict[str, str] = {}
    columns = reading.columns
    watched = {column for name in _DATE_FIELDS for column in columns.of(name)}
    votes = {column: _Votes() for column in (*watched, *DATE_WITNESSES)}
    words: set[str] = set()
    unshown = {fact: columns.all_of(fields) for fact, fields in SHOWN_BY.items() if not columns.has(fields)}
    hideable = {fact: columns.all_of(fields) for fact, fields in SHOWN_BY.items() if fact not in DATES}
    hideable["is_on_long_leave"] = columns.of("long_leave")
    hidden: set[str] = set()
    # A header must have it, if it is configured
    if not columns.has_header and (leave := columns.of("long_leave")):
        unshown["is_on_long_leave"] = leave
    for item in records:
        if isinstance(item, Malformed):
            survey.total += 1
        elif is_person(item, columns):
            survey.total += _index(item, reading, survey, lines, accounts)
            for column, vote in votes.items():
                for text in item.values.get(column, ()):
                    vote.add(text)
            unshown = {fact: names for fact, names in unshown.items() if not item.first(names)}
            if item.typed:
                hidden |= {fact for fact, names in hideable.items() if item.hides(names)}
            survey.shows_enabled |= any(item.first(columns.of(name)) for name in ENABLED_FIELDS)
            word = item.first(columns.of("enabled"))
            if word and read_bool(word) is None and len(words) < _WORDS_SHOWN:
                words.add(word)
        else:
            survey.others += 1
    survey.ids_by_alias = {name: one for name, one in accounts.items() if one} | survey.ids_by_alias
    survey.unsure_dates = frozenset() if columns.has_header else DATES.intersection(unshown)
    survey.unshown_facts = (frozenset(unshown) - survey.unsure_dates) | hidden
    _decide_orders(survey, {column: votes[column] for column in watched}, votes, reading)
    _warn(survey, words, reading)
    return survey


def _index(
    raw: RawRecord, reading: Reading, survey: Survey, lines: dict[str, int], accounts: dict[str, str]
) -> bool:
    """Note whose record it is, and who they are for others; return whether it is the first one of theirs.

    `accounts`: user names without a domain -> id, empty if several people have it, as accounts of several domains do.
    """
    try:
        own_id = person_id(raw, reading)
    except Malformed:
        return True
    is_first = own_id not in lines
    if not is_first:
        survey.repeats.setdefault(own_id, [lines[own_id]]).append(raw.line)
    lines[own_id] = raw.line
    if reading.columns.of("manager"):
        for name in ("dn", "upn"):
            if text := raw.first(reading.columns.of(name)):
                survey.ids_by_alias[alias(text)] = own_id
        if text := raw.first(reading.columns.of("account")):
            first = accounts.setdefault(alias(text), own_id)
            accounts[alias(text)] = own_id if first == own_id else ""
    return is_first


def _decide_orders(
    survey: Survey, watched: dict[str, _Votes], every: dict[str, _Votes], reading: Reading
) -> None:
    """The column's own values decide; else the other dates of the export; else the region, with a warning."""
    others = {order for vote in every.values() for order in vote.orders}
    by_region = DateOrder.MONTH_FIRST if reading.region in MONTH_FIRST_REGIONS else DateOrder.DAY_FIRST
    for column, vote in sorted(watched.items()):
        if len(vote.orders) > 1:
            survey.orders[column] = DateOrder.MIXED
            survey.warnings[f"dates in {reading.columns.label(column)}"] = (
                "some rows have the day first, some the month"
            )
        elif decided := vote.orders or (others if len(others) == 1 else None):
            (survey.orders[column],) = decided
        else:
            survey.orders[column] = by_region
            if vote.open_value:
                survey.warnings[f"dates in {reading.columns.label(column)}"] = (
                    f"{quoted(vote.open_value)} was read {by_region.value}, because the region is {reading.region} "
                    "and no row decides; export dates like 2026-11-24"
                )


def _warn(survey: Survey, words: set[str], reading: Reading) -> None:
    columns = reading.columns
    if words:
        shown = ", ".join(map(quoted, sorted(words)))
        survey.warnings["enabled"] = f"not understood, so neither enabled nor disabled: {shown}"
    if not survey.shows_enabled:
        survey.warnings["enabled"] = "no column with a value, so nobody is seen as disabled"
    if not columns.of("phones"):
        survey.warnings["phones"] = "no such column, so nobody is matched by number; export mobile as well"
    if survey.others:
        survey.warnings["left out"] = (
            f"{survey.others} entries that are no people (groups, contacts, computers)"
        )
