"""Evidence packs with the installed command: made beside the database, and checked far from it."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from integration.company import COMMAND, Company
from packs import changed, members_of


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Person 15 left and was taken out of the ward; person 0 left and is still there."""
    company = Company(tmp_path_factory.mktemp("company"))
    company.configure()
    company.export()
    company.register()
    company.run("once", "all")
    company.export(disabled={0, 15})
    company.run("once", "all")
    company.run("tickets", "done", "T-3", "--by", "nurse")
    company.register(gone={15})
    company.run("once", "all")
    return company


@pytest.fixture
def company(built: Company, tmp_path: Path) -> Company:
    """A copy for each test."""
    shutil.copytree(built.folder, tmp_path, dirs_exist_ok=True)
    return Company(tmp_path)


def check(company: Company, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Verify a pack with no configuration in sight."""
    environment = {name: value for name, value in os.environ.items() if name != "WHOSLEFT_CONFIG"}
    done = subprocess.run(
        [COMMAND, "audit", "verify", *arguments, "--json"],
        cwd=company.folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


def test_a_person_s_pack_is_whole_and_any_change_is_told(company: Company) -> None:
    made = company.json("audit", "export", "--person", "p15@example.org", "ann.zip", "--by", "sam")
    pack = company.folder / "ann.zip"
    assert stat.S_IMODE(pack.stat().st_mode) == 0o600

    code, verdict = check(company, "ann.zip", "--head", made["head"]["hash"], "--digest", made["digest"])
    assert (code, verdict["ok"], verdict["problems"]) == (0, True, [])
    assert verdict["covers"]["what"] == "person"
    assert made["covers"] == verdict["covers"]
    assert (verdict["head"], verdict["digest"], verdict["made_by"]) == (made["head"], made["digest"], "sam")

    files = members_of(pack.read_bytes())
    assert b"Person 15" in files["report.html"]
    assert b"Person 0" not in b"".join(files.values())
    (company.folder / "bad.zip").write_bytes(
        changed(pack.read_bytes(), "journal.jsonl", lambda text: text.replace(b"nurse", b"ghost"))
    )
    code, verdict = check(company, "bad.zip")
    assert code == 1
    assert verdict["problems"][0].startswith("journal.jsonl line ")


def test_erasing_leaves_the_chain_valid_and_an_old_pack_a_part_of_it(company: Company) -> None:
    before = company.json("audit", "export", "before.zip")
    company.run("people", "erase", "p15@example.org", "--reason", "asked", "--by", "sam")
    after = company.json("audit", "export", "after.zip")

    packs = [members_of((company.folder / f"{name}.zip").read_bytes()) for name in ("before", "after")]
    assert packs[1]["journal.jsonl"].startswith(packs[0]["journal.jsonl"])
    assert b"Person 15" in packs[0]["report.html"]
    assert b"Person 15" not in b"".join(packs[1].values())
    assert check(company, "after.zip")[0] == 0
    code, verdict = check(company, "after.zip", "--head", before["head"]["hash"])
    assert (code, verdict["kept_head"]) == (0, {"count": before["head"]["count"], "since": 2})
    assert after["head"]["count"] == before["head"]["count"] + 2  # the erasing, and the second pack


def test_a_group_and_a_period(company: Company) -> None:
    company.run("audit", "export", "--group", "Ward 8", "ward.zip")
    company.run("audit", "export", "--from", "2020-01-01", "--to", "2020-12-31", "old.zip")

    assert check(company, "ward.zip")[1]["covers"]["what"] == "group"
    _, old = check(company, "old.zip")
    assert old["ok"]
    assert old["events"] == 1  # that it was made
    assert old["covers"] == {
        "what": "period",
        "ids": [],
        "from": "2020-01-01",
        "to": "2020-12-31",
        "search": None,
    }


def test_people_are_told_what_a_pack_is_and_what_it_can_not_show(company: Company) -> None:
    said = company.run("audit", "export", "all.zip", "--by", "sam")
    assert "covers  everything" in said
    head = next(line.split()[1] for line in said.splitlines() if line.startswith("head"))

    plain = company.run("audit", "verify", "all.zip")
    assert "covers        everything" in plain
    assert "Nothing in this pack was changed" in plain
    assert "made anew as a whole" in plain
    assert "The head is the one that was given." in company.run("audit", "verify", "all.zip", "--head", head)
    company.run("audit", "export", "later.zip")
    later = company.run("audit", "verify", "later.zip", "--head", head)
    assert f"The head that you kept is that of event {head.partition(':')[0]} of this chain" in later
    assert "It says nothing of the 1 event since" in later
    assert "it is another chain" in company.run("audit", "verify", "all.zip", "--head", "0" * 64, code=1)


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (("export", "--person", "x", "--group", "y", "o.zip"), 2, "give only one of"),
        (("export", "--from", "2026-02-01", "--to", "2026-01-01", "o.zip"), 2, "before --from"),
        (("export", "--from", "yesterday", "o.zip"), 2, "--from"),
        (("export", "--person", "nobody", "o.zip"), 1, "Nobody known has the id"),
        (("export", "--person", "", "o.zip"), 2, "Invalid value for '--person': it is blank"),
        (("export", "--group", " ", "o.zip"), 2, "Invalid value for '--group': it is blank"),
        (("export", "nowhere/o.zip"), 1, "nowhere/o.zip can't be written"),
        (("verify", "nowhere.zip"), 1, "nowhere.zip can't be read"),
        (("verify", "people.csv"), 1, "This is not an evidence pack"),
        (("verify", "."), 1, "can't be read"),
    ],
)
def test_what_can_not_be_done_is_said(
    company: Company, arguments: tuple[str, ...], code: int, message: str
) -> None:
    assert message in " ".join(company.run("audit", *arguments, code=code).split())
    assert not (company.folder / "o.zip").exists()
    assert not list(company.folder.glob(".whosleft-audit-*"))


def test_an_act_at_a_stated_time_has_the_real_one_beside_it_in_the_journal_and_in_packs(
    company: Company,
) -> None:
    stated = "2020-03-01T09:00:00Z"
    company.run("tickets", "done", "T-1", "--by", "sam", "--now", stated)
    company.run("audit", "export", "all.zip", "--by", "sam", "--now", stated)

    files = members_of((company.folder / "all.zip").read_bytes())
    done, made = (json.loads(line) for line in files["journal.jsonl"].splitlines()[-2:])
    for event in (done, made):
        assert event["data"]["stated_at"] == "2020-03-01T09:00:00.000000+00:00"
        assert event["at"] > "2026"
    assert b"(stated as Sun 01 Mar 2020 09:00:00 GMT)" in files["report.html"]
    assert check(company, "all.zip")[1]["recorded_at"] > "2026"
    assert "(stated as 2020-03-01 09:00)" in company.run("tickets", "show", "T-1")
    assert "in fact at" in company.run("audit", "verify", "all.zip")


def test_what_was_changed_in_sql_is_named_by_its_row(company: Company) -> None:
    said = company.run("audit", "check")
    assert "Every row that was compared is as the journal says." in said

    with closing(sqlite3.connect(company.folder / "whosleft.db")) as database, database:
        database.execute("UPDATE ticket SET state = 'waived' WHERE id = 1")

    assert "T-000001: state is waived, and by event" in company.run("audit", "check", code=1)
    found = json.loads(company.run("audit", "check", "--json", code=1))
    assert (found["ok"], [one["row"] for one in found["problems"]]) == (False, ["T-000001"])
    assert found["compared"]["tickets"] >= 2
