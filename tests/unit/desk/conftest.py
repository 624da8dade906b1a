"""A provider that says yes, and a desk that asks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import Pair
from fakes.oidc.issuer import TENANT, OidcIssuer
from fakes.oidc.setup import Lab, made_certificates


@pytest.fixture(scope="session")
def loopback_certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Pair]:
    return made_certificates(tmp_path_factory.mktemp("sign-in"))


@pytest.fixture
def lab(loopback_certificates: tuple[Path, Pair], tmp_path: Path) -> Iterator[Lab]:
    ca_file, pair = loopback_certificates
    with OidcIssuer(pair) as issuer:
        made = Lab(issuer, ca_file, tmp_path)
        yield made
        made.close()


@pytest.fixture
def entra_lab(loopback_certificates: tuple[Path, Pair], tmp_path: Path) -> Iterator[Lab]:
    ca_file, pair = loopback_certificates
    with OidcIssuer(pair, path=f"/{TENANT}/v2.0") as issuer:
        made = Lab(issuer, ca_file, tmp_path)
        yield made
        made.close()
