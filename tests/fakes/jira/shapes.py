"""What is in the site, in the shapes of REST v3 (Cloud) and v2 (Data Center)."""

from __future__ import annotations

from typing import Any

from fakes.jira.site import CATEGORY, Issue, Json, Move, Site, User


def user(one: User, *, is_cloud: bool) -> Json:
    shown: Json = {"displayName": one.shown, "active": one.is_active, "self": "http://jira.example/user"}
    if one.shows_email:
        shown["emailAddress"] = one.email
    if is_cloud:
        return shown | {"accountId": one.account, "accountType": one.kind}
    return shown | {"name": one.name, "key": one.name}


def status(name: str) -> Json:
    category = {
        "id": 2,
        "key": CATEGORY.get(name, "indeterminate"),
        "name": name,
        "colorName": "blue",
        "self": "http://x",
    }
    number = str(10_100 + list(CATEGORY).index(name)) if name in CATEGORY else "10199"
    return {"id": number, "name": name, "self": "http://jira.example/status", "statusCategory": category}


def issue(site: Site, one: Issue, wanted: list[str], properties: list[str]) -> Json:
    fields: Json = {
        **one.fields,
        "status": status(one.status),
        "resolution": {"id": "1", "name": one.resolution} if one.resolution else None,
        "assignee": user(one.assignee, is_cloud=site.is_cloud) if one.assignee else None,
        "creator": user(one.fields["creator"], is_cloud=site.is_cloud),
        "project": {"id": one.project, "key": one.key.rpartition("-")[0], "name": "Security"},
        "created": one.created,
        "updated": one.updated,
        "attachment": [
            {"id": file["id"], "filename": file["filename"], "size": file["size"]} for file in one.files
        ],
    }
    chosen = fields if "*all" in wanted else {name: fields[name] for name in wanted if name in fields}
    row: Json = {"id": str(one.id), "key": one.key, "self": "http://jira.example/issue", "fields": chosen}
    if properties:
        row["properties"] = {name: one.properties[name] for name in properties if name in one.properties}
    return row


def changes(site: Site, one: Issue) -> list[Json]:
    return [
        {
            "id": str(number),
            "author": user(who, is_cloud=site.is_cloud),
            "created": at,
            "items": [
                {
                    "field": "status", "fieldId": "status", "fieldtype": "jira",
                    "from": "1", "fromString": was, "to": "2", "toString": now,
                }
            ],
        }
        for number, (who, at, was, now) in enumerate(one.changes, start=1)
    ]  # fmt: skip


def comment(site: Site, one: Json) -> Json:
    author = user(one["author"], is_cloud=site.is_cloud)
    row = {"id": one["id"], "author": author, "body": one["body"], "created": one["at"], "updated": one["at"]}
    return row | ({"properties": one["properties"]} if one["properties"] else {})


def attachment(site: Site, one: Json) -> Json:
    author = user(site.bot, is_cloud=site.is_cloud)
    return {
        "id": one["id"],
        "filename": one["filename"],
        "size": one["size"],
        "author": author,
        "created": one["at"],
    }


def move(site: Site, one: Move) -> Json:
    row: Json = {"id": one.id, "name": f"To {one.to}", "to": status(one.to), "fields": {}}
    if site.tells_screens:
        row |= {"hasScreen": one.has_screen, "isAvailable": True, "isConditional": False, "isGlobal": False}
    for name, is_required in (one.fields if one.has_screen else {}).items():
        row["fields"][name] = meta(site, name, is_required=is_required)
    return row


def meta(site: Site, name: str, *, is_required: bool) -> Json:
    row: Json = {
        "key": name,
        "name": site.names.get(name, name.capitalize()),
        "operations": ["set"],
        "required": is_required,
        "hasDefaultValue": name in site.defaults,
        "schema": {"type": "string", "system": name},
    }
    if name == "resolution":
        row["allowedValues"] = [
            {"id": str(number), "name": text} for number, text in enumerate(site.resolutions)
        ]
    return row


def page(rows: list[Any], key: str, query: Any) -> Json:
    start, size = int(query.get("startat", 0)), int(query.get("maxresults", 50))
    return {key: rows[start : start + size], "startAt": start, "maxResults": size, "total": len(rows)}
