"""A pack's journal: what belongs, how it is written, and that no single change to it goes unnoticed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW
from packs import CHAIN, CHAINS, ENTRIES, EVENT, chained, lines_of, shown_in, sum_of
from worker.domain.evidence.events import spellings
from worker.domain.evidence.journal import GENESIS, Entry, Sealed, recorded, write
from worker.domain.evidence.pack import Covered, Scope, Sought, What, journal_problem, period
from worker.domain.evidence.pack_lines import Hidden, line_of, read_line

OTHER = "0123456789abcdef" * 4


# --- what belongs -------------------------------------------------------------------------------------------


def test_everything_has_every_entry() -> None:
    assert Scope().has(EVENT)


def test_local_days_are_whole_and_both_inclusive() -> None:
    scope = period(date(2026, 6, 1), date(2026, 6, 2), "Europe/London")
    first, last = datetime(2026, 5, 31, 23, tzinfo=UTC), datetime(2026, 6, 2, 23, tzinfo=UTC)

    assert (scope.since, scope.until) == (first, last)
    assert scope.has(replace(EVENT, at=first))
    assert not scope.has(replace(EVENT, at=first - timedelta(microseconds=1)))
    assert scope.has(replace(EVENT, at=last - timedelta(microseconds=1)))
    assert not scope.has(replace(EVENT, at=last))


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    scope = period(date(2026, 10, 25), date(2026, 10, 25), "Europe/London")

    assert scope.since is not None
    assert scope.until is not None
    assert scope.until - scope.since == timedelta(hours=25)


def test_an_act_at_a_stated_instant_belongs_to_the_days_of_both() -> None:
    entry = recorded(replace(EVENT, at=NOW), NOW + timedelta(days=9))

    for day in (NOW, NOW + timedelta(days=9)):
        assert period(day.date(), day.date(), "UTC").has(entry)
    between = (NOW + timedelta(days=4)).date()
    assert not period(between, between, "UTC").has(entry)


def test_an_open_end_and_the_last_day_that_there_is_have_no_limit() -> None:
    assert period(None, date(2026, 1, 1), "UTC").since is None
    assert period(date(2026, 1, 1), None, "UTC").until is None
    widest = period(date.min, date.max, "Asia/Tokyo")
    assert (widest.since, widest.until) == (None, None)


@pytest.mark.parametrize(
    "entry, belongs",
    [
        (Entry(NOW, "corp", "person.left", "person:corp/ann"), True),
        (Entry(NOW, "sam", "link.confirmed", "link:wards", data={"person": "corp/ann"}), True),
        (Entry(NOW, "sam", "link.rejected", "link:wards", data={"person": None}), False),
        (Entry(NOW, "corp", "person.left", "person:corp/anna"), False),
        (Entry(NOW, "sam", "x", "y", data={"group": "corp/ann", "person": ["corp/ann"]}), False),
    ],
)
def test_a_person_s_are_those_about_them_and_those_that_name_them(entry: Entry, belongs: bool) -> None:
    scope = Scope(Covered(What.PERSON, ("corp/ann",)), frozenset({"person:corp/ann"}))
    assert scope.has(entry) is belongs


@pytest.mark.parametrize(
    "covered, title",
    [
        (Covered(), "everything"),
        (Covered(What.PERSON, ("corp/a", "tenant/b")), "person corp/a, tenant/b"),
        (Covered(What.GROUP, ("wards/7",)), "group wards/7"),
        (Covered(What.PERIOD, (), date(2026, 1, 1), date(2026, 1, 31)), "from 2026-01-01 to 2026-01-31"),
        (Covered(What.PERIOD, (), None, date(2026, 1, 31)), "from the beginning to 2026-01-31"),
        (Covered(What.PERIOD, (), date(2026, 1, 1)), "from 2026-01-01 until it was made"),
        (
            Covered(What.SEARCH, (), None, date(2026, 1, 31), Sought("sam", "ticket.*", "ticket:T-000001")),
            "events by sam of kind ticket.* about ticket:T-000001, from the beginning to 2026-01-31",
        ),
    ],
)
def test_what_is_covered_is_said_in_words(covered: Covered, title: str) -> None:
    assert covered.title == title


@given(ENTRIES, st.sampled_from([
    Scope(),
    period(date(2020, 1, 1), None, "UTC"),
    period(None, date(2020, 1, 1), "UTC"),
    Scope(Covered(What.PERSON, ("corp/ann", 'corp/"é"')), frozenset({"ticket:T-000001"})),
]), st.sampled_from(["", "2019-12-31T00:00:00+00:00", "2020-01-02T00:00:00+00:00"]),
    st.sampled_from([{}, {"person": 'corp/"é"'}, {"group": "corp/ann"}, {"person": "corp/ann"}]))  # fmt: skip
def test_entries_as_texts_belong_as_those_as_values(
    entry: Entry, scope: Scope, stated: str, more: dict[str, str]
) -> None:
    data = {**entry.data, **more, **({"stated_at": stated} if stated else {})}
    whole = replace(entry, data=data)

    assert scope.test()(write(whole, 1, GENESIS)) is scope.has(whole)


@pytest.mark.parametrize(
    "sought, belongs",
    [
        (Sought(actor="sam"), True),
        (Sought(actor="sa"), False),
        (Sought(kind="ticket.*"), True),
        (Sought(kind="tick.*"), False),
        (Sought(kind="ticket.opened"), True),
        (Sought(kind="ticket.open"), True),
        (Sought(kind="ticket.done"), False),
        (Sought(subject="ticket:T-000001"), True),
        (Sought(subject="ticket:T-00000"), False),
        (Sought("sam", "ticket.*", "ticket:T-000002"), False),
    ],
)
def test_a_search_has_what_fits_all_its_fields_by_any_name_of_an_event(sought: Sought, belongs: bool) -> None:
    for kind in spellings("ticket.open"):
        entry = Entry(NOW, "sam", kind, "ticket:T-000001")
        for scope, is_in_time in (
            (period(None, None, "UTC", sought), True),
            (period(NOW.date(), NOW.date(), "UTC", sought), True),
            (period(NOW.date() + timedelta(days=1), None, "UTC", sought), False),
            (period(None, NOW.date() - timedelta(days=1), "UTC", sought), False),
        ):
            assert scope.has(entry) is (belongs and is_in_time)
            assert scope.test()(write(entry, 1, GENESIS)) is (belongs and is_in_time)


# --- lines --------------------------------------------------------------------------------------------------


@given(ENTRIES)
def test_a_line_is_read_as_it_was_written(entry: Entry) -> None:
    (sealed,) = chained([entry])
    for shown in (sealed, Hidden(7, OTHER)):
        assert shown_in(line_of(shown)) == shown


def test_a_hidden_line_says_nothing_but_its_place_and_its_hash() -> None:
    assert json.loads(line_of(Hidden(7, OTHER))) == {"seq": 7, "hash": OTHER}


def test_a_line_has_escapes_for_what_could_steer_a_terminal_and_is_the_same_event() -> None:
    marks = "".join(map(chr, (0x07, 0x1B, 0x7F, 0x85, 0x9B, 0x202E, 0x2066)))
    [event] = chained([replace(EVENT, reason=marks, data={marks: marks})])
    line = line_of(event)

    assert [ascii(mark) for mark in marks if mark in line.decode()] == []
    assert "\\u009b" in line.decode()
    assert shown_in(line) == event
    raw = line.replace(b"\\u009b", b"\xc2\x9b")
    with pytest.raises(ValueError, match=r"."):
        read_line(raw)


FULL = json.loads(line_of(CHAIN[0]))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]\n",
        b"null\n",
        b"\xff\n",
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
        b'{"hash":"%s","seq":7}' % OTHER.encode(),  # no line end
        b'{"hash":"%s", "seq":7}\n' % OTHER.encode(),
        b'{"hash":"%s","seq":7,"seq":7}\n' % OTHER.encode(),
        b'{"hash":"%s","seq":true}\n' % OTHER.encode(),
        b'{"hash":"%s","seq":-1}\n' % OTHER.encode(),
        b'{"hash":"%s","seq":7.0}\n' % OTHER.encode(),
        b'{"hash":"%s","seq":%s}\n' % (OTHER.encode(), b"9" * 5000),
        b'{"hash":"%s","seq":7}\n' % OTHER.upper().encode(),
        b'{"hash":7,"seq":7}\n',
        b'{"hash":"\\ud800","seq":7}\n',
        b'{"hash":"%s","seq":7,"why":1}\n' % OTHER.encode(),
        *(
            json.dumps({**FULL, name: value}, sort_keys=True, separators=(",", ":")).encode() + b"\n"
            for name, value in (
                ("at", 7), ("at", "yesterday"), ("at", "2026-11-24T12:00:00.000000"),
                ("at", "0001-01-01T00:00:00.000000+05:00"), ("at", "2026-11-24T13:00:00.000000+01:00"),
                ("actor", None), ("actor", "\ud800"), ("reason", ["x"]), ("data", "x"), ("data", None),
                ("data", {"x": float("nan")}), ("previous", ""), ("more", 1),
            )
        ),
        *(
            json.dumps({k: v for k, v in FULL.items() if k != name}, sort_keys=True).encode() + b"\n"
            for name in FULL
        ),
    ],
)  # fmt: skip
def test_whatever_else_stands_in_a_line_is_no_event(line: bytes) -> None:
    with pytest.raises(ValueError, match="not"):
        read_line(line)


# --- the chain ----------------------------------------------------------------------------------------------

CHOSEN = st.sets(st.integers(1, 6))


@given(CHAINS, CHOSEN)
def test_lines_as_written_are_whole(chain: list[Sealed], shown: set[int]) -> None:
    assert journal_problem(lines_of(chain, shown), sum_of(chain, shown)) is None


def test_an_empty_journal_is_whole() -> None:
    assert journal_problem([], sum_of([], ())) is None


def mutated(lines: list[bytes], chain: list[Sealed], data: st.DataObject) -> list[bytes]:
    """One change to one or two lines."""
    at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    stranger = chained([data.draw(ENTRIES)])[0]
    new = line_of(replace(stranger, seq=data.draw(st.integers(0, 9))))
    changes = {
        "delete": [*lines[:at], *lines[at + 1 :]],
        "cut": lines[:at],
        "duplicate": [*lines[:at], lines[at], *lines[at:]],
        "insert": [*lines[:at], new, *lines[at:]],
        "append": [*lines, new],
        "swap": [lines[other] if n == at else lines[at] if n == other else line for n, line in enumerate(lines)],
        "hide": [*lines[:at], line_of(Hidden(at + 1, chain[at].hash)), *lines[at + 1 :]],
        "show": [*lines[:at], line_of(chain[at]), *lines[at + 1 :]],
        "renumber": [*lines[:at], lines[at].replace(b'"seq":%d' % (at + 1), b'"seq":%d' % (at + 2)), *lines[at + 1 :]],
        "byte": [*lines[:at], lines[at][:-2] + b" " + lines[at][-2:], *lines[at + 1 :]],
    }  # fmt: skip
    return changes[data.draw(st.sampled_from(sorted(changes)))]


@given(CHAINS, CHOSEN, st.data())
def test_every_single_change_to_lines_is_found(
    chain: list[Sealed], shown: set[int], data: st.DataObject
) -> None:
    lines = lines_of(chain, shown)
    forged = mutated(lines, chain, data)
    if forged != lines:
        problem = journal_problem(forged, sum_of(chain, shown))
        assert problem is not None
        assert problem.startswith("journal.jsonl")


CHANGED: dict[str, Any] = {
    "seq": 99,
    "at": "2026-11-24T12:00:00.000001+00:00",
    "actor": "somebody",
    "kind": "ticket.declined",
    "subject": "ticket:T-999999",
    "reason": "another",
    "data": {"another": 1},
    "previous": OTHER,
    "hash": OTHER,
}


@pytest.mark.parametrize("name", CHANGED)
@given(CHAINS, st.data())
def test_any_changed_field_of_an_event_is_found_in_its_line(
    name: str, chain: list[Sealed], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    everything = range(1, len(chain) + 1)
    lines = lines_of(chain, everything)
    value = {**json.loads(lines[at]), name: CHANGED[name]}
    lines[at] = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    problem = journal_problem(lines, sum_of(chain, everything))

    assert problem is not None
    assert problem.startswith(f"journal.jsonl line {at + 1} ")


def test_a_changed_hash_of_a_hidden_line_is_found_where_an_event_follows_and_at_the_head() -> None:
    for shown, line in (({3}, 2), ((), 5)):
        lines = lines_of(CHAIN, shown)
        lines[line - 1] = line_of(Hidden(line, OTHER))
        problem = journal_problem(lines, sum_of(CHAIN, shown))
        assert problem is not None
        assert "changed" in problem


@pytest.mark.parametrize("name, value", [("count", 4), ("hash", OTHER), ("full", 2), ("full_sha256", OTHER)])
def test_a_number_that_is_not_that_of_the_lines_is_found(name: str, value: Any) -> None:
    stated = replace(sum_of(CHAIN, {1, 2, 3}), **{name: value})
    assert journal_problem(lines_of(CHAIN, {1, 2, 3}), stated) is not None


def test_a_journal_that_was_cut_says_how_many_lines_it_should_have() -> None:
    problem = journal_problem(lines_of(CHAIN, {1})[:3], sum_of(CHAIN, {1}))
    assert problem == (
        "journal.jsonl ends with line 3, but by manifest.json it has 5: events are missing or were added at the end."
    )
