"""Rules of controls that can find nothing are warned of by `check` and `config validate`, which stay green."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from builders import NOW, facts
from harness import Harness
from worker.app.reads.control_warnings import control_warnings
from worker.domain.controls import policy as rules
from worker.domain.controls.others import DEVICE, POLICY
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import REPORTED, ControlSwitch, Where
from worker.domain.model import Fact, RegisterFacts, RegisterStatus
from worker.program import app as cli

Start = Callable[..., Harness]
PICTURE, APPROVAL = (
    rules.ProfileRule(picture=rules.PictureRule()),
    rules.ProfileRule(join=rules.JoinRule(has_approval=True)),
)


def warned(harness: Harness) -> tuple[str, ...]:
    return control_warnings(harness.store, harness.app.controls, harness.now)


def of(*groups: str, departments: tuple[str, ...] = (), messengers: tuple[str, ...] = ()) -> ControlSwitch:
    return ControlSwitch(where=Where(groups, None, departments, messengers))


@pytest.mark.parametrize(
    "policy, warnings",
    [
        (rules.ControlPolicy(), []),
        (rules.ControlPolicy(profile=(PICTURE,)), ["controls.profile[0].picture: nothing shows it"]),
        (rules.ControlPolicy(profile=(APPROVAL,)), ["controls.profile[0].join.approval: nothing shows it"]),
        (rules.ControlPolicy(profile=(rules.ProfileRule(join=rules.JoinRule(has_new_link=True)),)), []),
        (
            rules.ControlPolicy(
                profile=(rules.ProfileRule(of("Theatre*"), picture=rules.PictureRule()), rules.ProfileRule())
            ),
            ["controls.profile[0].when.groups: 'Theatre*' fits no group that is known"],
        ),
        (rules.ControlPolicy(profile=(rules.ProfileRule(name=rules.NameRule("Ward [0-9]+")),)), []),
        (
            rules.ControlPolicy(profile=(rules.ProfileRule(name=rules.NameRule("Dept .+")),)),
            ["controls.profile[0].name.pattern: 'Dept .+' fits no group that is known"],
        ),
        (
            rules.ControlPolicy(
                profile=(rules.ProfileRule(), rules.ProfileRule(name=rules.NameRule("Ward [0-9]+")))
            ),
            ["controls.profile[1].name.pattern: 'Ward [0-9]+' fits no group that is known"],
        ),
        (
            rules.ControlPolicy(
                hand_over=(rules.HandOverRule(),),
                conversations=(
                    rules.ConversationsRule(of("Lab"), "hr@example.org", timedelta(days=14), (), "P", "D"),
                ),
            ),
            [
                "controls.leaving.when.groups: 'Lab' fits no group that is known",
                "controls.leaving: no directory",
            ],
        ),
        (
            rules.ControlPolicy(
                classes=(rules.ClassRule(REPORTED, "patient", ("teams",), ("Ward*", "Wrad*")),)
            ),
            ["controls.classes[0].groups: 'Wrad*' fits no group that is known"],
        ),
        (
            rules.ControlPolicy(
                register=(rules.RegisterRule(of(departments=("Nursing",), messengers=("whats*", "slack"))),)
            ),
            [
                "controls.register.when.departments: 'Nursing' fits no group that is known",
                "controls.register.when.messenger: 'slack' fits no group that is known",
            ],
        ),
        (
            rules.ControlPolicy(
                statements=(
                    StatementRule(Statement.POLICY, POLICY.id, of("Lab"), "messaging", "1"),
                    StatementRule(Statement.DEVICE, DEVICE.id, of("Lab"), "", "1"),
                )
            ),
            [
                "controls.policies (messaging).when.groups: 'Lab' fits no group that is known",
                "controls.device.when.groups: 'Lab' fits no group that is known",
            ],
        ),
    ],
)
def test_what_fits_no_group_and_what_nothing_shows(
    start: Start, policy: rules.ControlPolicy, warnings: list[str]
) -> None:
    found = warned(start(controls=policy))
    assert len(found) == len(warnings)
    assert all(one.startswith(start) for one, start in zip(found, warnings, strict=True))


def test_a_source_that_may_show_it_is_waited_for(start: Start) -> None:
    seeing = start(controls=rules.ControlPolicy(profile=(PICTURE,)))
    seeing.wards.can = replace(seeing.wards.can, shows=frozenset({Fact.PICTURE}))
    seeing.start(seeing.app.rules)
    assert warned(seeing) == ()


def test_nothing_is_said_before_anything_was_read(found: Start) -> None:
    policy = rules.ControlPolicy(
        profile=(PICTURE,), classes=(rules.ClassRule(REPORTED, "x", ("teams",), ("Lab",)),)
    )
    assert warned(found(controls=policy)) == ()
    assert warned(found(controls=rules.ControlPolicy(hand_over=(rules.HandOverRule(),)))) == ()


def test_a_group_that_the_register_calls_closed_and_that_has_members(start: Start) -> None:
    harness = start(controls=rules.ControlPolicy(register=(rules.RegisterRule(),)), registers=["list"])
    harness.group("row-7", at=1, name="Ward 7")
    harness.inventories[1].register("row-7", RegisterFacts(status=RegisterStatus.ACTIVE))
    harness.settle()
    assert warned(harness) == ()
    harness.inventories[1].register("row-7", RegisterFacts(status=RegisterStatus.CLOSED))
    harness.later()
    harness.settle()
    [warning] = warned(harness)
    assert "such as 'Ward 7'" in warning
    harness.start(
        replace(
            harness.app.rules,
            controls=rules.ControlPolicy(register=(rules.RegisterRule(),), dormant=(rules.DormantRule(),)),
        )
    )
    assert warned(harness) == ()


def test_last_days_that_no_directory_shows(start: Start) -> None:
    harness = start(controls=rules.ControlPolicy(hand_over=(rules.HandOverRule(),)))
    [warning] = warned(harness)
    assert warning.startswith("controls.leaving: no directory has shown anybody's last day")
    harness.corp.put(facts("ann", leave_at=harness.now + timedelta(days=30)))
    harness.settle()
    assert warned(harness) == ()


def test_check_and_validate_say_it_and_stay_green(tmp_path: Path) -> None:
    file = tmp_path / "whosleft.yaml"
    (tmp_path / "people.csv").write_text(
        "objectGUID,displayName,mail,mobile,userAccountControl\n"
        "11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512\n"
    )
    (tmp_path / "groups.csv").write_text(
        "Group,Member,Phone,Role,Picture OK\nWard 7,Dee Example,+447700900104,admin,yes\n"
    )
    file.write_text(
        "organisation: {name: X, timezone: Europe/London}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: wards, kind: register, path: groups.csv}]\n"
        "controls: {profile: {picture: {}, join: {approval: true}}, leaving: {hand_over: {lead: 14d}}}\n"
    )

    at = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, list(arguments))
        return done.exit_code, " ".join(done.output.split())

    code, said = run("config", "validate", str(file))
    assert (code, "warning" in said) == (0, False), "there is no database yet"
    assert run("once", "poll", "inventory", "-c", str(file), "--now", at)[0] == 0
    for code, said in (run("config", "validate", str(file)), run("check", "-c", str(file), "--now", at)):
        assert code == 0
        assert "warning: controls.leaving: no directory" in said
        assert "warning: controls.profile[0].join.approval: nothing shows it" in said
        assert "profile[0].picture" not in said, "the register has a column for it"
