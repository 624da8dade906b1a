"""What `whosleft check` prints of a domain, word for word but for addresses, dates and days."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration.ad_company import AdCompany, founded
from samba import PASSWORD, Domain

GOOD = r"""
ok   corp (directory, active_directory): DC:636: 24 people in scope, 1 of them disabled
     counts: 24 people, 1 disabled
     server: ldaps://DC:636
     account: u:CORP\svc-whosleft
     tls: issued by Whosleft test authority, N days left
     changes by: DirSync: with object security, as the account may not replicate directory changes
     not granted and not needed: Replicating Directory Changes (dsacls "DC=corp,DC=example" /G "CORP\svc-whosleft:CA;Replicating Directory Changes")
     deleted objects: can be read
     clock difference: none
     with a phone number: 23 of 24
"""  # noqa: E501  a line as it is printed
LACKING = r"""
RED  corp (directory, active_directory): DC:636: 24 people in scope, 1 of them disabled; the account lacks List Contents and Read on the container of deleted objects
     -> Without it a deletion is never seen. As a domain administrator: dsacls "CN=Deleted Objects,DC=corp,DC=example" /takeownership and then dsacls "CN=Deleted Objects,DC=corp,DC=example" /G "CORP\svc-plain:LCRP"
     counts: 24 people, 1 disabled
     server: ldaps://DC:636
     account: u:CORP\svc-plain
     tls: issued by Whosleft test authority, N days left
     changes by: DirSync: with object security, as the account may not replicate directory changes
     not granted and not needed: Replicating Directory Changes (dsacls "DC=corp,DC=example" /G "CORP\svc-plain:CA;Replicating Directory Changes")
     deleted objects: can't be read: deletions are not seen
     clock difference: none
     with a phone number: 23 of 24
"""  # noqa: E501  see above


@pytest.fixture
def company(tmp_path: Path, samba_domain: Domain) -> AdCompany:
    company = founded(tmp_path, samba_domain)
    company.disable(3)
    company.change(4, mobile=None)
    return company


def said_of_corp(company: AdCompany, code: int) -> str:
    text = company.run("check", code=code).replace(company.domain.address, "DC")
    text = re.sub(r"\d+ days left", "N days left", text)
    text = re.sub(r"clock difference: \d s (ahead of|behind) ours", "clock difference: none", text)
    return "\n" + text[: text.index("ok   wards")]


def test_all_is_well(company: AdCompany) -> None:
    assert said_of_corp(company, 0) == GOOD


def test_deletions_cannot_be_seen(company: AdCompany) -> None:
    company.domain.create_account("svc-plain")
    company.configure(bind={"user": "svc-plain@corp.example", "password": PASSWORD})

    assert said_of_corp(company, 1) == LACKING


def test_the_better_right_is_used_where_it_is_given(company: AdCompany) -> None:
    company.domain.grant_replication("svc-whosleft")

    said = said_of_corp(company, 0)

    assert "changes by: DirSync: the account may replicate directory changes\n" in said
    assert "not needed" not in said
