"""How refusals are worded, one module a language; each compiles its patterns at first use."""

from collections.abc import Callable
from typing import Final

from watchkeeper_sdk.refusal_wordings.english import english
from watchkeeper_sdk.refusal_wordings.french import french
from watchkeeper_sdk.refusal_wordings.german import german
from watchkeeper_sdk.refusal_wordings.italian import italian
from watchkeeper_sdk.refusal_wordings.portuguese import portuguese
from watchkeeper_sdk.refusal_wordings.spanish import spanish
from watchkeeper_sdk.refusal_wordings.wording import Wording

LANGUAGES: Final[tuple[Callable[[], Wording], ...]] = (english, german, french, spanish, italian, portuguese)
"""The most frequent first."""
