"""Rotas, absences and quiet hours as values of the domain."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.rota import Layer, Rota, on_call
from worker.domain.escalation.spans import Span
from worker.settings import Settings, warnings_in
from worker.settings.rotas import Handover

LONDON = ZoneInfo("Europe/London")


def settings(**sections: Any) -> Settings:
    return Settings.model_validate({"organisation": {"timezone": "Europe/Lisbon"}, **sections})


def test_a_rota_is_what_it_says() -> None:
    entry = {
        "name": "security",
        "timezone": "Europe/London",
        "layers": [
            {
                "people": ["a@example.org", "b@example.org"],
                "turn": "1w",
                "handover": "mon 09:00",
                "from": "2026-11-02",
            },
            {
                "people": ["n@example.org"],
                "turn": "1d",
                "handover": "18:00",
                "hours": "18:00-09:00",
                "days": "sat,sun",
            },
        ],
        "overrides": [
            {
                "person": "c@example.org",
                "from": "2026-12-24 09:00",
                "until": "2026-12-26 09:00",
                "reason": "leave",
            }
        ],
        "fallback": "it-security@example.org",
    }

    assert settings(rotas=[entry]).rota_rules().rotas == {
        "security": Rota(
            "security",
            "Europe/London",
            (
                Layer(("a@example.org", "b@example.org"), 7, time(9), 0, date(2026, 11, 2)),
                Layer(
                    ("n@example.org",),
                    1,
                    time(18),
                    hours=(time(18), time(9)),
                    days=frozenset({5, 6}),
                ),
            ),
            (
                Span(
                    datetime(2026, 12, 24, 9, tzinfo=LONDON),
                    datetime(2026, 12, 26, 9, tzinfo=LONDON),
                    "c@example.org",
                ),
            ),
            "it-security@example.org",
        )
    }


def test_a_rota_without_a_zone_has_the_organisation_s() -> None:
    [rota] = (
        settings(rotas=[{"name": "site", "layers": [{"people": ["a@example.org"]}]}])
        .rota_rules()
        .rotas.values()
    )

    assert rota.timezone == "Europe/Lisbon"


def test_a_calendar_s_rota_has_no_layers_of_its_own() -> None:
    ical = {"url": "https://calendar.example.org/x.ics", "aliases": {"Ann O.": "a@example.org"}}
    read = settings(rotas=[{"name": "site", "ical": ical}])
    feed = read.rotas[0].ical

    assert read.rota_rules().rotas["site"].layers == ()
    assert feed is not None
    rules = feed.rules("Europe/Paris")
    assert (rules.timezone, rules.every, rules.stale_after) == (
        "Europe/Paris",
        timedelta(minutes=15),
        timedelta(hours=24),
    )
    assert rules.aliases == {"Ann O.": "a@example.org"}


def test_a_calendar_s_address_is_in_no_repr() -> None:
    url = "https://calendar.example.org/private-0123456789/x.ics"

    assert "private" not in repr(settings(rotas=[{"name": "site", "ical": {"url": url}}]))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8099/x.ics", "http://[::1]/x.ics", "http://localhost/x.ics"]
)
def test_plain_http_may_go_to_this_machine(url: str) -> None:
    assert settings(rotas=[{"name": "site", "ical": {"url": url}}]).rotas[0].ical is not None


def test_a_calendar_may_be_a_file() -> None:
    feed = settings(rotas=[{"name": "site", "ical": {"path": "site.ics"}}]).rotas[0].ical

    assert feed is not None
    assert feed.path == Path("site.ics")


def test_days_of_an_absence_are_the_organisation_s() -> None:
    away = {
        "person": "a@example.org",
        "from": "2026-12-20",
        "until": "2027-01-04 12:00",
        "deputy": "b@example.org",
    }

    assert settings(absences={"people": [away]}).rota_rules().absences == (
        Absence(
            "a@example.org",
            datetime(2026, 12, 20, tzinfo=UTC),
            datetime(2027, 1, 4, 12, tzinfo=UTC),
            "b@example.org",
        ),
    )


def test_somebody_may_be_away_for_ever() -> None:
    times = {"from": "0001-01-01", "until": "9999-12-31 23:59"}
    read = settings(
        organisation={"timezone": "America/New_York"},
        absences={"people": [{"person": "a@example.org", **times}]},
        rotas=[
            {
                "name": "site",
                "layers": [{"people": ["a@example.org"], "from": "9999-12-31"}],
                "overrides": [{"person": "b@example.org", **times}],
            }
        ],
    )
    rules = read.rota_rules()

    assert rules.absences[0].until_at.year == rules.rotas["site"].overrides[0].until_at.year == 3000
    assert rules.absences[0].from_at == datetime(1970, 1, 1, 5, tzinfo=UTC)
    assert on_call(rules.rotas["site"], datetime(2026, 12, 24, tzinfo=UTC)).person == "b@example.org"


@pytest.mark.parametrize(
    "handover", ["fri,mon 09:00", "mon-fri 09:00", "09:00Z", "mon 09:00:30", "mon 09", "24:00", "09:00 mon"]
)
def test_a_handover_is_at_one_time_of_one_weekday_or_of_any(handover: str) -> None:
    with pytest.raises(ValidationError, match="is no handover"):
        settings(rotas=[{"name": "site", "layers": [{"people": ["a@example.org"], "handover": handover}]}])


@pytest.mark.parametrize(
    "handover, meant",
    [
        ("Monday 9:00", Handover(time(9), 0)),
        ("9:05", Handover(time(9, 5))),
        ("sun  23:59", Handover(time(23, 59), 6)),
    ],
)
def test_a_handover_is_read_as_people_write_it(handover: str, meant: Handover) -> None:
    [rota] = settings(
        rotas=[{"name": "site", "layers": [{"people": ["a@example.org"], "handover": handover}]}]
    ).rotas

    assert rota.layers[0].handover == meant


def test_there_are_no_quiet_hours_unless_they_are_asked_for() -> None:
    assert settings().quiet_times() is None
    assert settings(quiet_hours=None).quiet_times() is None
    assert settings(quiet_hours={}).quiet_times() == PersonalQuiet(
        QuietHours(time(20), time(7)), "Europe/Lisbon", "GB"
    )


def test_quiet_hours_are_what_they_say() -> None:
    section = {
        "from": "22:00",
        "until": "06:30",
        "days": "mon-fri",
        "holidays": False,
        "timezone": "Asia/Kolkata",
        "country": "IN",
        "exempt": {"sensitive": False},
    }

    hours = QuietHours(time(22), time(6, 30), frozenset(range(5)), holidays=False, exempt_sensitive=False)
    assert settings(quiet_hours=section).quiet_times() == PersonalQuiet(
        hours, "Europe/Lisbon", "GB", "Asia/Kolkata", "IN"
    )


def test_it_is_written_as_it_is_read() -> None:
    layer = {
        "people": ["a@example.org"],
        "handover": "mon 09:00",
        "from": "2026-11-02",
        "hours": "18:00-09:00",
    }
    override = {"person": "c@example.org", "from": "2026-12-24 09:00", "until": "2026-12-26"}
    read = settings(rotas=[{"name": "site", "layers": [layer], "overrides": [override]}])

    written = read.model_dump(mode="json", by_alias=True)["rotas"]

    assert settings(rotas=written).rotas == read.rotas
    assert written[0]["layers"][0]["handover"] == "mon 09:00"
    assert written[0]["overrides"][0]["until"] == "2026-12-26 00:00"


OFFICE = "{people: [a@example.org], turn: 1d, handover: '09:00', from: 2026-11-02, hours: '09:00-17:30', days: mon-fri}"
NIGHTS = "{people: [n@example.org], turn: 1d, handover: '17:30', from: 2026-12-01, hours: '17:30-09:00'}"
WEEKENDS = OFFICE.replace("mon-fri", "'sat,sun'")
ALWAYS = "{people: [a@example.org], turn: 1w, handover: 'mon 09:00', from: 2030-01-01}"


@pytest.mark.parametrize(
    "layers, lacks",
    [
        ([OFFICE], "nobody is on call from tue 17:30 until wed 09:00, among other times"),
        ([OFFICE, NIGHTS], "nobody is on call from sat 09:00 until sat 17:30, among other times"),
        ([OFFICE, NIGHTS, WEEKENDS], None),
        ([ALWAYS], None),
        ([OFFICE, ALWAYS], None),
        ([ALWAYS.replace("2030-01-01", "9999-12-31")], None),
        (["{people: [a@example.org], turn: 1w, handover: 'mon 09:00', from: 2026-11-02, days: mon-sat}"],
         "nobody is on call from sun 09:00 until mon 09:00"),
    ],
)  # fmt: skip
def test_a_hole_in_a_rota_s_own_pattern_is_warned_of_by_line(
    tmp_path: Path, layers: list[str], lacks: str | None
) -> None:
    file = tmp_path / "whosleft.yaml"
    calendar = "{name: site, ical: {path: site.ics}}"
    override = "{person: c@example.org, from: 2020-01-01, until: 2099-01-01, reason: all}"
    file.write_text(
        f"organisation: {{timezone: Europe/London}}\nrotas:\n  - {calendar}\n  - name: security\n"
        f"    overrides: [{override}]\n    layers: [{', '.join(layers)}]\n"
    )
    found = [(one.line, one.message) for one in warnings_in(file)]
    assert found == ([] if lacks is None else [(6, lacks)])
