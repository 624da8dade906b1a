"""Every language that messages and pages speak: catalogues (`catalogues/*.po`), and how CLDR writes numbers and dates.

Behind the ports `worker.domain.text.tongue.Languages` and `Tongue`; nothing here knows what is said. `make messages`
brings the catalogues up to date with the code; `tests/package/test_catalogues.py` says what is missing where.
"""

from worker.languages.matching import accepted
from worker.languages.tongues import LANGUAGES, BabelLanguages

__all__ = ["LANGUAGES", "BabelLanguages", "accepted"]
