"""All languages of messages and pages: catalogues (`catalogues/*.po`), and CLDR's forms of numbers and dates.

They implement the ports `worker.domain.text.tongue.Languages` and `Tongue`; nothing here depends on particular texts.
`make messages` updates the catalogues from the code; `tests/package/test_catalogues.py` lists missing translations.
"""

from worker.languages.tongues import LANGUAGES, BabelLanguages

__all__ = ["LANGUAGES", "BabelLanguages"]
