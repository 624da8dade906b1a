"""Which values the chart takes: each switch works by itself, and what can't be meant is refused in words."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart_documents import leaves
from charts import (
    CHART,
    HELMS,
    OF_OTHERS,
    SITUATIONS,
    Manifest,
    helm,
    merged,
    pod_spec,
    refusal,
    rendered,
    template,
)
from kubernetes_schemas import VERSIONS, schema_faults
from pod_security import restricted_faults

REFUSED = sorted((Path(__file__).parent / "chart" / "refused").glob("*.yaml"))
MAJORS = sorted(HELMS)

# --- Each switch by itself ---------------------------------------------------------------------------------

SHAPES: dict[str, Manifest] = {
    "sqlite": {},
    "postgresql": {
        "config": {"database": {"url": "postgresql://whosleft@db.corp.example/whosleft"}},
        "worker": {"replicaCount": 2},
    },
}
IDLE = {  # which switches do nothing in which shape
    ("sqlite", "migration"),
    ("sqlite", "podDisruptionBudget"),
    ("postgresql", "persistence"),
}
READY = {  # what the switches ask for when they are on
    "config": {"desk": {"url": "https://whosleft.example.org"}},
    "httpRoute": {"parentRefs": [{"name": "public"}]},
    "workloadIdentity": {"azure": {"clientId": "00000000-0000-0000-0000-000000000003"}},
}


def switches() -> list[tuple[str, ...]]:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return [
        path for path in leaves(values) if isinstance(at(values, path), bool) and "ecurity" not in path[0]
    ]


def at(values: Any, path: tuple[str, ...]) -> Any:
    return at(values[path[0]], path[1:]) if path else values


def test_there_are_many_switches() -> None:
    assert len(switches()) > 12


@pytest.mark.parametrize("path", switches(), ids=".".join)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_switch_can_be_turned_alone_and_does_something(path: tuple[str, ...], shape: str) -> None:
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    base = merged(READY, SHAPES[shape])
    turned: Any = not at(defaults, path)
    for key in reversed(path):
        turned = {key: turned}

    before, after = rendered(base), rendered(merged(base, turned))

    assert [fault for one in after for fault in faults_of(one)] == []
    assert (before == after) is ((shape, path[0]) in IDLE)


def faults_of(manifest: Manifest) -> list[str]:
    if manifest["kind"] in OF_OTHERS:
        return []
    spec = pod_spec(manifest)
    return [*schema_faults(manifest, VERSIONS[-1]), *(restricted_faults(spec) if spec else ())]


# --- Values that can't be meant -------------------------------------------------------------------------------


def test_there_are_many_refusals() -> None:
    assert len(REFUSED) > 20


@pytest.mark.parametrize(
    "major, path", [*product(MAJORS, REFUSED)], ids=lambda one: getattr(one, "stem", one)
)
def test_values_that_can_not_be_meant_are_refused_by_their_name(major: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = text.splitlines()[0].removeprefix("# says: ")

    said = refusal(yaml.safe_load(text), major=major)

    assert expected in said
    assert "nil pointer" not in said
    assert len(said) < 1500


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://${env:X}:${env:X}@db/w",
        "postgresql://u:${env:X}@db/w?password=${env:X}&sslpassword=${env:X}",
        "postgresql://u@db:5432/w?sslmode=verify-full",
        "postgresql://u@[2001:db8::1]:5432/w",
        "postgresql://u:${env:X}@db:5432/w?options=a@b",
        "postgresql://db:5432/w?application_name=me@here",
    ],
)
def test_an_address_with_references_or_without_a_password_is_taken(url: str) -> None:
    values = {"config": {"database": {"url": url}}, "extraEnv": [{"name": "X", "value": "x"}]}
    assert rendered(values)


def test_a_release_whose_name_no_service_can_have_is_refused() -> None:
    done = helm("4", "template", "1st.ward", CHART, "--namespace", "wards")
    assert done.returncode != 0
    assert "fullnameOverride" in done.stderr


def test_another_kubernetes_is_refused() -> None:
    done = template("4", flags=["--kube-version", "1.28.0"])

    assert "1.29" in done.stderr


@pytest.mark.parametrize("major, situation", [*product(MAJORS, SITUATIONS)])
def test_helm_s_own_lint_has_nothing_to_say(major: str, situation: str) -> None:
    done = helm(major, "lint", "--strict", CHART, "--values", CHART / "ci" / f"{situation}-values.yaml")

    assert done.returncode == 0, done.stdout + done.stderr
