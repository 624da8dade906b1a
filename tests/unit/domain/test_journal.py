import hashlib
import json
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW
from chains import first_broken
from worker.domain.evidence.journal import (
    GENESIS,
    Entry,
    Sealed,
    checked,
    recorded,
    seal,
    stated_at,
    write,
)
from worker.domain.text.reason import because
from worker.languages import BabelLanguages

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ENTRIES = st.builds(
    Entry,
    st.datetimes(timezones=st.just(NOW.tzinfo)),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.dictionaries(TEXTS, st.none() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2), max_size=2),
)


def chained(entries: list[Entry]) -> list[Sealed]:
    chain: list[Sealed] = []
    for entry in entries:
        chain.append(seal(entry, len(chain) + 1, chain[-1].hash if chain else GENESIS))
    return chain


CHAINS = st.lists(ENTRIES, min_size=1, max_size=6).map(chained)
FIRST = Entry(NOW, "ann", "ticket.opened", "ticket:T-000001", "left", {"b": 1, "a": "é"})


@given(st.lists(ENTRIES, max_size=6))
def test_a_chain_as_sealed_is_whole(entries: list[Entry]) -> None:
    assert first_broken(chained(entries)) is None


CHANGED: dict[str, Any] = {
    "at": NOW + timedelta(microseconds=1),
    "actor": "bob",
    "kind": "ticket.done",
    "subject": "ticket:T-000002",
    "reason": "",
    "data": {"b": 2, "a": "é"},
}


@pytest.mark.parametrize("name", CHANGED)
@given(CHAINS, st.data())
def test_any_changed_word_is_found_where_it_is(name: str, chain: list[Sealed], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    entry = chain[place].entry
    forged = replace(entry, **{name: CHANGED[name]})
    if forged != entry:
        chain[place] = replace(chain[place], entry=forged)
        assert first_broken(chain) == place + 1


@given(CHAINS, st.data(), st.sampled_from(["seq", "previous", "hash"]))
def test_a_changed_seal_is_found(chain: list[Sealed], data: st.DataObject, name: str) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    chain[place] = replace(chain[place], **{name: 99 if name == "seq" else "f" * 64})  # type: ignore[arg-type]
    assert first_broken(chain) == place + 1


@given(CHAINS, st.data())
def test_a_forger_who_seals_again_is_found_at_the_next_entry(
    chain: list[Sealed], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    old = chain[place]
    chain[place] = seal(replace(old.entry, actor=f"{old.entry.actor}x"), old.seq, old.previous)
    assert first_broken(chain) == (None if place == len(chain) - 1 else place + 2)


@given(CHAINS, st.data())
def test_a_removed_entry_is_found_but_at_the_end(chain: list[Sealed], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    del chain[place]
    assert first_broken(chain) == (place + 1 if place < len(chain) else None)


@given(CHAINS, ENTRIES, st.data())
def test_an_inserted_entry_is_found(chain: list[Sealed], entry: Entry, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    previous = chain[place].previous
    chain.insert(place, seal(entry, place + 1, previous))
    broken = first_broken(chain)
    assert broken == place + 2


@given(CHAINS, st.data())
def test_two_entries_that_change_places_are_found(chain: list[Sealed], data: st.DataObject) -> None:
    a, b = (data.draw(st.integers(0, len(chain) - 1)) for _ in range(2))
    chain[a], chain[b] = chain[b], chain[a]
    assert first_broken(chain) == (None if a == b else min(a, b) + 1)


def test_the_canonical_form_is_stable() -> None:
    sealed = seal(FIRST, 1, GENESIS)
    text = (
        '{"actor":"ann","at":"2026-11-24T12:00:00.000000+00:00","data":{"a":"é","b":1},"kind":"ticket.opened",'
        f'"previous":"{"0" * 64}","reason":"left","seq":1,"subject":"ticket:T-000001"}}'
    )
    assert sealed.hash == hashlib.sha256(text.encode()).hexdigest()
    assert (sealed.seq, sealed.previous, sealed.entry) == (1, GENESIS, FIRST)


def test_the_order_of_data_and_the_zone_of_the_clock_do_not_matter() -> None:
    moved = replace(FIRST, at=NOW.astimezone(timezone(timedelta(hours=5))), data={"a": "é", "b": 1})
    assert seal(moved, 1, GENESIS).hash == seal(FIRST, 1, GENESIS).hash


def test_a_reason_of_ours_is_sealed_with_its_words_and_a_person_s_is_theirs() -> None:
    german = BabelLanguages().of("de")
    ours = Entry(NOW, "ann", "x", "y", because("said by {name}", name="kim"), {"a": 1})
    known = {"text": ["said by {name}"], "values": {"name": "kim"}}
    assert (type(ours.reason), ours.reason, ours.data) == (str, "said by kim", {"a": 1, "words": known})
    assert ours.why.say(german) == "gesagt von kim"
    assert first_broken([seal(ours, 1, GENESIS)]) is None
    other = replace(ours, data={**ours.data, "words": {**known, "values": {"name": "lee"}}})
    assert first_broken([replace(seal(ours, 1, GENESIS), entry=other)]) == 1

    theirs = Entry(NOW, "ann", "x", "y", "the person returned")
    assert (theirs.data, theirs.why.say(german)) == ({}, "the person returned")


def test_an_act_is_sealed_at_the_real_instant_with_the_one_that_was_stated_beside_it() -> None:
    real = NOW + timedelta(days=2)
    entry = recorded(FIRST, real)

    assert (entry.at, stated_at(entry)) == (real, NOW)
    assert entry.data == {**FIRST.data, "stated_at": "2026-11-24T12:00:00.000000+00:00"}
    assert recorded(FIRST, NOW) is FIRST
    assert stated_at(FIRST) == NOW


@given(ENTRIES)
def test_an_entry_as_texts_is_the_same_entry(entry: Entry) -> None:
    one = write(entry, 1, GENESIS)

    assert one.sealed == seal(entry, 1, GENESIS)
    assert checked(one, 1, GENESIS) == one


@given(ENTRIES)
def test_data_that_was_stored_with_spaces_is_read_in_canonical_form(entry: Entry) -> None:
    one = write(entry, 1, GENESIS)
    stored = one._replace(data=json.dumps(entry.data, sort_keys=True, ensure_ascii=False, indent=1))

    assert checked(stored, 1, GENESIS) == one


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 2},
        {"previous": "f" * 64},
        {"hash": "f" * 64},
        {"actor": "bob"},
        {"data": '{"a":"e","b":1}'},
        {"data": '{"a":"é","b":1'},
        {"data": "[" * 100_000},
        {"data": 7},  # SQLite takes any value in any column
        {"reason": None},
        {"at": ""},
    ],
)
def test_what_was_not_sealed_in_this_place_is_not_read(changes: dict[str, Any]) -> None:
    one = write(FIRST, 1, GENESIS)
    assert checked(one, 1, GENESIS) == one

    assert checked(one._replace(**changes), 1, GENESIS) is None
