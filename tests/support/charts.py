"""The Helm chart, rendered by the real Helm of both majors; `.ci/helm` sees to them.

Nothing here judges a manifest: tests/support/pod_security.py and the tests do.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from throwaway import missing

CHECKOUT = Path(__file__).parents[2]
CHART = CHECKOUT / "helm" / "whosleft"
CACHE = CHECKOUT / ".cache"
HELMS = {"3": CACHE / "helm-3.17.3" / "helm", "4": CACHE / "helm-4.3.1" / "helm"}
CHECKOV = CACHE / "checkov-3.3.30" / "bin" / "checkov"
SITUATIONS = tuple(sorted(path.name.removesuffix("-values.yaml") for path in CHART.glob("ci/*-values.yaml")))
RELEASE = "whosleft"
NAMESPACE = "leavers"

OF_OTHERS = {  # kinds that come with what others install
    "ExternalSecret": "external-secrets.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "PodMonitor": "monitoring.coreos.com/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
    "SecretProviderClass": "secrets-store.csi.x-k8s.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
}

Manifest = dict[str, Any]
_OWNERS_OF_PODS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"}


def helm(major: str, *arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run Helm of this major version; skips, or in CI fails, where it can't be had."""
    if not HELMS[major].exists():
        missing(f"there is no Helm {major} in .cache (.ci/helm fetches it)")
    environ = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "HELM_CACHE_HOME": str(CACHE / "helm-home")}
    return subprocess.run(
        [HELMS[major], *map(str, arguments)],
        input=stdin, capture_output=True, text=True, encoding="utf-8", env=environ, check=False,
    )  # fmt: skip


def template(
    major: str, values: Mapping[str, Any] | None = None, *, situation: str = "", flags: Iterable[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Render the chart with a situation's values (of ci/) and `values` over them; the whole of what Helm says."""
    files: tuple[str | Path, ...] = (
        ("--values", CHART / "ci" / f"{situation}-values.yaml") if situation else ()
    )
    arguments = (RELEASE, CHART, "--namespace", NAMESPACE, *files, "--values", "-", *flags)
    return helm(major, "template", *arguments, stdin=json.dumps(values or {}))


def rendered(
    values: Mapping[str, Any] | None = None, *, situation: str = "", major: str = "4"
) -> list[Manifest]:
    """The manifests, in Helm's order, to do with as one likes. Fails with what Helm says."""
    return copy.deepcopy(_rendered(json.dumps(values or {}, sort_keys=True), situation, major))


@cache
def _rendered(values: str, situation: str, major: str) -> list[Manifest]:
    done = template(major, json.loads(values), situation=situation)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def refusal(values: Mapping[str, Any], *, situation: str = "", major: str = "4") -> str:
    """What Helm says to values that it refuses; fails when it takes them."""
    done = template(major, values, situation=situation)
    assert done.returncode != 0, "Helm takes these values"
    return done.stderr


def named(manifests: Iterable[Manifest], kind: str, name: str) -> Manifest:
    """The one manifest of this kind and name."""
    (found,) = (one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name)
    return found


def of_kind(manifests: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] == kind]


def pod_spec(manifest: Manifest) -> Manifest | None:
    """The pod's spec that a manifest is, or makes pods from; None for what has no pods."""
    spec: Manifest | None = None
    if manifest["kind"] == "Pod":
        spec = manifest["spec"]
    elif manifest["kind"] == "CronJob":
        spec = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    elif manifest["kind"] in _OWNERS_OF_PODS:
        spec = manifest["spec"]["template"]["spec"]
    return spec


def pod_labels(manifest: Manifest) -> dict[str, str]:
    """The labels of the pods that a manifest is or makes."""
    if manifest["kind"] == "Pod":
        return dict(manifest["metadata"]["labels"])
    spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
    return dict(spec["template"]["metadata"]["labels"])


def pods(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Kind/name and the pod's spec of whatever has pods."""
    for manifest in manifests:
        spec = pod_spec(manifest)
        if spec is not None:
            yield f"{manifest['kind']}/{manifest['metadata']['name']}", spec


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Helm lays one over the other: maps are merged, all else is replaced."""
    both = dict(base)
    for key, value in over.items():
        below = both.get(key)
        both[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return both


def promtool() -> str:
    """The program; skips, or in CI fails, where it can't be had."""
    found = shutil.which("promtool")
    if found is None:
        missing("there is no promtool (Debian: apt-get install promtool, or .ci/helm as root)")
    return found
