"""Answers to the rows of a review: which of them count, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from worker.app.acts.changes import Change
from worker.app.refused import Refused
from worker.domain.controls.reviewing import ReviewMember, ReviewRow, ReviewRows, RowAnswer
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.reviews import AnsweredRow


class RowsChanged(Refused):
    """A row that was answered is somebody else's now, gone, or answered otherwise; nothing was kept."""


def chosen_rows(
    rows: ReviewRows, answers: Mapping[str, AnsweredRow], said: Mapping[str, RowAnswer]
) -> list[tuple[ReviewRow, RowAnswer]]:
    """What was said, by the marks of members, of rows without an answer.

    Raises RowsChanged unless each row is there as it was shown, without an answer or with the same one.
    """
    shown = {row.member.mark: row for row in rows.shown}
    if not said.keys() <= shown.keys():
        raise RowsChanged("The rows have changed meanwhile.")
    chosen = []
    for mark, answer in said.items():
        before = answers.get(shown[mark].member.handle)
        if before is None:
            chosen.append((shown[mark], answer))
        elif before.answer is not answer:
            raise RowsChanged("A row was answered otherwise meanwhile.")
    return chosen


def standing(answers: Mapping[str, AnsweredRow], members: Iterable[ReviewMember]) -> dict[str, AnsweredRow]:
    """The answers that count: not what was said of somebody else, or before whoever it was came back."""
    now = {one.handle: one for one in members}
    return {handle: one for handle, one in answers.items() if handle not in now or _is_of(now[handle], one)}


def _is_of(member: ReviewMember, said: AnsweredRow) -> bool:
    is_theirs = said.person is None or member.is_of({said.person})
    return is_theirs and (member.first_seen_at is None or said.at >= member.first_seen_at)


def counted(rows: Sequence[AnsweredRow]) -> Change:
    """The change of a ticket that counts these answers."""

    def change(ticket: Ticket) -> Ticket:
        answered = int(ticket.details.get("answered", 0)) + len(rows)
        return replace(ticket, details={**ticket.details, "answered": answered})

    return change


def sum_of(rows: Sequence[AnsweredRow]) -> str:
    """A hash of the answers, which stay in their own table: the journal dates them."""
    text = "\n".join(
        f"{one.handle} {one.answer.value} {one.why}" for one in sorted(rows, key=lambda row: row.handle)
    )
    return sha256(text.encode()).hexdigest()
