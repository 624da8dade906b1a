"""Fixtures for tests that need a directory server: Active Directory (Samba) or OpenLDAP, on loopback.

samba_domain     fresh for each test, half a second; break it as you like
shared_domain    one for each test process: leave its rights, and the accounts of others, alone
kerberos_domain  as samba_domain, and gives tickets
slapd_server     OpenLDAP, fresh for each test; running_slapd(sizelimit=…) for one with limits
"""

from collections.abc import Iterator

import pytest

import samba
import slapd
from throwaway import Absent, missing


@pytest.fixture
def samba_domain() -> Iterator[samba.Domain]:
    """Yield a domain of the test's own, with OU=Staff, OU=Leavers and the account svc-whosleft."""
    try:
        with samba.running_domain() as domain:
            yield domain
    except Absent as absent:
        missing(absent)


@pytest.fixture
def kerberos_domain() -> Iterator[samba.Domain]:
    """Yield a domain of the test's own whose controller is a KDC too."""
    try:
        with samba.running_domain(kdc=True) as domain:
            yield domain
    except Absent as absent:
        missing(absent)


@pytest.fixture(scope="session")
def _shared_domain() -> Iterator[samba.Domain | str]:
    try:
        with samba.running_domain() as domain:
            yield domain
    except Absent as absent:
        yield str(absent)


@pytest.fixture
def shared_domain(_shared_domain: samba.Domain | str) -> samba.Domain:
    """Return the domain that the tests of this process share, started again if a test left it stopped."""
    if isinstance(_shared_domain, str):
        missing(_shared_domain)
    _shared_domain.start()
    return _shared_domain


@pytest.fixture
def slapd_server() -> Iterator[slapd.Slapd]:
    """Yield an OpenLDAP server of the test's own, without limits."""
    try:
        with slapd.running_slapd() as server:
            yield server
    except Absent as absent:
        missing(absent)
