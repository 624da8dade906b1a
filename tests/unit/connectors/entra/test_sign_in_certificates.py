"""Certificates at sign-in: keys and certificates of ours that can't be used are named, and whom it trusts."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import certificates
from entra_sign_in import failure, through
from fakes.graph.assertions import client_certificate
from fakes.graph.lab import FakeEntra
from fakes.graph.setup import Lab
from fakes.graph.tunnel import Tunnel
from worker.ports import BadConfig

# --- keys and certificates ------------------------------------------------------------------------------

EC = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
ED = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
GARBAGE = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "key, words",
    [
        (EC, "k.pem holds a key that is not RSA"),
        (ED, "k.pem holds a key that is not RSA"),
        (GARBAGE, "k.pem can't be used as a private key (ValueError)"),
        (b"hello", "k.pem can't be used as a private key (ValueError)"),
        (bytes(range(256)), "k.pem can't be read"),
    ],
)
def test_a_key_that_cannot_sign_is_named(lab: Lab, key: bytes, words: str) -> None:
    pair = client_certificate(lab.folder)
    (lab.folder / "k.pem").write_bytes(key)

    error = failure(lab, credential={"certificate_file": pair.certificate.name, "private_key_file": "k.pem"})

    assert isinstance(error, BadConfig)
    assert f"tenant: {words}" in error.message
    assert "authority" not in error.remedy
    assert lab.entra.tokens.log == [], "nobody is asked before that"


@pytest.mark.parametrize("passphrase, given", [("", "needless"), ("right", "wrong"), ("right", "")])
def test_a_passphrase_that_does_not_fit_is_a_matter_of_the_configuration(
    lab: Lab, passphrase: str, given: str
) -> None:
    pair = client_certificate(lab.folder, passphrase=passphrase)
    credential = {"certificate_file": pair.certificate.name, "private_key_file": pair.key.name}

    error = failure(lab, credential=credential | ({"passphrase": given} if given else {}))

    assert isinstance(error, BadConfig)
    assert "passphrase" in error.remedy


@pytest.mark.parametrize(
    "text", ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "hello", GARBAGE.decode()]
)
def test_a_file_without_a_certificate_is_named(lab: Lab, text: str) -> None:
    pair = client_certificate(lab.folder)
    (lab.folder / "c.pem").write_text(text, encoding="utf-8")

    error = failure(lab, credential={"certificate_file": "c.pem", "private_key_file": pair.key.name})

    assert isinstance(error, BadConfig)
    assert error.message == "tenant: c.pem holds no certificate that can be read."
    assert "BEGIN CERTIFICATE" in error.remedy


# --- whom to trust --------------------------------------------------------------------------------------


@pytest.fixture
def _system_trusts_the_lab(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(lab.entra.ca_file))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)


@pytest.mark.usefixtures("_system_trusts_the_lab")
def test_sign_in_trusts_the_system_s_authorities(lab: Lab) -> None:
    assert lab.tokens(tls={}).get()


@pytest.mark.usefixtures("_system_trusts_the_lab")
def test_a_file_of_authorities_is_trusted_beside_the_system_s(lab: Lab, tmp_path: Path) -> None:
    other = certificates.authority(tmp_path / "other").certificate

    assert lab.tokens(tls={"ca_file": str(other)}).get()


@pytest.mark.usefixtures("_system_trusts_the_lab")
def test_sign_in_trusts_whom_graph_trusts_whatever_is_set_for_requests(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))

    assert lab.tokens(tls={}).get()


def test_the_name_in_the_certificate_has_to_fit(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with Tunnel(lab.entra.tokens.port) as tunnel:
        through(tunnel, monkeypatch)

        assert "(SSLError)" in failure(lab, authority="https://login.corp.example").message


def test_a_file_of_authorities_that_goes_away_is_missed_at_the_next_start_alone(
    lab: Lab, tmp_path: Path
) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(lab.entra.ca_file.read_bytes())
    tokens = lab.tokens(tls={"ca_file": str(own)})
    tokens.get()
    own.unlink()

    tokens.forget()

    assert tokens.get()
    error = failure(lab, tls={"ca_file": str(own)})
    assert isinstance(error, BadConfig)
    assert "own.pem can't be read" in error.message


def test_the_environment_s_proxy_is_used_and_the_certificate_behind_it_is_checked(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tunnel(lab.entra.tokens.port) as tunnel:
        through(tunnel, monkeypatch)

        assert lab.tokens().get()
        assert "(SSLError)" in failure(lab, tls={}).message

    assert set(tunnel.asked) == {f"127.0.0.1:{lab.entra.tokens.port}"}


def test_sign_in_and_graph_trust_the_same(tmp_path: Path, lab_folder: Path) -> None:
    with FakeEntra(lab_folder, is_secure=True) as entra:
        lab = Lab(entra, tmp_path)
        entra.tokens.graphs.add(entra.graph_url)
        entra.tenant.add()

        assert lab.directory().check().ok
        lab.close()
