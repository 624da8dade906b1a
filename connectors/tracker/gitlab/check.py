"""Whether a project has what the configuration names. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.kit import forges
from connectors.kit.tracker_rest import understood
from connectors.tracker.gitlab import mapping
from connectors.tracker.gitlab.client import GITLAB, GitlabClient, Row
from connectors.tracker.gitlab.config import GitlabConfig
from worker.ports import BadConfig, PermissionDenied, Rejected

PLANNER = 15  # the lowest role that sees confidential issues, and sets labels and assignees


class Check:
    """Raises the first ConnectorError about what is missing."""

    def __init__(self, client: GitlabClient, config: GitlabConfig) -> None:
        self._client = client
        self._config = config

    def run(self, details: dict[str, str]) -> str:
        """Return a sentence of what is there; `details` get whether strangers read it, and the newest copy."""
        project = self._client.project()
        name = understood(GITLAB, "the project", lambda: str(project["path_with_namespace"]))
        visibility = understood(GITLAB, "the project", lambda: str(project["visibility"]))
        details["is_public"] = "yes" if self._is_public(visibility) else "no"
        if project.get("issues_access_level") == "disabled" or project.get("issues_enabled") is False:
            raise BadConfig(f"Issues are switched off in {name}.", remedy="Switch them on in its settings.")
        if project.get("archived"):
            raise BadConfig(
                f"{name} is archived, so nothing can be written.", remedy="Write another project."
            )
        self._require_role(project)
        for email, login in self._config.accounts.items():
            account_id(self._client, login, email)
        details["canary"] = self._canary(details)
        return f"writes issues into {name}; the newest issues: {details['canary']}"

    def _is_public(self, visibility: str) -> bool:
        """A public project counts even with confidential issues: one click there makes them public."""
        return visibility == "public" or (visibility == "internal" and not self._config.confidential)

    def _require_role(self, project: Row) -> None:
        access: Mapping[str, Any] = project.get("permissions") or {}
        levels = [int(one.get("access_level") or 0) for one in access.values() if isinstance(one, Mapping)]
        if levels and max(levels) < PLANNER:
            raise PermissionDenied(
                "GitLab would drop labels and assignees without a word, and hide confidential issues.",
                missing="the role Planner or Reporter",
                remedy="Give the token's account the role Planner or Reporter.",
            )

    def _canary(self, details: dict[str, str]) -> str:
        for row in self._client.newest(1):
            if forges.identity(row.get("description")) and mapping.moved_away(row) is None:
                key = understood(GITLAB, "an issue", lambda: mapping.seen(row, self._config).key)  # noqa: B023  called at once
                if self._config.confidential and row.get("confidential") is not True:
                    details["is_public"] = "yes"
                    raise BadConfig(
                        f"{key} is a copy, and is not confidential.",
                        remedy="Make it confidential there, or write confidential: false.",
                    )
                return f"{key} is a copy"
        return "no copy is among them"


def account_id(client: GitlabClient, login: str, email: str) -> int:
    """Return the id of an active account that is a member. Raises Rejected."""
    user = client.user(login)
    if user is None or user.get("state", "active") != "active":
        raise Rejected(f"GitLab has no active account {login} ({email}).", remedy="Mend accounts.")
    user_id = understood(GITLAB, "an account", lambda: int(user["id"]))
    if not client.is_member(user_id):
        raise Rejected(
            f"{login} ({email}) is no member of the project, so nothing can be assigned to them.",
            remedy="Make that account a member of the project, or take it out of accounts.",
        )
    return user_id
