"""What is missing for copies in a project: read only, and each thing with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from connectors.kit.text import listed
from connectors.tracker.jira import mapping
from connectors.tracker.jira.client import PAGE, JiraClient, Row
from connectors.tracker.jira.config import JiraConfig
from connectors.tracker.jira.forms import Form, read_form
from connectors.tracker.jira.mapping import Place
from connectors.tracker.jira.moves import way_to
from worker.domain.mirror.outside import CopyStanding, Goal, Seen
from worker.ports import CheckResult, Rejected

NEEDED = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ADD_COMMENTS": "Add Comments",
}
WANTED = {
    "ASSIGN_ISSUES": ("Assign Issues", "nobody can be given an issue (or set assign: false)"),
    "CREATE_ATTACHMENTS": ("Create Attachments", "no evidence is attached"),
}
TOKEN_MIN = timedelta(days=14)  # before its token ends it is red, as for the certificates of others
RENEWAL = "Make another token, and give it here with its last day (token_expires_on)."
Problem = tuple[str, str]  # what is missing, and what to do


def checked(client: JiraClient, config: JiraConfig, details: dict[str, str], today: date) -> CheckResult:
    """Return what is missing. Raises ConnectorError where nothing can be told; what was seen is in `details`."""
    problems = list(_of_the_token(config, details, today))
    deployment = client.deployment()
    account = mapping.account_of(client.myself())
    project = client.project(config.project)
    place = Place(str(project.get("id")), str(project.get("key")), deployment.address)
    details["is_public"] = "yes" if client.is_public(config.project) else "no"
    rights = client.rights(config.project, [*NEEDED, *WANTED])
    problems += _without_rights(rights)
    if rights["CREATE_ISSUES"]:
        form = read_form(client, config)
        problems += _without_fields(form, config)
        problems += _without_statuses(client, config)
        problems += _of_the_newest(client, config, place, form)
    details |= {"jira": deployment.name, "account": account, **_lacking(client, rights)}
    if problems:
        message = "; ".join(text for text, _ in problems)
        remedies = dict.fromkeys(remedy for _, remedy in problems)
        return CheckResult(ok=False, message=f"{message}.", remedy=" ".join(remedies), details=details)
    return CheckResult(
        ok=True, message=f"{deployment.name}, project {config.project}, as {account}", details=details
    )


def _of_the_token(config: JiraConfig, details: dict[str, str], today: date) -> Iterator[Problem]:
    ends_on = config.token_expires_on
    if ends_on is None:
        return
    details["token"] = f"{'ended' if ends_on < today else 'ends'} on {ends_on}"
    if ends_on - today < TOKEN_MIN:
        yield f"the token {details['token']}", RENEWAL


def _without_rights(rights: dict[str, bool]) -> Iterator[Problem]:
    names = [name for key, name in NEEDED.items() if not rights[key]]
    if names:
        yield f"the account lacks {', '.join(names)}", "Grant it in the project's permissions."


def _lacking(client: JiraClient, rights: dict[str, bool]) -> dict[str, str]:
    """Return what can't be done for want of rights that copies don't need."""
    lacking = {name: what for key, (name, what) in WANTED.items() if not rights[key]}
    if not client.attachments_enabled():
        lacking["Attachments"] = "they are off in this Jira, so no evidence is attached"
    return {f"without {name}": what for name, what in lacking.items()}


def _without_fields(form: Form, config: JiraConfig) -> Iterator[Problem]:
    needed = ("summary", "description", "labels", *config.fields)
    off = [key for key in needed if key not in form.fields]
    if off:
        yield (
            f"not on the screen for new issues of the type {config.issue_type}: {', '.join(off)}",
            "Put it on the create screen of this type; by its label a copy is found again.",
        )
    unanswered = form.unanswered(config)
    if unanswered:
        yield (
            f"new issues have to have a value in {listed(unanswered)}",
            "Give it a fixed value in fields, a default in Jira, or make it optional.",
        )


def _without_statuses(client: JiraClient, config: JiraConfig) -> Iterator[Problem]:
    wanted = config.issue_type.casefold()
    rows = [row for row in client.statuses(config.project) if str(row.get("name")).casefold() == wanted]
    names = [str(status.get("name")) for row in rows for status in _list(row, "statuses")]
    there = {name.casefold() for name in names}
    missing = [name for name in config.states.named() if name.casefold() not in there]
    if missing:
        yield (
            f"{config.issue_type} has no status {', '.join(missing)}; it has {listed(names)}",
            "Give statuses of this type's workflow in states, in the language of the account.",
        )
    other = [name for name in config.states.declined if name.casefold() not in there]
    if other:
        known = {str(row.get("name")).casefold() for row in client.resolutions()}
        if unknown := [name for name in other if name.casefold() not in known]:
            yield (
                f"there is no status and no resolution {', '.join(unknown)}",
                "Mend states.declined.",
            )


def _of_the_newest(client: JiraClient, config: JiraConfig, place: Place, form: Form) -> Iterator[Problem]:
    """What the newest copy shows: that a search by its label finds it, and that a move leads on from where it is."""
    query = f'project = "{config.project}" AND creator = currentUser() ORDER BY created DESC'
    rows = client.search(query, PAGE)
    newest = next((row for row in rows if mapping.identity_of(row) or _is_marked(row, config)), None)
    more = {"fields": "*all"} if form.request_field else None
    row = client.issue(str(mapping.number_of(newest)), more) if newest is not None else None
    if row is None:
        return
    seen = mapping.seen(row, place, config.states)
    if seen.is_elsewhere:
        return
    yield from _not_found(client, row, seen)
    if form.request_field and not mapping.fields_of(row).get(form.request_field):
        yield f"{seen.key} has no request type", "Check request_type: Jira has dropped it."
    is_closed = seen.standing in {CopyStanding.DONE, CopyStanding.DECLINED}
    status = config.states.status(Goal.OPEN if is_closed else Goal.DONE)
    values = {} if is_closed else config.states.fields
    try:
        way = way_to(client.transitions(seen.ref), seen.status, status, values)
    except Rejected as error:
        yield f"{seen.key}: {error.message.removesuffix('.')}", error.remedy
        return
    if lost := [key for key in values if key not in way.fields]:
        yield (
            f"the move to {status} does not take {', '.join(lost)}",
            "Put it on the move's screen, or leave it out of states.fields.",
        )


def _is_marked(row: Row, config: JiraConfig) -> bool:
    """Whether it has the labels of all copies, though not its own."""
    return bool(config.labels) and set(config.labels) <= set(mapping.labels_of(row))


def _not_found(client: JiraClient, row: Row, seen: Seen) -> Iterator[Problem]:
    if seen.identity not in mapping.labels_of(row):
        name = seen.identity or "of its ticket"
        yield f"{seen.key} has lost its label {name}", "Add it again: by it a copy is found."
        return
    found = client.search(f'labels = "{seen.identity}"')
    if seen.ref not in [str(mapping.number_of(one)) for one in found]:
        yield (
            f"a search by label does not find {seen.key}",
            "Wait some minutes; if it stays so, rebuild the search index of this Jira.",
        )


def _list(row: Row, key: str) -> Sequence[Row]:
    found = row.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
