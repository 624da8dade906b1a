"""Attestations through the API: page by page, with how sure each is, and without those who were erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from builders import key
from desk_setup import Clients
from harness import Harness
from worker.domain.controls.statements import Assurance, AttestAnswer, Attestation, Statement

HASH = "0" * 64


@pytest.fixture(autouse=True)
def _known(company: Harness) -> None:
    said = Attestation(
        Statement.POLICY, "chat", "3", key("dee"), AttestAnswer.ACCEPTED, company.now, Assurance.SIGNED_IN,
        language="en", text_sha256=HASH,
    )  # fmt: skip
    erased = Attestation(
        Statement.TRAINING, "hygiene", "", None, AttestAnswer.DECLINED, company.now, Assurance.LINK,
        expires_at=company.now + timedelta(days=365),
    )  # fmt: skip
    with company.store.begin() as uow:
        for one in (said, erased):
            uow.attestations.add(one, ())


def test_they_are_listed_page_by_page(client: TestClient) -> None:
    first = client.get("/attestations?limit=1").json()
    rest = client.get("/attestations", params={"limit": 1, "after": first["next"]}).json()

    [said], [erased] = first["items"], rest["items"]
    assert (said["id"], said["statement"], said["subject"], said["version"]) == (
        "A-000001",
        "policy",
        "chat",
        "3",
    )
    assert said["person"] == {"source": "corp", "id": "dee", "name": "Dee"}
    assert (said["answer"], said["assurance"], said["text_sha256"]) == ("accepted", "signed_in", HASH)
    assert (erased["id"], erased["person"], erased["answer"]) == ("A-000002", None, "declined")
    assert rest["next"] is None


def test_they_are_read_with_a_scope_of_their_own_or_with_that_of_people(calling: Clients) -> None:
    assert calling("attestations:read").get("/attestations").status_code == 200
    assert calling("attestations:read").get("/people").status_code == 403
    assert calling("people:read").get("/attestations").status_code == 200
    assert calling("controls:read").get("/attestations").status_code == 403
