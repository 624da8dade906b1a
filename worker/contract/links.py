"""Links: the people behind handles."""

from __future__ import annotations

from worker.contract.people import PersonRefShape
from worker.contract.shape import Shape
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.identity.names import Suggestion
from worker.domain.model import AccountKey, HandleKey


class SuggestionShape(Shape):
    """Somebody whom a handle may belong to."""

    source: str
    id: str
    name: str
    similarity: float

    @classmethod
    def of(cls, one: Suggestion[AccountKey]) -> SuggestionShape:
        return cls(source=one.key.source, id=one.key.person_id, name=one.name, similarity=round(one.score, 2))


class HandleLinkShape(Shape):
    """Who is behind a handle, or who could be."""

    id: str
    source: str
    handle: str
    state: IdentityState
    how: How | None
    why: str
    person: PersonRefShape | None
    suggestions: list[SuggestionShape]

    @classmethod
    def of(cls, key: HandleKey, link: Identity) -> HandleLinkShape:
        return cls(
            id="/".join(key),
            source=key.source,
            handle=key.handle,
            state=link.state,
            how=link.how if link.person else None,
            why=link.why,
            person=PersonRefShape.of(link.person) if link.person else None,
            suggestions=[SuggestionShape.of(one) for one in link.suggestions],
        )


class RejectedShape(Shape):
    """A handle, and whose it is not; null: it is nobody's of the directory."""

    id: str
    source: str
    handle: str
    person: PersonRefShape | None

    @classmethod
    def of(cls, key: HandleKey, person: AccountKey | None) -> RejectedShape:
        return cls(
            id="/".join(key),
            source=key.source,
            handle=key.handle,
            person=PersonRefShape.of(person) if person else None,
        )
