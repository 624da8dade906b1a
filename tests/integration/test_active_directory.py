"""What happens to a person in a real Active Directory, and what becomes of it in the wards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from integration.ad_company import NEVER, AdCompany, Worker, account, cn, filetime, founded, working
from integration.company import guid, phone
from samba import Domain
from worker.domain.model import Evidence, Standing
from worker.domain.tickets.ticket import TicketKind, TicketState

DAY = timedelta(days=1)


@pytest.fixture
def company(tmp_path: Path, samba_domain: Domain) -> AdCompany:
    return founded(tmp_path, samba_domain)


@pytest.fixture
def worker(company: AdCompany) -> Iterator[Worker]:
    with working(company) as worker:
        assert worker.tickets() == []
        yield worker


def removals(worker: Worker) -> list[tuple[str, TicketState, Evidence | None]]:
    """Whom, in which state, and why."""
    return [
        (ticket.person_name, ticket.state, ticket.evidence)
        for ticket in worker.tickets()
        if ticket.kind is TicketKind.REMOVE_MEMBER
    ]


def standing(worker: Worker, number: int) -> tuple[Standing, Evidence | None]:
    person = worker.person(number)
    return person.standing, person.evidence


ACTIVE = (Standing.ACTIVE, None)


def test_the_installed_command_opens_a_ticket_for_a_disabled_account(company: AdCompany) -> None:
    company.run("once", "all")
    company.domain.samba_tool("user", "disable", "p15")

    said = company.run("once", "all")

    assert "1 left" in said
    (ticket,) = company.tickets()
    assert (ticket["kind"], ticket["person"]["name"], ticket["person"]["evidence"]) == (
        "remove_member", "Person 15", "disabled",
    )  # fmt: skip
    assert ticket["member"]["handle"] == phone(15)


def test_the_installed_command_knows_a_deleted_person_by_name(company: AdCompany) -> None:
    company.run("once", "all")
    company.domain.samba_tool("user", "delete", "p15")

    company.run("once", "all")

    (ticket,) = company.tickets()
    assert (ticket["person"]["name"], ticket["person"]["evidence"]) == ("Person 15", "deleted")


def test_the_installed_command_finds_nothing_to_repair_at_night(company: AdCompany) -> None:
    company.run("once", "all")
    company.disable(15)
    company.run("once", "all")
    company.change(3, title="Matron")

    said = company.run("once", "all", "--full")

    assert "repaired" not in said
    assert company.json("people", "show", guid(3))["title"] == "Matron"


def test_a_locked_account_is_no_leaver(company: AdCompany, worker: Worker) -> None:
    company.change(15, lockoutTime=filetime(worker.clock()), badPwdCount=20)

    worker.settle()

    assert standing(worker, 15) == ACTIVE
    assert removals(worker) == []


def test_an_expired_password_is_no_leaver(company: AdCompany, worker: Worker) -> None:
    company.change(15, pwdLastSet=0, userAccountControl=512)

    worker.settle()

    assert company.domain.ldbsearch("(sAMAccountName=p15)", "pwdLastSet")[0]["pwdLastSet"] == ["0"]
    assert standing(worker, 15) == ACTIVE


@pytest.mark.parametrize("value", [0, NEVER])
def test_an_account_that_never_expires_is_no_leaver(company: AdCompany, worker: Worker, value: int) -> None:
    company.change(15, accountExpires=1_000_000 * 116_444_736_000)
    worker.settle()
    company.change(15, accountExpires=value)

    worker.settle()

    assert standing(worker, 15) == ACTIVE
    assert worker.person(15).facts.expires_at is None


def test_an_account_that_expired_yesterday_is_a_leaver_since_then(company: AdCompany, worker: Worker) -> None:
    at = (worker.clock() - DAY).replace(microsecond=0)
    company.change(15, accountExpires=filetime(at))

    worker.settle()

    assert removals(worker) == [(cn(15), TicketState.OPEN, Evidence.EXPIRED)]
    assert worker.person(15).left_at == at


def test_an_account_that_will_expire_is_a_leaver_when_our_clock_says_so(
    company: AdCompany, worker: Worker
) -> None:
    company.change(15, accountExpires=filetime(worker.clock() + timedelta(hours=2)))
    worker.settle()
    assert standing(worker, 15)[0] is Standing.LEAVING
    company.domain.stop()
    worker.later(hours=3)

    report = worker.poll()

    assert report.counts["left"] == 1
    assert len(report.troubles) == 1
    assert standing(worker, 15) == (Standing.LEFT, Evidence.EXPIRED)


def test_whoever_is_moved_to_the_leavers_has_left(company: AdCompany, worker: Worker) -> None:
    company.move(15, company.domain.leavers_ou)

    worker.settle()

    assert removals(worker) == [(cn(15), TicketState.OPEN, Evidence.MOVED_OUT)]


def test_a_new_name_is_the_same_person(company: AdCompany, worker: Worker) -> None:
    company.move(15, company.domain.staff_ou, name="Person Fifteen")
    company.change(15, displayName="Person Fifteen", sAMAccountName="fifteen",
                   userPrincipalName="fifteen@corp.example")  # fmt: skip

    counts = worker.settle()

    assert (counts["joined"], counts["left"], len(worker.people())) == (0, 0, 24)
    assert worker.person(15).facts.display_name == "Person Fifteen"


def test_an_account_that_is_enabled_again_cancels_its_ticket(company: AdCompany, worker: Worker) -> None:
    company.disable(15)
    worker.settle()
    company.enable(15)

    counts = worker.settle()

    assert counts["returned"] == 1
    assert removals(worker) == [(cn(15), TicketState.CANCELLED, Evidence.DISABLED)]


def test_a_deleted_person_keeps_name_and_number_in_the_ticket(company: AdCompany, worker: Worker) -> None:
    company.delete(15)

    worker.settle()

    assert removals(worker) == [(cn(15), TicketState.OPEN, Evidence.DELETED)]
    assert worker.person(15).facts.phones == (phone(15),)


def test_a_person_taken_back_from_the_deleted_objects_has_returned(
    company: AdCompany, worker: Worker
) -> None:
    company.delete(15)
    worker.settle()
    undelete(company, 15)

    counts = worker.settle()

    assert counts["returned"] == 1
    assert removals(worker) == [(cn(15), TicketState.CANCELLED, Evidence.DELETED)]


def undelete(company: AdCompany, number: int) -> None:
    """Reanimate a tombstone (MS-ADTS 3.1.1.5.3.7), and give back what it had lost."""
    (stone,) = company.domain.ldbsearch(
        f"(&(isDeleted=TRUE)(cn={cn(number)}*))", "cn",
        base=f"CN=Deleted Objects,{company.domain.base_dn}", show_deleted=True,
    )  # fmt: skip
    company.domain.ldbmodify(
        f"dn: {stone['dn'][0]}\nchangetype: modify\ndelete: isDeleted\n-\n"
        f"replace: distinguishedName\ndistinguishedName: CN={cn(number)},{company.domain.staff_ou}\n-\n\n"
    )
    company.change(number, mobile=phone(number), mail=f"p{number}@example.org",
                   displayName=cn(number), userAccountControl=512 | 32)  # fmt: skip


def test_what_is_cleared_is_gone(company: AdCompany, worker: Worker) -> None:
    company.change(15, mobile=None, employeeID=None)

    worker.settle()

    facts = worker.person(15).facts
    assert (facts.phones, facts.employee_id, facts.email) == ((), None, "p15@example.org")


def test_whoever_is_moved_out_of_scope_stays_what_they_were_until_they_are_disabled(
    company: AdCompany, worker: Worker
) -> None:
    elsewhere = company.add_ou("Robots")
    company.move(15, elsewhere)
    company.move(16, elsewhere)
    company.disable(16)

    worker.settle()
    worker.settle(full=True)

    assert [standing(worker, n) for n in (15, 16)] == [ACTIVE, (Standing.LEFT, Evidence.DISABLED)]
    assert not worker.person(15).facts.is_in_scope
    assert [name for name, *_ in removals(worker)] == ["Person 16"]
    assert worker.source().trouble is None

    company.disable(15)  # put away in two steps
    worker.settle()
    worker.settle(full=True)
    assert standing(worker, 15) == (Standing.LEFT, Evidence.DISABLED)
    assert [name for name, *_ in removals(worker)] == ["Person 16", "Person 15"]


def test_a_name_that_is_used_again_is_another_person(company: AdCompany, worker: Worker) -> None:
    company.delete(15)
    other = str(uuid.uuid4())
    text = account(15, mobile=phone(115), displayName="Person Anew")
    company.domain.ldbadd(text.replace(guid(15), other))

    counts = worker.settle()

    assert (counts["left"], counts["joined"]) == (1, 1)
    assert standing(worker, 15) == (Standing.LEFT, Evidence.DELETED)
    found = worker.find(other)
    assert found is not None
    assert (found.standing, found.facts.display_name) == (Standing.ACTIVE, "Person Anew")


def test_a_manager_is_known_by_id(company: AdCompany, worker: Worker) -> None:
    company.change(15, manager=f"CN={cn(3)},{company.domain.staff_ou}")

    worker.settle()

    assert worker.person(15).facts.manager_id == guid(3)
