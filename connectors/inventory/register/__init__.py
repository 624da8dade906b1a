"""The register: the Excel, OpenDocument, CSV or Word file in which an organisation keeps its chat groups.

    client (bytes) -> read_* (tables) -> headings (what each column means) -> mapping (rows) -> groups
    (rosters)

`write_back` puts days into the file, where it may. `template.write_template`, `report.check_register` and
`writer.write_register` are for the command line and the demo.
"""

from connectors.inventory.register.config import RegisterConfig
from worker.ports import Commands, ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="register",
    port=Port.INVENTORY,
    config=RegisterConfig,
    build=lazily("connectors.inventory.register.connector:RegisterInventory"),
    summary="a register of groups kept in Excel, LibreOffice, CSV or Word",
    commands=Commands("register", lazily("connectors.inventory.register.commands:commands")),
    write=lazily("connectors.inventory.register.tools.writer:write_register"),
)
