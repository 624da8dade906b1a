"""Kubernetes' own schemas of each release, as kubernetes-validate ships them: strict, so an unknown field is a fault.

Its own function reads all definitions anew for each manifest; here each release's are read once.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
from referencing import Registry, Resource

OLDEST = (1, 29)
_FOLDER = files("kubernetes_validate") / "kubernetes-json-schema"
_STRICT = re.compile(r"v(\d+)\.(\d+)\.\d+-local-strict")


def _folders() -> dict[tuple[int, int], str]:
    found = ((_STRICT.fullmatch(one.name), one.name) for one in _FOLDER.iterdir())
    return {(int(match[1]), int(match[2])): name for match, name in found if match}


VERSIONS = [f"{major}.{minor}" for major, minor in sorted(_folders()) if (major, minor) >= OLDEST]


def schema_faults(manifest: dict[str, Any], version: str) -> list[str]:
    """What is wrong with a manifest by the schemas of this release, each with its place."""
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    return [
        f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _validator(manifest["kind"], manifest["apiVersion"], version).iter_errors(manifest)
    ]


@cache
def _validator(kind: str, api_version: str, version: str) -> jsonschema.Draft202012Validator:
    group, _, number = api_version.rpartition("/")
    name = "-".join(filter(None, [kind.lower(), group.partition(".")[0], number]))
    schema = _read(version, f"{name}.json")
    return jsonschema.Draft202012Validator(schema, registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    return Resource.from_contents(_read(version, "_definitions.json")) @ Registry()


def _read(version: str, name: str) -> Any:
    major, _, minor = version.partition(".")
    folder = _FOLDER / _folders()[int(major), int(minor)]
    return json.loads((folder / name).read_text(encoding="utf-8"))
