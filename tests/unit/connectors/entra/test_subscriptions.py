"""The subscription to change notifications: renewed, lost, refused, and what `check` says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.directory.entra.connector import EntraDirectory
from connectors.directory.entra.notifications import NONE_YET
from connectors.kit.graph import notes as entra_notes
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from listened import SETTINGS, STATE, URL, heard_directory, instant, only, posts, told


@pytest.fixture
def directory(lab: Lab) -> Iterator[EntraDirectory]:
    yield from heard_directory(lab)


# --- the subscription's life ----------------------------------------------------------------------------


def test_a_subscription_is_renewed_before_its_end(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    assert told(lab) == [
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(lab.tenant.now + timedelta(days=2))})
    ]
    lab.tenant.advance(timedelta(hours=36))
    directory.watermark()

    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)
    assert posts(lab) == 1
    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == 1
    assert told(lab) == [(entra_notes.SUBSCRIPTION_RENEWED, {"ends_at": instant(only(lab).expires_at)})]


def test_a_subscription_that_is_lost_is_made_anew(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    lost = only(lab).id
    lab.entra.graph.subscriptions.by_id.clear()
    lab.tenant.advance(timedelta(hours=36))
    told(lab)

    directory.watermark()

    assert only(lab).id != lost
    assert told(lab) == [
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "Graph does not know it any more"}),
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(only(lab).expires_at)}),
    ]


def test_a_subscription_whose_end_has_come_is_made_anew_without_asking_for_it(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    lost = only(lab).id
    lab.tenant.advance(timedelta(days=3))
    told(lab)

    directory.watermark()

    assert only(lab).id != lost
    assert lab.entra.graph.seen("/subscriptions/", "PATCH") == []
    assert told(lab) == [
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "its end came before it was renewed"}),
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(only(lab).expires_at)}),
    ]


@pytest.mark.parametrize(
    "fault, patches",
    [(Fault(400, "ExtensionError", "No."), 48), (faults.server_error(), 48), (faults.denied(), 2)],
)
def test_a_renewal_that_is_refused_until_the_end_is_followed_by_a_new_subscription(
    lab: Lab, directory: EntraDirectory, fault: Fault, patches: int
) -> None:
    directory.watermark()
    first = only(lab).id
    lab.entra.graph.faults.add(fault, path="*/subscriptions/*", method="PATCH", times=None)
    lab.tenant.advance(timedelta(hours=36))
    told(lab)

    for _ in range(12 * 60 + 1):
        directory.watermark()
        lab.tenant.advance(timedelta(minutes=1))

    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == patches
    assert posts(lab) == 2
    assert only(lab).id != first
    notes = told(lab)
    assert [event for event, _ in notes] == [
        *[entra_notes.SUBSCRIPTION_REFUSED] * patches,
        entra_notes.SUBSCRIPTION_ENDED,
        entra_notes.SUBSCRIPTION_MADE,
    ]
    assert {fields["what"] for _, fields in notes[:patches]} == {"its renewal"}


def test_after_its_end_a_new_one_does_not_wait_for_what_its_renewal_was_refused(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    lab.entra.graph.faults.add(faults.denied(), path="*/subscriptions/*", method="PATCH")
    lab.tenant.advance(timedelta(hours=47))
    directory.watermark()
    lab.tenant.advance(timedelta(hours=1))

    directory.watermark()

    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)


def test_a_wish_to_reauthorize_is_followed_at_the_next_look(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    lab.tenant.advance(timedelta(hours=1))
    told(lab)

    assert lab.entra.graph.subscriptions.lifecycle(only(lab).id, "reauthorizationRequired").status == 202

    assert directory.watermark() != before
    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)
    assert told(lab) == [
        (entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": "reauthorizationRequired"}),
        (entra_notes.SUBSCRIPTION_RENEWED, {"ends_at": instant(only(lab).expires_at)}),
    ]
    directory.watermark()
    assert told(lab) == []


def test_a_wish_to_reauthorize_that_fails_does_not_end_the_subscription(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    held = only(lab).id
    lab.entra.graph.faults.add(faults.server_error(), path="*/subscriptions/*")
    lab.entra.graph.subscriptions.lifecycle(held, "reauthorizationRequired")

    directory.watermark()
    lab.tenant.advance(timedelta(minutes=15))
    directory.watermark()

    assert only(lab).id == held
    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == 2


def test_a_removed_subscription_is_made_anew_and_a_round_is_due(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    removed = only(lab).id
    told(lab)

    lab.entra.graph.subscriptions.lifecycle(removed, "subscriptionRemoved")

    assert directory.watermark() != before
    assert only(lab).id != removed
    assert told(lab) == [
        (entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": "subscriptionRemoved"}),
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "Graph has removed it"}),
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(only(lab).expires_at)}),
    ]


def test_a_missed_notification_makes_a_round_due(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    told(lab)

    lab.entra.graph.subscriptions.lifecycle(only(lab).id, "missed")

    assert directory.watermark() != before
    assert told(lab) == [(entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": "missed"})]


@pytest.mark.parametrize(
    "fault, wait",
    [
        (Fault(400, "ValidationError", "Subscription validation request timed out."), timedelta(minutes=15)),
        (faults.throttled(1), timedelta(minutes=15)),
        (faults.dropped(), timedelta(minutes=15)),
        (faults.without("id"), timedelta(minutes=15)),
        (Fault(403, "Forbidden", "Subscription limit reached."), timedelta(hours=6)),
    ],
)
def test_a_subscription_that_is_refused_is_noted_and_wished_for_again_after_a_while(
    lab: Lab, directory: EntraDirectory, fault: Fault, wait: timedelta
) -> None:
    lab.entra.graph.faults.add(fault, path="*/subscriptions", method="POST")

    for _ in range(3):
        assert directory.watermark() == "0"
    assert posts(lab) == 1
    ((event, fields),) = told(lab)
    assert event is entra_notes.SUBSCRIPTION_REFUSED
    assert (fields["what"], fields["retry_after_s"]) == ("a subscription", wait.total_seconds())
    assert fault.message in str(fields["error"])

    lab.tenant.advance(wait - timedelta(seconds=1))
    directory.watermark()
    assert posts(lab) == 1
    lab.tenant.advance(timedelta(seconds=1))
    directory.watermark()
    assert posts(lab) == 2
    assert [event for event, _ in told(lab)] == [entra_notes.SUBSCRIPTION_MADE]


def test_a_refusal_that_names_our_secret_is_noted_without_it(lab: Lab, directory: EntraDirectory) -> None:
    lab.entra.graph.faults.add(
        Fault(400, "InvalidRequest", f"clientState '{STATE}' is too long."), path="*/subscriptions"
    )

    directory.watermark()

    ((_, fields),) = told(lab)
    assert "clientState" in str(fields["error"])
    assert STATE not in str(fields)


# --- what check says ------------------------------------------------------------------------------------


def test_check_says_until_when_there_is_a_subscription_and_needs_no_more_rights(
    lab: Lab, directory: EntraDirectory
) -> None:
    lab.entra.tokens.app.roles.intersection_update({"User.Read.All", "User-LifeCycleInfo.Read.All"})
    beside, elsewhere = lab.directory(notifications=SETTINGS), "https://hooks.corp.example/other"
    lab.entra.graph.subscriptions.reach[elsewhere] = lab.entra.graph.subscriptions.reach[URL]
    lab.directory(notifications=SETTINGS | {"url": elsewhere}).watermark()
    assert beside.check().details["notifications"] == NONE_YET
    for _ in range(2):  # one is left of a worker before
        lab.directory(notifications=SETTINGS).watermark()
        lab.tenant.advance(timedelta(hours=1))

    result = beside.check()

    assert result.ok
    ends_at = instant(lab.tenant.now + timedelta(hours=47))
    assert result.details["notifications"] == f"a subscription until {ends_at}"
    assert STATE not in repr(result)


def test_check_goes_on_when_subscriptions_can_t_be_listed(lab: Lab, directory: EntraDirectory) -> None:
    for fault in (faults.denied(), faults.server_error(), faults.without("value"), faults.truncated()):
        lab.entra.graph.faults.add(fault, path="*/subscriptions")
        result = directory.check()
        assert result.ok
        assert result.details["notifications"].startswith("can't be told: Graph")


def test_check_reads_on_where_subscriptions_have_pages_but_not_for_ever(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    onwards = f"{lab.entra.graph_url}/v1.0/subscriptions?$skiptoken=x"
    empty = Fault(edit=lambda page: {"value": [], "@odata.nextLink": onwards})
    lab.entra.graph.faults.add(empty, path="*/subscriptions", method="GET", times=2)
    assert directory.check().details["notifications"].startswith("a subscription until")

    lab.entra.graph.faults.add(empty, path="*/subscriptions", method="GET", times=None)
    assert directory.check().details["notifications"] == NONE_YET


def test_without_notifications_check_asks_for_no_subscription(lab: Lab) -> None:
    lab.tenant.add()
    lab.entra.graph.faults.add(faults.denied(), path="*/subscriptions*", times=None)

    result = lab.directory().check()

    assert result.ok
    assert "notifications" not in result.details
    assert lab.entra.graph.seen("/subscriptions") == []
