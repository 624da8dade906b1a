"""NVD: the National Vulnerability Database, by its API or as a file of the same form.

client (one request is one page) -> mapping (a CVE is a record) -> connector (the port)
"""

from connectors.advisories.nvd.config import EVERY, FILE_EVERY, NvdConfig
from connectors.kit.advisories import FeedFile
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="nvd",
    port=Port.ADVISORIES,
    config=NvdConfig,
    build=lazily("connectors.advisories.nvd.connector:NvdFeed"),
    summary="vulnerabilities with scores and versions, by NIST",
    every=EVERY,
)
FILE = ConnectorSpec(
    kind="nvd_file",
    port=Port.ADVISORIES,
    config=FeedFile,
    build=lazily("connectors.advisories.nvd.connector:NvdFile"),
    summary="answers of that database as a file that people bring",
    every=FILE_EVERY,
)
