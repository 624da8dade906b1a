"""A domain controller on loopback, and ldap3's client to judge it."""

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.ldap.judge import connect
from fakes.ldap.server import LdapServer


@pytest.fixture
def dc() -> Iterator[LdapServer]:
    with LdapServer() as server:
        yield server


@pytest.fixture
def judge(dc: LdapServer) -> Iterator[Any]:
    connection = connect(dc)
    yield connection
    connection.unbind()
