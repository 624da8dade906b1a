"""Addresses that Graph's answers name: none but our own gets a request."""

from __future__ import annotations

import pytest

from connectors.kit.graph.client import Graph
from contracts.directory_world import read_until_error
from fakes.graph import faults
from fakes.graph.setup import Lab, failure_of
from worker.ports import CursorExpired, Incomplete


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.attacker.example/v1.0/users",
        "http://127.0.0.1/v1.0/users",
        "http://{host}@graph.attacker.example/v1.0/users",
        "http://{host}\\@graph.attacker.example/v1.0/users",
        "https://{host}/v1.0/users",
        "//{host}/v1.0/users",
        "/v1.0/users",
        "",
    ],
)
def test_no_other_address_gets_a_request(lab: Lab, graph: Graph, url: str) -> None:
    host = graph.root.removeprefix("http://")

    error = failure_of(lambda: graph.get(url.format(host=host), what="all users"))

    assert isinstance(error, Incomplete)
    assert error.remedy == "It is not followed. Check cloud and graph_url, and any proxy in between."
    assert (lab.entra.graph.log, lab.entra.tokens.log) == ([], [])


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "{root}/\x00", "{root}/" + "a" * 70_000, "{root}/\ud800", "{root}?$top=" + "9" * 5000],
)
def test_what_is_no_address_gets_no_request(lab: Lab, graph: Graph, url: str) -> None:
    error = failure_of(lambda: graph.get(url.format(root=graph.root), what="all users"))

    assert isinstance(error, Incomplete)
    assert error.message == "Graph's link for all users is no address."
    assert (lab.entra.graph.log, lab.entra.tokens.log) == ([], [])


@pytest.mark.parametrize("page", [0, 1], ids=["nextLink", "deltaLink"])
def test_a_link_to_another_host_ends_the_pass(lab: Lab, page: int) -> None:
    """The link of the next round, too: kept, it would be asked in vain for days."""
    lab.tenant.add()
    lab.tenant.add()
    lab.entra.graph.delta.settings.page_size = 1
    lab.entra.graph.faults.add(faults.foreign_links(), path="*/users/delta", skip=page)
    directory = lab.directory()

    _, error = read_until_error(directory, None)

    assert isinstance(error, Incomplete)
    assert error.message == (
        f"Graph points to http://graph.attacker.example for the users who have changed, which is not "
        f"{lab.entra.graph_url}."
    )
    lab.entra.graph.faults.clear()
    assert read_until_error(directory, None)[1] is None


def test_the_address_after_a_reset_is_our_own(lab: Lab) -> None:
    lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.delta.reset("https://graph.attacker.example/v1.0/users/delta?$deltatoken=")

    _, error = read_until_error(directory, first.end.cursor)

    assert isinstance(error, CursorExpired)
    assert "attacker" not in str(error)
