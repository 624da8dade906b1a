"""What our account may not see, or may no longer: nobody's standing changes, and the source says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import ldif
from integration.ad_company import NEVER, AdCompany, Worker, cn, filetime, founded, working
from integration.company import guid
from samba import PASSWORD, Domain
from worker.domain.model import Evidence, Standing
from worker.domain.reconcile.guard import HoldState
from worker.ports import AuthFailed, Incomplete, PermissionDenied

PLAIN = "svc-plain"  # an ordinary account, as it is when nobody has granted it anything
DSACLS = 'dsacls "CN=Deleted Objects,DC=corp,DC=example" /G "CORP\\svc-plain:LCRP"'


@pytest.fixture
def company(tmp_path: Path, samba_domain: Domain) -> AdCompany:
    return founded(tmp_path, samba_domain)


@pytest.fixture
def worker(company: AdCompany) -> Iterator[Worker]:
    with working(company) as worker:
        yield worker


# --- our own account --------------------------------------------------------------------------------------


def test_a_wrong_password_is_tried_once_so_that_the_account_is_not_locked(
    company: AdCompany, worker: Worker
) -> None:
    company.domain.ldbmodify(ldif.modify(company.domain.base_dn, {"lockoutThreshold": 5}))
    before = worker.standings()
    company.domain.samba_tool("user", "setpassword", "svc-whosleft", "--newpassword=An0ther-Kettle")
    company.disable(15)

    troubles = [worker.poll(full=turn == 3).troubles for turn in range(6)]

    assert all("svc-whosleft@corp.example or its password is wrong" in trouble for (trouble,) in troubles)
    assert "so that the account is not locked" in worker.source().remedy
    with pytest.raises(AuthFailed):
        worker.connector.look_up(guid(3))
    assert worker.connector.watermark() is None
    assert worker.standings() == before
    (account,) = company.domain.ldbsearch("(sAMAccountName=svc-whosleft)", "badPwdCount")
    assert account["badPwdCount"] == ["1"]


@pytest.mark.parametrize(
    "attributes, says",
    [
        ({"userAccountControl": 514}, "the account svc-whosleft@corp.example is disabled"),
        ({"accountExpires": 116_444_736_000_000_000}, "the account svc-whosleft@corp.example has expired"),
        ({"pwdLastSet": 0}, "the account svc-whosleft@corp.example must change its password first"),
    ],
    ids=["disabled", "expired", "new password"],
)
def test_what_is_wrong_with_our_own_account_is_said_and_mended(
    company: AdCompany, worker: Worker, attributes: dict[str, ldif.Value], says: str
) -> None:
    before = worker.standings()
    service = f"CN=svc-whosleft,CN=Users,{company.domain.base_dn}"
    company.domain.ldbmodify(ldif.modify(service, attributes))
    company.disable(15)

    (trouble,) = worker.poll().troubles

    assert says in trouble
    assert worker.standings() == before
    company.domain.ldbmodify(
        ldif.modify(service, {"userAccountControl": 512, "accountExpires": NEVER, "pwdLastSet": -1})
    )
    again = Worker(company.folder)  # the one before waits for ten minutes
    assert again.settle()["left"] == 1
    assert again.source().trouble is None
    again.close()


def test_a_locked_account_of_ours_is_told_from_a_wrong_password(company: AdCompany, worker: Worker) -> None:
    company.domain.ldbmodify(
        ldif.modify(company.domain.base_dn, {"lockoutThreshold": 2, "lockoutDuration": -18_000_000_000})
    )
    service = f"CN=svc-whosleft,CN=Users,{company.domain.base_dn}"
    company.domain.ldbmodify(ldif.modify(service, {"lockoutTime": filetime(worker.clock())}))

    (trouble,) = worker.poll().troubles

    assert "svc-whosleft@corp.example is locked out" in trouble


# --- what it may see --------------------------------------------------------------------------------------


def test_people_of_an_ou_that_is_hidden_stay_and_the_source_is_red_until_they_are_seen_again(
    tmp_path: Path, samba_domain: Domain
) -> None:
    company = founded(tmp_path, samba_domain)
    nights = company.add_ou("Nights", under=samba_domain.staff_ou)
    for number in (3, 4):
        company.move(number, nights)
    with working(company) as worker:
        before = worker.standings()
        samba_domain.deny_listing(nights, "svc-whosleft")
        company.disable(3)
        assert worker.settle()["left"] == 0

        (said,) = worker.poll(full=True).troubles
        trouble = worker.source().trouble

        assert "2 people whom corp listed before can't be found" in said
        assert "Nobody's status is changed. Let the account list that OU" in worker.source().remedy
        company.change(7, title="Matron")
        assert worker.settle()["changed"] == 1
        assert worker.source().trouble == trouble
        assert worker.standings() == before

        sid = samba_domain.sid("svc-whosleft")
        samba_domain.samba_tool("dsacl", "delete", f"--objectdn={nights}", f"--sddl=(D;;LC;;;{sid})")
        worker.settle()
        assert worker.source().trouble == trouble  # a delta can't tell
        assert worker.settle(full=True)["left"] == 1
        assert worker.source().trouble is None
        assert worker.person(3).evidence is Evidence.DISABLED


def test_without_the_right_to_see_deleted_objects_a_deletion_is_no_leaving_and_the_source_says_so(
    tmp_path: Path, samba_domain: Domain
) -> None:
    samba_domain.create_account(PLAIN)
    company = founded(tmp_path, samba_domain, bind={"user": f"{PLAIN}@corp.example", "password": PASSWORD})
    with working(company) as worker:
        company.delete(15)

        assert worker.settle()["left"] == 0
        (said,) = worker.poll(full=True).troubles

        assert DSACLS in said
        assert worker.person(15).standing is Standing.ACTIVE
        assert "1 person whom corp listed before can't be found" in (worker.source().trouble or "")
        assert DSACLS in worker.source().remedy

        samba_domain.grant_deleted_objects(PLAIN)
        assert worker.settle(full=True)["left"] == 1
        assert (worker.person(15).evidence, worker.source().trouble) == (Evidence.DELETED, None)
        company.delete(16)
        assert worker.settle()["left"] == 1  # by a delta, now that it has the right
        assert worker.person(16).facts.display_name == cn(16)


def test_an_account_that_may_replicate_sees_all_changes_and_still_no_deletion(
    tmp_path: Path, samba_domain: Domain
) -> None:
    samba_domain.create_account(PLAIN)
    samba_domain.grant_replication(PLAIN)
    company = founded(tmp_path, samba_domain, bind={"user": f"{PLAIN}@corp.example", "password": PASSWORD})
    with working(company) as worker:
        assert '"flags":0' in (worker.source().cursor or "")
        company.disable(15)
        company.delete(16)

        assert worker.settle()["left"] == 1
        assert not worker.connector.check().ok


def test_nobodys_state_can_be_read_so_that_nothing_is_believed(company: AdCompany, worker: Worker) -> None:
    before = worker.standings()
    uac = "bf967a68-0de6-11d0-a285-00aa003049e2"  # schemaIDGUID of userAccountControl, MS-ADA3 2.341
    sid = company.domain.sid("svc-whosleft")
    company.domain.add_ace(
        company.domain.staff_ou, f"(OD;CIIO;RP;{uac};bf967aba-0de6-11d0-a285-00aa003049e2;{sid})"
    )

    with pytest.raises(PermissionDenied, match="does not show userAccountControl of anybody"):
        list(worker.connector.changes(None))

    assert len(worker.poll(full=True).troubles) == 1
    assert worker.standings() == before


# --- what is asked for ------------------------------------------------------------------------------------


def test_a_filter_that_suddenly_fits_a_tenth_is_held_for_a_person(company: AdCompany, worker: Worker) -> None:
    before = worker.standings()
    company.configure(
        scope={"ous": [company.domain.staff_ou], "filter": "(|(employeeID=E0001)(employeeID=E0002))"}
    )
    narrow = Worker(company.folder)

    (trouble,) = narrow.poll().troubles

    assert "lists 2 of the 24 people known before: 22 are missing at once" in trouble
    (plan,) = narrow.plans()
    assert {cohort.state for cohort in plan.cohorts} == {HoldState.HELD}
    assert narrow.standings() == before
    assert narrow.source().trouble is not None
    narrow.close()


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"base": "OU=Nowhere,DC=corp,DC=example", "scope": {}}, "does not show the people in OU=Nowhere"),
        ({"leavers_ou": "OU=Left,DC=corp,DC=example"}, "does not show the people in OU=Left"),
        ({"base": "DC=other,DC=example", "scope": {}}, "is a controller of DC=corp,DC=example"),
    ],
    ids=["base", "leavers", "domain"],
)
def test_a_place_that_does_not_exist_is_an_error_and_not_an_empty_company(
    company: AdCompany, worker: Worker, changes: dict[str, object], says: str
) -> None:
    before = worker.standings()
    company.configure(**changes)
    elsewhere = Worker(company.folder)

    (trouble,) = elsewhere.poll().troubles

    assert says in trouble
    assert (elsewhere.standings(), elsewhere.source().remedy != "") == (before, True)
    elsewhere.close()


def test_an_ou_that_was_deleted_after_its_people_were_known_is_an_error(
    tmp_path: Path, samba_domain: Domain
) -> None:
    company = AdCompany(tmp_path, domain=samba_domain)
    nights = company.add_ou("Nights")
    company.configure(scope={"ous": [samba_domain.staff_ou, nights]})
    company.employ()
    company.register()
    with working(company) as worker:
        before = worker.standings()
        samba_domain.ldbdel(nights)

        (trouble,) = worker.poll(full=True).troubles

        assert "does not show the people in OU=Nights" in trouble
        assert worker.standings() == before
        worker.keep(replace(worker.source(), cursor=None))
        with pytest.raises((PermissionDenied, Incomplete)):
            list(worker.connector.changes(None))
