"""Slack's error codes that mean the same in every method, and how to add a scope.

From the error tables of docs.slack.dev/reference/methods, read 2026-11.
"""

from __future__ import annotations

AUTH = frozenset({
    "account_inactive", "invalid_auth", "not_authed", "org_login_required", "token_expired", "token_revoked",
    "two_factor_setup_required",
})  # fmt: skip
DENIED = frozenset({
    "access_denied", "accesslimited", "ekm_access_denied", "enterprise_is_restricted", "no_permission",
    "not_allowed_token_type", "restricted_action", "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel", "restricted_action_thread_locked",
    "restricted_action_thread_only_channel", "team_access_not_granted",
})  # fmt: skip
ASKED_TO_WAIT = frozenset({"rate_limited", "ratelimited"})
TRANSIENT = frozenset({
    "fatal_error", "internal_error", "message_limit_exceeded", "request_timeout", "service_unavailable",
    "team_added_to_org",
})  # fmt: skip
RENEW = (
    "Take the bot token (xoxb-…) from the app's page at api.slack.com/apps, OAuth & Permissions, "
    "and put it where `token` points; reinstall the app if the page says so."
)
LATER = "Nothing to do unless it goes on: it is tried again."
WAIT_S = 30.0  # if Slack asks to wait and does not say how long; its limits are per minute


def scope_remedy(scopes: str) -> str:
    """Say where to add `scopes`, in the words of Slack's own pages."""
    return (
        f"At api.slack.com/apps open the app, OAuth & Permissions, add to the bot token scopes: "
        f"{scopes or '(see the README)'}; then reinstall it to the workspace."
    )
