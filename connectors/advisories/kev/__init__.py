"""KEV: the catalogue of known exploited vulnerabilities of CISA, at its address or as a file.

document -> mapping (a row is a record) -> connector (the port)
"""

from connectors.advisories.kev.config import EVERY, FILE_EVERY, KevConfig
from connectors.kit.advisories import FeedFile
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="kev",
    port=Port.ADVISORIES,
    config=KevConfig,
    build=lazily("connectors.advisories.kev.connector:KevFeed"),
    summary="vulnerabilities that are known to be exploited, by CISA",
    every=EVERY,
)
FILE = ConnectorSpec(
    kind="kev_file",
    port=Port.ADVISORIES,
    config=FeedFile,
    build=lazily("connectors.advisories.kev.connector:KevFile"),
    summary="the same catalogue as a file that people bring",
    every=FILE_EVERY,
)
