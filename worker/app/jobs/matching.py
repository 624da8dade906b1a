"""Matching: say which person is behind each handle that waits, and begin transactions in which no handle waits.

A job's handles are matched in the transaction that writes its decisions, since a poll may commit between any two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from worker.app.acts.identifying import carried
from worker.app.jobs.observer import SILENT, Observer
from worker.domain.identity.matching import Identity, IdentityState, match
from worker.domain.identity.names import NameSearch
from worker.domain.model import HandleKey
from worker.ports.state.identities import HandleIdentity, Question
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork

QUESTIONS_PAGE = 2_000
SURE_PAGE = 20_000
NAMES_MAX = 20_000  # people to search for a similar name; a suggestion is not worth more work


class Matching:
    """The matching of one pass at `now` (aware UTC). `changed` counts the identities that it changed."""

    def __init__(self, store: Store, now: datetime, lease: Lease | None, observer: Observer = SILENT) -> None:
        self._store = store
        self._now = now
        self._lease = lease
        self._observer = observer
        self.changed = 0

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Begin a writing transaction in which every handle is matched with the directories' present state.

        Only one transaction writes at a time, so no new handle can wait before it ends. If many handles wait, they
        are matched before it begins, page by page, each page in its own transaction.
        """
        while True:
            with self._store.begin(self._lease) as uow:
                if not uow.identities.has_questions():
                    yield uow
                    return
            self._match()

    def _match(self) -> None:
        self._match_sure()
        while self._match_page():
            pass

    def _match_sure(self) -> None:
        """Link whoever is sure, many at once; those who are left are looked at one by one."""
        after: HandleKey | None = None
        all_linked = 0
        while True:
            with self._store.begin(self._lease) as uow:
                after, linked = uow.identities.link_sure(after, SURE_PAGE, self._now)
                if after is None:
                    uow.identities.gather(all_linked)
                    return
            all_linked += linked
            self.changed += linked
            self._observer.progressed("members", linked)

    def _match_page(self) -> int:
        with self._store.begin(self._lease) as uow:
            questions = uow.identities.questions(QUESTIONS_PAGE)
            answers = [HandleIdentity(question.key, _answer(question)) for question in questions]
            if any(answer.identity.state is IdentityState.UNMATCHED for answer in answers):
                names = NameSearch(uow.identities.names(NAMES_MAX))
                shown = {question.key: question.member.display_name for question in questions}
                answers = [
                    HandleIdentity(key, replace(link, suggestions=names.like(shown[key])))
                    if link.state is IdentityState.UNMATCHED and shown[key]
                    else HandleIdentity(key, link)
                    for key, link in answers
                ]
            self.changed += uow.identities.answer(answers, self._now)
            uow.journal.append(
                carried(answer, self._now)
                for question, answer in zip(questions, answers, strict=True)
                if answer.identity.decided_by and answer.identity != question.previous
            )
        self._observer.progressed("members", len(questions))
        return len(questions)


def _answer(question: Question) -> Identity:
    return match(
        question.fingerprint,
        question.previous,
        question.candidates,
        question.first_seen_at,
        question.others,
        question.known_as,
    )
