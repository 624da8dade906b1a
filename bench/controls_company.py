"""A seeded company for the benchmark of controls: groups of fifty, what is known of them, and their register.

It is written into the tables as polls, inventories and matching leave them, row by row: nothing is held in memory.
Each share of groups below has its own fault, and the seed says which groups they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import sqlalchemy as sa

from worker.domain.model import AccountFacts
from worker.storage.people_rows import keys_of
from worker.storage.people_staging import KEY_COLUMNS
from worker.storage.sql.bulk import bulk_insert
from worker.storage.sql.mapping import facts_to_json
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    chat_group,
    episode,
    link,
    membership,
    person,
    person_key,
    source,
    to_micros,
)

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MEMBERS = 50  # of a group
RULES = "Be kind. Leavers are removed. No patients' names."
CORP, WARDS, REGISTER = "corp", "wards", "list"
POLICY, VERSION = "messaging", "3"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the worker knows of one group. None: no source shows it, or the register is empty there."""

    description: str | None
    edit: str | None
    approval: bool
    last_activity_at: datetime | None
    coverage: str
    name: str
    is_registered: bool
    purpose: str | None
    admins: int
    guest: str  # the state of a handle that is an admin, and nobody's in the directory; empty: there is none


@dataclass(frozen=True, slots=True)
class Company:
    """So many groups, and five people for each of them: each person is in about ten groups."""

    groups: int

    @property
    def people(self) -> int:
        return 5 * self.groups

    def known(self, group: int) -> Known:
        draw = Random(f"group {group}")
        return Known(
            description=draw.choices((RULES, "", None), (75, 20, 5))[0],
            edit=draw.choices(("admins", "members", None), (85, 10, 5))[0],
            approval=draw.random() < 0.96,
            last_activity_at=draw.choices((START - DAY, START - 300 * DAY, None), (85, 5, 10))[0],
            coverage=draw.choices(("full", "partial"), (97, 3))[0],
            name=f"Ward {group - 1 if group % 100 == 1 else group:06d}",
            is_registered=draw.random() < 0.9,
            purpose=draw.choices(("Shifts", None), (92, 8))[0],
            admins=draw.choices((1, 2, 3, 6), (8, 60, 30, 2))[0],
            guest=draw.choices(("", "unmatched", "nobody"), (96, 3, 1))[0],
        )

    def members(self, group: int) -> list[int]:
        return Random(f"members {group}").sample(range(self.people), MEMBERS)


def fill(engine: sa.Engine, company: Company) -> None:
    """Write the company into empty tables."""
    with engine.begin() as connection:
        for table, columns, rows in _tables(company):
            bulk_insert(connection, table, columns, rows)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))  # as autovacuum does within a minute


def _tables(company: Company) -> Iterator[tuple[sa.Table, tuple[str, ...], Iterable[Row]]]:
    at, people = to_micros(START - DAY), range(company.people)
    sources = [
        (CORP, "directory", at, at, at),
        *((one, "inventory", at, at, at) for one in (WARDS, REGISTER)),
    ]
    yield source, ("name", "port", "first_pass_at", "last_success_at", "taken_at"), sources
    columns: tuple[str, ...] = ("source", "person_id", "display_name", "email", "facts", "standing", "evidence", "at",
                                "first_seen_at", "changed_at")  # fmt: skip
    yield person, columns, map(_person, people)
    yield person_key, KEY_COLUMNS, ((CORP, _id(n), *key) for n in people for key in keys_of(_facts(n)))
    left = (
        (CORP, _id(n), "left", at, "disabled", "passed", at, at, at) for n in people if _standing(n) == "left"
    )
    yield episode, tuple(episode.c.keys()), left
    columns = ("source", "handle", "display_name", "fingerprint", "decided_fingerprint", "state", "person_source",
               "person_id")  # fmt: skip
    yield link, columns, _links(company)
    yield chat_group, tuple(GROUP), _groups(company)
    columns = ("source", "group_id", "handle", "display_name", "role", "phone")
    yield membership, columns, _memberships(company)
    yield from _said(company)


def _id(number: int) -> str:
    return f"{number:08d}"


def phone(number: int) -> str:
    """A number from no country's plan that anybody has: only its shape matters here."""
    return f"+4477{number:08d}"


def _standing(number: int) -> str:
    return "left" if number % 50 == 7 else "leaving" if number % 500 == 11 else "active"


_EVIDENCE = {"left": "disabled", "leaving": "leave_date"}


def _facts(number: int) -> AccountFacts:
    return AccountFacts(
        person_id=_id(number),
        display_name=f"Person {number}",
        email=f"p{number}@example.org",
        employee_id=f"E{number:08d}",
        phones=(phone(number),),
        department=f"Department {number % 200}",
        enabled=_standing(number) != "left",
        leave_at=START + DAY if _standing(number) == "leaving" else None,
    )


def _person(number: int) -> Row:
    facts, at, standing = _facts(number), to_micros(START - DAY), _standing(number)
    return (
        CORP, facts.person_id, facts.display_name, facts.email, facts_to_json(facts), standing,
        _EVIDENCE.get(standing), None if standing == "active" else at, at, at,
    )  # fmt: skip


def _links(company: Company) -> Iterator[Row]:
    for n in range(company.people):
        yield (WARDS, phone(n), f"Person {n}", "f", "f", "linked", CORP, _id(n))
    for group in range(company.groups):
        if guest := company.known(group).guest:
            yield (WARDS, _guest(group), "Guest", "f", "f", guest, None, None)


def _guest(group: int) -> str:
    return f"guest-{group:06d}"


def _memberships(company: Company) -> Iterator[Row]:
    for group in range(company.groups):
        known = company.known(group)
        for place, n in enumerate(company.members(group)):
            is_guest = place == 0 and known.guest
            handle = _guest(group) if is_guest else phone(n)
            role = "admin" if place < known.admins else "member"
            yield (WARDS, group_id(group), handle, "Guest" if is_guest else f"Person {n}", role, handle)


def group_id(number: int) -> str:
    return f"g{number:06d}"


# --- groups, and their rows in the register -------------------------------------------------------------------

GROUP = (
    "source", "group_id", "name", "messenger", "owner_email", "coverage", "taken_at", "knows_roles", "has_had_admin",
    "size", "facts", "facts_at", "last_activity_at", "registered", "read_at", "first_seen_at", "leader_source",
    "leader_group",
)  # fmt: skip


def _groups(company: Company) -> Iterator[Row]:
    at, first = to_micros(START - DAY), to_micros(START - 100 * DAY)
    for group in range(company.groups):
        known = company.known(group)
        yield (
            WARDS, group_id(group), known.name, "whatsapp", None, known.coverage, at, 1, 1, MEMBERS,
            shown(known.description, known.edit, approval=known.approval), json.dumps({"read_at": at}),
            to_micros(known.last_activity_at), None, at, first, None, None,
        )  # fmt: skip
        if known.is_registered:
            owner = f"p{group * 31 % company.people}@example.org"
            yield (
                REGISTER, group_id(group), known.name, "whatsapp", owner, "full", at, 0, 0, 0, "{}", "{}", None,
                _registered(known), at, first, WARDS, group_id(group),
            )  # fmt: skip


def shown(description: str | None, edit: str | None, *, approval: bool) -> str:
    """What is known of a group's profile, as the column `facts` has it."""
    facts = {"description": description, "approval": approval, "edit": edit}
    return json.dumps({name: value for name, value in facts.items() if value is not None})


def _registered(known: Known) -> str:
    said = {"purpose": known.purpose, "owner_department": "Wards", "data_class": "internal"}
    return json.dumps({name: value for name, value in said.items() if value is not None})


def change(engine: sa.Engine, company: Company, now: datetime) -> None:
    """One group in a hundred is read again: its description is put right where it was missing, and lost elsewhere."""
    g = chat_group.c
    with engine.begin() as connection:
        for group in range(0, company.groups, 100):
            known = company.known(group)
            facts = shown(RULES if not known.description else "", known.edit, approval=known.approval)
            which = sa.update(chat_group).where(g.source == WARDS, g.group_id == group_id(group))
            times = {"facts_at": json.dumps({"read_at": to_micros(now)}), "read_at": now}
            connection.execute(which.values(facts=facts, **times))


# --- what people said -----------------------------------------------------------------------------------------


def _said(company: Company) -> Iterator[tuple[sa.Table, tuple[str, ...], Iterable[Row]]]:
    """Three of ten have not accepted the policy yet."""
    at, numbers = to_micros(START - DAY), count(1)
    accepted = [n for n in range(company.people) if n % 10 < 7]
    columns: tuple[str, ...] = ("id", "statement", "subject", "version", "person_source", "person_id", "answer",
                                "is_pass", "grade", "at", "assurance")  # fmt: skip
    rows = (
        (number, "policy", POLICY, VERSION, CORP, _id(n), "accepted", 1, "C", at, "link")
        for number, n in zip(numbers, accepted, strict=False)
    )
    yield attestation, columns, rows
    columns = ("person_source", "person_id", "attestation_id")
    yield attestation_person, columns, ((CORP, _id(n), number) for number, n in enumerate(accepted, 1))
