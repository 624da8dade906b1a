"""What a user would check: from an empty folder, with the installed command and real files."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from integration.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.furnish()
    return company


def kinds(company: Company) -> list[tuple[str, str, str]]:
    return [(t["kind"], t["state"], t["person"]["name"]) for t in company.tickets()]


def test_nobody_has_left_so_nothing_is_opened_or_held(company: Company) -> None:
    assert company.json("check")["ok"]
    planned = company.json("plan")
    assert (planned["actions"], planned["held"], planned["warnings"]) == ([], [], [])

    company.run("once", "all")

    assert company.tickets() == []
    assert company.json("plans", "list") == {"items": [], "total": 0}


def test_a_leaver_who_is_sole_admin_is_removed_only_after_a_new_admin_is_seen(company: Company) -> None:
    company.run("once", "all")
    company.export(disabled={0, 15})

    planned = company.json("plan")
    company.run("once", "all")

    opened = [
        ("reassign_admin", "open", "Person 0"),
        ("remove_member", "blocked", "Person 0"),
        ("remove_member", "open", "Person 15"),
    ]
    assert [
        (a["ticket"]["kind"], a["ticket"]["state"], a["ticket"]["person"]["name"]) for a in planned["actions"]
    ] == opened
    assert kinds(company) == opened
    assert company.tickets()[1]["blocked_by"] == company.tickets()[0]["id"]

    company.register(admins={0, 1, 10, 11})
    company.run("once", "all")

    assert kinds(company)[:2] == [
        ("reassign_admin", "verified", "Person 0"),
        ("remove_member", "open", "Person 0"),
    ]


def test_a_claim_waits_for_a_later_register_which_contradicts_or_verifies_it(company: Company) -> None:
    company.run("once", "all")
    company.export(disabled={15})
    company.run("once", "all")

    company.run("tickets", "done", "T-1", "--by", "nurse")
    company.run("once", "all")
    (ticket,) = company.tickets()
    assert (ticket["state"], ticket["reopened"]) == ("done", 0), "the register is older than the claim"

    company.register()
    company.run("once", "all")
    (ticket,) = company.tickets()
    assert (ticket["state"], ticket["reopened"]) == ("open", 1)
    assert "still in the group" in ticket["reason"]

    company.run("tickets", "done", "T-1", "--by", "nurse")
    company.register(gone={15})
    company.run("once", "all")

    (ticket,) = company.tickets()
    assert (ticket["state"], ticket["grade"], ticket["done_by"]) == ("verified", "B", "nurse")


def test_a_cut_export_changes_nothing_and_check_says_why(company: Company) -> None:
    company.run("once", "all")
    company.export(disabled={0, 15})
    company.run("once", "all")
    before = company.tickets()
    export = company.folder / "people.csv"
    export.write_bytes(export.read_bytes()[:9_000])

    assert "as if the file was cut" in company.run("once", "poll", code=1)

    assert company.tickets() == before
    (corp, _, _) = company.json("check", code=1)["sources"]
    assert not corp["ok"]
    assert "people.csv line" in corp["message"]
    assert "Export again" in corp["remedy"]


def test_a_mass_change_is_held_and_released_with_a_reason(company: Company) -> None:
    company.run("once", "all")
    company.export(disabled=range(40))
    company.run("once", "all")
    assert company.tickets() == []
    (held,) = company.json("plans", "list")["items"]
    assert held["state"] == "held"
    assert sum(cohort["count"] for cohort in held["cohorts"]) == 40

    assert "--reason" in company.run("plans", "release", held["id"], code=2)
    company.run("plans", "release", held["id"], "--reason", "the ward was closed")
    company.run("once", "reconcile")

    assert len(company.tickets()) > 20


def test_plan_writes_nothing_anywhere(company: Company) -> None:
    company.run("plan")

    assert not (company.folder / "whosleft.db").exists()
    company.run("once", "all")
    company.export(disabled={3})

    company.run("plan")

    assert company.tickets() == []
    assert company.json("people", "show", "p3@example.org")["standing"] == "active"


def test_every_command_that_looks_works_on_what_once_left(company: Company) -> None:
    company.run("once", "all")
    company.export(disabled={0, 15})
    company.run("once", "all", "--full")

    assert company.json("people", "list")["total"] == 200
    assert "Person 15" in company.run("people", "show", "p15@example.org")
    assert company.json("groups", "list")["total"] == 2
    assert "Person 8" in company.run("groups", "show", "Ward 8")
    assert company.json("links", "list", "--all")["total"] == 20
    assert company.run("links", "list").strip() == "No open questions."
    assert "step 1" in company.run("escalation", "explain", "T-1")
    assert company.json("tickets", "show", "T-1")["history"][0]["what"] == "ticket.opened"
    assert "is with p2@example.org" in company.run("tickets", "assign", "T-3", "p2@example.org")
    assert "is waived" in company.run(
        "tickets", "waive", "T-3", "--reason", "works till Friday", "--until", "2030-01-01"
    )
    assert "is open again" in company.run("tickets", "reopen", "T-3", "--reason", "a mistake")
    assert "There is no ticket T-000099" in company.run("tickets", "done", "T-99", code=1)
    assert "is not a ticket id" in company.run("tickets", "done", "nonsense", code=2)


def test_check_makes_no_table_on_postgresql_and_says_that_there_is_none(
    tmp_path: Path, postgres_url: str
) -> None:
    company = Company(tmp_path, postgres_url)
    company.furnish()

    found = company.json("check")

    assert {one["name"]: one["ok"] for one in found["sources"]}.items() >= {
        "corp": True,
        "wards": True,
    }.items()
    assert "whosleft migrate" in " ".join(found["warnings"])
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as connection:
        assert sa.inspect(connection).get_table_names() == []

    (tmp_path / "people.csv").unlink()
    assert "RED" in company.run("check", code=1)

    company.export()
    company.run("migrate")
    assert "no tables" not in company.run("check")


def test_the_same_on_postgresql_once_it_is_migrated(tmp_path: Path, postgres_url: str) -> None:
    company = Company(tmp_path, postgres_url)
    company.configure()
    company.export()
    company.register()

    assert "whosleft migrate" in company.run("once", "all", code=1)

    company.run("migrate")
    company.run("once", "all")
    company.export(disabled={0, 15})
    assert len(company.json("plan")["actions"]) == 3
    assert company.tickets() == []
    company.run("once", "all")
    assert [t["state"] for t in company.tickets()] == ["open", "blocked", "open"]


def test_a_register_gets_the_days_on_which_its_rows_were_verified(company: Company) -> None:
    company.configure(write_back=True)
    company.run("once", "all")
    company.export(disabled={15})
    company.run("once", "all")
    company.register(gone={15})
    register = company.folder / "groups.xlsx"
    lock = company.folder / "~$groups.xlsx"
    lock.touch()
    written_at = register.stat().st_mtime_ns

    company.run("once", "all")
    assert [ticket["state"] for ticket in company.tickets()] == ["verified"]
    assert "Verified on (Whosleft)" not in company.cells("groups.xlsx")[0], "somebody has it open"

    lock.unlink()
    company.run("once", "all")
    head, *rows = company.cells("groups.xlsx")
    verified_at = str(company.tickets()[0]["verified_at"])
    assert head[-1] == "Verified on (Whosleft)"
    assert [row[-1] for row in rows if row[0] == "Ward 8"] == [verified_at[:10], *[None] * 10]
    assert {row[-1] for row in rows if row[0] != "Ward 8"} == {None}
    assert register.stat().st_mtime_ns == written_at, "or the list would look newer than it is"
    assert company.json("check")["ok"]
