"""Each manifest of the chart is valid, restricted, closed to the network, and as it was; and each check can fail.

`WHOSLEFT_REWRITE=1 pytest tests/package/test_chart_manifests.py` writes the golden files anew.
"""

import copy
import json
import os
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts import (
    CHECKOV,
    HELMS,
    OF_OTHERS,
    SITUATIONS,
    Manifest,
    merged,
    named,
    of_kind,
    pods,
    rendered,
    template,
)
from kubernetes_schemas import VERSIONS, schema_faults
from pod_security import restricted_faults
from throwaway import missing

GOLDEN = Path(__file__).parent / "chart" / "golden"


# --- As it was ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_manifests_are_those_of_the_golden_file(situation: str) -> None:
    golden = GOLDEN / f"{situation}.yaml"
    done = template("4", situation=situation)
    assert done.returncode == 0, done.stderr
    if os.environ.get("WHOSLEFT_REWRITE"):
        golden.write_text(done.stdout, encoding="utf-8")

    assert done.stdout == golden.read_text(encoding="utf-8"), "WHOSLEFT_REWRITE=1 writes it anew"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_both_majors_of_helm_make_the_same_manifests(situation: str) -> None:
    made = [rendered(situation=situation, major=major) for major in HELMS]

    assert by_name(made[0]) == by_name(made[1])


def by_name(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(one["kind"], one["metadata"]["name"]): one for one in manifests}


# --- Valid ----------------------------------------------------------------------------------------------------


def test_all_releases_of_kubernetes_since_the_oldest_are_known() -> None:
    assert VERSIONS[0] == "1.29"
    assert len(VERSIONS) >= 9


@pytest.mark.parametrize("version, situation", [*product(VERSIONS, SITUATIONS)])
def test_every_manifest_is_valid(version: str, situation: str) -> None:
    manifests = [one for one in rendered(situation=situation) if one["kind"] not in OF_OTHERS]

    faults = [fault for one in manifests for fault in schema_faults(one, version)]

    assert len(manifests) > 5
    assert faults == []


def test_a_misspelt_field_is_found() -> None:
    deployment = named(rendered(), "Deployment", "whosleft")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["readinesProbe"] = container.pop("readinessProbe")

    assert any("readinesProbe" in fault for fault in schema_faults(deployment, VERSIONS[0]))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_kinds_of_others_are_of_their_settled_versions(situation: str) -> None:
    found = {
        one["kind"]: one["apiVersion"] for one in rendered(situation=situation) if one["kind"] in OF_OTHERS
    }

    assert found == {kind: OF_OTHERS[kind] for kind in found}


# --- Restricted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_pod_fits_pod_security_restricted(situation: str) -> None:
    found = dict(pods(rendered(situation=situation)))

    assert len(found) > 1
    assert {name: restricted_faults(spec) for name, spec in found.items() if restricted_faults(spec)} == {}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_pod_s_root_is_read_only_and_its_memory_bounded(situation: str) -> None:
    for name, spec in pods(rendered(situation=situation)):
        (container,) = spec["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert "memory" in container["resources"]["limits"], name
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
        assert [one["emptyDir"] for one in spec["volumes"] if one["name"] == "whosleft-tmp"] == [
            {"sizeLimit": "1Gi"}
        ], name


def test_values_that_make_pods_privileged_are_found_out() -> None:
    values = {"securityContext": {"privileged": True}, "podSecurityContext": {"runAsUser": 0}}

    faults = {name: restricted_faults(spec) for name, spec in pods(rendered(values))}

    expected = ["whosleft is privileged", "whosleft runs as root (runAsUser)"]
    assert faults == {"Deployment/whosleft": expected, "Pod/whosleft-check": expected}


def security(**fields: Any) -> dict[str, Any]:
    return {"securityContext": fields}


RESTRICTED = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"hostNetwork": True},
        {"hostPID": True},
        {"hostIPC": True},
        {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
        security(runAsNonRoot=True),
        security(seccompProfile={"type": "RuntimeDefault"}),
        security(**RESTRICTED, sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
        {"initContainers": [{"name": "init"}]},
    ],
)
def test_each_thing_that_restricted_forbids_a_pod_is_found(spoilt: Manifest) -> None:
    spec = dict(pods(rendered()))["Deployment/whosleft"]
    assert restricted_faults(spec) == []

    assert restricted_faults({**spec, **spoilt}) != []


@pytest.mark.parametrize(
    "spoilt",
    [
        security(privileged=True),
        security(allowPrivilegeEscalation=True),
        security(runAsUser=0),
        security(runAsNonRoot=False),
        security(seccompProfile={"type": "Unconfined"}),
        security(capabilities={"drop": ["NET_RAW"]}),
        security(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
        security(procMount="Unmasked"),
        security(seLinuxOptions={"type": "spc_t"}),
        security(appArmorProfile={"type": "Unconfined"}),
        security(windowsOptions={"hostProcess": True}),
        {"ports": [{"name": "ops", "containerPort": 9464, "hostPort": 9464}]},
        {"livenessProbe": {"httpGet": {"host": "169.254.169.254", "port": 80}}},
    ],
)
def test_each_thing_that_restricted_forbids_a_container_is_found(spoilt: Manifest) -> None:
    spec = dict(pods(rendered()))["Deployment/whosleft"]

    spec["containers"] = [merged(spec["containers"][0], spoilt)]

    assert len(restricted_faults(spec)) == 1


# --- A policy scanner -----------------------------------------------------------------------------------------

SKIPPED = {
    "CKV_K8S_11": "no limit of CPU: it only slows a process down that has the node to itself",
    "CKV_K8S_15": "pullPolicy IfNotPresent: a release's tag is never pushed twice, and a digest can't be",
    "CKV_K8S_35": "secrets as variables are the user's choice; the documentation shows files",
    "CKV_K8S_43": "the digest is the user's: image.digest",
}
EXPECTED = {
    ("CKV_K8S_8", "Pod.leavers.whosleft-check"),
    ("CKV_K8S_9", "Pod.leavers.whosleft-check"),
}  # it ends by itself


def checkov_findings(folder: Path) -> set[tuple[str, str]]:
    """Check and resource of whatever checkov finds in a folder's manifests."""
    if not CHECKOV.exists():
        missing("there is no checkov in .cache (.ci/helm fetches it)")
    done = subprocess.run(
        [
            CHECKOV, "--directory", folder, "--framework", "kubernetes", "--skip-download", "--output", "json",
            "--quiet", "--compact", "--soft-fail", "--skip-check", ",".join(SKIPPED),
        ],
        capture_output=True, text=True, check=True, cwd=folder,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 100
    return {(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]}


def test_a_policy_scanner_finds_nothing_but_what_was_put_there_to_be_found(tmp_path: Path) -> None:
    for situation in SITUATIONS:
        (tmp_path / f"{situation}.yaml").write_text(
            template("4", situation=situation).stdout, encoding="utf-8"
        )
    spoilt = named(rendered(), "Deployment", "whosleft")
    spoilt["metadata"]["name"] = "spoilt"
    spoilt["spec"]["template"]["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    (tmp_path / "spoilt.yaml").write_text(yaml.safe_dump(spoilt), encoding="utf-8")

    found = checkov_findings(tmp_path)

    assert ("CKV_K8S_16", "Deployment.leavers.spoilt") in found
    assert {one for one in found if not one[1].endswith(".spoilt")} == EXPECTED


# --- The network ----------------------------------------------------------------------------------------------


def ports_out(policy: Manifest) -> set[tuple[int, str]]:
    return {
        (port["port"], port["protocol"])
        for rule in policy["spec"]["egress"]
        for port in rule.get("ports", ())
    }


DNS = {(53, "UDP"), (53, "TCP")}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_pod_of_the_release_is_without_a_policy_for_both_ways(situation: str) -> None:
    policy = named(rendered(situation=situation), "NetworkPolicy", "whosleft")

    assert policy["spec"]["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "whosleft",
        "app.kubernetes.io/instance": "whosleft",
    }
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize(
    "config, expected",
    [
        ({}, set()),
        ({"database": {"url": "postgresql://db/whosleft"}}, {5432}),
        ({"database": {"url": "postgresql+psycopg://w:${file:/var/run/secrets/whosleft/db/p:1}@db:5433/w"}}, {5433}),
        ({"database": {"url": "postgresql://w@one:6001,two:6002/w?sslmode=require"}}, {6001, 6002}),
        ({"database": {"url": "postgresql://w@[2001:db8::7]/w"}}, {5432}),
        ({"database": {"url": "postgresql+psycopg://w:${file:/t}@/w?host=a.x&port=6432"}}, {6432}),
        ({"database": {"url": "postgresql://w@db:5433/w?port=6432"}}, {6432}),
        ({"database": {"url": "postgresql://w@/w?sslmode=require&port=6001,6002&host=a.x,b.x"}}, {6001, 6002}),
        ({"database": {"url": "postgresql://w@/w?host=a.x:6001&host=b.x:6002"}}, {6001, 6002}),
        ({"database": {"url": "postgresql://w@/w?host=a.x:6001,b.x"}}, {6001, 5432}),
        ({"database": {"url": "postgresql://w@:5433/w?host=a.x"}}, {5433}),
        ({"directories": [("active_directory", {"servers": ["ldaps://dc1", "ldaps://dc2:3269", "ldap://dc3"]})]},
         {636, 3269, 389}),
        ({"directories": [("active_directory", {
            "servers": ["ldaps://dc1"], "bind": {"method": "kerberos", "user": "w"},
        })]}, {636, 88}),
        ({"directories": [("entra", {})]}, {443}),
        ({"directories": [("entra", {"graph_url": "http://graph.lab:8090/v1.0", "authority": "https://login.lab:8443"})]},
         {8090, 8443}),
        ({"ops": {"otlp": "http://collector.monitoring:4318"}}, {4318}),
        ({"notify": [{"name": "soc", "kind": "slack", "token": "${file:/t}"}]}, {443}),
        ({"notify": [{"name": "mail", "kind": "email", "server": "smtp.x", "from": "w@x"}]}, {587}),
        ({"notify": [{"name": "mail", "kind": "email", "server": "smtp.x", "from": "w@x", "tls": "implicit"}]}, {465}),
        ({"notify": [{
            "name": "mail", "kind": "email", "server": "smtp.x", "from": "w@x", "port": 2525,
            "auth": {"method": "xoauth2", "user": "w@x", "tenant_id": "x"},
        }]}, {2525, 443}),
        ({"notify": [{
            "name": "mail", "kind": "email", "server": "smtp.x", "from": "w@x",
            "bounces": {"server": "imap.x", "auth": {"method": "password", "user": "w@x", "password": "${file:/t}"}},
        }]}, {587, 993}),
        ({"notify": [{
            "name": "mail", "kind": "email", "server": "smtp.x", "from": "w@x",
            "bounces": {
                "server": "imap.x", "tls": "starttls",
                "auth": {"method": "xoauth2", "user": "w@x", "tenant_id": "x"},
            },
        }]}, {587, 143, 443}),
        ({"controls": {"advisories": {"feeds": [{"name": "kev", "kind": "kev"}]}}}, {443}),
        ({"controls": {"advisories": {"feeds": [
            {"name": "nvd", "kind": "nvd", "url": "https://mirror.corp.example:8443/nvd"},
        ]}}}, {8443}),
        ({"notify": [
            {"name": "a", "kind": "apprise", "url": "ntfys://x:9090/w", "schemas": ["ntfys"], "reaches": "channel"},
            {
                "name": "b", "kind": "apprise", "url": "${file:/var/run/secrets/whosleft/db/sms}",
                "schemas": ["twilio"], "reaches": "phone",
            },
        ]}, {9090, 443}),
        ({"desk": {"sign_in": {"kind": "oidc", "issuer": "https://login.example.org:9443/x", "client_id": "w"}}},
         {9443}),
    ],
)  # fmt: skip
def test_pods_may_go_to_the_ports_that_the_configuration_names_and_no_others(
    config: dict[str, Any], expected: set[int]
) -> None:
    needed = {"active_directory": {"base": "DC=x", "bind": {"user": "w"}}, "entra": {}}
    config = copy.deepcopy(config)
    config["directories"] = [
        {"name": f"d{number}", "kind": kind, **needed[kind], **keys}
        for number, (kind, keys) in enumerate(config.get("directories", ()))
    ]

    policy = named(
        rendered({"config": config, "secrets": [{"name": "db", "existingSecret": "db"}]}),
        "NetworkPolicy",
        "whosleft",
    )

    assert {port for port, protocol in ports_out(policy) - DNS} == expected


def test_a_proxy_in_the_environment_may_be_reached() -> None:
    values = {
        "config": {"directories": [{"name": "tenant", "kind": "entra"}]},
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.corp.example:3128"}],
    }

    assert (3128, "TCP") in ports_out(named(rendered(values), "NetworkPolicy", "whosleft"))


def test_the_migration_may_go_to_the_database_alone() -> None:
    policy = named(rendered(situation="ha"), "NetworkPolicy", "whosleft-migrate")

    assert ports_out(policy) == DNS | {(5433, "TCP")}


def test_the_migration_may_go_to_the_database_s_port_of_the_query() -> None:
    values = {"config": {"database": {"url": "postgresql://w@/w?host=a.x&port=6432"}}}
    policy = named(rendered(values), "NetworkPolicy", "whosleft-migrate")

    assert ports_out(policy) == DNS | {(6432, "TCP")}


def test_where_nobody_is_named_nobody_may_come() -> None:
    manifests = rendered({"networkPolicy": {"ingress": {"desk": [], "metrics": []}}})

    (policy,) = of_kind(manifests, "NetworkPolicy")
    assert "ingress" not in policy["spec"]


def test_every_rule_that_lets_somebody_in_says_whom_and_to_which_port() -> None:
    rules = [
        rule
        for situation in SITUATIONS
        for policy in of_kind(rendered(situation=situation), "NetworkPolicy")
        for rule in policy["spec"].get("ingress", ())
    ]

    assert len(rules) > 4
    assert [rule for rule in rules if not rule.get("from") or not rule.get("ports")] == []
