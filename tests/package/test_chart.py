"""What the chart installs in each of its shapes, and how it answers values that can't be meant."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from charts import (
    CHART,
    CHECKOUT,
    HELMS,
    NAMESPACE,
    RELEASE,
    SITUATIONS,
    Manifest,
    helm,
    named,
    of_kind,
    pod_labels,
    pod_spec,
    pods,
    rendered,
    template,
)
from worker.running.wiring import KINDS
from worker.settings import load
from worker.settings.document import read_document

POSTGRES = {"config": {"database": {"url": "postgresql://whosleft@db.corp.example/whosleft"}}}
MAJORS = sorted(HELMS)
GIVEN = "what-a-secret-gives"


def arguments(manifest: Manifest) -> list[str]:
    spec = pod_spec(manifest)
    assert spec is not None
    return list(spec["containers"][0]["args"])


def configuration(manifests: list[Manifest], name: str = "whosleft") -> str:
    return str(named(manifests, "ConfigMap", name)["data"]["whosleft.yaml"])


# --- Shapes -------------------------------------------------------------------------------------------------


def test_sqlite_has_one_pod_for_everything_that_is_never_doubled() -> None:
    manifests = rendered()

    (deployment,) = of_kind(manifests, "Deployment")
    assert arguments(deployment) == ["run", "--role", "all"]
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert of_kind(manifests, "Job") == []


def test_sqlite_is_kept_when_the_release_goes() -> None:
    manifests = rendered()

    claim = named(manifests, "PersistentVolumeClaim", "whosleft")
    spec = pod_spec(named(manifests, "Deployment", "whosleft"))
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert spec is not None
    assert {"name": "whosleft-state", "persistentVolumeClaim": {"claimName": "whosleft"}} in spec["volumes"]
    assert {"name": "whosleft-state", "mountPath": "/var/lib/whosleft"} in spec["containers"][0][
        "volumeMounts"
    ]


def test_without_a_desk_the_pod_on_sqlite_is_a_worker_alone() -> None:
    manifests = rendered({"desk": {"enabled": False}})

    assert arguments(named(manifests, "Deployment", "whosleft")) == ["run", "--role", "worker"]
    assert of_kind(manifests, "Service") == []


def test_postgresql_has_workers_and_desks_apart() -> None:
    manifests = rendered({**POSTGRES, "worker": {"replicaCount": 3}, "desk": {"replicaCount": 2}})

    worker, desk = (named(manifests, "Deployment", f"whosleft-{role}") for role in ("worker", "desk"))
    assert (arguments(worker), worker["spec"]["replicas"]) == (["run", "--role", "worker"], 3)
    assert (arguments(desk), desk["spec"]["replicas"]) == (["run", "--role", "desk"], 2)
    assert of_kind(manifests, "PersistentVolumeClaim") == []
    assert {one["metadata"]["name"] for one in of_kind(manifests, "PodDisruptionBudget")} == {
        "whosleft-worker",
        "whosleft-desk",
    }


def test_a_single_replica_has_no_budget_that_would_keep_a_node_from_being_drained() -> None:
    assert of_kind(rendered(POSTGRES), "PodDisruptionBudget") == []


def test_cron_has_a_job_in_place_of_the_worker() -> None:
    manifests = rendered({**POSTGRES, "mode": "cron"})

    cron = named(manifests, "CronJob", "whosleft-worker")
    assert arguments(cron) == ["once", "all", "watch", "deliver"]
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    assert [one["metadata"]["name"] for one in of_kind(manifests, "Deployment")] == ["whosleft-desk"]


def test_cron_on_sqlite_has_the_database_s_volume() -> None:
    manifests = rendered({"mode": "cron", "desk": {"enabled": False}})

    spec = pod_spec(named(manifests, "CronJob", "whosleft"))
    assert spec is not None
    assert "whosleft-state" in {volume["name"] for volume in spec["volumes"]}
    assert of_kind(manifests, "Deployment") == []


def test_a_plan_is_all_that_runs_and_needs_no_tables() -> None:
    manifests = rendered(situation="ha", values={"mode": "plan"})

    jobs = [one for one in manifests if pod_spec(one) and one["kind"] != "Pod"]
    assert [arguments(one) for one in jobs] == [["plan"]]
    assert jobs[0]["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"
    assert {one["kind"] for one in manifests} & {
        "Service",
        "Ingress",
        "PrometheusRule",
        "PodDisruptionBudget",
    } == set()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_notes_name_objects_that_are_there(situation: str) -> None:
    values = CHART / "ci" / f"{situation}-values.yaml"
    done = helm("4", "install", RELEASE, CHART, "-n", NAMESPACE, "--dry-run=client", "--values", values)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("\nNOTES:\n")[2]
    kinds = {"deploy": "Deployment", "svc": "Service", "job": "Job", "cronjob": "CronJob"}

    told = {(kinds[kind], name) for kind, name in re.findall(r"\b(deploy|svc|job|cronjob)/([\w-]+)", notes)}

    assert told
    assert told - {(one["kind"], one["metadata"]["name"]) for one in rendered(situation=situation)} == set()


def test_helm_test_runs_check() -> None:
    (pod,) = of_kind(rendered(), "Pod")

    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert arguments(pod) == ["check"]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_probes_ask_the_port_of_health_and_the_desk_s_port_is_its_own(situation: str) -> None:
    for manifest in of_kind(rendered(situation=situation), "Deployment"):
        spec = pod_spec(manifest)
        assert spec is not None
        container = spec["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        asked = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
        assert asked == {
            "startup": {"path": "/readyz", "port": "ops"},
            "liveness": {"path": "/healthz", "port": "ops"},
            "readiness": {"path": "/readyz", "port": "ops"},
        }
        assert ports["ops"] == 9464
        assert ("desk" in ports) is not (container["args"][-1] == "worker")


# --- Migration: before anything else of the release is there --------------------------------------------------


@pytest.mark.parametrize("situation", ["ha", "aks", "cron"])
def test_the_migration_needs_nothing_of_the_release_that_is_not_there_before_it(situation: str) -> None:
    manifests = rendered(situation=situation)
    job = named(manifests, "Job", "whosleft-migrate")
    spec = pod_spec(job)
    assert spec is not None
    first = {
        (one["kind"], one["metadata"]["name"])
        for one in manifests
        if int(one["metadata"].get("annotations", {}).get("helm.sh/hook-weight", "0")) < 0
    }
    afterwards = {
        (one["kind"], one["metadata"]["name"])
        for one in manifests
        if "helm.sh/hook" not in one["metadata"].get("annotations", {})
    }

    needed = references(spec)
    assert needed & first >= {("ConfigMap", "whosleft-migrate"), ("ServiceAccount", "whosleft-migrate")}
    assert needed & afterwards == set()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def references(spec: Manifest) -> set[tuple[str, str]]:
    """What a pod names. A Secret that an ExternalSecret makes counts as that."""
    found = {("ServiceAccount", spec["serviceAccountName"])}
    for volume in spec["volumes"]:
        if "configMap" in volume:
            found.add(("ConfigMap", volume["configMap"]["name"]))
        if "secret" in volume:
            found.add(("ExternalSecret", volume["secret"]["secretName"]))
        if "csi" in volume:
            found.add(("SecretProviderClass", volume["csi"]["volumeAttributes"]["secretProviderClass"]))
    for variable in spec["containers"][0]["env"]:
        if "valueFrom" in variable:
            found.add(("ExternalSecret", variable["valueFrom"]["secretKeyRef"]["name"]))
    return found


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_two_volumes_of_a_pod_share_a_name_or_a_folder(situation: str) -> None:
    for name, spec in pods(rendered(situation=situation)):
        volumes = [volume["name"] for volume in spec["volumes"]]
        mounts = spec["containers"][0]["volumeMounts"]
        assert len(volumes) == len(set(volumes)), name
        assert len(mounts) == len({mount["mountPath"] for mount in mounts}), name
        assert {mount["name"] for mount in mounts} == set(volumes), name
        variables = [variable["name"] for variable in spec["containers"][0]["env"]]
        assert len(variables) == len(set(variables)), name


@pytest.mark.parametrize("situation", ["ha", "aks"])
def test_everything_that_pods_name_and_the_chart_makes_is_made(situation: str) -> None:
    manifests = rendered(situation=situation)
    made = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    given = {("ExternalSecret", "whosleft-database"), ("ConfigMap", "corp-ca")}  # by whoever installs it

    needed = {reference for _, spec in pods(manifests) for reference in references(spec)}

    assert len(needed) > 4
    assert needed - made - given == set()


def test_two_migrations_at_once_are_not_asked_for() -> None:
    job = named(rendered(POSTGRES), "Job", "whosleft-migrate")

    assert (job["spec"]["parallelism"], job["spec"]["completions"]) == (1, 1)
    assert job["spec"]["activeDeadlineSeconds"] > 0
    assert arguments(job) == ["migrate"]


# --- The configuration ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_whosleft_takes_the_configuration_that_the_chart_writes(
    situation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID"):  # as the webhook of workload identity gives them
        monkeypatch.setenv(name, "00000000-0000-0000-0000-000000000001")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    text = configuration(rendered(situation=situation))
    text = text.replace("/var/run/secrets/whosleft", str(tmp_path))
    variables = {
        name: f"https://checks.corp.example/{GIVEN}" if name.endswith("_URL") else GIVEN
        for name in re.findall(r"\$\{env:(\w+)\}", text)
    }
    for path in re.findall(r"\$\{file:([^}]+)\}", text):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(GIVEN, encoding="utf-8")
    file = tmp_path / "whosleft.yaml"
    file.write_text(text, encoding="utf-8")

    settings = load(file, kinds=KINDS, env=variables)

    assert (settings.ops.listen, settings.desk.listen) == ("0.0.0.0:9464", "0.0.0.0:8080")


@pytest.mark.parametrize("major", MAJORS)
def test_whosleft_reads_from_the_config_map_what_stood_in_the_values(major: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "organisation": {"name": "St Mary's: \"wards\" #1 – مستشفى", "default_region": "NO"},
        "groups": {"sensitive": ["Board*", "007", "+447700900123", "1e3", "null", "yes"], "admins_max": 1_000_000},
        "guard": {"leavers_share_max": 0.05, "leavers_max": None},
        "schedule": {"full": "02:30", "poll": "60s"},
        "joiners": [{"when": {"department": "*"}, "groups": ["two\nlines", " spaces "]}],
    }  # fmt: skip
    file = tmp_path / "whosleft.yaml"
    file.write_text(configuration(rendered({"config": given}, major=major)), encoding="utf-8")

    document, problems = read_document(file)

    assert problems == []
    assert {key: document.data[key] for key in given} == given


@pytest.mark.parametrize("major", MAJORS)
def test_the_chart_takes_every_key_that_whosleft_takes(major: str) -> None:
    document, _ = read_document(CHECKOUT / "config" / "whosleft.example.yaml")
    text = json.dumps(document.data)
    example = json.loads(text)
    variables = dict.fromkeys(re.findall(r"\$\{env:(\w+)\}", text), "key")
    del example["database"], example["ops"], example["desk"]["listen"]
    example["directories"][2]["notifications"]["listen"] = "0.0.0.0:8070"
    for one in (*example["inventories"], *example["trackers"]):
        if "calls" in one:
            one["calls"]["listen"] = one["calls"]["listen"].replace("127.0.0.1", "0.0.0.0")

    done = template(
        major, {"config": example, "secrets": [{"name": "all", "existingSecret": "all", "env": variables}]}
    )

    assert done.returncode == 0, done.stderr


def test_a_change_of_the_configuration_restarts_nothing() -> None:
    before, after = (
        rendered(situation="ha"),
        rendered({"config": {"guard": {"leavers_max": 7}}}, situation="ha"),
    )

    assert configuration(before) != configuration(after)
    assert of_kind(before, "Deployment") == of_kind(after, "Deployment")


@pytest.mark.parametrize("situation", SITUATIONS)
def test_changes_of_the_config_map_reach_the_pods(situation: str) -> None:
    for name, spec in pods(rendered(situation=situation)):
        mounts = {mount["name"]: mount for mount in spec["containers"][0]["volumeMounts"]}
        assert mounts["whosleft-config"] == {
            "name": "whosleft-config",
            "mountPath": "/etc/whosleft",
            "readOnly": True,
        }, name


def test_the_proxies_in_front_are_named_to_the_desk() -> None:
    spec = pod_spec(named(rendered(situation="ha"), "Deployment", "whosleft-desk"))

    assert spec is not None
    assert {"name": "FORWARDED_ALLOW_IPS", "value": "10.0.0.0/8"} in spec["containers"][0]["env"]


# --- Identity -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_pod_has_a_token_of_the_kubernetes_api(situation: str) -> None:
    manifests = rendered(situation=situation)

    assert [name for name, spec in pods(manifests) if spec["automountServiceAccountToken"]] == []
    assert [one for one in of_kind(manifests, "ServiceAccount") if one["automountServiceAccountToken"]] == []
    assert {one["kind"] for one in manifests} & {
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
    } == set()


def test_workload_identity_labels_pods_and_annotates_service_accounts() -> None:
    manifests = rendered(situation="aks")

    labels = [
        pod_labels(one)["azure.workload.identity/use"]
        for one in manifests
        if one["kind"] in {"Deployment", "Job", "Pod"}
    ]
    clients = [
        one["metadata"]["annotations"]["azure.workload.identity/client-id"]
        for one in of_kind(manifests, "ServiceAccount")
    ]
    assert labels == ["true"] * 4
    assert clients == ["00000000-0000-0000-0000-000000000003"] * 2
