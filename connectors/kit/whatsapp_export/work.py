"""The reader as `connectors.kit.child` runs it: one file, one `Export`.

Raises Incomplete (no export, damaged, too much, another encoding) with the file's name and what to do.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from connectors.kit.child import Work
from connectors.kit.whatsapp_export.events import Asked, Export

WORK: Work[Asked, Export] = Work(
    "connectors.kit.whatsapp_export.work:WORK",
    "connectors.kit.whatsapp_export.reading:read_file",
    TypeAdapter(Asked),
    TypeAdapter(Export),
)
