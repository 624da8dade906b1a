"""Access: tokens and links that let people in, and those that ended."""

from __future__ import annotations

from worker.app.acts.access import Made
from worker.contract.shape import Instant, Shape
from worker.ports.state.access import Ended


class TokenShape(Shape):
    """A new token of the API; its text is shown this once."""

    id: str
    token: str
    scopes: list[str]
    expires_at: Instant | None

    @classmethod
    def of(cls, made: Made) -> TokenShape:
        token = made.token
        return cls(id=token.id, token=made.text, scopes=list(token.scopes), expires_at=token.expires_at)


class RevokedShape(Shape):
    """A token that opens nothing any more."""

    id: str
    revoked: bool

    @classmethod
    def of(cls, id_: str) -> RevokedShape:
        return cls(id=id_, revoked=True)


class LoginLinkShape(Shape):
    """A link that signs in once. No `url`: which port the desk has, only its process knows."""

    url: str | None
    path: str


class EndedShape(Shape):
    """How much of each ended with the key."""

    assignees_links: int
    group_links: int
    login_links: int
    sessions: int
    tokens: int


class RotatedShape(Shape):
    """What a new key ended."""

    ended: EndedShape

    @classmethod
    def of(cls, ended: Ended) -> RotatedShape:
        return cls(
            ended=EndedShape(
                assignees_links=ended.assignees_links,
                group_links=ended.group_links,
                login_links=ended.login_links,
                sessions=ended.sessions,
                tokens=ended.tokens,
            )
        )
