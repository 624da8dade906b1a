"""Attestations: what people said when they were asked."""

from __future__ import annotations

from collections.abc import Mapping

from worker.contract.people import NamedPersonShape
from worker.contract.shape import Instant, Shape
from worker.domain.controls.statements import Assurance, AttestAnswer, Attestation, ItemAnswer, Statement
from worker.domain.model import AccountFacts, AccountKey
from worker.domain.tickets.ticket import ticket_label


class AttestedGroupShape(Shape):
    """The group that a statement is about."""

    source: str
    id: str


class ImportedListShape(Shape):
    """What came of a list of another system: how many rows are new, and what is wrong with others."""

    kept: int
    problems: list[str]


class AttestationShape(Shape):
    """One statement of one person. `person` is null once they are erased."""

    id: str
    statement: Statement
    subject: str
    version: str
    language: str
    text_sha256: str
    person: NamedPersonShape | None
    group: AttestedGroupShape | None
    answer: AttestAnswer
    items: dict[str, ItemAnswer]
    at: Instant
    expires_at: Instant | None
    assurance: Assurance
    source: str
    ticket: str | None

    @classmethod
    def of(cls, one: Attestation, known: Mapping[AccountKey, AccountFacts]) -> AttestationShape:
        """`known`: what the directories say of the people."""
        facts = known.get(one.person) if one.person else None
        return cls(
            id=one.label,
            statement=one.statement,
            subject=one.subject,
            version=one.version,
            language=one.language,
            text_sha256=one.text_sha256,
            person=NamedPersonShape.of(one.person, facts.display_name if facts else "")
            if one.person
            else None,
            group=AttestedGroupShape(source=one.group.source, id=one.group.group_id) if one.group else None,
            answer=one.answer,
            items=dict(one.items),
            at=one.at,
            expires_at=one.expires_at,
            assurance=one.assurance,
            source=one.source,
            ticket=ticket_label(one.ticket) if one.ticket else None,
        )
