"""`whosleft replay`: recorded days, by this configuration and by another file's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from builders import NOW, rules
from harness import Harness
from worker.app.refused import Refused
from worker.domain.replay.limits import Limit
from worker.program import app as cli
from worker.running.replaying import changed_by, rules_for_replay
from worker.running.wiring import load_settings, open_app
from worker.settings import SettingsError
from worker.storage.sql.engine import open_engine

CONFIG = """\
organisation: {timezone: Europe/London}
database: {url: "sqlite:///whosleft.db"}
directories: [{name: corp, kind: file, path: people.csv}]
inventories: [{name: wards, kind: register, path: groups.csv}]
tickets: {accountable: it-security@example.org}
"""
LATER = NOW + timedelta(days=2)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a company: three people left two days ago, from noon on, and are still in two groups."""
    folder = tmp_path_factory.mktemp("recorded")
    file = folder / "whosleft.yaml"
    file.write_text(CONFIG)
    with open_app(load_settings(file), lambda: NOW):
        pass
    harness = Harness(rules=rules(), engine=open_engine(load_settings(file).database.url))
    harness.hire("ann", "ben", "cem", "eve", *(f"p{number}" for number in range(70)))
    harness.group("ward-7", "ann", "ben", *(f"p{number}" for number in range(30)), admins=["eve"])
    harness.group("ward-8", "cem", *(f"p{number}" for number in range(30, 60)), admins=["eve"])
    harness.settle()
    harness.later()
    harness.leave("ann", "ben", "cem")
    for _ in range(40):
        harness.settle()
        harness.escalate()
        harness.deliver()
        harness.later()
    harness.close()
    return folder


def replay(config: Path, *arguments: str, now: str = f"{LATER:%Y-%m-%dT%H:%M:%SZ}") -> Result:
    command = ["replay", *arguments, "-c", str(config), "--now", now]
    return CliRunner().invoke(cli, command, env={"COLUMNS": "200"})


def other(config: Path, text: str) -> str:
    file = config.parent / "other.yaml"
    file.write_text(text)
    return str(file)


DAYS = ("--from", "2026-11-24", "--until", "2026-11-26")


def answer(config: Path, *arguments: str) -> dict[str, Any]:
    done = replay(config, *DAYS, "--json", *arguments)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_present_configuration_gives_what_was(config: Path) -> None:
    found = answer(config)

    assert (found["from"], found["until"]) == ("2026-11-24T00:00:00Z", "2026-11-26T12:00:00Z")
    assert found["configuration"] == {"same": True, "changed": []}
    assert found["tickets"]["same"] == 3
    assert [len(found["tickets"][how]) for how in ("more", "fewer", "earlier", "later", "held")] == [0] * 5
    assert [one["what"] for one in found["cannot"] if one["what"] in {"guard", "due"}] == []


def test_a_lower_limit_would_have_held(config: Path) -> None:
    found = answer(config, "--with", other(config, "guard: {leavers_max: 2}\n"))

    assert found["configuration"] == {"same": False, "changed": ["guard.leavers_max: 25 -> 2"]}
    assert sorted(one["person_name"] for one in found["tickets"]["held"]) == ["Ann", "Ben", "Cem"]
    assert found["plans"]["more"][0]["why"] == "3 leavers within 24 h, the limit is 2"


def test_an_excluded_group_would_have_had_no_tickets(config: Path) -> None:
    text = "inventories: [{name: wards, kind: register, path: groups.csv, exclude: ['Ward 7']}]\n"

    found = answer(config, "--with", other(config, text))

    assert [one["group_name"] for one in found["tickets"]["fewer"]] == ["Ward 7", "Ward 7"]
    assert {one["what"] for one in found["cannot"]} >= {"not_read"}


def test_the_tables_say_what_would_be_different(config: Path) -> None:
    text = "tickets: {due: {default: 48h}, accountable: it-security@example.org}\n"
    done = replay(config, *DAYS, "--with", other(config, text))

    assert done.exit_code == 0
    assert "2026-11-24 00:00 until 2026-11-26 12:00, played by the changed configuration" in done.stdout
    assert "tickets.due.default: 1 day -> 2 days" in done.stdout
    assert re.search(r"later +T-000001 +Ann +Ward 7 +2026-11-24", done.stdout)
    assert "would be told" in done.stdout
    assert "can't be replayed" in done.stdout


def test_messages_that_only_come_later_are_counted(config: Path) -> None:
    quiet = ("--with", other(config, "quiet_hours: {from: '00:30', until: '23:30'}\n"))
    found = answer(config, *quiet)["messages"]

    done = replay(config, *DAYS, *quiet)

    tables = done.stdout.partition("\nmessages ")[2]
    shown = dict(re.findall(r"^(same|more|fewer|earlier|later) +([0-9]+) *$", tables, re.MULTILINE))
    numbers = {how: len(found[how]) for how in ("more", "fewer", "earlier", "later")}
    assert {how: int(shown[how]) for how in shown} == {"same": found["same"], **numbers}
    assert numbers["later"] > 0


def test_held_tickets_and_plans_are_in_the_tables(config: Path) -> None:
    done = replay(config, *DAYS, "--with", other(config, "guard: {leavers_max: 2}\n"))

    assert "plan held" in done.stdout
    assert "held plans" in done.stdout


def test_long_tables_say_how_many_rows_they_leave_out(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.cli.replay.SHOWN_MAX", 1)
    monkeypatch.setattr("worker.cli.replay.NAMED_MAX", 1)
    text = "tickets: {due: {default: 48h}}\ngroups: {admins_min: 2}\nfresh: {directory: 3h}\n"

    done = replay(config, *DAYS, "--with", other(config, text))

    assert "and 2 more: --json has all of them" in done.stdout
    assert "groups.admins_min: 1 -> 2" in done.stdout


def test_days_go_until_now_if_no_end_is_given(config: Path) -> None:
    done = replay(config, "--from", "2026-11-24")

    assert "2026-11-24 00:00 until 2026-11-26 12:00, played by the present configuration" in done.stdout
    assert "T-000001" not in done.stdout


@pytest.mark.parametrize("days, said", [
    (("--from", "2026-11-25", "--until", "2026-11-24"), "it is before --from"),
    (("--from", "2026-12-25"), "Invalid value for --from: it has not come yet"),
    (("--from", "2026-11-24", "--until", "2026-12-25"), "it has not come yet; the last day is 2026-11-26"),
    (("--from", "yesterday"), "is not a day"),
])  # fmt: skip
def test_days_that_make_no_sense_are_a_wrong_call(config: Path, days: tuple[str, ...], said: str) -> None:
    done = replay(config, *days)

    assert done.exit_code == 2
    assert said in done.output


def test_days_before_the_record_are_refused(config: Path) -> None:
    done = replay(config, "--from", "2026-01-01", "--until", "2026-01-31")

    assert isinstance(done.exception, Refused)
    assert "the journal begins later" in str(done.exception)


def test_a_wrong_file_is_named_with_its_line(config: Path) -> None:
    done = replay(config, *DAYS, "--with", other(config, "guard: {leavers_maximum: 3}\n"))

    assert isinstance(done.exception, SettingsError)
    assert "other.yaml" in str(done.exception)
    assert "leavers_maximum" in str(done.exception)


def test_what_of_a_configuration_is_played(config: Path) -> None:
    with open_app(load_settings(config), lambda: NOW) as worker:
        settings = worker.settings

        def changed(**sections: Any) -> tuple[list[str], list[str], bool]:
            data = {**settings.model_dump(include=set()), **sections}
            wanted = settings.model_validate({**_raw(), **data}, context={"base_dir": settings.base_dir})
            found = changed_by(worker, wanted, lambda: NOW)
            names = ([line.partition(":")[0] for line in lines] for lines in (found.unplayed, found.widens))
            unplayed, widens = names
            return unplayed, widens, found.rules.has_same_readers

        assert changed(groups={"admins_min": 2, "admins_max": 9}) == (["groups.admins_min"], [], True)
        assert changed(guard={"window": "48h", "shrink_share_max": 0.9}) == (
            ["guard.shrink_share_max"],
            [],
            True,
        )
        assert changed(leaver={"disabled": False, "accounts": "all"}) == ([], ["leaver.disabled"], True)
        tenant = {"name": "tenant", "kind": "file", "path": "tenant.csv"}
        _, widens, _ = changed(directories=[*_raw()["directories"], tenant])
        assert "directories[tenant].name" in widens
        assert changed(leaver={"absent": {"passes": 5, "over": "9d"}}) == (["leaver.absent.passes"], [], True)
        assert changed(leaver={"absent": {"over": "12h"}}) == (["leaver.absent.over"], [], True)
        assert (
            changed(
                absences={
                    "people": [{"person": "a@example.org", "from": "2026-01-01", "until": "2026-02-01"}]
                }
            )[2]
            is False
        )
        assert changed(desk={"url": "https://whosleft.example.org"}) == ([], [], True)
        schedule = {"poll": "90s", "inventory": "2h", "reconcile": "90s", "escalate": "2h", "full": "04:30"}
        of_schedule = sorted(f"schedule.{name}" for name in schedule)
        assert changed(schedule={**schedule, "deliver": "45s", "lease": "60s"}) == (of_schedule, [], True)
        elsewhere = {"name": "St Mary's", "timezone": "Europe/Paris"}
        assert changed(organisation=elsewhere) == (["organisation.timezone"], [], True)
        assert rules_for_replay(worker).gate.left_out == frozenset()
        without_corp = settings.model_validate(
            {**_raw(), "directories": [tenant]}, context={"base_dir": settings.base_dir}
        )
        left_out = changed_by(worker, without_corp, lambda: NOW).rules.gate.left_out
        assert left_out == frozenset({"corp"})


WARDS = {"name": "wards", "kind": "register", "path": "groups.csv"}
CHOIRS = {"name": "choirs", "kind": "register", "path": "choirs.csv"}
CORP = {"name": "corp", "kind": "file", "path": "people.csv"}
TENANT = {"name": "tenant", "kind": "file", "path": "tenant.csv"}


@pytest.mark.parametrize("before, after, unplayed, widens", [
    ({"inventories": [WARDS]}, {"inventories": [WARDS, CHOIRS]}, [], ["inventories[choirs].name"]),
    ({"inventories": [WARDS, CHOIRS]}, {"inventories": [CHOIRS]}, [], []),
    ({"inventories": [WARDS, CHOIRS]}, {"inventories": [CHOIRS, WARDS]}, ["inventories"], []),
    ({"inventories": [WARDS]}, {"inventories": [{**WARDS, "exclude": ["x"]}]}, [],
     ["inventories[wards].exclude", "inventories[wards].exclude[0]"]),
    ({"inventories": [WARDS]}, {"inventories": [{**WARDS, "path": "x.csv"}]}, ["inventories[wards].path"], []),
    ({"directories": [CORP]}, {"directories": [CORP, TENANT]}, [], ["directories[tenant].name"]),
    ({"directories": [CORP, TENANT]}, {"directories": [CORP]}, [], []),
])  # fmt: skip
def test_a_source_that_comes_or_goes_is_played_as_a_whole(
    config: Path, before: dict[str, Any], after: dict[str, Any], unplayed: list[str], widens: list[str]
) -> None:
    with open_app(load_settings(config), lambda: NOW) as worker:
        first, second = (
            worker.settings.model_validate({**_raw(), **each}, context={"base_dir": worker.settings.base_dir})
            for each in (before, after)
        )
        found = changed_by(replace(worker, settings=first), second, lambda: NOW)

    assert [line.partition(":")[0] for line in found.unplayed] == unplayed
    assert [line.partition(":")[0] for line in found.widens] == widens


@pytest.mark.parametrize("accounts, named", [("all", ["directories[corp].name"]), ("either", [])])
def test_a_directory_that_is_taken_out_is_named_where_its_word_was_needed(
    config: Path, accounts: str, named: list[str]
) -> None:
    config.write_text(CONFIG + f"leaver: {{accounts: {accounts}}}\n")
    with open_app(load_settings(config), lambda: NOW) as worker:
        only_tenant = {**_raw(), "directories": [{"name": "tenant", "kind": "file", "path": "tenant.csv"}]}
        wanted = worker.settings.model_validate(
            {**only_tenant, "leaver": {"accounts": accounts}},
            context={"base_dir": worker.settings.base_dir},
        )
        widens = changed_by(worker, wanted, lambda: NOW).widens

    assert [key for line in widens if (key := line.partition(":")[0]) == "directories[corp].name"] == named


def _raw() -> dict[str, Any]:
    return {
        "organisation": {"timezone": "Europe/London"},
        "directories": [{"name": "corp", "kind": "file", "path": "people.csv"}],
        "inventories": [{"name": "wards", "kind": "register", "path": "groups.csv"}],
        "tickets": {"accountable": "it-security@example.org"},
    }


def test_the_document_names_everything_that_can_t_be_replayed() -> None:
    document = (Path(__file__).parents[3] / "docs" / "replay.md").read_text(encoding="utf-8")

    assert [one for one in Limit if f"`{one.value}`" not in document] == []


def test_the_other_one_may_be_named_by_c_where_the_environment_names_the_present_one(config: Path) -> None:
    changed = other(config, CONFIG + "guard: {leavers_max: 1}\n")
    command = ["replay", *DAYS, "-c", changed, "--json", "--now", f"{LATER:%Y-%m-%dT%H:%M:%SZ}"]
    found = CliRunner().invoke(cli, command, env={"WHOSLEFT_CONFIG": str(config)})
    told = replay(config, *DAYS, "--with", changed, "--json")
    assert json.loads(found.stdout) == json.loads(told.stdout)
    assert json.loads(found.stdout)["tickets"]["held"]
