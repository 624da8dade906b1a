"""`controls.reports`: what is understood, and what is refused at its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from worker.domain.controls.policy import ReportsRule
from worker.domain.controls.reports import Tier
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.escalation.policy import Named, NamedKind, Target
from worker.running.wiring import KINDS
from worker.settings import Settings, SettingsError, load

HOUR = timedelta(hours=1)
START = "directories: [{name: corp, kind: file, path: people.csv}]\n"


def settings(folder: Path, text: str) -> Settings:
    path = folder / "whosleft.yaml"
    path.write_text(f"{START}controls: {{{text}}}\n", encoding="utf-8")
    return load(path, kinds=KINDS, env={})


def rule(folder: Path, text: str) -> ReportsRule:
    [found] = settings(folder, f"reports: {{{text}}}").control_policy().reports
    return found


def test_off_unless_there_is_a_section(tmp_path: Path) -> None:
    assert settings(tmp_path, "mode: ticket").control_policy().reports == ()


def test_an_empty_section_has_the_defaults(tmp_path: Path) -> None:
    found = rule(tmp_path, "")
    assert found == ReportsRule()
    assert list(found.tiers.values()) == [timedelta(), HOUR, 4 * HOUR, 24 * HOUR]


def test_everything_is_understood(tmp_path: Path) -> None:
    found = rule(
        tmp_path,
        "tiers: {other: 2h}, harm_to: [accountable, guard@example.org], mode: ticket, due: 3h, "
        "whistleblowing_url: https://speakup.example.org, when: {groups: Ward*}",
    )
    assert found.tiers[Tier.OTHER] == 2 * HOUR
    assert found.tiers[Tier.HARASSMENT] == 4 * HOUR
    assert found.harm_to == (Target.ACCOUNTABLE, Named(NamedKind.PERSON, "guard@example.org"))
    assert found.whistleblowing_url == "https://speakup.example.org"
    assert found.switch == ControlSwitch(Mode.TICKET, Where(groups=("Ward*",)), due=3 * HOUR)


@pytest.mark.parametrize(
    "text, said",
    [
        ("harm_to: [admins]", "can't be told of harm"),
        ("harm_to: []", "harm_to"),
        ("harm_to: ['channel:nowhere']", "no notifier has a channel:nowhere"),
        ("harm_to: ['on_call:nobody']", "'nobody' is no rota"),
        ("whistleblowing_url: http://plain.example.org", "https://"),
        ("whistleblowing_url: 'javascript:alert(1)'", "https://"),
        ("tiers: {harm: soon}", "soon"),
        ("tiers: {rage: 1h}", "rage"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, f"reports: {{{text}}}")
    assert said in str(refused.value)
