"""The alerts and the dashboard: what they ask for is shown, each alert can fire, and none does on a good day."""

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts import CHART, CHECKOUT, Manifest, named, promtool, rendered
from worker.app.jobs.table import JOBS

ALERTS = {
    "WhosleftSourceDown", "WhosleftSourceStale", "WhosleftPlanHeld", "WhosleftTicketsOverdue", "WhosleftDeliveriesFail",
    "WhosleftOutboxStuck", "WhosleftJobStalled", "WhosleftNotRunning", "WhosleftLeaversSlow", "WhosleftGraphThrottled",
    "WhosleftSwitchUnheard", "WhosleftDatabaseDown",
}  # fmt: skip
DASHBOARD = CHART / "files" / "dashboard.json"
METRICS = CHECKOUT / "docs" / "metrics.md"
RUNBOOKS = CHECKOUT / "docs" / "runbooks"


def groups(situation: str = "ha", values: dict[str, Any] | None = None) -> list[Manifest]:
    rule = named(rendered(values, situation=situation), "PrometheusRule", "whosleft")
    return list(rule["spec"]["groups"])


def rules(situation: str = "ha", values: dict[str, Any] | None = None) -> dict[str, Manifest]:
    return {rule["alert"]: rule for group in groups(situation, values) for rule in group["rules"]}


def judged(folder: Path, *arguments: str) -> str:
    """What promtool says of the files in a folder; fails when it is not content."""
    done = subprocess.run(
        [promtool(), *arguments], capture_output=True, text=True, check=False, cwd=folder, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("situation", ["ha", "aks", "cron"])
def test_prometheus_takes_the_rules(situation: str, tmp_path: Path) -> None:
    found = rules(situation)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups(situation)}), encoding="utf-8")

    assert f"{len(found)} rules found" in judged(tmp_path, "check", "rules", "--lint-fatal", "rules.yaml")


VALUES = {
    "config": {
        "directories": [
            {"name": "corp", "kind": "file", "path": "/data/people.csv", "stale_after": "2h"},
            {"name": "tenant", "kind": "entra"},
        ]
    }
}
LEFT = "leaver_to_ticket_seconds_bucket"
GOOD_DAY = {  # by the minute, as promtool writes it: first value, step, times
    'source_up{source="corp", port="directory"}': "1x300",
    'source_up{source="tenant", port="directory"}': "1x300",
    'source_up{source="wards", port="inventory"}': "1x300",
    'source_age_seconds{source="corp", port="directory"}': "7000x300",
    'source_age_seconds{source="tenant", port="directory"}': "80000x300",
    'source_age_seconds{source="wards", port="inventory"}': "600000x300",
    "held_plans{}": "0x300",
    "overdue_tickets{}": "10x300",
    "outbox_waiting{}": "3x300",
    'deliveries_total{channel="soc", outcome="sent"}': "0+1x300",
    'deliveries_total{channel="soc", outcome="retried"}': "0+1x300",
    'job_age_seconds{job="poll"}': "1300x300",
    'job_age_seconds{job="inventory"}': "3500x300",
    'lease_held{job="poll"}': "0x300",
    "database_up{}": "1x300",
    'alarms{cause="ping"}': "0x300",
    'alarms{cause="guard"}': "1x300",
    f'{LEFT}{{le="60"}}': "0+1x300",
    f'{LEFT}{{le="3600"}}': "0+1x300",
    f'{LEFT}{{le="86400"}}': "0+1x300",
    f'{LEFT}{{le="+Inf"}}': "0+1x300",
    'graph_requests_total{source="tenant", status="200"}': "0+60x300",
    'graph_throttled_total{source="tenant"}': "0+1x300",
}
STORED = re.compile("source_|held_plans|overdue|outbox|job_age|alarms")
DATABASE_DOWN = {  # what is stored is not shown, and no message is tried
    **{name: "_x300" for name in GOOD_DAY if STORED.match(name)},
    **{f'deliveries_total{{channel="soc", outcome="{one}"}}': "0x300" for one in ("sent", "retried")},
    "database_up{}": "0x300",
}
BAD_DAYS: dict[
    str, tuple[dict[str, str], dict[str, str]]
] = {  # what is otherwise, and the alert's own labels
    "WhosleftSourceDown": (
        {'source_up{source="tenant", port="directory"}': "0x300"},
        {"source": "tenant", "port": "directory"},
    ),
    "WhosleftSourceStale": (
        {'source_age_seconds{source="corp", port="directory"}': "7201x300"},
        {"source": "corp", "port": "directory"},
    ),
    "WhosleftPlanHeld": ({"held_plans{}": "1x300"}, {}),
    "WhosleftTicketsOverdue": ({"overdue_tickets{}": "11x300"}, {}),
    "WhosleftDeliveriesFail": (
        {'deliveries_total{channel="soc", outcome="sent"}': "0x300", "outbox_waiting{}": "0x300"},
        {"channel": "soc"},
    ),
    "WhosleftOutboxStuck": (
        {f'deliveries_total{{channel="soc", outcome="{one}"}}': "0x300" for one in ("sent", "retried")},
        {},
    ),
    "WhosleftJobStalled": ({'job_age_seconds{job="inventory"}': "3601x300"}, {"job": "inventory"}),
    "WhosleftSwitchUnheard": ({'alarms{cause="ping"}': "1x300"}, {}),
    "WhosleftDatabaseDown": (DATABASE_DOWN, {}),
    "WhosleftNotRunning": ({'lease_held{job="poll"}': "_x300"}, {"namespace": "leavers"}),
    "WhosleftLeaversSlow": ({f'{LEFT}{{le="{le}"}}': "0x300" for le in ("60", "3600")}, {}),
    "WhosleftGraphThrottled": ({'graph_throttled_total{source="tenant"}': "0+7x300"}, {"source": "tenant"}),
}


def firing(at: str, *expected: str) -> dict[str, Any]:
    """Exactly these alerts fire at a time."""
    samples = [{"labels": labels, "value": 1} for labels in expected]
    return {"expr": 'ALERTS{alertstate="firing"}', "eval_time": at, "exp_samples": samples}


def case(changed: dict[str, str], *asked: dict[str, Any]) -> dict[str, Any]:
    series = {**GOOD_DAY, **changed}
    return {
        "interval": "1m",
        "input_series": [
            {"series": f"whosleft_{name}".replace("{", '{namespace="leavers", '), "values": values}
            for name, values in series.items()
        ],
        "promql_expr_test": list(asked),
    }


def run_cases(folder: Path, cases: list[dict[str, Any]]) -> None:
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups("ha", VALUES)}), encoding="utf-8")
    asked = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": cases}
    (folder / "cases.yaml").write_text(yaml.safe_dump(asked), encoding="utf-8")
    assert "SUCCESS" in judged(folder, "test", "rules", "cases.yaml")


def test_on_a_good_day_no_alert_fires(tmp_path: Path) -> None:
    run_cases(tmp_path, [case({}, firing("10m"), firing("4h"))])


@pytest.mark.parametrize("alert", BAD_DAYS)
def test_each_alert_fires_alone_and_not_at_once(alert: str, tmp_path: Path) -> None:
    changed, own = BAD_DAYS[alert]
    labels = {"alertname": alert, "alertstate": "firing", **rules("ha", VALUES)[alert]["labels"], **own}
    series = ", ".join(f'{name}="{value}"' for name, value in labels.items())

    run_cases(tmp_path, [case(changed, firing("4m"), firing("4h", f"ALERTS{{{series}}}"))])


def test_every_job_has_a_limit_of_three_of_its_intervals() -> None:
    schedule = {"schedule": dict.fromkeys(JOBS, "10h"), **VALUES["config"]}
    usual, slow = (rules("ha", {"config": config})["WhosleftJobStalled"]["expr"] for config in ({}, schedule))

    assert [limits(usual), limits(slow)] == [dict.fromkeys(JOBS, 3600), dict.fromkeys(JOBS, 108000)]
    assert all(3 * job.every <= timedelta(hours=1) for job in JOBS.values())


def limits(expression: str) -> dict[str, int]:
    """The limit of each job that an expression names, in seconds."""
    terms = re.findall(r'job=~"([a-z|]+)"\}\) > (\d+)', expression)
    return {name: int(limit) for names, limit in terms for name in names.split("|")}


def test_a_process_that_is_started_anew_again_and_again_hides_no_database_that_is_down(
    tmp_path: Path,
) -> None:
    waits = " ".join(
        ["0x4 _x5"] * 30
    )  # it waits for the database for five minutes, and is away for up to as long
    changed = {**DATABASE_DOWN, "database_up{}": waits, 'lease_held{job="poll"}': waits}
    fires = 'ALERTS{alertname="WhosleftDatabaseDown", alertstate="firing", severity="critical"}'

    run_cases(tmp_path, [case(changed, *(firing(f"{minute}m", fires) for minute in (12, 18, 240, 248)))])


def test_one_process_that_reaches_the_database_is_enough(tmp_path: Path) -> None:
    two = case({})
    two["input_series"] += [
        {"series": 'whosleft_database_up{namespace="leavers", pod="b"}', "values": "0x300"}
    ]
    two["promql_expr_test"] = [firing("4h")]

    run_cases(tmp_path, [two])


def test_what_every_process_shows_is_not_added_up(tmp_path: Path) -> None:
    three = case({}, firing("4h"))
    shared = [one for one in three["input_series"] if re.search("_age_|overdue", one["series"])]
    three["input_series"] += [
        {**one, "series": one["series"].replace("{", f'{{pod="worker-{number}", ')}
        for one in shared
        for number in range(2)
    ]
    assert len(three["input_series"]) == len(GOOD_DAY) + 2 * 6

    run_cases(tmp_path, [three])


def test_another_namespace_is_none_of_ours(tmp_path: Path) -> None:
    both = case({}, firing("4h"))
    both["input_series"] += [{"series": 'whosleft_held_plans{namespace="theirs"}', "values": "1x300"}]

    run_cases(tmp_path, [both])


def test_what_an_alert_says_is_filled_in(tmp_path: Path) -> None:
    stale = case(BAD_DAYS["WhosleftSourceStale"][0])
    stale["alert_rule_test"] = [
        {
            "alertname": "WhosleftSourceStale",
            "eval_time": "1h",
            "exp_alerts": [
                {
                    "exp_labels": {"severity": "critical", "source": "corp", "port": "directory"},
                    "exp_annotations": {
                        "summary": "What Whosleft knows from corp is too old",
                        "description": "The directory corp last said something 2h 0m 1s ago, which is over its limit. "
                        "It proves nothing any more: leavers are missed, and done tickets are not verified.",
                        "runbook_url": "docs/runbooks/whosleft-source-stale.md",
                    },
                }
            ],
        }
    ]

    run_cases(tmp_path, [stale])


def test_each_alert_has_a_bad_day() -> None:
    assert set(BAD_DAYS) == ALERTS


@pytest.mark.parametrize("situation", ["ha", "aks"])
def test_each_alert_says_what_it_means_and_where_to_read_what_to_do(situation: str) -> None:
    found = rules(situation)

    assert set(found) == ALERTS
    for name, rule in found.items():
        kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"].endswith(".")
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{kebab}.md"
        assert (RUNBOOKS / f"{kebab}.md").is_file(), name


def test_with_cron_there_are_no_alerts_of_figures_that_only_a_worker_shows() -> None:
    own = shown("counter", "histogram") | {"whosleft_lease_held"}
    of_workers = {name for name, rule in rules().items() if asked_for(rule["expr"]) & own}

    found = rules("cron")

    assert {name for name, rule in found.items() if asked_for(rule["expr"]) & own} == set()
    assert set(found) == ALERTS - of_workers | {"WhosleftNotRunning"}  # which asks for the desk's there
    assert "whosleft_database_up" in found["WhosleftNotRunning"]["expr"]


def test_each_alert_asks_for_its_own_namespace_alone() -> None:
    for name, rule in rules().items():
        asked = re.findall(r"whosleft_\w+(\{[^}]*\})?", rule["expr"])
        assert asked, name
        assert [one for one in asked if 'namespace="leavers"' not in one] == [], name


def test_each_source_has_its_own_limit() -> None:
    values = {"config": {
        "fresh": {"directory": "1d12h"},
        "directories": [{"name": "one", "kind": "file", "path": "/data/a.csv"},
                        {"name": "two", "kind": "file", "path": "/data/b.csv", "stale_after": "2w"}],
    }}  # fmt: skip

    expression = rules(values=values)["WhosleftSourceStale"]["expr"]

    limits = dict(re.findall(r'source="(\w+)", port="\w+"\}\) > (\d+)', expression))
    assert limits == {"one": "129600", "two": "1209600", "wards": "604800"}


def test_a_slow_job_has_three_of_its_intervals() -> None:
    expression = rules(values={"config": {"schedule": {"inventory": "6h"}}})["WhosleftJobStalled"]["expr"]

    limits = dict(re.findall(r'job=~"([\w|]+)"\}\) > (\d+)', expression))
    assert limits == {
        "controls|deliver|escalate|mirror|poll|reconcile|remediate|verify|watch": "3600",
        "inventory": "64800",
    }


# --- What is asked for is shown ---------------------------------------------------------------------------------


def shown(*types: str) -> set[str]:
    """The figures that docs/metrics.md lists (of these types), which other tests hold to what the program shows."""
    lines = re.findall(r"^\| `(whosleft_\w+)` \| (\w+) \|", METRICS.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for name, its_type in lines if not types or its_type in types}


def asked_for(text: str) -> set[str]:
    return {name.removesuffix("_bucket") for name in re.findall(r"\bwhosleft_\w+", text)}


def test_every_figure_that_an_alert_or_the_dashboard_asks_for_is_shown() -> None:
    asked = {name for rule in rules().values() for name in asked_for(rule["expr"])}
    asked |= {name for target in targets() for name in asked_for(target["expr"])}

    assert len(asked) > 12
    assert asked - shown() == set()


def targets() -> list[dict[str, Any]]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target for panel in panels for target in panel["targets"]]


def test_prometheus_takes_every_question_of_the_dashboard(tmp_path: Path) -> None:
    asked = [
        {"record": f"panel:{number}", "expr": target["expr"].replace("$namespace", "leavers")}
        for number, target in enumerate(targets())
    ]
    (tmp_path / "rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": asked}]}), encoding="utf-8"
    )

    assert f"{len(asked)} rules found" in judged(tmp_path, "check", "rules", "rules.yaml")


def test_every_panel_has_a_place_of_its_own() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    taken = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_grafana_s_sidecar_finds_the_dashboard_in_its_config_map() -> None:
    made = named(rendered(situation="ha"), "ConfigMap", "whosleft-dashboard")

    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(made["data"]["whosleft.json"]) == json.loads(DASHBOARD.read_text(encoding="utf-8"))
