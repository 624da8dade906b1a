"""People's answers to who a member is: the same from the command line, a program and the web."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from worker.app.acts.looking_up import one_person
from worker.app.acts.rights import require_another
from worker.app.refused import Refused, answered_already, require_reason
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM, Actor, acted
from worker.domain.evidence.journal import Entry
from worker.domain.identity.matching import QUESTIONS, How, Identity, IdentityState
from worker.domain.model import Account, AccountKey, HandleKey
from worker.domain.text.reason import because
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.store import Store, UnitOfWork


class Identifying:
    """People's answers. A link is named by `source/handle`, the handle alone, or its ticket's id. All raise Refused."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def confirm(
        self, link: str, person: str, by: Actor, now: datetime, reason: str = "", *, is_asked: bool = False
    ) -> tuple[HandleKey, Account]:
        """Say which person is behind a handle; this is asked again only if the handle changes.

        `is_asked`: it was shown as an open question, so an answer that somebody gave meanwhile stays.
        """
        with self._store.begin() as uow:
            key, known = self._handle(uow, link)
            if is_asked and known.state not in QUESTIONS:
                raise answered_already()
            require_another(uow, by, [known.person], key.handle)
            one = one_person(uow, person)
            why = because("confirmed by {name}", name=by.name)
            answer = Identity(IdentityState.LINKED, known.fingerprint, one.key, How.CONFIRMED, why)
            uow.identities.answer([HandleIdentity(key, answer)], now, by.name)
            data = {"person": f"{one.key.source}/{one.key.person_id}"}
            uow.journal.append([acted(by, now, events.LINK_CONFIRMED, f"link:{key.source}", reason, data)])
        return key, one

    def reject(
        self, link: str, by: Actor, reason: str, now: datetime, shown: str = ""
    ) -> tuple[HandleKey, AccountKey | None]:
        """Take back a link ("not this person"), or answer a question with "nobody in the directory".

        `shown`: the person whom it was shown with, by id or e-mail address. Another answer that was given meanwhile,
        or a question that is open again, stays.
        """
        require_reason(reason)
        with self._store.begin() as uow:
            key, known = self._handle(uow, link)
            if shown and known.person not in {one.key for one in uow.people.find(shown)}:
                raise answered_already()
            require_another(uow, by, [known.person], key.handle)
            uow.identities.reject(key, known.person, now, by.name)
            person = known.person
            data = {"person": f"{person.source}/{person.person_id}" if person else None}
            uow.journal.append([acted(by, now, events.LINK_REJECTED, f"link:{key.source}", reason, data)])
        return key, person

    def ask_again(self, link: str, by: Actor, reason: str, now: datetime) -> None:
        """Take back that a member is nobody of the directory. Another answer that was given meanwhile stays."""
        require_reason(reason)
        with self._store.begin() as uow:
            key, known = self._handle(uow, link)
            if known.state is not IdentityState.NOBODY:
                raise answered_already()
            uow.identities.ask_again(key)
            uow.identities.mark_groups_dirty([key], now)
            data = {"person": None}
            uow.journal.append([acted(by, now, events.LINK_REJECTED, f"link:{key.source}", reason, data)])

    def say_nobody(self, members: Collection[HandleKey], by: Actor, reason: str, now: datetime) -> int:
        """Answer open questions: nobody in the directory. Return how many; what is answered already stays as it is."""
        require_reason(reason)
        with self._store.begin() as uow:
            known = [(key, uow.identities.get(key)) for key in members]
            asked = [key for key, one in known if one is not None and one.state in QUESTIONS]
            for key in asked:
                uow.identities.reject(key, None, now, by.name)
            uow.journal.append(
                [
                    acted(by, now, events.LINK_REJECTED, f"link:{key.source}", reason, {"person": None})
                    for key in asked
                ]
            )
        return len(asked)

    def _handle(self, uow: UnitOfWork, text: str) -> tuple[HandleKey, Identity]:
        found = uow.identities.find(text)
        if len(found) > 1:
            choices = ", ".join(f"{key.source}/{key.handle}" for key in found)
            raise Refused(f"'{text}' is a handle in several inventories; say which: {choices}.")
        known = uow.identities.get(found[0]) if found else None
        if known is None:
            raise Refused(f"There is no link '{text}'; `whosleft links list` shows them.")
        return found[0], known


def carried(answer: HandleIdentity, now: datetime) -> Entry:
    """The event that a person's answer is carried on: to its member as now shown, or to another handle of theirs."""
    person = answer.identity.person
    data = {"person": "/".join(person) if person else None}
    return acted(SYSTEM, now, events.LINK_CARRIED, f"link:{answer.key.source}", data=data)
