"""How refusals are worded, one module a language: the texts of the patterns that a :class:`Wording` is made of."""

from functools import cache

from watchkeeper_sdk.refusal_wordings import english, french, german, italian, portuguese, spanish
from watchkeeper_sdk.refusal_wordings.wording import Wording


@cache
def wordings() -> tuple[Wording, ...]:
    """All languages, the most frequent first. Compiled at the first call, which takes some 50 to 100 ms."""
    return tuple(map(Wording.of, (english, german, french, spanish, italian, portuguese)))
