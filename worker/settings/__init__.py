"""The whole configuration as typed models: one YAML file in, settings or every problem with its line out.

settings = load("whosleft.yaml", kinds=…)      SettingsError lists all problems
settings.guard_limits()                        sections as values of the domain
connector_options(entry, spec.config)          an entry's own keys as its connector's model
json_schema(kinds)                             for editors
"""

from worker.settings.connectors import ConnectorEntry, InventoryEntry, NotifierEntry, SourceEntry
from worker.settings.loading import Kinds, connector_options, load, load_changed, problems_in, warnings_in
from worker.settings.model import Settings
from worker.settings.problems import SettingsError, SettingsProblem, format_problems
from worker.settings.schema import json_schema
from worker.settings.sections import JoinerRule

__all__ = [
    "ConnectorEntry",
    "InventoryEntry",
    "JoinerRule",
    "Kinds",
    "NotifierEntry",
    "Settings",
    "SettingsError",
    "SettingsProblem",
    "SourceEntry",
    "connector_options",
    "format_problems",
    "json_schema",
    "load",
    "load_changed",
    "problems_in",
    "warnings_in",
]
