"""A manifest is read as it was written, and no change to it goes unnoticed."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from packs import CHAIN, manifest_of
from worker.domain.evidence.manifest import FileSum, digest_of, manifest_bytes, read_manifest
from worker.domain.evidence.pack import Covered, Sought, What

FILES = {"journal.jsonl": FileSum(7, "0" * 64)}
WHOLE = manifest_of(CHAIN, {2}, files=FILES)
PERIOD = Covered(What.PERIOD, (), date(2026, 1, 1), None)
SEARCH = Covered(What.SEARCH, (), None, date(2026, 1, 1), Sought("sam", "ticket.*"))


@pytest.mark.parametrize("covered", [Covered(), PERIOD, SEARCH, Covered(What.PERSON, ("corp/a", "tenant/é"))])
def test_it_is_read_as_it_was_written(covered: Covered) -> None:
    manifest = replace(WHOLE, covered=covered)
    assert read_manifest(manifest_bytes(manifest)) == manifest


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]


def with_(value: Any, path: tuple[str, ...], new: Any) -> Any:
    if not path:
        return new
    return {**value, path[0]: with_(value[path[0]], path[1:], new)}


VALUE = json.loads(manifest_bytes(WHOLE))
OTHERS: tuple[Any, ...] = (8, "another", "1" * 64, "2026-01-01", None, [], {}, True, -1, 1.5, "\ud800")


@pytest.mark.parametrize("path", leaves(VALUE), ids=".".join)
def test_every_change_of_every_word_in_it_is_found(path: tuple[str, ...]) -> None:
    now: Any = VALUE
    for key in path:
        now = now[key]
    for other in OTHERS:
        if other != now or type(other) is not type(now):
            text = json.dumps(with_(VALUE, path, other), sort_keys=True, indent=2).encode() + b"\n"
            with pytest.raises(ValueError, match=r"^manifest\.json (is not a manifest|was changed)"):
                read_manifest(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        json.dumps({**VALUE, "head": []}).encode(),
        b"{}",
        b"\xff",
        b"[" * 100_000,
        manifest_bytes(WHOLE) + b"\n",
        manifest_bytes(WHOLE).replace(b"\n  ", b"\n"),
        manifest_bytes(WHOLE).replace(b"pack-2", b"pack-3"),
        manifest_bytes(WHOLE).replace(b"2026-11-24T12:00", b"0001-01-01T00:00").replace(b"+00:00", b"+05:00"),
        manifest_bytes(WHOLE).replace(b'"files"', b'"filez"'),
    ],
)
def test_whatever_else_is_no_manifest(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^manifest\.json "):
        read_manifest(text)


def test_the_digest_is_of_all_that_it_says() -> None:
    assert json.loads(manifest_bytes(WHOLE))["digest"] == digest_of(WHOLE)
    assert digest_of(replace(WHOLE, made_by="another")) != digest_of(WHOLE)


def test_a_manifest_of_the_form_before_is_refused_and_says_why() -> None:
    with pytest.raises(ValueError, match=r"form of earlier releases .* Make it anew"):
        read_manifest(manifest_bytes(WHOLE).replace(b"pack-2", b"pack-1"))
