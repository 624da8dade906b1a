"""The configuration of an inventory of chat exports."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from connectors.kit.settings import Section


class WhatsappExportConfig(Section):
    """The keys of an inventory of kind `whatsapp_export`, besides `name` and `kind`."""

    path: Path = Field(description="A folder of exports (.txt and .zip), or one export.")
