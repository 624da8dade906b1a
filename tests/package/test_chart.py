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


# --- Being called ---------------------------------------------------------------------------------------------

SECRET = "${env:DATABASE_PASSWORD}"  # one that the situation has
CALLED = {
    "inventories": [
        {
            "name": "phones",
            "kind": "waha",
            "url": "http://10.96.12.7:3000",
            "api_key": SECRET,
            "accept_terms_risk": True,
            "calls": {"listen": "0.0.0.0:8071", "path": "/phones", "secret": SECRET},
        },
        {
            "name": "business",
            "kind": "whatsapp_cloud",
            "phone_number_id": "106540352242922",
            "token": SECRET,
            "calls": {
                "listen": "0.0.0.0:8072",
                "path": "/meta",
                "verify_token": SECRET,
                "app_secret": SECRET,
            },
        },
    ]
}
GATEWAY = {"podSelector": {"matchLabels": {"app": "waha"}}}


def test_a_gateway_reaches_the_worker_and_the_worker_the_gateway() -> None:
    network = {"ingress": {"calls": [GATEWAY]}, "egress": {"inventories": [GATEWAY]}}
    manifests = rendered({"config": CALLED, "networkPolicy": network}, situation="ha")

    ports = named(manifests, "Service", "whosleft-calls")["spec"]["ports"]
    assert [(one["name"], one["port"]) for one in ports] == [("calls-0", 8071), ("calls-1", 8072)]
    worker = named(manifests, "Deployment", "whosleft-worker")["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "calls-0", "containerPort": 8071} in worker["ports"]
    (rule,) = named(manifests, "NetworkPolicy", "whosleft-calls")["spec"]["ingress"]
    assert rule == {"from": [GATEWAY], "ports": [{"port": "calls-0", "protocol": "TCP"}]}
    egress = named(manifests, "NetworkPolicy", "whosleft")["spec"]["egress"]
    assert {"ports": [{"port": 3000, "protocol": "TCP"}], "to": [GATEWAY]} in egress


def test_what_comes_from_outside_comes_through_the_ingress_and_nothing_else_does() -> None:
    manifests = rendered({"config": CALLED}, situation="ha")

    rules = named(manifests, "Ingress", "whosleft")["spec"]["rules"]
    paths = [
        (path["path"], path["backend"]["service"]["name"]) for rule in rules for path in rule["http"]["paths"]
    ]
    assert paths == [("/", "whosleft-desk"), ("/meta", "whosleft-calls")]
    (rule,) = named(manifests, "NetworkPolicy", "whosleft-desk")["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == ["desk", "calls-1"]
    names = {one["metadata"]["name"] for one in of_kind(manifests, "NetworkPolicy")}
    assert "whosleft-calls" not in names, "nobody may call as long as nobody is named"


SIEM = {"name": "siem", "kind": "webhook", "secrets": [SECRET]}


def clicked(listen: str = "0.0.0.0:8073", **more: str) -> dict[str, Any]:
    """Notifiers of which Slack has signed HTTP, and stands second."""
    interactive = {"mode": "http", "signing_secret": SECRET, "listen": listen, **more}
    slack = {"name": "soc", "kind": "slack", "token": SECRET, "interactive": interactive}
    return {"notify": [{"name": "terminal", "kind": "console"}, slack]}


@pytest.mark.parametrize("more, path", [({}, "/slack"), ({"path": "/clicks"}, "/clicks")])
def test_slack_s_signed_http_reaches_the_worker_by_the_ingress(more: dict[str, str], path: str) -> None:
    manifests = rendered({"config": {**CALLED, **clicked(**more)}}, situation="ha")

    ports = named(manifests, "Service", "whosleft-calls")["spec"]["ports"]
    assert ports[-1] == {"name": "clicks-1", "port": 8073, "targetPort": "clicks-1", "appProtocol": "http"}
    worker = named(manifests, "Deployment", "whosleft-worker")["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "clicks-1", "containerPort": 8073} in worker["ports"]
    [rule] = [
        one
        for one in named(manifests, "Ingress", "whosleft")["spec"]["rules"]
        if one["http"]["paths"][0]["path"] == path
    ]
    assert rule["host"] == "whosleft.corp.example"
    service = {"name": "whosleft-calls", "port": {"name": "clicks-1"}}
    assert rule["http"]["paths"] == [{"path": path, "pathType": "Exact", "backend": {"service": service}}]
    (rule,) = named(manifests, "NetworkPolicy", "whosleft-desk")["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == ["desk", "calls-1", "clicks-1"]


def test_slack_s_signed_http_reaches_the_worker_by_a_gateway() -> None:
    route = {"enabled": True, "parentRefs": [{"name": "public"}]}
    manifests = rendered(
        {"config": clicked(), "httpRoute": route, "ingress": {"enabled": False}}, situation="ha"
    )

    (rule,) = named(manifests, "HTTPRoute", "whosleft-clicks-1")["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "Exact", "value": "/slack"}}]
    assert rule["backendRefs"] == [{"name": "whosleft-calls", "port": 8073}]


def test_trackers_have_a_way_to_the_workers() -> None:
    def calls(port: int) -> dict[str, Any]:
        return {"calls": {"listen": f"0.0.0.0:{port}", "path": f"/at-{port}", "secret": SECRET}}

    states = {"open": ["new"], "done": ["resolved"]}
    trackers = [
        {"name": "rt", "kind": "request_tracker", "url": "https://rt.corp.example", "token": SECRET, "queue": "q",
         "states": states, **calls(8091)},
        {"name": "hub", "kind": "github", "token": SECRET, "repository": "org/leavers", **calls(8092)},
        {"name": "lab", "kind": "gitlab", "url": "https://lab.corp.example:9443", "token": SECRET, "project": "1"},
    ]  # fmt: skip
    network = {"ingress": {"calls": [GATEWAY]}}
    manifests = rendered({"config": {"trackers": trackers}, "networkPolicy": network}, situation="ha")

    ports = named(manifests, "Service", "whosleft-calls")["spec"]["ports"]
    assert [(one["name"], one["port"]) for one in ports] == [("tracker-0", 8091), ("tracker-1", 8092)]
    (inside,) = named(manifests, "NetworkPolicy", "whosleft-calls")["spec"]["ingress"]
    assert [one["port"] for one in inside["ports"]] == ["tracker-0"]
    rules = named(manifests, "Ingress", "whosleft")["spec"]["rules"]
    assert "/at-8092" in {path["path"] for rule in rules for path in rule["http"]["paths"]}
    assert "/at-8091" not in {path["path"] for rule in rules for path in rule["http"]["paths"]}
    egress = named(manifests, "NetworkPolicy", "whosleft")["spec"]["egress"]
    assert {443, 9443} <= {one["port"] for rule in egress for one in rule["ports"]}


@pytest.mark.parametrize("notify, values", [
    ([{"name": "soc", "kind": "slack", "token": SECRET, "interactive": {"mode": "socket", "app_token": SECRET}}], {}),
    ([{"name": "soc", "kind": "slack", "token": SECRET, "interactive": None}], {}),
    (clicked()["notify"], {"mode": "cron"}),
])  # fmt: skip
def test_nothing_is_let_in_for_socket_mode_nor_where_no_worker_stays(
    notify: list[dict[str, Any]], values: dict[str, Any]
) -> None:
    manifests = rendered({"config": {"notify": notify}, **values}, situation="ha")

    names = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    assert ("Service", "whosleft-calls") not in names
    assert "clicks-" not in json.dumps([one for one in manifests if one["kind"] != "ConfigMap"])


@pytest.mark.parametrize("config, port", [
    ({"watch": {"ping": {"url": SECRET}}}, 443),
    ({"watch": {"ping": None}}, None),
    ({"notify": [{**SIEM, "url": "https://siem.corp.example:9443/in"}]}, 9443),
    ({"notify": [{"name": "flow", "kind": "teams", "url": SECRET}]}, 443),
    ({"rotas": [{"name": "site", "ical": {"url": "https://cal.corp.example:10443/x.ics"}}]}, 10443),
    ({"rotas": [{"name": "site", "ical": {"path": "/data/x.ics"}}]}, None),
])  # fmt: skip
def test_what_the_worker_calls_over_https_is_let_out(config: dict[str, Any], port: int | None) -> None:
    secrets = [{"name": "all", "existingSecret": "all", "env": {"DATABASE_PASSWORD": "key"}}]
    manifests = rendered({"config": config, "secrets": secrets})

    egress = named(manifests, "NetworkPolicy", "whosleft")["spec"]["egress"]
    out = [one["port"] for rule in egress for one in rule["ports"] if one["port"] != 53]
    assert out == ([] if port is None else [port])


# --- Reaching it ----------------------------------------------------------------------------------------------


def test_the_ingress_leads_where_the_links_in_messages_do() -> None:
    manifests = rendered(situation="ha")

    (rule,) = named(manifests, "Ingress", "whosleft")["spec"]["rules"]
    (port,) = named(manifests, "Service", "whosleft-desk")["spec"]["ports"]
    assert (port["name"], port["targetPort"]) == ("http", "desk")
    assert rule["host"] == "whosleft.corp.example"
    assert rule["http"]["paths"][0]["backend"]["service"] == {
        "name": "whosleft-desk",
        "port": {"name": "http"},
    }


def test_graph_s_notifications_have_a_way_to_the_workers() -> None:
    manifests = rendered(situation="aks")

    route = named(manifests, "HTTPRoute", "whosleft-graph-0")["spec"]
    (port,) = named(manifests, "Service", "whosleft-graph")["spec"]["ports"]
    assert route["hostnames"] == ["whosleft.contoso.example"]
    assert route["rules"][0]["matches"][0]["path"] == {"type": "Exact", "value": "/graph"}
    assert route["rules"][0]["backendRefs"] == [{"name": "whosleft-graph", "port": 8070}]
    assert (port["port"], port["targetPort"]) == (8070, "graph-0")


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_selector_finds_pods_with_the_ports_that_it_leads_to(situation: str) -> None:
    manifests = rendered(situation=situation)
    made = [(pod_labels(one), pod_spec(one)) for one in manifests if pod_spec(one)]

    for service in of_kind(manifests, "Service"):
        chosen = [
            spec for labels, spec in made if spec and service["spec"]["selector"].items() <= labels.items()
        ]
        offered = {port["name"] for spec in chosen for port in spec["containers"][0].get("ports", ())}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= offered, service
    for kind in ("Deployment", "PodDisruptionBudget"):
        for one in of_kind(manifests, kind):
            wanted = one["spec"]["selector"]["matchLabels"].items()
            assert any(wanted <= labels.items() for labels, _ in made), one
