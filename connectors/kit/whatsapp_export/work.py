"""The reader as `connectors.kit.child` runs it: one file, one `Export`.

`WORK` raises Incomplete (no export, damaged, too much, another encoding) with the file's name and what to do, for who
runs the worker; `GIVEN` says in a code why there is none, for a page in any language. `LOOKED_INTO` is of an archive
that is sealed: nothing of a chat but numbers leaves the process.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from connectors.kit.child import Work
from connectors.kit.whatsapp_export.events import Asked, Export, Unread, ZipSeen

WORK: Work[Asked, Export] = Work(
    "connectors.kit.whatsapp_export.work:WORK",
    "connectors.kit.whatsapp_export.reading:read_file",
    TypeAdapter(Asked),
    TypeAdapter(Export),
)

GIVEN: Work[Asked, Export | Unread] = Work(
    "connectors.kit.whatsapp_export.work:GIVEN",
    "connectors.kit.whatsapp_export.reading:read_given",
    TypeAdapter(Asked),
    TypeAdapter(Export | Unread),
)

LOOKED_INTO: Work[Asked, ZipSeen] = Work(
    "connectors.kit.whatsapp_export.work:LOOKED_INTO",
    "connectors.kit.whatsapp_export.counting:look_into",
    TypeAdapter(Asked),
    TypeAdapter(ZipSeen),
)
