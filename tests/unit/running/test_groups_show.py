"""`whosleft groups show`: what a linked phone shows of a group, and what the register says of it, from the files on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fakes.gateways.server import Person, Room
from fakes.waha.server import KEY, WahaServer
from worker.domain.model import Role
from worker.program import app as cli

AT, LATER = "2026-11-24T09:00:00Z", "2026-11-25T09:00:00Z"
GROUP = "120363000000000007@g.us"
PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,512
"""
GROUPS = f"""Group ID,Group,Member,Phone,Role,Purpose,Data class,Sensitive,Status,Review due
{GROUP},Ward 7,Dee Example,+447700900104,admin,Hand-over,patient,yes,active,24.12.2026
{GROUP},Ward 7,Ann Sample,+447700900101,member,,,,,
"""


@pytest.fixture
def waha() -> Iterator[WahaServer]:
    with WahaServer() as server:
        people = [Person("447700900104", Role.ADMIN), Person("447700900101")]
        facts = {"description": "Rules", "newMembersApprovalRequired": True, "membersCanAddNewMember": False}
        server.rooms = {
            GROUP: Room("Ward 7", people, facts, wrote_at=int(datetime(2026, 11, 20, tzinfo=UTC).timestamp()))
        }
        yield server
        server.judged()


@pytest.fixture
def config(tmp_path: Path, waha: WahaServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAHA_KEY", KEY)
    file = tmp_path / "whosleft.yaml"
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "groups.csv").write_text(GROUPS)
    file.write_text(
        "organisation: {name: X, timezone: Europe/London}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories:\n"
        "  - {name: list, kind: register, path: groups.csv}\n"
        f"  - {{name: phones, kind: waha, url: '{waha.url}', api_key: '${{env:WAHA_KEY}}', accept_terms_risk: true, "
        "requests_per_minute: 6000}\n"
    )
    assert run(file, "once", "all", "--now", AT).exit_code == 0
    return file


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)])


def test_facts_are_what_the_source_shows_and_null_where_it_does_not(config: Path) -> None:
    shown = json.loads(run(config, "groups", "show", f"phones/{GROUP}", "--json").stdout)
    assert shown["facts"] == {
        "description": "Rules", "has_picture": False, "approval": True, "edit": "members", "write": "members",
        "add": "admins", "last_activity_at": "2026-11-20T00:00:00Z", "is_archived": None,
    }  # fmt: skip
    listed = json.loads(run(config, "groups", "show", f"list/{GROUP}", "--json").stdout)
    assert set(listed["facts"].values()) == {None}


def test_a_picture_is_looked_at_again_the_next_day(config: Path, waha: WahaServer) -> None:
    waha.rooms[GROUP].picture = b"a ward"
    assert run(config, "once", "inventory", "--now", "2026-11-24T10:00:00Z").exit_code == 0
    assert not json.loads(run(config, "groups", "show", f"phones/{GROUP}", "--json").stdout)["facts"][
        "has_picture"
    ]
    assert run(config, "once", "inventory", "--now", LATER).exit_code == 0
    assert json.loads(run(config, "groups", "show", f"phones/{GROUP}", "--json").stdout)["facts"][
        "has_picture"
    ]


def test_the_lines_say_it_in_words_and_the_register_speaks_for_the_live_group(
    config: Path, waha: WahaServer
) -> None:
    lines = " ".join(run(config, "groups", "show", f"phones/{GROUP}").stdout.split())
    assert (
        "description: Rules; picture: none; join link: the same since it was first seen 2026-11-24 09:00"
        in lines
    )
    assert (
        "approval: yes; edit: members; write: members; add: admins; last activity: 2026-11-20 00:00" in lines
    )
    said = "purpose: Hand-over; data class: patient; sensitive: yes; status: active; review due: 2026-12-24"
    assert said in lines
    waha.rooms[GROUP].link, waha.rooms[GROUP].facts = "AnotherLinkOfIt1", {}
    waha.rooms[GROUP].picture = b"a ward"
    assert run(config, "once", "inventory", "--now", LATER).exit_code == 0
    lines = " ".join(run(config, "groups", "show", f"phones/{GROUP}").stdout.split())
    assert "picture: yes; join link: changed 2026-11-25 09:00; edit: members" in lines
    assert "AnotherLink" not in lines


def test_a_group_that_the_register_calls_sensitive_is(config: Path) -> None:
    (config.parent / "people.csv").write_text(PEOPLE.replace("101,512", "101,514"))
    assert run(config, "once", "all", "--now", LATER).exit_code == 0
    tickets = json.loads(run(config, "tickets", "list", "--json").stdout)["items"]
    assert [ticket["due_at"] for ticket in tickets] == ["2026-11-25T13:00:00Z"]  # four hours, not a day
