"""Three ways of reading one Active Directory say the same, and a full pass mends what deltas can't show."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

import pytest

import ldif
from integration.ad_company import (
    COUNT,
    DISABLED,
    ENABLED,
    AdCompany,
    Worker,
    account,
    cn,
    founded,
    working,
)
from integration.company import guid, phone
from samba import Domain
from worker.domain.model import AccountFacts, Evidence, Standing

MODES = ("dirsync", "usn", "full")
ROUNDS, CHANGES = 10, 10


@pytest.fixture
def company(tmp_path: Path, samba_domain: Domain) -> AdCompany:
    return founded(tmp_path, samba_domain)


@pytest.fixture
def workers(company: AdCompany) -> Iterator[dict[str, Worker]]:
    """One for each mode, each with a database of its own."""
    with ExitStack() as stack:
        workers = {}
        for mode in MODES:
            # Whoever is moved out of scope is missing from a full pass, and here that is every other one
            one = replace(company, folder=company.folder / mode, guard={"shrink_share_max": 1.0})
            one.folder.mkdir()
            one.configure(mode=mode)
            one.register()
            workers[mode] = stack.enter_context(working(one))
        yield workers


class Administrators:
    """They change anything about anybody, as a seed has it."""

    def __init__(self, domain: Domain, seed: int) -> None:
        self._domain = domain
        self._random = random.Random(seed)
        self._ous = (
            domain.staff_ou,
            f"OU=Nights,{domain.staff_ou}",
            domain.leavers_ou,
            f"OU=Robots,{domain.base_dn}",
        )
        self._here = list(range(COUNT))
        self._next = COUNT

    def do(self, count: int) -> None:
        """Hire one, and change so many others."""
        self._domain.ldbadd(account(self._next))
        self._here.append(self._next)
        self._next += 1
        acts = (*[self._modify] * 6, self._move, self._move, self._delete)
        self._domain.ldbmodify("".join(self._random.choice(acts)() for _ in range(count - 1)))

    def _modify(self) -> str:
        number = self._random.choice(self._here)
        choices: list[tuple[str, list[str | int | None]]] = [
            ("title", ["Nurse", "Matron", None]),
            ("mobile", [phone(number), phone(number + 300), None, "ext. 12"]),
            ("otherMobile", [phone(number + 600), None]),
            ("mail", [f"p{number}@example.org", f"new{number}@example.org", None]),
            ("employeeID", [f"E{number:04d}", None]),
            ("displayName", [cn(number), "Jos\u00e9 \u0141", None]),
            ("userAccountControl", [ENABLED, DISABLED]),
            ("accountExpires", [0, 133_000_000_000_000_000, 150_000_000_000_000_000]),
            ("manager", [f"<GUID={guid(self._random.choice(self._here))}>", None]),
        ]
        field, values = self._random.choice(choices)
        return ldif.modify(f"<GUID={guid(number)}>", {field: self._random.choice(values)})

    def _move(self) -> str:
        number = self._random.choice(self._here)
        name = f"{cn(number)} {self._random.randrange(1000)}"
        return (
            f"dn: <GUID={guid(number)}>\nchangetype: modrdn\nnewrdn: CN={name}\ndeleteoldrdn: 1\n"
            f"newsuperior: {self._random.choice(self._ous)}\n\n"
        )

    def _delete(self) -> str:
        number = self._here.pop(self._random.randrange(len(self._here)))
        return f"dn: <GUID={guid(number)}>\nchangetype: delete\n\n"


def differences(one: Worker, other: Worker, *, is_full: bool = False) -> dict[str, object]:
    """What two workers know differently of people whom both follow, field by field.

    A full pass asks no more after somebody who has left or is out of scope; a delta goes on naming them. So where the
    other one reads in full (`is_full`), it does not learn that who went out of scope left later.
    """
    found: dict[str, object] = {}
    mine, theirs = one.people(), other.people()
    for person_id in mine.keys() | theirs.keys():
        a, b = mine.get(person_id), theirs.get(person_id)
        if a is None or b is None:  # came and went between two full passes
            facts = (a or theirs[person_id]).facts
            if facts.is_in_scope and not facts.is_deleted:
                found[person_id] = facts
            continue
        is_unseen = is_full and not b.facts.is_in_scope
        if not is_unseen and (a.standing, a.evidence) != (b.standing, b.evidence):
            found[person_id] = (a.standing, a.evidence, b.standing, b.evidence)
        if b.standing is Standing.LEFT or not b.facts.is_in_scope:
            continue
        for name in (field.name for field in fields(AccountFacts)):
            if getattr(a.facts, name) != getattr(b.facts, name):
                found[f"{person_id}.{name}"] = (getattr(a.facts, name), getattr(b.facts, name))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_dirsync_and_update_numbers_and_full_passes_agree_on_everybody(
    company: AdCompany, workers: dict[str, Worker], seed: int
) -> None:
    company.add_ou("Nights", under=company.domain.staff_ou)
    company.add_ou("Robots")
    administrators = Administrators(company.domain, seed)
    for _ in range(ROUNDS):
        administrators.do(CHANGES)
        assert [worker.poll().troubles for worker in workers.values()] == [()] * 3

        assert differences(workers["dirsync"], workers["usn"]) == {}
        assert differences(workers["dirsync"], workers["full"], is_full=True) == {}

    assert {person.standing for person in workers["full"].people().values()} == set(Standing)
    for mode in ("dirsync", "usn"):
        report = workers[mode].poll(full=True)
        assert (report.troubles, report.counts["repaired"]) == ((), 0)
        assert differences(workers[mode], workers["full"], is_full=True) == {}


@pytest.mark.parametrize("mode", ["dirsync", "usn"])
def test_an_ou_that_is_moved_to_the_leavers_is_seen_at_night_and_counted(
    tmp_path: Path, samba_domain: Domain, mode: str
) -> None:
    """Nothing of the people in it changes but where they lie, and that is written down nowhere near them."""
    company = founded(tmp_path, samba_domain, mode=mode)
    nights = company.add_ou("Nights", under=samba_domain.staff_ou)
    for number in (3, 4):
        company.move(number, nights)
    with working(company) as worker:
        company.domain.ldbmodify(
            f"dn: {nights}\nchangetype: modrdn\nnewrdn: OU=Nights\ndeleteoldrdn: 1\n"
            f"newsuperior: {samba_domain.leavers_ou}\n\n"
        )
        assert worker.settle()["left"] == 0

        counts = worker.settle(full=True)

        assert (counts["repaired"], counts["left"]) == (2, 2)
        assert [(worker.person(n).standing, worker.person(n).evidence) for n in (3, 4)] == [
            (Standing.LEFT, Evidence.MOVED_OUT)
        ] * 2
        (told,) = worker.journal("source.repaired")
        assert (told["count"], told["people"]) == (2, sorted([guid(3), guid(4)]))


def test_what_a_delta_did_see_is_not_counted_as_repaired(tmp_path: Path, samba_domain: Domain) -> None:
    company = founded(tmp_path, samba_domain)
    with working(company) as worker:
        company.disable(3)
        company.delete(4)

        counts = worker.settle(full=True)

        assert (counts["repaired"], counts["left"]) == (0, 2)
