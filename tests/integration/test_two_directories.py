"""A hybrid company: its people are in Active Directory (Samba's) and, synchronised, in Entra ID (a fake tenant).

The accounts are joined by what Microsoft's own synchronisation writes: objectGUID in AD is onPremisesImmutableId
in the cloud.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.entra_world import options
from fakes.graph.lab import FakeEntra
from integration.ad_company import COUNT, AdCompany, founded
from integration.company import guid, phone
from samba import Domain
from worker.domain.tickets.ticket import TicketState
from worker.ops.clock import system_now
from worker.running.wiring import load_settings, open_app

CORP, TENANT = "corp", "tenant"


@dataclass(frozen=True)
class Hybrid:
    """`cloud` has the ids of everybody's synchronised accounts, by number."""

    company: AdCompany
    entra: FakeEntra
    cloud: dict[int, str]

    def configure(self, **leaver: Any) -> None:
        file = self.company.folder / "whosleft.yaml"
        configuration = yaml.safe_load(file.read_text())
        configuration["directories"] = configuration["directories"][:1]
        configuration["directories"].append({"name": TENANT, "kind": "entra", **options(self.entra)})
        configuration["leaver"] = leaver
        file.write_text(yaml.safe_dump(configuration))

    def settle(self, *, full: bool = False) -> None:
        """Everything up to verification, in this process: starting the command takes longer than all of it."""
        settings = load_settings(self.company.folder / "whosleft.yaml")
        with open_app(settings, system_now) as app:
            reports = [
                app.poll.run_once(system_now(), full=full),
                app.inventory.run_once(system_now()),
                app.reconcile.run_once(system_now(), full=full),
                app.verify.run_once(system_now()),
            ]
        assert [trouble for report in reports for trouble in report.troubles] == []

    def disable(self, directory: str, number: int) -> None:
        if directory == CORP:
            self.company.domain.samba_tool("user", "disable", f"p{number}")
        else:
            self.entra.tenant.disable(self.cloud[number])

    def enable(self, directory: str, number: int) -> None:
        if directory == CORP:
            self.company.domain.samba_tool("user", "enable", f"p{number}")
        else:
            self.entra.tenant.enable(self.cloud[number])

    def tickets(self) -> list[tuple[str, str, str]]:
        """Who, in which state, by the word of which directory."""
        settings = load_settings(self.company.folder / "whosleft.yaml")
        with open_app(settings, system_now) as app, app.store.begin() as uow:
            found = uow.tickets.page(list(TicketState), 0, 100)
        return [(t.person_name, t.state.value, t.person.source if t.person else "") for t in found]


@pytest.fixture
def hybrid(tmp_path: Path, samba_domain: Domain) -> Iterator[Hybrid]:
    company = founded(tmp_path, samba_domain)
    with FakeEntra(tmp_path / "entra") as entra:
        cloud = {number: synchronised(entra, number) for number in range(COUNT)}
        made = Hybrid(company, entra, cloud)
        made.configure()
        made.settle()
        assert made.tickets() == []
        yield made


def synchronised(entra: FakeEntra, number: int) -> str:
    """Add the cloud account of somebody: neither an employee id nor the same address, as often."""
    immutable = base64.b64encode(uuid.UUID(guid(number)).bytes_le).decode()
    return entra.tenant.add(
        displayName=f"Person {number}",
        userPrincipalName=f"p{number}@{entra.tenant.domain}",
        mail=f"p{number}@{entra.tenant.domain}",
        mobilePhone=phone(number),
        accountEnabled=True,
        userType="Member",
        onPremisesSyncEnabled=True,
        onPremisesImmutableId=immutable,
    )


@pytest.mark.parametrize("first, second", [(CORP, TENANT), (TENANT, CORP)])
def test_either_directory_is_enough_and_the_other_one_changes_nothing(
    hybrid: Hybrid, first: str, second: str
) -> None:
    hybrid.disable(first, 15)
    hybrid.settle()
    assert hybrid.tickets() == [("Person 15", "open", first)]

    shown = hybrid.company.json("tickets", "show", "T-1")
    assert {one["source"]: one["standing"] for one in shown["person"]["accounts"]} == {
        first: "left",
        second: "active",
    }
    assert f"{first}: the account is disabled" in shown["reason"]
    assert f"{second}: the account is active" in shown["reason"]

    hybrid.disable(second, 15)
    hybrid.settle()
    hybrid.settle(full=True)
    assert hybrid.tickets() == [("Person 15", "open", first)]

    hybrid.enable(first, 15)
    hybrid.settle()
    assert hybrid.tickets() == [("Person 15", "open", first)]
    hybrid.enable(second, 15)
    hybrid.settle()
    assert hybrid.tickets() == [("Person 15", "cancelled", first)]


def test_the_installed_command_reads_both_and_opens_one_ticket(hybrid: Hybrid) -> None:
    hybrid.disable(CORP, 15)
    hybrid.disable(TENANT, 15)

    said = hybrid.company.run("once", "all")

    assert "2 sources" in said
    assert hybrid.tickets() == [("Person 15", "open", CORP)]


def test_with_all_both_have_to_say_so_and_a_person_shows_who_does(hybrid: Hybrid) -> None:
    hybrid.configure(accounts="all")
    hybrid.disable(CORP, 15)
    hybrid.settle()
    assert hybrid.tickets() == []

    said = hybrid.company.run("people", "show", guid(15))
    assert "corp: the account is disabled; tenant: the account is active" in said
    assert "still here, by tenant" in said
    assert hybrid.company.json("people", "show", hybrid.cloud[15])["has_left"] is False

    hybrid.disable(TENANT, 15)
    hybrid.settle()
    assert hybrid.tickets() == [("Person 15", "open", TENANT)]


def test_the_rule_may_be_changed_afterwards(hybrid: Hybrid) -> None:
    hybrid.configure(accounts="all")
    hybrid.disable(TENANT, 15)
    hybrid.settle()
    assert hybrid.tickets() == []

    hybrid.configure(accounts="either")
    hybrid.settle(full=True)
    assert hybrid.tickets() == [("Person 15", "open", TENANT)]
    assert "left, by tenant" in hybrid.company.run("people", "show", guid(15))

    hybrid.configure(accounts="all")
    hybrid.settle(full=True)
    assert hybrid.tickets() == [("Person 15", "cancelled", TENANT)]


def test_a_deleted_cloud_account_counts_and_a_restored_one_is_seen(hybrid: Hybrid) -> None:
    hybrid.entra.tenant.delete(hybrid.cloud[15])
    hybrid.settle()
    assert hybrid.tickets() == [("Person 15", "open", TENANT)]
    shown = hybrid.company.json("tickets", "show", "T-1")
    assert shown["person"]["evidence"] == "deleted"
