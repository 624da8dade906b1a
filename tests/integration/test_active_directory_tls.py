"""Whom the connector takes for its domain controller, and what it sends unencrypted: nothing unless told to."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

import certificates
from connectors.directory.active_directory.connector import ActiveDirectory
from integration.ad_company import account, reading
from samba import Domain
from worker.ports import BadConfig, PassEnd


def read(directory: ActiveDirectory) -> None:
    assert isinstance(list(directory.changes(None))[-1], PassEnd)


def refusal(directory: ActiveDirectory) -> BadConfig:
    """What a read and a check refuse alike."""
    with pytest.raises(BadConfig) as raised:
        read(directory)
    checked = directory.check()
    assert (checked.ok, checked.message, checked.remedy) == (False, raised.value.message, raised.value.remedy)
    assert directory.watermark() is None
    return raised.value


def test_an_address_in_the_certificate_is_as_good_as_a_name(shared_domain: Domain) -> None:
    with reading(shared_domain) as corp:
        read(corp)


def test_an_authority_that_is_not_trusted_is_refused(shared_domain: Domain, tmp_path: Path) -> None:
    stranger = certificates.authority(tmp_path / "stranger", "Somebody else's authority")
    with reading(shared_domain, tls={"ca_file": str(stranger.certificate)}) as corp:
        error = refusal(corp)

    assert "a certificate that is not trusted" in error.message
    assert "Put the certificate of the authority that issued it into tls.ca_file" in error.remedy


def test_without_a_file_the_systems_authorities_decide(shared_domain: Domain) -> None:
    with reading(shared_domain, tls={}) as corp:
        assert "not trusted" in refusal(corp).message


def test_an_expired_certificate_is_refused(samba_domain: Domain, tmp_path: Path) -> None:
    samba_domain.use_certificate(
        certificates.issue(samba_domain.authority, tmp_path / "old", samba_domain.address, is_expired=True)
    )
    with reading(samba_domain) as corp:
        error = refusal(corp)

    assert "certificate has expired" in error.message
    assert error.remedy == "Renew the certificate of the domain controller."


def test_a_certificate_for_another_name_is_refused_until_the_name_is_given(
    samba_domain: Domain, tmp_path: Path
) -> None:
    samba_domain.use_certificate(
        certificates.issue(samba_domain.authority, tmp_path / "other", "dc7.corp.example")
    )
    with reading(samba_domain) as corp:
        error = refusal(corp)
        assert f"It is not made out to {samba_domain.address}" in error.remedy
        assert "tls.server_name" in error.remedy

    tls = {"ca_file": str(samba_domain.ca_file), "server_name": "dc7.corp.example"}
    with reading(samba_domain, tls=tls) as corp:
        read(corp)


def test_a_certificate_that_is_not_verified_is_shown_as_such_by_check(
    samba_domain: Domain, tmp_path: Path
) -> None:
    samba_domain.ldbadd(account(1))
    stranger = certificates.authority(tmp_path / "stranger", "Somebody else's authority")
    samba_domain.use_certificate(certificates.issue(stranger, tmp_path / "theirs", "elsewhere.example"))
    with reading(samba_domain, tls={"verify": False}) as corp:
        read(corp)
        checked = corp.check()

    assert checked.ok
    assert checked.details["tls"] == (
        "NOT VERIFIED: ANYBODY ON THE NETWORK CAN POSE AS THIS SERVER (tls.verify is false)"
    )


def test_a_file_that_is_no_certificate_is_named(shared_domain: Domain, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with reading(shared_domain, tls={"ca_file": str(tmp_path / "ca.pem")}) as corp:
        assert "ca.pem can't be read" in refusal(corp).message


def test_a_second_server_with_a_good_certificate_is_taken(
    samba_domain: Domain, shared_domain: Domain
) -> None:
    servers = [samba_domain.url, shared_domain.url]
    with reading(shared_domain, servers=servers) as corp:  # whose authority did not issue the first one's
        read(corp)


def test_plain_ldap_is_refused_by_the_configuration(shared_domain: Domain) -> None:
    with (
        pytest.raises(ValidationError, match="would send the password readable over the network"),
        reading(shared_domain, servers=[shared_domain.plain_url]),
    ):
        pass


def test_plain_ldap_that_is_asked_for_is_refused_by_the_controller(shared_domain: Domain) -> None:
    tls = {"allow_plain_text_on_the_network": True}
    with reading(shared_domain, servers=[shared_domain.plain_url], tls=tls) as corp:
        error = refusal(corp)

    assert "wants an encrypted connection before it lets anybody in" in error.message
    assert error.remedy == "Use ldaps:// or tls.start_tls: true."


def test_start_tls_encrypts_before_the_password_is_sent(shared_domain: Domain) -> None:
    tls = {"ca_file": str(shared_domain.ca_file), "start_tls": True}
    with reading(shared_domain, servers=[shared_domain.plain_url], tls=tls) as corp:
        read(corp)
        assert "issued by Whosleft test authority" in corp.check().details["tls"]


def test_start_tls_verifies_as_well(shared_domain: Domain, tmp_path: Path) -> None:
    stranger = certificates.authority(tmp_path / "stranger", "Somebody else's authority")
    tls = {"ca_file": str(stranger.certificate), "start_tls": True}
    with reading(shared_domain, servers=[shared_domain.plain_url], tls=tls) as corp:
        assert "not trusted" in refusal(corp).message
