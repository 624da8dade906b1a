"""A domain controller on loopback, and ldap3's client to judge it."""

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.ldap.judge import connect
from fakes.ldap.server import LdapServer
from fakes.ldap.setup import ANN, BEN


@pytest.fixture
def dc() -> Iterator[LdapServer]:
    with LdapServer() as server:
        yield server


@pytest.fixture
def ann_and_ben(dc: LdapServer) -> None:
    """Two people whom the domain has."""
    dc.put(ANN, sAMAccountName="ann", mobile="07700 900101")
    dc.put(BEN, sAMAccountName="ben", mobile="07700 900102")


@pytest.fixture
def judge(dc: LdapServer) -> Iterator[Any]:
    connection = connect(dc)
    yield connection
    connection.unbind()
