"""Graph's addresses of Teams: one call is one request, and one page.

Addresses and rights: the pages of learn.microsoft.com/graph/api (list groups, group members and owners, channels,
channel members and allMembers, chats, chat members, get team, list photos), read 2026-11. The rights are application
permissions.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from connectors.kit.graph.client import READ_USERS, Graph, NoImage

READ_MEMBERS, WRITE_MEMBERS = "GroupMember.Read.All", "GroupMember.ReadWrite.All"
READ_SETTINGS, WRITE_OWNERS = "TeamSettings.Read.All", "Group.ReadWrite.All"
READ_PICTURES = "ProfilePhoto.Read.All"
READ_CHANNELS = "Channel.ReadBasic.All"
READ_CHANNEL_MEMBERS, WRITE_CHANNEL_MEMBERS = "ChannelMember.Read.All", "ChannelMember.ReadWrite.All"
READ_CHATS, READ_CHAT_MEMBERS = "Chat.ReadBasic.All", "ChatMember.Read.All"
WRITE_CHAT_MEMBERS = "ChatMember.ReadWrite.All"
PAGE_MAX, CHATS_MAX = "999", "50"
NEW_TYPES = "include-unknown-enum-members"  # else a shared channel is one of "unknownFutureValue"
_TEAM = "resourceProvisioningOptions/Any(x:x eq 'Team')"
_USER = "id,displayName,mail,mobilePhone,businessPhones"
_CONVERSATION_MEMBER = "#microsoft.graph.aadUserConversationMember"


class TeamsClient:
    """One tenant. Every method raises ConnectorError; what is not there raises Missing, or is None where it says so.

    Lists take the link of a page, and begin with the first page without one.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    # --- What is there --------------------------------------------------------------------------

    def teams(self, link: str | None = None) -> Any:
        """Return a page of all teams."""
        select = "id,displayName,description"
        url = link or self._graph.url("groups", _filter=_TEAM, _select=select, _top=PAGE_MAX)
        return self._graph.get(url, what="the teams", needs=READ_MEMBERS)

    def settings(self, team_id: str) -> Any:
        """Return whether a team is archived, and who sees it."""
        url = self._graph.url(f"teams/{_quoted(team_id)}", _select="id,isArchived,visibility")
        return self._graph.get(url, what="a team's settings", needs=READ_SETTINGS)

    def picture_digest(self, team_id: str) -> str:
        """Return the SHA-256 in hex of a team's picture, "" if it has none; nothing of the picture is kept."""
        url = self._graph.url(f"groups/{_quoted(team_id)}/photo/$value")
        try:
            return self._graph.digest(url, what="the picture of a team", needs=READ_PICTURES)
        except NoImage:
            return ""

    def people(self, team_id: str, role: str, link: str | None = None) -> Any:
        """Return a page of a team's `members` or `owners`, who are users."""
        path = f"groups/{_quoted(team_id)}/{role}/microsoft.graph.user"
        url = link or self._graph.url(path, _select=_USER, _top=PAGE_MAX)
        return self._graph.get(url, what=f"the {role} of a team", needs=READ_MEMBERS)

    def channels(self, team_id: str, link: str | None = None) -> Any:
        """Return a page of a team's channels."""
        select = "id,displayName,description,membershipType"
        url = link or self._graph.url(f"teams/{_quoted(team_id)}/channels", _select=select)
        return self._graph.get(url, what="the channels of a team", needs=READ_CHANNELS, prefer=NEW_TYPES)

    def channel_members(self, team_id: str, channel_id: str, link: str | None = None) -> Any:
        """Return a page of those who were added to a channel itself."""
        url = link or self._graph.url(f"{_channel(team_id, channel_id)}/members")
        return self._graph.get(url, what="the members of a channel", needs=READ_CHANNEL_MEMBERS)

    def all_channel_members(self, team_id: str, channel_id: str, link: str | None = None) -> Any:
        """Return a page of all who are in a channel, also through a team that it is shared with."""
        url = link or self._graph.url(f"{_channel(team_id, channel_id)}/allMembers")
        return self._graph.get(url, what="all members of a channel", needs=READ_CHANNEL_MEMBERS)

    def users(self, link: str | None = None) -> Any:
        """Return a page of all accounts."""
        url = link or self._graph.url("users", _select="id", _top=PAGE_MAX)
        return self._graph.get(url, what="the accounts", needs=READ_USERS)

    def user(self, user_id: str) -> Any | None:
        """Return an account; None if this tenant has none."""
        return self._graph.find(
            self._graph.url(f"users/{_quoted(user_id)}", _select=_USER), what="an account"
        )

    def chats(self, user_id: str, link: str | None = None) -> Any:
        """Return a page of somebody's chats."""
        url = link or self._graph.url(f"users/{_quoted(user_id)}/chats", _top=CHATS_MAX)
        return self._graph.get(url, what="the chats of an account", needs=READ_CHATS)

    def chat(self, chat_id: str) -> Any:
        """Return a chat."""
        return self._graph.get(self._graph.url(f"chats/{_quoted(chat_id)}"), what="a chat", needs=READ_CHATS)

    def chat_members(self, chat_id: str, link: str | None = None) -> Any:
        """Return a page of a chat's members."""
        url = link or self._graph.url(_chat(chat_id))
        return self._graph.get(url, what="the members of a chat", needs=READ_CHAT_MEMBERS)

    # --- What is done ---------------------------------------------------------------------------

    def remove_from_team(self, team_id: str, role: str, user_id: str) -> None:
        """Take somebody from a team's `members` or `owners`."""
        needs = WRITE_OWNERS if role == "owners" else WRITE_MEMBERS
        url = self._graph.url(f"groups/{_quoted(team_id)}/{role}/{_quoted(user_id)}/$ref")
        self._graph.call("DELETE", url, what="to remove a member of a team", needs=needs)

    def add_owner(self, team_id: str, user_id: str) -> None:
        """Make somebody an owner of a team."""
        url = self._graph.url(f"groups/{_quoted(team_id)}/owners/$ref")
        body = {"@odata.id": self._graph.url(f"users/{_quoted(user_id)}")}
        self._graph.call("POST", url, what="to make an owner of a team", body=body, needs=WRITE_OWNERS)

    def remove_from_channel(self, team_id: str, channel_id: str, membership_id: str) -> None:
        """End a membership of a channel."""
        url = self._graph.url(f"{_channel(team_id, channel_id)}/members/{_quoted(membership_id)}")
        self._graph.call("DELETE", url, what="to remove a member of a channel", needs=WRITE_CHANNEL_MEMBERS)

    def make_channel_owner(self, team_id: str, channel_id: str, membership_id: str) -> None:
        """Make a member of a channel its owner."""
        url = self._graph.url(f"{_channel(team_id, channel_id)}/members/{_quoted(membership_id)}")
        body = {"@odata.type": _CONVERSATION_MEMBER, "roles": ["owner"]}
        self._graph.call(
            "PATCH", url, what="to make an owner of a channel", body=body, needs=WRITE_CHANNEL_MEMBERS
        )

    def remove_from_chat(self, chat_id: str, membership_id: str) -> None:
        """End a membership of a chat."""
        url = self._graph.url(f"{_chat(chat_id)}/{_quoted(membership_id)}")
        self._graph.call("DELETE", url, what="to remove a member of a chat", needs=WRITE_CHAT_MEMBERS)


def _channel(team_id: str, channel_id: str) -> str:
    return f"teams/{_quoted(team_id)}/channels/{_quoted(channel_id)}"


def _chat(chat_id: str) -> str:
    return f"chats/{_quoted(chat_id)}/members"


def _quoted(text: str) -> str:
    return quote(text, safe="")
