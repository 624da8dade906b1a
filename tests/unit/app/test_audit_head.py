"""A forger who makes everything fit is found by the head of a pack, also by one that was kept earlier."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from packs import (
    CHAIN,
    CHAINS,
    ENTRIES,
    PACK,
    chained,
    forged,
    head_of,
    lines_of,
    members_of,
    pack_of,
    problem_of,
    shown_in,
    sum_of,
    verified,
    zipped,
)
from worker.app.evidence.zip import FILES
from worker.domain.evidence.journal import Sealed
from worker.domain.evidence.manifest import MANIFEST, FileSum, manifest_bytes, read_manifest
from worker.domain.evidence.pack import JOURNAL, Covered, JournalSum, Tally
from worker.domain.evidence.pack_lines import Hidden
from worker.program import app


def test_the_head_alone_tells_a_pack_that_was_made_anew() -> None:
    head = head_in(PACK)
    verdict = verified(PACK, head.upper(), f" {verified(PACK).digest}\n")
    assert verdict.is_whole
    assert verdict.kept_at == 6

    assert (
        "made before, or the journal has lost its end"
        in verified(pack_of(CHAIN[:4], (2, 3)), head).problems[0]
    )
    for anew in (pack_of(CHAIN, (2, 5)), pack_of(CHAIN, (2, 3, 5), made_by="eve")):
        assert verified(anew).is_whole
        assert "is not in this pack's chain" in verified(anew, head).problems[0]


def head_in(pack: bytes) -> str:
    manifest = verified(pack).manifest
    assert manifest is not None
    return f"{manifest.journal.count}:{manifest.journal.hash}"


# --- a forger who makes everything fit ------------------------------------------------------------------------


def rewritten(number: int) -> bytes:
    """The pack with another actor in one event, and every sum made to fit."""

    def change(lines: list[Sealed | Hidden]) -> list[Sealed | Hidden]:
        one = lines[number - 1]
        assert isinstance(one, Sealed)
        return [*lines[: number - 1], replace(one, entry=replace(one.entry, actor="eve")), *lines[number:]]

    return forged(PACK, change)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_an_event_that_was_rewritten_so_that_all_fits_is_found_by_the_head(number: int) -> None:
    pack = rewritten(number)

    assert verified(pack).is_whole, "the forger knows all rules but the head"
    assert "is not in this pack's chain" in verified(pack, head_in(PACK)).problems[0]


def test_a_forger_who_changes_nothing_changes_nothing() -> None:
    assert members_of(forged(PACK)) == members_of(PACK)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_report_or_table_that_was_rewritten_so_that_all_fits_is_found_by_the_head(name: str) -> None:
    pack = forged(PACK, files={name: members_of(PACK)[name] + b"x"})

    assert verified(pack).is_whole
    assert "is not in this pack's chain" in verified(pack, head_in(PACK)).problems[0]


def test_a_report_of_which_only_the_manifest_was_made_to_fit_is_found_without_a_head() -> None:
    manifest = read_manifest(members_of(PACK)[MANIFEST])
    sums = {**manifest.files, "report.html": FileSum(1, hashlib.sha256(b"x").hexdigest())}
    members = members_of(PACK) | {
        "report.html": b"x",
        MANIFEST: manifest_bytes(replace(manifest, files=sums)),
    }
    assert "does not end with the event of taking this very pack out" in problem_of(zipped(members))


@given(CHAINS, st.sets(st.integers(1, 6)), st.data())
def test_whatever_a_forger_changes_in_any_pack_is_found_by_the_head(
    chain: list[Sealed], shown: set[int], data: st.DataObject
) -> None:
    pack = pack_of(chain, shown)
    stranger = chained([data.draw(ENTRIES)])[0]
    at, other = (data.draw(st.integers(0, len(chain) - 1)) for _ in range(2))

    def change(lines: list[Sealed | Hidden]) -> list[Sealed | Hidden]:
        swapped = [
            lines[other] if n == at else lines[at] if n == other else one for n, one in enumerate(lines)
        ]
        hidden = Hidden(at + 1, lines[at].hash)
        return data.draw(
            st.sampled_from([
                [*lines[:at], stranger, *lines[at + 1 :]],
                [*lines[:at], stranger, *lines[at:]],
                [*lines[:at], *lines[at + 1 :]],
                [*lines[:at], hidden, *lines[at + 1 :]],
                lines[:at],
                swapped,
            ])
        )  # fmt: skip

    anew = forged(pack, change)

    if members_of(anew) != members_of(pack):
        assert not verified(anew, head_in(pack)).is_whole


def test_a_pack_that_ends_with_another_event_is_no_pack() -> None:
    manifest = read_manifest(members_of(PACK)[MANIFEST])
    journal = b"".join(lines_of(CHAIN, (2, 3, 5)))
    sums = {**manifest.files, JOURNAL: FileSum(len(journal), hashlib.sha256(journal).hexdigest())}
    manifest = replace(manifest, files=sums, journal=sum_of(CHAIN, (2, 3, 5)))
    cut = zipped(members_of(PACK) | {JOURNAL: journal, MANIFEST: manifest_bytes(manifest)})

    assert "does not end with the event of taking this very pack out" in problem_of(cut)


class LastHashAlone(Tally):
    """A mutant: the head is the hash of the last entry, and not of all."""

    def sum(self) -> JournalSum:
        return replace(super().sum(), hash=self.previous)


def test_with_the_hash_of_the_last_entry_for_a_head_the_forgery_would_pass() -> None:
    lines = {name: members_of(pack)[JOURNAL].splitlines(keepends=True) for name, pack in PACKS.items()}
    true, forgery = LastHashAlone(), LastHashAlone()
    for tally, name in ((true, "true"), (forgery, "forged")):
        for line in lines[name][:-2]:  # up to the hidden line that follows the event that was rewritten
            tally.add(shown_in(line))

    assert lines["true"][2] != lines["forged"][2]
    assert true.sum().hash == forgery.sum().hash
    assert Tally.sum(true).hash != Tally.sum(forgery).hash


PACKS = {"true": PACK, "forged": rewritten(3)}


# --- a head that was kept ---------------------------------------------------------------------------------------

LATER = pack_of(CHAIN, (1,))


@pytest.mark.parametrize("number", range(1, 6))
def test_a_head_that_was_kept_earlier_is_found_in_a_later_pack(number: int) -> None:
    head = head_of(CHAIN[:number])
    for kept in (head, f"{number}:{head}"):
        verdict = verified(LATER, kept)
        assert (verdict.problems, verdict.kept_at) == ((), number)


def test_a_head_at_another_event_than_it_says_is_not_in_the_chain() -> None:
    assert "is not in this pack's chain" in verified(LATER, f"2:{head_of(CHAIN[:3])}").problems[0]


def test_a_pack_that_was_made_before_the_head_was_kept_says_so() -> None:
    (problem,) = verified(LATER, f"17:{'0' * 64}").problems
    assert problem.startswith("The head that was given is that of event 17, and this pack ends with event 6")


def test_a_rewritten_chain_is_told_in_other_words_than_an_older_head() -> None:
    assert "events that it stands for were rewritten" in verified(LATER, "0" * 64).problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no head at all",
        "1:abc",
        f"{'0' * 65}",
        f"one:{'0' * 64}",
        f":{'0' * 64}",
        f"{'9' * 19}:{'0' * 64}",
    ],
)
def test_what_is_no_head_is_not_looked_for(text: str) -> None:
    with pytest.raises(ValueError, match="is no head"):
        verified(LATER, text)
    done = CliRunner().invoke(app, ["audit", "verify", __file__, "--head", text])
    assert (done.exit_code, "--head" in done.stderr) == (2, True)


def test_the_hash_of_one_event_proves_what_is_before_it_only_where_nothing_is_hidden() -> None:
    everything = pack_of(CHAIN, range(1, 6), covered=Covered())
    assert verified(everything, CHAIN[3].hash).kept_at == 4

    (problem,) = verified(LATER, CHAIN[3].hash).problems
    assert problem.startswith("The hash that was given is that of event 4 alone")
