"""How the chart lets calls in and out: to the desk, to the workers, and from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from charts import (
    SITUATIONS,
    Manifest,
    named,
    of_kind,
    pod_labels,
    pod_spec,
    rendered,
)
from fakes.graph.lab import FakeEntra
from fakes.graph.setup import Lab
from listened import SETTINGS, listening, only

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


RT = {"kind": "request_tracker", "url": "https://rt.corp.example", "queue": "q",
      "states": {"open": ["new"], "done": ["resolved"]}}  # fmt: skip
HUB = {"kind": "github", "repository": "org/leavers"}


@pytest.mark.parametrize("tracker, values", [
    (RT, {}),  # calls from within the cluster
    (HUB, {"ingress": {"enabled": False}}),  # what leads there is not the chart's
    (HUB, {"mode": "cron"}),  # nobody is called
])  # fmt: skip
def test_who_does_not_call_by_the_desk_s_host_needs_no_path(
    tracker: dict[str, Any], values: dict[str, Any]
) -> None:
    calls = {"listen": "0.0.0.0:8091", "secret": SECRET}
    trackers = [{"name": "one", "token": SECRET, "calls": calls, **tracker}]

    manifests = rendered({"config": {"trackers": trackers}, **values}, situation="ha")

    assert {service for _, (service, _) in ways(manifests)} <= {"whosleft-desk"}


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


@pytest.mark.parametrize("kind", ["waha", "evolution"])
def test_a_gateway_s_pictures_are_read_from_whatsapp(kind: str) -> None:
    keys = {"instance": "phone"} if kind == "evolution" else {}
    phones = {"name": "phones", "kind": kind, "url": "http://10.96.12.7:3000", "api_key": SECRET} | keys
    secrets = [{"name": "all", "existingSecret": "all", "env": {"DATABASE_PASSWORD": "key"}}]
    config = {"inventories": [{**phones, "accept_terms_risk": True}]}
    manifests = rendered({"config": config, "secrets": secrets})

    egress = named(manifests, "NetworkPolicy", "whosleft")["spec"]["egress"]
    assert {one["port"] for rule in egress for one in rule["ports"]} == {53, 3000, 443}


MACHINE_S_OWN = {"managed_identity": True}
SENDER = {
    "name": "mail", "kind": "email", "server": "smtp.office365.com", "from": "w@corp.example",
    "auth": {"method": "xoauth2", "user": "w@corp.example", "credential": MACHINE_S_OWN},
}  # fmt: skip


@pytest.mark.parametrize("config, is_let_out", [
    ({"directories": [{"name": "tenant", "kind": "entra", "credential": MACHINE_S_OWN}]}, True),
    ({"directories": [{"name": "tenant", "kind": "entra", "credential": {"secret": SECRET}}]}, False),
    ({"notify": [SENDER]}, True),
])  # fmt: skip
def test_a_managed_identity_may_ask_the_machine_alone_without_tls(
    config: dict[str, Any], is_let_out: bool
) -> None:
    secrets = [{"name": "all", "existingSecret": "all", "env": {"DATABASE_PASSWORD": "key"}}]
    manifests = rendered({"config": config, "secrets": secrets})

    egress = named(manifests, "NetworkPolicy", "whosleft")["spec"]["egress"]
    asked = {"ports": [{"port": 80, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]}
    assert [one for one in egress if 80 in {port["port"] for port in one["ports"]}] == [asked] * is_let_out


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


GRAPH_URLS = [  # where Graph calls; each with a slash too many, which people write
    "https://hooks.contoso.example",
    "https://hooks.contoso.example/",
    "https://whosleft.contoso.example/graph",
    "https://whosleft.contoso.example/graph/",
]


@pytest.fixture
def graph_lab(tmp_path: Path) -> Iterator[Lab]:
    with FakeEntra(tmp_path) as entra:
        lab = Lab(entra, tmp_path)
        yield lab
        lab.close()


@pytest.mark.parametrize("by", ["ingress", "httpRoute"])
@pytest.mark.parametrize("url", GRAPH_URLS)
def test_graph_s_notifications_have_a_way_to_the_workers(by: str, url: str, graph_lab: Lab) -> None:
    with listening(graph_lab, notifications={**SETTINGS, "url": url}) as directory:
        directory.watermark()
    registered = [only(graph_lab).body[one] for one in ("notificationUrl", "lifecycleNotificationUrl")]
    client_state = "${file:/var/run/secrets/whosleft/vault/graph-client-state}"
    notifications = {"url": url, "listen": "0.0.0.0:8070", "client_state": client_state}
    config = {"directories": [{"name": "tenant", "kind": "entra", "notifications": notifications}]}
    switched = {one: {"enabled": one == by} for one in ("ingress", "httpRoute")}

    manifests = rendered({"config": config, **switched}, situation="aks")

    (port,) = named(manifests, "Service", "whosleft-graph")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (8070, "graph-0")
    found = dict(ways(manifests))
    for address in registered:
        parts = urlsplit(address)
        assert found[parts.hostname, parts.path or "/", "Exact"] == ("whosleft-graph", "graph-0"), address
    assert len(found) == 1 + len(registered)


def ways(manifests: list[Manifest]) -> Iterator[tuple[tuple[str, str, str], tuple[str, str]]]:
    """From (host, path, type) to (Service, its port's name), of Ingresses and of HTTPRoutes."""
    for one in of_kind(manifests, "Ingress"):
        for rule in one["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                yield (
                    (rule["host"], path["path"], path["pathType"]),
                    (service["name"], service["port"]["name"]),
                )
    for one in of_kind(manifests, "HTTPRoute"):
        (host,), (rule,) = one["spec"]["hostnames"], one["spec"]["rules"]
        (backend,) = rule["backendRefs"]
        offered = named(manifests, "Service", backend["name"])["spec"]["ports"]
        (name,) = (port["name"] for port in offered if port["port"] == backend["port"])
        for match in rule["matches"]:
            yield (host, match["path"]["value"], match["path"]["type"]), (backend["name"], name)


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


def test_the_hospital_s_example_has_declared_rosters_whose_links_reach_the_desk() -> None:
    manifests = rendered(situation="waha")
    (text,) = named(manifests, "ConfigMap", "whosleft")["data"].values()
    config = yaml.safe_load(text)
    assert {"waha", "declared"} <= {one["kind"] for one in config["inventories"]}
    (ingress,) = of_kind(manifests, "Ingress")
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [urlsplit(config["desk"]["url"]).hostname]
