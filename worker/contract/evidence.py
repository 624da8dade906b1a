"""Evidence: a pack that was made, one that was checked, and the database compared with the journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from worker.app.evidence.export import Exported
from worker.app.evidence.unexplained import Compared, Unexplained
from worker.app.evidence.zip import PackVerdict
from worker.contract.shape import Counts, Day, Instant, Shape
from worker.domain.evidence.manifest import Manifest
from worker.domain.evidence.pack import Covered, JournalSum, Sought, What


class HeadShape(Shape):
    """The head of the journal's chain, to be kept apart from a pack."""

    count: int
    hash: str

    @classmethod
    def of(cls, journal: JournalSum) -> HeadShape:
        return cls(count=journal.count, hash=journal.hash)


class SearchShape(Shape):
    """A search of the journal; an empty text is any."""

    actor: str
    kind: str
    subject: str

    @classmethod
    def of(cls, sought: Sought) -> SearchShape:
        return cls(actor=sought.actor, kind=sought.kind, subject=sought.subject)


class CoversShape(Shape):
    """What a pack is about; both days count. `search` is null unless it is a search."""

    what: What
    ids: list[str]
    from_on: Day | None = Field(serialization_alias="from")
    to_on: Day | None = Field(serialization_alias="to")
    search: SearchShape | None

    @classmethod
    def of(cls, covered: Covered) -> CoversShape:
        search = SearchShape.of(covered.sought) if covered.what is What.SEARCH else None
        return cls(
            what=covered.what,
            ids=list(covered.ids),
            from_on=covered.from_on,
            to_on=covered.to_on,
            search=search,
        )


class PackShape(Shape):
    """A pack that was made. `events` are those that it has in full."""

    file: str
    covers: CoversShape
    events: int
    head: HeadShape
    digest: str

    @classmethod
    def of(cls, file: Path, made: Exported) -> PackShape:
        return cls(
            file=str(file),
            covers=CoversShape.of(made.covered),
            events=made.journal.full,
            head=HeadShape.of(made.journal),
            digest=made.digest,
        )


class KeptHeadShape(Shape):
    """A head that was kept: of which event, and how many came since."""

    count: int
    since: int


class VerdictShape(Shape):
    """Whether a pack is whole. Without a manifest that can be believed there is nothing else to say."""

    ok: bool
    problems: list[str]

    @classmethod
    def of(cls, verdict: PackVerdict) -> VerdictShape:
        said = cls(ok=verdict.is_whole, problems=list(verdict.problems))
        return said if verdict.manifest is None else ReadPackShape.read(said, verdict, verdict.manifest)


class ReadPackShape(VerdictShape):
    """Whether a pack is whole, and what it is."""

    covers: CoversShape
    made_at: Instant
    made_by: str
    software: str
    events: int
    head: HeadShape
    digest: str
    recorded_at: Instant | None
    kept_head: KeptHeadShape | None

    @classmethod
    def read(cls, said: VerdictShape, verdict: PackVerdict, manifest: Manifest) -> ReadPackShape:
        journal, kept_at = manifest.journal, verdict.kept_at
        kept = None if kept_at is None else KeptHeadShape(count=kept_at, since=journal.count - kept_at)
        return cls(
            **dict(said),
            covers=CoversShape.of(manifest.covered),
            made_at=manifest.made_at,
            made_by=manifest.made_by,
            software=manifest.software,
            events=journal.full,
            head=HeadShape.of(journal),
            digest=verdict.digest,
            recorded_at=verdict.recorded_at,
            kept_head=kept,
        )


class UnexplainedShape(Shape):
    """A row that no event explains."""

    row: str
    why: str

    @classmethod
    def of(cls, one: Unexplained) -> UnexplainedShape:
        return cls(row=one.row, why=one.why)


class ComparisonShape(Shape):
    """What a comparison of the database with the journal came to."""

    ok: bool
    compared: Counts
    not_comparable: int
    problems: list[UnexplainedShape]

    @classmethod
    def of(cls, compared: Compared, problems: Sequence[Unexplained]) -> ComparisonShape:
        return cls(
            ok=not problems,
            compared=dict(compared.rows),
            not_comparable=compared.not_comparable,
            problems=[UnexplainedShape.of(one) for one in problems],
        )
