"""`controls.advisories` and `controls.providers`: what is understood, and what is refused at its line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from worker.domain.controls.policy import AdvisoryRule, ProviderRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.running.wiring import KINDS, advisory_paces_of, fresh_advisories_of, kinds_of
from worker.settings import Settings, SettingsError, load

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = "directories: [{name: corp, kind: file, path: people.csv}]\n"


def settings(folder: Path, text: str) -> Settings:
    path = folder / "whosleft.yaml"
    path.write_text(f"{START}controls: {{{text}}}\n", encoding="utf-8")
    return load(path, kinds=KINDS, env={"NVD_KEY": "invented"})


def rule(folder: Path, text: str) -> AdvisoryRule:
    [found] = settings(folder, f"advisories: {{{text}}}").control_policy().advisories
    return found


def test_off_unless_there_is_a_section(tmp_path: Path) -> None:
    policy = settings(tmp_path, "mode: report").control_policy()

    assert (policy.advisories, policy.providers) == ((), None)


def test_an_empty_section_has_the_defaults(tmp_path: Path) -> None:
    assert rule(tmp_path, "") == AdvisoryRule()


@pytest.mark.parametrize(
    "text, messengers",
    [
        ("messengers: in_use", None),
        ("messengers: [in_use]", None),
        ("messengers: WhatsApp", ("whatsapp",)),
        ("messengers: [whatsapp, signal]", ("whatsapp", "signal")),
    ],
)
def test_which_messengers(tmp_path: Path, text: str, messengers: tuple[str, ...] | None) -> None:
    assert rule(tmp_path, text).messengers == messengers


def test_everything_else_is_said(tmp_path: Path) -> None:
    found = rule(tmp_path, "severity_from: 9, os: true, update_due: 7d, mode: ticket, due: 3d")

    assert (found.severity_from, found.has_systems, found.update_due) == (9.0, True, 7 * DAY)
    assert found.switch == ControlSwitch(Mode.TICKET, due=3 * DAY)


FEEDS = """advisories: {feeds: [
  {name: kev, kind: kev, stale_after: 3d},
  {name: nvd, kind: nvd, api_key: "${env:NVD_KEY}", every: 6h},
  {name: brought, kind: kev_file, path: kev.json}]}"""


def test_each_feed_has_its_pace_and_its_age(tmp_path: Path) -> None:
    found = settings(tmp_path, FEEDS)

    assert advisory_paces_of(found) == {"kev": 4 * HOUR, "nvd": 6 * HOUR, "brought": HOUR / 4}
    fresh = fresh_advisories_of(found)
    assert (fresh.limit("kev"), fresh.limit("nvd")) == (3 * DAY, 31 * DAY)
    assert "invented" not in repr(found)
    assert kinds_of(found) == {
        "corp": "file", "terminal": "console", "kev": "kev", "nvd": "nvd", "brought": "kev_file",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong, said",
    [
        ("feeds: [{name: kev, kind: kve}]", "is no kind of feed"),
        ("feeds: [{name: corp, kind: kev}]", "is the name of the entry in line 1"),
        ("feeds: [{name: kev, kind: kev, url: 'http://example.org/kev.json'}]", "plain http"),
        ("feeds: [{name: kev, kind: kev, ulr: 'https://example.org/'}]", "ulr"),
        ("feeds: [{name: nvd, kind: nvd, api_key: written-out}]", "api_key"),
        ("feeds: [{name: brought, kind: nvd_file}]", "path"),
        ("feeds: [{name: kev, kind: kev, every: 1s}]", "every"),
        ("severity_from: 11", "no score of CVSS"),
        ("severity_from: high", "no score of CVSS"),
        ("severity_from: true", "no score of CVSS"),
        ("messengers: []", "no messenger is named"),
    ],
)
def test_what_is_refused(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(tmp_path, f"advisories: {{{wrong}}}")


# --- providers --------------------------------------------------------------------------------------------------------


def providers(folder: Path, text: str) -> Any:
    return settings(folder, f"providers: {{{text}}}").control_policy().providers


def test_what_is_agreed_with_a_provider(tmp_path: Path) -> None:
    text = "WhatsApp: {contract: C-7, dpa: D-7, breach_notice: 24 h, backup: nightly, checked_on: 2026-10-01}"

    assert providers(tmp_path, text) == (
        ProviderRule("whatsapp", ControlSwitch(), "C-7", "D-7", "24 h", "nightly", date(2026, 10, 1)),
    )


@pytest.mark.parametrize("nothing", ["none", "None", "null", '""', "{}"])
def test_none_is_nothing(tmp_path: Path, nothing: str) -> None:
    text = "whatsapp: {}" if nothing == "{}" else f"whatsapp: {{contract: {nothing}}}"

    assert providers(tmp_path, text) == (ProviderRule("whatsapp"),)


def test_a_section_without_messengers_is_on(tmp_path: Path) -> None:
    assert providers(tmp_path, "") == ()


def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no day"):
        providers(tmp_path, "whatsapp: {checked_on: yesterday}")
