"""Kubernetes' Pod Security Standard *restricted* (with *baseline*, which it contains) as a function of a pod's spec.

Source: Kubernetes documentation, "Pod Security Standards", for Linux pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_PROFILES = {"RuntimeDefault", "Localhost"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip


def restricted_faults(spec: Spec) -> list[str]:
    """Whatever the standard forbids in a pod's spec, each as a sentence; empty: it fits."""
    return [*_of_pod(spec), *(fault for one in _containers(spec) for fault in _of_container(one, spec))]


def _containers(spec: Spec) -> Iterator[Spec]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def _of_pod(spec: Spec) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} is on"
    for volume in spec.get("volumes") or ():
        kinds = set(volume) - {"name"}
        if not kinds <= _VOLUMES:
            yield f"the volume {volume['name']} is of kind {', '.join(sorted(kinds))}"
    for sysctl in (spec.get("securityContext") or {}).get("sysctls") or ():
        if sysctl["name"] not in _SYSCTLS:
            yield f"the sysctl {sysctl['name']} is set"


def _of_container(container: Spec, spec: Spec) -> Iterator[str]:
    name = container["name"]
    pod, own = spec.get("securityContext") or {}, container.get("securityContext") or {}
    both = {**pod, **own}
    if own.get("privileged"):
        yield f"{name} is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name} may escalate its privileges"
    if both.get("runAsNonRoot") is not True:
        yield f"{name} may run as root (runAsNonRoot)"
    if both.get("runAsUser", 1) == 0:
        yield f"{name} runs as root (runAsUser)"
    if (both.get("seccompProfile") or {}).get("type") not in _PROFILES:
        yield f"{name} has no seccomp profile"
    yield from _of_capabilities(name, own.get("capabilities") or {})
    if own.get("procMount", "Default") != "Default":
        yield f"{name} has a procMount of its own"
    if (both.get("seLinuxOptions") or {}).get("type", "") not in _SELINUX_TYPES:
        yield f"{name} has an SELinux type of its own"
    if (both.get("appArmorProfile") or {"type": "RuntimeDefault"})["type"] not in _PROFILES:
        yield f"{name} is unconfined (AppArmor)"
    if (both.get("windowsOptions") or {}).get("hostProcess"):
        yield f"{name} is a host process"
    yield from _of_ports(name, container)


def _of_capabilities(name: str, capabilities: Spec) -> Iterator[str]:
    if "ALL" not in (capabilities.get("drop") or ()):
        yield f"{name} keeps capabilities"
    added = set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}
    if added:
        yield f"{name} adds {', '.join(sorted(added))}"


def _of_ports(name: str, container: Spec) -> Iterator[str]:
    for port in container.get("ports") or ():
        if port.get("hostPort"):
            yield f"{name} takes port {port['hostPort']} of the host"
    for probe in _PROBES:
        for how in ("httpGet", "tcpSocket"):
            if ((container.get(probe) or {}).get(how) or {}).get("host"):
                yield f"{name}'s {probe} asks another host"
