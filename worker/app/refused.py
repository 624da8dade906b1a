"""The error for the person who asked for an act that was refused, such as one without a reason."""

from __future__ import annotations

from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import Tongue


class Refused(Exception):
    """The act cannot be done. The text says why, and what can be done instead."""

    @property
    def is_translated(self) -> bool:
        """False if it is English in every language."""
        return isinstance(self.args[0], Reason)

    def say(self, tongue: Tongue) -> str:
        """The text in the reader's language if it is a reason of ours; else in English."""
        text = self.args[0]
        return text.say(tongue) if isinstance(text, Reason) else str(text)


def answered_already() -> Refused:
    """The error for an answer to a question that somebody has answered since it was shown."""
    return Refused(because("Somebody has answered this already."))


def require_reason(reason: str) -> None:
    """Refuse to do something without a word of why."""
    if not reason.strip():
        raise Refused(because("Say why: a reason is required."))
