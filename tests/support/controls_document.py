"""The part of docs/controls.md that is generated: every control, as the code has it."""

from __future__ import annotations

import re

from worker.domain.controls import CATALOGUE, GROUP_CONTROLS
from worker.domain.controls.control import Control
from worker.domain.controls.standards import OF_ALL, supported_by
from worker.domain.kinds import KINDS
from worker.domain.text.durations import format_duration

# The guidance's sentences, in our words
ARTICLES = {
    "S1": "keep a list of all work groups",
    "S2": "assess groups regularly",
    "S3": "close groups that nobody needs",
    "S4": "name admins, and give them duties",
    "S5": "have few admins",
    "S6": "put a summary of the rules into the group's description",
    "S7": "have a policy for messaging",
    "S8": "act at once on a bad message",
    "S9": "add whoever joins",
    "S10": "remove whoever leaves",
    "S11": "have one person answer for all admins",
    "S12": "name another admin when one leaves",
    "S13": "say what may be shared where, with examples",
    "S14": "train people",
    "S15": "give groups clear names and pictures",
    "S16": "don't share devices",
    "S17": "lock devices",
    "S20": "review conversations before somebody leaves",
    "S21": "follow the vulnerabilities of the apps in use",
    "S22": "use tools that have a contract",
    "S23": "ask which groups there are",
    "S24": "keep the lists of members current",
    "S25": "let people be admins who are fit to represent the organisation",
    "S26": "let admins approve who joins, and keep the rules",
    "S27": "tell all members the rules when a group begins",
    "S28": "keep patient data in a controlled system",
    "S29": "tell nobody by chat what belongs into a letter",
    "S30": "know what a consumer's app doesn't promise",
    "S31": "follow each vulnerability until it is mended",
}
_ROSTER = "the roster that the messenger shows (A), or a list that people keep (B)"
_PROFILE = "the profile as the messenger shows it (A); a register's column is a person's word (C), and opens no ticket"
_LIVE = "tickets, each proven by the group's roster"
_WORD = "what people answer: B if they were signed in, C by a link"
EVIDENCE = {
    "group.registered": "a complete register that was read (B)",
    "group.complete": "the register's row (B)",
    "group.roster_fresh": "the day of the newest complete roster, whether a register differs, and reviews of everybody",
    "group.dormant": "the time of the last message, the archive flag, the roster (A); the register (B)",
    "group.class_fits": "the register's class of data, else the name (B); its end as in `group.dormant` (A)",
    "group.admins_few": _ROSTER,
    "group.admins_many": _ROSTER,
    "group.admins_fit": f"{_ROSTER}, beside the directory",
    "profile.description": _PROFILE,
    "profile.name": _ROSTER,
    "profile.picture": "the hash of the picture (A); a register's column is a person's word (C), and opens no ticket",
    "profile.join": "the setting and the age of the link, of which only a hash is kept (A)",
    "profile.rights": "the settings as the messenger shows them (A)",
    "people.leaver": _LIVE,
    "people.joiner": _LIVE,
    "leaving.hand_over": _LIVE,
    "leaving.conversations": "the role's checklist (C), once a second person confirms it (B)",
    "people.accountable": "the directory",
    "watch.sources": "the configuration",
    "group.review": "the answers to its rows: C by an admin of the group, B by its owner",
    "content.report": "the outcome: C by the handler, B once the reporter or a second person confirms it",
    "watch.advisories": "the feeds of vulnerabilities (B)",
    "watch.provider": "what the configuration says was agreed, and when it was checked (C)",
    "group.census": "what managers answer (C): it is their word, however they answered",
    "people.policy": _WORD,
    "group.duties": _WORD,
    "people.consent": "the answer of the person: B if they signed in, C by a link. Until it is taken back",
    "people.training": "the learning platform's list (B), else the person's word (C)",
    "people.device": "the device management's list (B), else the person's word (C)",
}
SETTINGS = {
    "group.registered": "register",
    "group.complete": "register.required",
    "group.roster_fresh": "register.roster_max_age",
    "group.dormant": "dormant",
    "group.census": "register.census",
    "group.class_fits": "classes",
    "group.admins_few": "admins.min",
    "group.admins_many": "admins.max",
    "group.admins_fit": "admins",
    "group.review": "review",
    "group.duties": "duties",
    "people.policy": "policies",
    "people.training": "training",
    "people.device": "device",
    "people.consent": "consent",
    "content.report": "reports",
    "leaving.hand_over": "leaving.hand_over",
    "leaving.conversations": "leaving.conversations",
    "watch.advisories": "advisories",
    "watch.provider": "providers",
}


def controls_text() -> str:
    """Every control in the order of reports."""
    everything = ", ".join(f"{one.framework} {one.clause} ({one.confidence.value})" for one in OF_ALL)
    return "\n".join(
        [*(_one(control) for control in CATALOGUE.values()), f"All of them support {everything}.", ""]
    )


def _one(control: Control) -> str:
    rows = {
        "guidance": "; ".join(f"{article}: {ARTICLES[article]}" for article in control.articles),
        "switched on by": _setting(control),
        **_of_group(control),
        "evidence": EVIDENCE[control.id],
        "a pass doesn't prove": control.cannot_prove,
        "supports": _supports(control) or "–",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"### `{control.id}`: {control.title[0].lower()}{control.title[1:]}\n\n| | |\n|---|---|\n{table}\n"


def _setting(control: Control) -> str:
    section = SETTINGS.get(control.id)
    if section is None and control.id.startswith("profile."):
        section = f"profile[].{control.id.partition('.')[2]}"
    return f"`controls.{section}`" if section else "always on"


def _of_group(control: Control) -> dict[str, str]:
    own = GROUP_CONTROLS.get(control.id)
    if own is None:
        return {}
    text = re.sub(r"\{\w+\}", "…", own.fails)
    said = {"fails with": f"*{text}*"}
    if own.kind is None:
        return said | {"ticket": "none: it is only reported"}
    times = [format_duration(one) for one in (own.due.default, own.due.sensitive)]
    return said | {
        "ticket": f"`{own.kind.value}` ({KINDS[own.kind].word}), due in {times[0]}, in a sensitive group {times[1]}"
    }


def _supports(control: Control) -> str:
    every = [one for one in supported_by(control.id) if one not in OF_ALL]
    return "; ".join(f"{one.framework} {one.clause} ({one.confidence.value})" for one in every)
