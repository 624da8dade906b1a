"""All connectors, by port and kind: ours, and those of other packages. A SPEC is imported on first use.

A new connector costs one line here and one subclass of its port's contract suite. Another package declares its
connector as an entry point of the group `whosleft.connectors`, named PORT.KIND:

    [project.entry-points."whosleft.connectors"]
    "inventory.rooms" = "package.module:SPEC"
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from worker.ports import BadConfig, ConnectorSpec, Port

GROUP = "whosleft.connectors"
DIRECTORIES = {
    "active_directory": "connectors.directory.active_directory:SPEC",
    "entra": "connectors.directory.entra:SPEC",
    "file": "connectors.directory.file:SPEC",
}
INVENTORIES = {
    "declared": "connectors.inventory.declared:SPEC",
    "evolution": "connectors.inventory.evolution:SPEC",
    "gowa": "connectors.inventory.gowa:SPEC",
    "matrix": "connectors.inventory.matrix:SPEC",
    "register": "connectors.inventory.register:SPEC",
    "slack": "connectors.inventory.slack:SPEC",
    "teams": "connectors.inventory.teams:SPEC",
    "waha": "connectors.inventory.waha:SPEC",
    "whatsapp_cloud": "connectors.inventory.whatsapp_cloud:SPEC",
    "whatsapp_export": "connectors.inventory.whatsapp_export:SPEC",
}
NOTIFIERS = {
    "slack": "connectors.notify.slack:SPEC",
    "teams": "connectors.notify.teams:SPEC",
    "webhook": "connectors.notify.webhook:SPEC",
    "apprise": "connectors.notify.apprise:SPEC",
    "console": "connectors.notify.console:SPEC",
    "email": "connectors.notify.email:SPEC",
}
ADVISORIES = {
    "kev": "connectors.advisories.kev:SPEC",
    "kev_file": "connectors.advisories.kev:FILE",
    "nvd": "connectors.advisories.nvd:SPEC",
    "nvd_file": "connectors.advisories.nvd:FILE",
}
TRACKERS = {
    "github": "connectors.tracker.github:SPEC",
    "gitlab": "connectors.tracker.gitlab:SPEC",
    "jira": "connectors.tracker.jira:SPEC",
    "redmine": "connectors.tracker.redmine:SPEC",
    "request_tracker": "connectors.tracker.request_tracker:SPEC",
    "servicenow": "connectors.tracker.servicenow:SPEC",
    "webhook": "connectors.tracker.webhook:SPEC",
}
OURS: Mapping[Port, Mapping[str, str]] = {
    Port.DIRECTORY: DIRECTORIES,
    Port.INVENTORY: INVENTORIES,
    Port.NOTIFY: NOTIFIERS,
    Port.ADVISORIES: ADVISORIES,
    Port.TRACKER: TRACKERS,
}


@cache
def places() -> Mapping[Port, Mapping[str, str]]:
    """The place of each SPEC ("module:name"), by port and kind.

    Raises BadConfig for an entry point that names no port, or a port and kind that exist already.
    """
    found = {port: dict(kinds) for port, kinds in OURS.items()}
    for entry in entry_points(group=GROUP):
        port, _, kind = entry.name.partition(".")
        if port not in set(Port) or not kind:
            raise BadConfig(
                f"The entry point {entry.name} ({entry.value}) names no connector.",
                remedy=f"Its package has to call it {', '.join(f'{one}.KIND' for one in Port)}.",
            )
        there = found[Port(port)].setdefault(kind, entry.value)
        if there != entry.value:
            raise BadConfig(
                f"Two connectors are called {entry.name}: {there} and {entry.value}.",
                remedy="Uninstall the package of one of them.",
            )
    return found


def spec(port: Port, kind: str) -> ConnectorSpec:
    """Import a connector's declaration. Raises KeyError for an unknown kind, BadConfig for a wrong declaration."""
    place = places()[port][kind]
    try:
        found = load(place)
    except (ImportError, AttributeError) as error:
        raise BadConfig(
            f"The connector {port}.{kind} can't be loaded from {place}: {error}.",
            remedy="Install its package anew, or uninstall it.",
        ) from error
    if (found.port, found.kind) != (port, kind):
        raise BadConfig(
            f"The connector {port}.{kind} ({place}) declares itself as {found.port}.{found.kind}.",
            remedy="Its package has to call the entry point so.",
        )
    return found


def load(place: str) -> ConnectorSpec:
    """Import the SPEC that a value of the tables above names."""
    module, _, attribute = place.partition(":")
    spec: ConnectorSpec = getattr(import_module(module), attribute)
    return spec
