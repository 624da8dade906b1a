import pytest

from connectors.kit.slack_codes import WAIT_S
from connectors.notify.slack.errors import Answer, failure
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
    Unreachable,
)

CODES: list[tuple[str, type[ConnectorError], type[ConnectorError]]] = [
    # code, when it was about the channel, when it was about a person
    ("invalid_auth", AuthFailed, AuthFailed),
    ("not_authed", AuthFailed, AuthFailed),
    ("account_inactive", AuthFailed, AuthFailed),
    ("token_revoked", AuthFailed, AuthFailed),
    ("token_expired", AuthFailed, AuthFailed),
    ("org_login_required", AuthFailed, AuthFailed),
    ("two_factor_setup_required", AuthFailed, AuthFailed),
    ("missing_scope", PermissionDenied, PermissionDenied),
    ("access_denied", PermissionDenied, PermissionDenied),
    ("accesslimited", PermissionDenied, PermissionDenied),
    ("ekm_access_denied", PermissionDenied, PermissionDenied),
    ("enterprise_is_restricted", PermissionDenied, PermissionDenied),
    ("no_permission", PermissionDenied, PermissionDenied),
    ("not_allowed_token_type", PermissionDenied, PermissionDenied),
    ("restricted_action", PermissionDenied, PermissionDenied),
    ("restricted_action_read_only_channel", PermissionDenied, PermissionDenied),
    ("restricted_action_thread_only_channel", PermissionDenied, PermissionDenied),
    ("team_access_not_granted", PermissionDenied, PermissionDenied),
    ("channel_not_found", BadConfig, Unreachable),
    ("not_in_channel", BadConfig, Unreachable),
    ("is_archived", BadConfig, Unreachable),
    ("messages_tab_disabled", BadConfig, BadConfig),
    ("method_deprecated", BadConfig, BadConfig),
    ("deprecated_endpoint", BadConfig, BadConfig),
    ("unknown_method", BadConfig, BadConfig),
    ("users_not_found", Unreachable, Unreachable),
    ("user_not_found", Unreachable, Unreachable),
    ("user_not_visible", Unreachable, Unreachable),
    ("user_disabled", Unreachable, Unreachable),
    ("cannot_dm_bot", Rejected, Unreachable),
    ("user_is_restricted", Rejected, Unreachable),
    ("msg_too_long", Rejected, Rejected),
    ("msg_blocks_too_long", Rejected, Rejected),
    ("invalid_blocks", Rejected, Rejected),
    ("invalid_blocks_format", Rejected, Rejected),
    ("no_text", Rejected, Rejected),
    ("metadata_too_large", Rejected, Rejected),
    ("invalid_arguments", Rejected, Rejected),
    ("moon_too_full", Rejected, Rejected),
    ("ratelimited", NotDone, NotDone),
    ("rate_limited", NotDone, NotDone),
    ("message_limit_exceeded", Transient, Transient),
    ("internal_error", Transient, Transient),
    ("fatal_error", Transient, Transient),
    ("service_unavailable", Transient, Transient),
    ("request_timeout", Transient, Transient),
    ("team_added_to_org", Transient, Transient),
]


@pytest.mark.parametrize("code, to_channel, to_person", CODES)
def test_each_code_is_one_of_the_taxonomy_with_its_name_and_a_remedy(
    code: str, to_channel: type[ConnectorError], to_person: type[ConnectorError]
) -> None:
    for is_person, expected in ((False, to_channel), (True, to_person)):
        error = failure("Slack: posting to #leavers", Answer(200, code), to_person=is_person)
        assert type(error) is expected
        assert error.message.startswith("Slack: posting to #leavers: ")
        assert code in error.message
        assert error.remedy


@pytest.mark.parametrize(
    "status, expected",
    [
        (200, Transient),
        (301, Transient),
        (400, Transient),
        (401, Transient),
        (403, Transient),
        (404, BadConfig),
        (407, Transient),
        (429, NotDone),
        (500, Transient),
        (502, Transient),
        (503, Transient),
        (504, Transient),
    ],
)
def test_a_status_without_a_code_of_slack_s_is_trouble_on_the_way(
    status: int, expected: type[ConnectorError]
) -> None:
    error = failure("Slack: posting", Answer(status, "<html>Proxy</html>"))
    assert type(error) is expected
    assert "<html>" not in str(error)
    assert error.remedy


def test_a_server_error_with_any_code_is_tried_again() -> None:
    assert type(failure("Slack: posting", Answer(503, "invalid_auth"))) is Transient


@pytest.mark.parametrize(
    "answer, wait_s",
    [
        (Answer(429, "ratelimited", retry_after_s=7.0), 7.0),
        (Answer(200, "ratelimited", retry_after_s=7.0), 7.0),
        (Answer(429), WAIT_S),
        (Answer(503, retry_after_s=7.0), 7.0),
        (Answer(503), None),
    ],
)
def test_the_wait_that_slack_asks_for_is_kept(answer: Answer, wait_s: float | None) -> None:
    error = failure("Slack: posting", answer)
    assert isinstance(error, Transient)
    assert error.retry_after_s == wait_s


def test_a_missing_scope_is_named_with_where_to_add_it() -> None:
    error = failure("Slack: looking up", Answer(200, "missing_scope", needed="users:read.email"))
    assert isinstance(error, PermissionDenied)
    assert error.missing == "users:read.email"
    assert "users:read.email" in error.remedy
    assert "reinstall" in error.remedy


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived"])
def test_a_channel_that_cannot_be_posted_to_is_repaired_by_an_invitation(code: str) -> None:
    assert "/invite @" in failure("Slack: posting to #leavers", Answer(200, code)).remedy


def test_what_slack_says_of_a_refused_block_is_passed_on() -> None:
    note = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert note in str(failure("Slack: posting", Answer(200, "invalid_blocks", notes=(note,))))
