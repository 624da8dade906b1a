"""What is said of an advisory: which messenger, how bad, the version to reach, and by whom that is known. Pure.

Titles and notices come as English sentences from whoever published them, and stay as they are.
"""

from __future__ import annotations

from worker.domain.messages.message import Paragraph
from worker.domain.messages.sentences import flat, sentences
from worker.domain.messages.versions import platform_text, version_text
from worker.domain.text.tongue import ENGLISH, N_, Tongue
from worker.domain.watch.advisories import Advisory
from worker.domain.watch.products import title_of

_EXPLOITED = N_("{messenger}: {id} is used in attacks")
_SEVERE = N_("{messenger}: {id} is severe")
_CHANGED = N_("Changed: {what}")


def advisory_paragraph(one: Advisory, tongue: Tongue = ENGLISH) -> Paragraph:
    """An advisory for the security team; of one that was told before, that something of it changed."""
    headline = advisory_headline(one, tongue)
    if one.told:
        headline = tongue.say(_CHANGED, what=headline)
    has_fix = bool(one.platforms)
    to_do = (
        tongue.say("Everybody who uses it has to update their app.")
        if has_fix
        else tongue.say("No version that repairs it is known yet.")
    )
    return Paragraph(
        headline, sentences(flat(one.title), to_do, *one.notices), _facts(one, tongue), link=one.url or None
    )


def advisory_headline(one: Advisory, tongue: Tongue = ENGLISH) -> str:
    """What it is about and how bad it is, in one line."""
    text = _EXPLOITED if one.is_exploited else _SEVERE
    return tongue.say(text, messenger=title_of(one.key.messenger), id=one.key.id)


def _facts(one: Advisory, tongue: Tongue) -> tuple[tuple[str, str], ...]:
    facts = [(platform_text(name, tongue), version_text(fix, tongue)) for name, fix in one.platforms.items()]
    if one.cvss is not None:
        facts.append((tongue.say("Score (CVSS)"), f"{one.cvss:.1f}"))
    if one.tags:
        facts.append((tongue.say("Marked as"), ", ".join(map(flat, one.tags))))
    facts.append((tongue.say("Published by"), ", ".join(one.by_feed)))
    return tuple(facts)
