"""Members of a ward's group who are shown under other handles than the directory's number."""

from __future__ import annotations

from dataclasses import replace

from harness import Harness
from worker.domain.identity.matching import Identity
from worker.domain.model import HandleKey, Member
from worker.domain.tickets.ticket import TicketKind

LID = "76699677012110@lid"
OTHER_LID = "81160099417703@lid"
NEW = "+447700900900"  # a number that no directory has


def behind(company: Harness, handle: str, source: str = "wards") -> Identity:
    with company.store.begin() as uow:
        found = uow.identities.get(HandleKey(source, handle))
    assert found is not None
    return found


def questions(company: Harness) -> list[str]:
    return [one.handle for one in company.tickets(TicketKind.IDENTIFY_MEMBER)]


def shown(company: Harness, who: str, **handles: str | None) -> Member:
    """Somebody with other handles than the number of the directory alone."""
    known = replace(company.member(who), **handles)  # type: ignore[arg-type]
    return replace(known, handle=known.phone or known.lid or known.business_id or "")


def show(company: Harness, who: str, before: str | None = None, **handles: str | None) -> str:
    member = shown(company, who, **handles)
    company.wards.replace_member("ward-7", before or company.number(who), member)
    company.later()
    company.settle()
    return member.handle
