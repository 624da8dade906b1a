"""The error for the person who asked for an act that was refused, such as one without a reason."""

from __future__ import annotations

from worker.domain.text.reason import Reason, because


class Refused(Exception):
    """The act cannot be done. The text says why, and what can be done instead."""

    @property
    def why(self) -> Reason:
        """The text, to be said in the reader's language if it is a reason of ours; else it stays English."""
        text = self.args[0] if self.args else ""
        return text if isinstance(text, Reason) else Reason(str(text))


def require_reason(reason: str) -> None:
    """Refuse to do something without a word of why."""
    if not reason.strip():
        raise Refused(because("Say why: a reason is required."))
